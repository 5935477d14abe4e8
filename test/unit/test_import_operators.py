"""Every operator that is read, on the `onnx` package's own cases, and in old and odd forms."""

import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx_models import Array, as_stored, imported, model, randoms, run
from onnx_sessions import onnxruntime_session
from onnxruntime import set_default_logger_severity

from nopt.dialects.interpreters.run import run_function
from nopt.tools.errors import UserError
from nopt.tools.importer import import_model, readers
from nopt.tools.importer.registry import READERS

node = helper.make_node

# What of an operator's cases is refused, by what its message says.
REFUSED = {
    "bfloat16",
    "uint64",
    "has type sequence",
    "has type optional",
    "static dimensions of at least 1",
    "of size 0, expected at least 1",
    "attribute 'block_size' is set",
    "attribute 'training_mode' is 1",
    "training_mode is true",
    "attribute 'coordinate_transformation_mode' is tf_crop_and_resize",
    "attribute 'mode' is 'cubic', expected linear or nearest",
    "has rank 5, expected 4",
    "overlap or are padded, or has an output shape",
    "attribute 'fmod' is 0 or the type",
    "elements that are NaN",
    "attribute 'storage_order' is 1",
    "has element type i1",
    "expected f32 or f64",
    "expected 3 or 4 (one or two spatial dimensions)",
    "expected only 1",
    "zero points differ between channels",
    "data type",
    "is of another type than int8",
    "depends on the network's inputs, expected a constant",
}


