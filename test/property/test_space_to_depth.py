"""Strides of a first convolution as channels: the same integers, in no more steps."""

import numpy as np
from affine_networks import Network, values
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from nopt.dialects.constants import attribute_of, tensor_type
from nopt.dialects.graph import ConstantOp, Conv2dOp
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes

SMALL = st.integers(1, 4)


@st.composite
def convolutions(draw):
    """A module with one convolution of its input, and the input."""
    strides = draw(st.tuples(SMALL, SMALL))
    pads = draw(st.tuples(*[st.integers(0, 5)] * 4))
    kernel = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    size = [
        draw(st.integers(max(1, k - low - high), 20))
        for k, low, high in zip(kernel, pads[:2], pads[2:], strict=True)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = draw(st.sampled_from((1, 2, 3, 4, 17)))
    image = values(rng, (draw(st.integers(1, 2)), channels, *size), np.int8, 0.1)
    weights = values(rng, (draw(SMALL), channels, *kernel), np.int8, 0.1)
    block = Block(arg_types=[tensor_type(image.shape, image.dtype)])
    constant = ConstantOp(attribute_of(weights, "w"))
    conv = Conv2dOp(block.args[0], constant, strides=strides, pads=pads)
    block.add_ops([constant, conv, ReturnOp(conv)])
    type = FunctionType.from_lists(block.arg_types, [conv.result.type])
    module = ModuleOp([FuncOp("main", type, Region(block))])
    return Network(module, [image])


@examples(200)
@given(convolutions())
def test_same_integers(network: Network):
    module, (image,) = network.module, network.inputs
    (expected,) = run_function(module, "main", [image])
    get_all_passes()["graph-fold-space-to-depth"]()().apply(Context(), module)
    module.verify()
    (found,) = run_function(module, "main", [image])
    np.testing.assert_array_equal(found, expected)
    (conv,) = (op for op in module.walk() if isinstance(op, Conv2dOp))
    folded = not isinstance(conv.input.owner, Block)
    assert not folded or conv.strides.get_values() == (1, 1)
