"""Branches that shapes decide, and inputs that are made constants."""

from pathlib import Path

import numpy as np
import pytest
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_models import expected, imported, model
from xdsl.dialects.func import FuncOp

from nopt.dialects.interpreters.run import run_function
from nopt.tools.errors import UserError

node = helper.make_node
ZERO, FOUR = np.int64(0), np.int64(4)


def branch(nodes: list[NodeProto], output: str, **stored: np.ndarray) -> GraphProto:
    """A graph without inputs: it reads what lies around it."""
    value = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(array, name) for name, array in stored.items()]
    return helper.make_graph(nodes, output, [], [value], tensors)


def batch_is_four() -> list[NodeProto]:
    return [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["d"]),
        node("Equal", ["d", "four"], ["c"]),
    ]


def nested() -> list[NodeProto]:
    """An If in a branch; both branches have names of their own for what they store, the same."""
    two = np.array(2, np.float32)
    inner = node(
        "If",
        ["c"],
        ["u"],
        then_branch=branch([node("Mul", ["r", "k"], ["v"])], "v", k=two),
        else_branch=branch([node("Neg", ["r"], ["w"])], "w"),
    )
    relu = branch([node("Relu", ["x"], ["r"]), inner, node("Add", ["u", "x"], ["t"])], "t")
    double = branch([node("Mul", ["x", "k"], ["e"])], "e", k=two)
    return [*batch_is_four(), node("If", ["c"], ["y"], then_branch=relu, else_branch=double)]


@pytest.mark.parametrize("batch", [4, 5])
def test_the_branch_that_shapes_decide(batch: int, tmp_path: Path) -> None:
    proto = model(nested(), {"x": ["batch", 8]}, weights={"zero": ZERO, "four": FOUR})
    x = np.random.default_rng(0).normal(size=(batch, 8)).astype(np.float32)
    module = imported(proto, tmp_path, dims={"batch": batch}).module
    (found,) = run_function(module, "main", [x])
    (expected,) = ReferenceEvaluator(proto).run(None, {"x": x})
    assert np.array_equal(found, np.asarray(expected))


def test_a_branch_may_give_what_is_there(tmp_path: Path) -> None:
    same = branch([node("Identity", ["x"], ["t"])], "t")
    ones = branch([node("Identity", ["k"], ["e"])], "e", k=np.ones((4, 8), np.float32))
    choice = node("If", ["c"], ["y"], then_branch=same, else_branch=ones)
    proto = model([*batch_is_four(), choice], {"x": [4, 8]}, weights={"zero": ZERO, "four": FOUR})
    x = np.arange(32, dtype=np.float32).reshape(4, 8)
    (found,) = run_function(imported(proto, tmp_path).module, "main", [x])
    assert np.array_equal(found, x)


def choice_of_rate() -> list[NodeProto]:
    """As speech models choose by the rate of samples, which is an input."""
    return [
        node("Equal", ["sr", "wide"], ["c"]),
        node(
            "If",
            ["c"],
            ["y"],
            then_branch=branch([node("Relu", ["x"], ["t"])], "t"),
            else_branch=branch([node("Neg", ["x"], ["e"])], "e"),
        ),
    ]


@pytest.mark.parametrize("rate", [16000, 8000])
def test_an_input_may_be_fixed(rate: int, tmp_path: Path) -> None:
    elements = {"sr": TensorProto.INT64}
    weights = {"wide": np.int64(16000)}
    inputs = {"x": [2, 8], "sr": []}
    proto = model(choice_of_rate(), inputs, weights=weights, elements=elements)
    module = imported(proto, tmp_path, fixed={"sr": [rate]}).module
    (function,) = (op for op in module.walk() if isinstance(op, FuncOp))
    assert len(function.args) == 1
    x = np.random.default_rng(1).normal(size=(2, 8)).astype(np.float32)
    (found,) = run_function(module, "main", [x])
    assert np.array_equal(found, np.maximum(x, 0) if rate == 16000 else -x)


def computed(then: NodeProto, other: NodeProto) -> ModelProto:
    """The sum of what is given decides between two branches, one of them with a known `If`."""
    four = branch([node("Neg", ["x"], ["m"])], "m")
    known = node("If", ["c"], ["n"], then_branch=four, else_branch=branch([then], "t"))
    nodes = [
        *batch_is_four(),
        node("ReduceSum", ["x"], ["total"], keepdims=0),
        node("Greater", ["total", "none"], ["positive"]),
        node(
            "If",
            ["positive"],
            ["y"],
            then_branch=branch([known, node("Add", ["n", "k"], ["r"])], "r", k=np.float32(3)),
            else_branch=branch([other], "e"),
        ),
    ]
    weights = {"zero": ZERO, "four": FOUR, "none": np.float32(0)}
    return model(nodes, {"x": [4, 8]}, weights=weights)


def test_a_condition_that_the_network_computes_chooses_between_both(tmp_path: Path) -> None:
    proto = computed(node("Relu", ["x"], ["t"]), node("Sqrt", ["x"], ["e"]))
    module = imported(proto, tmp_path).module
    x = np.abs(np.random.default_rng(2).normal(size=(4, 8))).astype(np.float32)
    for given in (x, -x):
        # The branch that is not taken may have no numbers.
        (found,) = run_function(module, "main", [given])
        (wanted,) = expected(proto, {"x": given})
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (node("Transpose", ["x"], ["e"]), "its branches give 'y' as tensor<4x8xf32> and as "),
        (node("MatMul", ["x", "x"], ["e"]), "a branch has no meaning with these shapes:\n  .*e"),
        (node("Unique", ["x"], ["e"]), "operator Unique of ai.onnx 17"),
    ],
    ids=lambda each: each.op_type if isinstance(each, NodeProto) else "",
)
def test_branches_that_cannot_both_be_computed(
    other: NodeProto, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        imported(computed(node("Relu", ["x"], ["t"]), other), tmp_path)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"rs": [1]}, "--fix: no input 'rs', expected one of x, sr"),
        ({"sr": [1, 2]}, r"'sr' of shape \[\] is given 2 numbers, expected 1"),
        ({"sr": [0.5]}, "'sr' is 0.5, expected numbers of type int64"),
        ({"sr": [float("inf")]}, "'sr' is inf, expected numbers of type int64"),
    ],
)
def test_fixed_values_that_do_not_fit(
    fixed: dict[str, list[float]], message: str, tmp_path: Path
) -> None:
    proto = model(
        choice_of_rate(),
        {"x": [2, 8], "sr": []},
        weights={"wide": np.int64(16000)},
        elements={"sr": TensorProto.INT64},
    )
    with pytest.raises(UserError, match=message):
        imported(proto, tmp_path, fixed=fixed)
