"""Convolutions in groups by parts: the same integers, and fewer blocks multiplied."""

import numpy as np
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, TensorType, i8, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes
from nopt.passes.graph.graph_split_groups import Run, cheapest_runs


@st.composite
def grouped(draw) -> ModuleOp:
    """A convolution in groups, and a random epilogue."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.integers(2, 4))
    inside, outside = (draw(st.sampled_from((10, 17, 24, 32))) for _ in range(2))
    size, kernel = draw(st.sampled_from(((6, 5), (28, 28)))), draw(st.sampled_from((1, 1, 2)))
    outputs = groups * outside
    image = TensorType(i8, [1, groups * inside, *size])
    skip = TensorType(i8, [1, outputs, *(n - kernel + 1 for n in size)])
    block = Block(arg_types=[image, skip])
    build = Builder(InsertPoint.at_end(block))

    def constant(low: int, high: int, *shape: int, dtype: type = np.int32) -> SSAValue:
        array = random.integers(low, high, shape).astype(dtype)
        return build.insert(graph.ConstantOp(attribute_of(array, "c"))).result

    weights = constant(-128, 128, outputs, inside, kernel, kernel, dtype=np.int8)
    y = build.insert(graph.Conv2dOp(block.args[0], weights, groups=groups)).result
    for step in draw(st.lists(st.sampled_from(("bias", "relu", "clip", "skip", "cut")))):
        match step:
            case "bias":
                shape = draw(st.sampled_from(((outputs, 1, 1), (1, 1, 1))))
                op = graph.AddOp(y, constant(-999, 999, *shape))
            case "relu":
                op = graph.ReluOp(y)
            case "clip":
                op = graph.ClipOp(y, -500, 400)
            case "skip":
                op = graph.AddOp(block.args[1], y, i32)
            case _:
                op = graph.RequantizeOp(y, i32, random.integers(0, 9, outputs), axis=1)
        y = build.insert(op).results[0]
    y = build.insert(graph.RequantizeOp(y, i8, 5)).result
    if draw(st.booleans()):
        y = build.insert(graph.ReluOp(y)).result
    block.add_op(ReturnOp(y))
    type_ = FunctionType.from_lists([image, skip], [y.type])
    return ModuleOp([FuncOp("main", type_, Region(block))])


@examples(60)
@given(grouped())
def test_same_integers(module: ModuleOp):
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    random = np.random.default_rng(0)
    inputs = [
        random.integers(-128, 128, type.get_shape()).astype(np.int8)  # pyright: ignore
        for type in function.function_type.inputs
    ]
    expected = run_function(module, "main", inputs)
    get_all_passes()["graph-split-groups"]()().apply(Context(), module)
    module.verify()
    np.testing.assert_array_equal(run_function(module, "main", inputs), expected)


def test_cheapest_runs():
    """Two groups that share a block: apart if that spares more than kernels cost."""
    needed = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)
    apart = [Run((0, 1), (0, 2)), Run((1, 2), (0, 3)), Run((2, 3), (1, 3))]
    assert cheapest_runs(needed, 1000) == apart
    assert cheapest_runs(needed, 100) == [Run((0, 3), (0, 3))]
    nothing = np.zeros((2, 3), bool)
    assert cheapest_runs(nothing, 1000) == [Run((0, 2), (0, 1))]