@cache
def _cases() -> dict[str, list[Any]]:
    """The backend's cases with one node, by operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    cases: dict[str, list[Any]] = defaultdict(list)
    for case in found:
        nodes = case.model.graph.node
        if len(nodes) == 1:
            cases[nodes[0].op_type].append(case)
    return cases


def _variants(case: Any) -> Iterator[tuple[ModelProto, list[Array]]]:
    """The case with all its inputs live; then with constants for all but the first."""
    arrays = [np.asarray(array) for array in case.data_sets[0][0]]
    for live in (len(arrays), 1):
        proto = ModelProto()
        proto.CopyFrom(case.model)
        declared = list(proto.graph.input)
        proto.graph.ClearField("input")
        for value, array in zip(declared[:live], arrays[:live], strict=True):
            value.type.tensor_type.ClearField("shape")
            for size in array.shape:
                value.type.tensor_type.shape.dim.add().dim_value = size
            value.type.tensor_type.shape.SetInParent()
            proto.graph.input.append(value)
        for value, array in zip(declared[live:], arrays[live:], strict=True):
            proto.graph.initializer.append(numpy_helper.from_array(array, value.name))
        yield proto, arrays[:live]


def _outcome(case: Any, folder: Path) -> str:
    """`right`, `wrong`, or why it is refused."""
    expected = [np.asarray(array) for array in case.data_sets[0][1]]
    if any(a.dtype.kind in "OSU" for a in (*expected, *map(np.asarray, case.data_sets[0][0]))):
        return "no tensors of numbers: data type"
    message = ""
    for proto, inputs in _variants(case):
        path = folder / "case.onnx"
        path.write_bytes(proto.SerializeToString())
        try:
            module = import_model(path).module
        except UserError as error:
            message = error.message
            continue
        found = run_function(module, "main", [as_stored(array) for array in inputs])
        close = [
            f.shape == e.shape
            and np.allclose(
                f.astype(float),
                e.astype(float),
                rtol=max(case.rtol, 1e-3),
                atol=max(case.atol, 1e-5),
                equal_nan=True,
            )
            for f, e in zip(found, expected, strict=True)
        ]
        return "right" if all(close) else "wrong"
    return message


assert readers.__all__
_OPERATORS = sorted({op for domain, op in READERS if not domain})


@pytest.mark.parametrize("op", _OPERATORS)
def test_backend_cases(op: str, tmp_path: Path) -> None:
    outcomes = {case.name: _outcome(case, tmp_path) for case in _cases().get(op, [])}
    wrong = {name: text for name, text in outcomes.items() if text == "wrong"}
    refused = {
        name: text
        for name, text in outcomes.items()
        if text not in ("right", "wrong") and not any(known in text for known in REFUSED)
    }
    assert not wrong and not refused


def test_functions(tmp_path: Path) -> None:
    """Operators without a reader that ONNX defines by others."""
    ops = ("Celu", "GroupNormalization", "Mish", "RMSNormalization", "Shrink", "Softsign", "SwiGLU")
    for op in ops:
        outcomes = {_outcome(case, tmp_path) for case in _cases().get(op, [])}
        assert "right" in outcomes, (op, outcomes)
        assert "wrong" not in outcomes, op


# Against onnxruntime


def _check(proto: ModelProto, inputs: dict[str, Array], folder: Path, atol: float = 1e-5) -> None:
    set_default_logger_severity(4)
    session = onnxruntime_session(proto.SerializeToString())
    expected = session.run(None, inputs)
    found = run(proto, list(inputs.values()), folder)
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, np.asarray(e), rtol=1e-4, atol=atol)


@pytest.mark.parametrize("opset", [1, 6, 7, 9, 11, 13, 17, 21])
def test_versions(opset: int, tmp_path: Path) -> None:
    """Attributes that became inputs: the same network in operator sets old and new."""
    x = randoms({"x": (2, 3, 6, 5)})
    weights: dict[str, Array] = {}
    since13 = opset >= 13

    def axes(op: str, source: str, result: str, values: list[int], since: int) -> onnx.NodeProto:
        if opset < since:
            return node(op, [source], [result], axes=values)
        weights[f"{result}_axes"] = np.array(values)
        return node(op, [source, f"{result}_axes"], [result])

    nodes = [node("Relu", ["x"], ["a"])]
    if opset < 11:
        nodes.append(node("Clip", ["a"], ["b"], min=0.25, max=1.5))
    else:
        weights |= {"low": np.array(0.25, np.float32), "high": np.array(1.5, np.float32)}
        nodes.append(node("Clip", ["a", "low", "high"], ["b"]))
    if opset < 2:
        nodes.append(node("Pad", ["b"], ["c"], paddings=[0, 0, 1, 0, 0, 0, 2, 1], value=0.5))
    elif opset < 11:
        nodes.append(node("Pad", ["b"], ["c"], pads=[0, 0, 1, 0, 0, 0, 2, 1], value=0.5))
    else:
        weights |= {"pads": np.array([0, 0, 1, 0, 0, 0, 2, 1]), "fill": np.float32(0.5).reshape(())}
        nodes.append(node("Pad", ["b", "pads", "fill"], ["c"]))
    if opset < 10:
        nodes.append(node("Slice", ["c"], ["d"], starts=[1, 0], ends=[-1, 5], axes=[2, 3]))
    else:
        weights |= {"s": np.array([1, 0]), "e": np.array([-1, 5]), "x_axes": np.array([2, 3])}
        nodes.append(node("Slice", ["c", "s", "e", "x_axes"], ["d"]))
    nodes += [
        axes("ReduceMean", "d", "f", [3], 18),
        axes("Squeeze", "f", "g", [3], 13),
        axes("Unsqueeze", "g", "h", [0], 13),
        axes("ReduceSum", "h", "i", [0], 13),
        node("Dropout", ["i"], ["j"], **({"is_test": 1} if opset < 7 else {})),
    ]
    nodes.append(node("Softmax", ["j"], ["k"], **({} if since13 else {"axis": 1})))
    if opset < 5:
        nodes.append(node("Reshape", ["k"], ["y"], shape=[0, -1]))
    else:
        weights["shape"] = np.array([0, -1])
        nodes.append(node("Reshape", ["k", "shape"], ["y"]))
    proto = model(nodes, {"x": [2, 3, 6, 5]}, ["y"], weights, opset)
    a = np.clip(np.maximum(x["x"], 0), 0.25, 1.5)
    c = np.pad(a, ((0, 0), (0, 0), (1, 2), (0, 1)), constant_values=0.5)
    d = c[:, :, 1:-1, 0:5].mean(3, keepdims=True)[..., 0][None].sum(0, keepdims=True)
    over = (3,) if since13 else (1, 2, 3)
    powers = np.exp(d - d.max(over, keepdims=True))
    expected = (powers / powers.sum(over, keepdims=True)).reshape(1, -1)
    (found,) = run(proto, [x["x"]], tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("op", ["Add", "Mul"])
def test_old_broadcast(op: str, tmp_path: Path) -> None:
    x, b = randoms({"x": (2, 3, 4, 5), "b": (3, 4)}).values()
    proto = model(
        [node(op, ["x", "b"], ["y"], broadcast=1, axis=1)], {"x": x.shape}, ["y"], {"b": b}, 6
    )
    (found,) = run(proto, [x], tmp_path)
    function = np.add if op == "Add" else np.multiply
    np.testing.assert_allclose(found, function(x, b[:, :, None]), rtol=1e-6)


@pytest.mark.parametrize(
    ("attributes", "size", "kernel"),
    [
        ({"pads": [2, 0, 1, 3], "strides": [2, 3]}, (11, 9), (3, 2)),
        ({"dilations": [2, 1], "pads": [1, 1, 1, 1]}, (9, 7), (3, 3)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (8, 7), (3, 4)),
        ({"auto_pad": "SAME_LOWER", "strides": [3, 2]}, (10, 7), (3, 4)),
        ({"auto_pad": "VALID"}, (6, 6), (5, 1)),
        ({"group": 2}, (5, 5), (3, 3)),
        ({"group": 4}, (5, 5), (1, 1)),
        ({"strides": [2], "pads": [2, 1]}, (13,), (4,)),
    ],
)
def test_convolutions(
    attributes: dict[str, Any], size: tuple[int, ...], kernel: tuple[int, ...], tmp_path: Path
) -> None:
    groups = attributes.get("group", 1)
    made = randoms({"x": (2, 4, *size), "w": (8, 4 // groups, *kernel), "b": (8,)})
    x = made.pop("x")
    proto = model(
        [node("Conv", ["x", "w", "b"], ["y"], **attributes)], {"x": x.shape}, ["y"], made, 11
    )
    _check(proto, {"x": x}, tmp_path)


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [3, 3], "strides": [2, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1},
        {"kernel_shape": [2, 4], "auto_pad": "SAME_UPPER", "strides": [2, 2]},
    ],
)
def test_pools(op: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    x = randoms({"x": (1, 3, 10, 11)})
    for extra in [{}, {"count_include_pad": 1}] if op == "AveragePool" else [{}]:
        proto = model(
            [node(op, ["x"], ["y"], **attributes, **extra)], {"x": [1, 3, 10, 11]}, opset=12
        )
        _check(proto, x, tmp_path)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((4,), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((3, 4), (2, 4, 5)),
        ((2, 6, 3, 4), (4, 5)),
    ],
)
def test_matmul_shapes(a: tuple[int, ...], b: tuple[int, ...], tmp_path: Path) -> None:
    inputs = randoms({"a": a, "b": b})
    proto = model([node("MatMul", ["a", "b"], ["y"])], {"a": a, "b": b})
    _check(proto, inputs, tmp_path)


def test_gemm_factors(tmp_path: Path) -> None:
    inputs = randoms({"a": (4, 3), "b": (5, 4), "c": (3, 1)})
    gemm = node("Gemm", ["a", "b", "c"], ["y"], alpha=0.5, beta=-2.0, transA=1, transB=1)
    proto = model([gemm], {"a": (4, 3), "b": (5, 4), "c": (3, 1)})
    _check(proto, inputs, tmp_path)


def test_batch_normalization_form(tmp_path: Path) -> None:
    """One product, one sum, constants [C, 1, 1]."""
    made = randoms({"x": (2, 3, 4, 4), "s": (3,), "b": (3,), "m": (3,), "v": (3,)})
    x = made.pop("x")
    made["v"] = np.abs(made["v"]) + 0.1
    nodes = [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], epsilon=0.01)]
    proto = model(nodes, {"x": x.shape}, ["y"], made, 15)
    _check(proto, {"x": x}, tmp_path)
    path = tmp_path / "model.onnx"
    ops = [op.name for op in import_model(path).module.walk()]
    assert ops[2:-1] == ["graph.constant", "graph.mul", "graph.constant", "graph.add"]
    assert "tensor<3x1x1xf32>" in str(import_model(path).module)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_negative_steps_and_rows(axis: int, tmp_path: Path) -> None:
    x = randoms({"x": (4, 5, 6)})
    weights = {
        "start": np.array([-1]),
        "end": np.array([-100]),
        "axis": np.array([axis]),
        "step": np.array([-2]),
        "row": np.array(-2),
    }
    nodes = [
        node("Slice", ["x", "start", "end", "axis", "step"], ["s"]),
        node("Gather", ["s", "row"], ["y"], axis=axis),
    ]
    proto = model(nodes, {"x": (4, 5, 6)}, ["y"], weights, 13)
    _check(proto, x, tmp_path)


def test_half_and_double_are_noted(tmp_path: Path) -> None:
    nodes = [
        node("Cast", ["x"], ["h"], to=TensorProto.FLOAT),
        node("Cast", ["w"], ["g"], to=TensorProto.FLOAT),
        node("Add", ["h", "g"], ["y"]),
    ]
    proto = model(nodes, {"x": [3]}, ["y"], {"w": np.ones(3)}, elements={"x": TensorProto.FLOAT16})
    found = imported(proto, tmp_path)
    assert found.notes == (
        "1 tensors of float16 are kept as f32",
        "1 tensors of double are kept as f32",
    )
    assert "%x: tensor<3xf32>" in str(found.module)
