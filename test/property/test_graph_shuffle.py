"""Shuffles of channels end in the weights of what computes them: the same integers."""

import numpy as np
from affine_networks import Network, _Draft, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Region

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes


@st.composite
def shuffled(draw) -> Network:
    """A grouped convolution, an epilogue, and a shuffle of its channels."""
    draft = _Draft(draw, 6000)
    groups, factors = draft.number(1, 4), [draft.number(1, 4) for _ in range(3)]
    outputs = groups * int(np.prod(factors))
    image = draft.argument([draft.number(1, 2), groups * draft.number(1, 4), 4, 5])
    weights = draft.constant((outputs, shape_of(image)[1] // groups, 1, 2))
    draft.add(graph.Conv2dOp(image, weights, groups=groups))
    for step in draw(st.lists(st.sampled_from(("bias", "relu", "clip", "scale")), max_size=3)):
        x = draft.live[-1]
        if step == "bias":
            own = draft.pick((outputs, 1, 1), (1, 1, 1), (4, 4), (1, outputs, 1, 4))
            draft.add(graph.AddOp(x, draft.constant(own, np.int32)))
        elif step == "scale":
            draft.add(graph.MulOp(x, draft.constant((outputs, 1, 1))))
        else:
            getattr(draft, step)(x)
    shift = draft.rng.integers(0, 12, outputs)
    vector = draft.pick(True, False)
    last = draft.live[-1]
    draft.add(graph.RequantizeOp(last, i8, shift if vector else 4, axis=1 if vector else None))
    batch, _, *size = shape_of(draft.live[-1])
    axes = [groups, *factors]
    draft.add(graph.ReshapeOp(draft.live[-1], [batch, *axes, *size]))
    order = [axis + 1 for axis in draw(st.permutations(range(len(axes))))]
    draft.add(graph.TransposeOp(draft.live[-1], [0, *order, 5, 6]))
    draft.add(graph.ReshapeOp(draft.live[-1], [batch, outputs, *size]))
    result = draft.live[-1]
    draft.block.add_op(ReturnOp(result))
    type = FunctionType.from_lists(draft.block.arg_types, [result.type])
    return Network(ModuleOp([FuncOp("main", type, Region(draft.block))]), draft.inputs)


@examples(100)
@given(shuffled())
def test_same_integers(network: Network):
    (expected,) = run_function(network.module, "main", network.inputs)
    get_all_passes()["graph-fold-shuffle"]()().apply(Context(), network.module)
    network.module.verify()
    (found,) = run_function(network.module, "main", network.inputs)
    np.testing.assert_array_equal(found, expected)
    assert not any(isinstance(op, graph.TransposeOp) for op in network.module.walk())
