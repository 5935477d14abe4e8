"""Loops whose turns are known, by onnxruntime's answers; others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx_models import Array, expected, imported, model, run

from nopt.tools.errors import UserError

node = helper.make_node
FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def body(
    nodes: list[NodeProto],
    inputs: dict[str, int],
    outputs: dict[str, int],
    **stored: Array,
) -> GraphProto:
    """A graph of scalars and tensors of any shape, by their element types."""
    given, results = (
        [
            helper.make_tensor_value_info(name, kind, None if kind == FLOAT else ())
            for name, kind in names.items()
        ]
        for names in (inputs, outputs)
    )
    tensors = [numpy_helper.from_array(array, name) for name, array in stored.items()]
    return helper.make_graph(nodes, "body", given, results, tensors)


def check(proto: ModelProto, inputs: dict[str, Array], folder: Path) -> None:
    found = run(proto, list(inputs.values()), folder)
    for one, other in zip(found, expected(proto, inputs), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def powers(condition: list[NodeProto] | None = None, **stored: Array) -> GraphProto:
    """h = tanh(h * w + turn), of which each is kept; a condition for the next turn."""
    nodes = [
        node("MatMul", ["h", "w"], ["p"]),
        node("Cast", ["turn"], ["t"], to=FLOAT),
        node("Add", ["p", "t"], ["s"]),
        node("Tanh", ["s"], ["g"]),
        *(condition or [node("Identity", ["go"], ["on"])]),
    ]
    inputs = {"turn": INT, "go": BOOL, "h": FLOAT}
    nodes.append(node("Identity", ["g"], ["kept"]))
    return body(nodes, inputs, {"on": BOOL, "g": FLOAT, "kept": FLOAT}, **stored)


def weights() -> dict[str, Array]:
    w = np.random.default_rng(0).normal(0, 0.4, (6, 6)).astype(np.float32)
    return {"w": w, "m": np.array(5), "c": np.array(True)}


def test_as_many_turns_as_are_said(tmp_path: Path):
    x = {"x": np.random.default_rng(1).normal(size=(2, 6)).astype(np.float32)}
    for names in (["m", "c", "x"], ["m", "", "x"]):
        loop = node("Loop", names, ["y", "all"], body=powers())
        check(model([loop], {"x": (2, 6)}, ["y", "all"], weights()), x, tmp_path)


def test_until_a_condition_that_turns_decide(tmp_path: Path):
    x = {"x": np.random.default_rng(1).normal(size=(2, 6)).astype(np.float32)}
    until = [node("Less", ["turn", "three"], ["on"])]
    for names in (["m", "c", "x"], ["", "c", "x"]):
        loop = node("Loop", names, ["y", "all"], body=powers(until, three=np.array(2)))
        check(model([loop], {"x": (2, 6)}, ["y", "all"], weights()), x, tmp_path)


def test_branches_and_loops_inside(tmp_path: Path):
    """Every second turn another branch; the inner loop reads what the outer one has."""
    twice = body([node("Add", ["h", "h"], ["d"])], {}, {"d": FLOAT})
    less = body([node("Sub", ["h", "w"], ["e"])], {}, {"e": FLOAT})
    inner = body(
        [node("Mul", ["k", "half"], ["l"]), node("Identity", ["q"], ["r"])],
        {"j": INT, "q": BOOL, "k": FLOAT},
        {"r": BOOL, "l": FLOAT},
        half=np.array(0.5, np.float32),
    )
    nodes = [
        node("Mod", ["turn", "two"], ["odd"]),
        node("Equal", ["odd", "zero"], ["even"]),
        node("If", ["even"], ["b"], then_branch=twice, else_branch=less),
        node("Loop", ["two", "", "b"], ["g"], body=inner),
        node("Identity", ["go"], ["on"]),
    ]
    stored = {"two": np.array(2), "zero": np.array(0)}
    inputs = {"turn": INT, "go": BOOL, "h": FLOAT}
    outer = body(nodes, inputs, {"on": BOOL, "g": FLOAT}, **stored)
    loop = node("Loop", ["m", "c", "x"], ["y"], body=outer)
    x = {"x": np.random.default_rng(1).normal(size=(6, 6)).astype(np.float32)}
    check(model([loop], {"x": (6, 6)}, ["y"], weights()), x, tmp_path)


@pytest.mark.parametrize("back", [0, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_scan(axis: int, back: int, tmp_path: Path):
    """A recurrent cell, along either axis of what it scans, in both directions."""
    nodes = [
        node("MatMul", ["h", "w"], ["p"]),
        node("Add", ["p", "u"], ["s"]),
        node("Tanh", ["s"], ["g"]),
        node("Identity", ["g"], ["kept"]),
    ]
    cell = body(nodes, {"h": FLOAT, "u": FLOAT}, {"g": FLOAT, "kept": FLOAT})
    options = {
        "scan_input_axes": [axis],
        "scan_input_directions": [back],
        "scan_output_axes": [-1],
        "scan_output_directions": [back],
    }
    scan = node("Scan", ["h0", "x"], ["y", "all"], num_scan_inputs=1, body=cell, **options)
    shape = (4, 2, 6) if axis == 0 else (2, 4, 6)
    rng = np.random.default_rng(1)
    given = {"h0": (2, 6), "x": shape}
    arrays = {name: rng.normal(size=s).astype(np.float32) for name, s in given.items()}
    check(model([scan], given, ["y", "all"], {"w": weights()["w"]}), arrays, tmp_path)


def test_what_is_refused(tmp_path: Path):
    depends = [node("ReduceSum", ["g"], ["r"], keepdims=0), node("Less", ["r", "one"], ["on"])]
    one = np.array(1, np.float32)
    loop = node("Loop", ["m", "c", "x"], ["y", "all"], body=powers(depends, one=one))
    proto = model([loop], {"x": (2, 6)}, ["y"], weights())
    with pytest.raises(UserError, match="the condition of its next turn depends on the network's"):
        imported(proto, tmp_path)
    loop = node("Loop", ["n", "c", "x"], ["y", "all"], body=powers())
    proto = model([loop], {"x": (2, 6), "n": ()}, ["y"], weights(), elements={"n": INT})
    with pytest.raises(UserError, match="its trip count 'n' depends on the network's inputs"):
        imported(proto, tmp_path)
    unknown = body([node("Acosh", ["h"], ["g"])], {"h": FLOAT, "u": FLOAT}, {"g": FLOAT})
    scan = node("Scan", ["h0", "x"], ["y"], num_scan_inputs=1, body=unknown)
    proto = model([scan], {"h0": (2, 6), "x": (4, 2, 6)}, ["y"])
    with pytest.raises(UserError, match="operator Acosh of ai"):
        imported(proto, tmp_path)
