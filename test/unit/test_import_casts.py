"""Casts between all types of numbers, and unsigned arithmetic: modulo 2^n, as in onnxruntime."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import Array, model, run
from onnx_sessions import onnxruntime_session
from onnxruntime import set_default_logger_severity

node = helper.make_node
set_default_logger_severity(4)
INTEGERS = [np.dtype(kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4")]
NAMES = [str(dtype) for dtype in INTEGERS]


def _element(dtype: np.dtype) -> int:
    return helper.np_dtype_to_tensor_dtype(dtype)


def _edges(dtype: np.dtype) -> Array:
    """What lies around the ends of every integer type, as far as this one has it."""
    ends = {
        sign * (1 << bits) + d
        for bits in (0, 7, 8, 15, 16, 31, 32)
        for sign in (1, -1)
        for d in (-1, 0, 1)
    }
    limits = np.iinfo(dtype)
    ends |= {int(limits.min), int(limits.max), 300, -300}
    return np.array(sorted(e for e in ends if limits.min <= e <= limits.max), dtype)


@pytest.mark.parametrize("source", INTEGERS, ids=NAMES)
def test_integers_to_integers(source: np.dtype, tmp_path: Path):
    x = _edges(source)
    nodes = [
        node("Cast", ["x"], [name], to=_element(to))
        for name, to in zip(NAMES, INTEGERS, strict=True)
    ]
    elements = {"x": _element(source)} | {
        n: _element(d) for n, d in zip(NAMES, INTEGERS, strict=True)
    }
    proto = model(nodes, {"x": x.shape}, NAMES, elements=elements)
    session = onnxruntime_session(proto.SerializeToString())
    for to, own, theirs in zip(
        INTEGERS, run(proto, [x], tmp_path), session.run(None, {"x": x}), strict=True
    ):
        assert own.tolist() == x.astype(to).tolist() == np.asarray(theirs).tolist(), to


@pytest.mark.parametrize("to", INTEGERS, ids=NAMES)
def test_floats_to_integers(to: np.dtype, tmp_path: Path):
    """Towards zero; beyond the type, where ONNX defines nothing, a number of the type."""
    limits = np.iinfo(to)
    inside = np.float32(
        [0, -0.5, 0.5, 1.99, 100.5, 0.75 * float(limits.max), 0.75 * float(limits.min)]
    )
    outside = np.float32([np.nan, np.inf, -np.inf, 1e30, -1e30, float(limits.max) + 300, -300])
    x = np.concatenate([inside, outside])
    proto = model(
        [node("Cast", ["x"], ["y"], to=_element(to))], {"x": x.shape}, elements={"y": _element(to)}
    )
    session = onnxruntime_session(proto.SerializeToString())
    (found,), (expected,) = run(proto, [x], tmp_path), session.run(None, {"x": x})
    count = len(inside)
    assert found[:count].tolist() == np.asarray(expected)[:count].tolist()
    assert limits.min <= found.min() and found.max() <= limits.max


@pytest.mark.parametrize("kind", ["u1", "u2", "u4"])
def test_unsigned_arithmetic_wraps(kind: str, tmp_path: Path):
    dtype = np.dtype(kind)
    a, b = (np.ravel(each) for each in np.meshgrid(_edges(dtype), _edges(dtype)))
    ops = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}
    elements = {name: _element(dtype) for name in ("a", "b", *ops)}
    nodes = [node(op, ["a", "b"], [op]) for op in ops]
    proto = model(nodes, {"a": a.shape, "b": b.shape}, list(ops), elements=elements)
    for function, found in zip(ops.values(), run(proto, [a, b], tmp_path), strict=True):
        with np.errstate(over="ignore"):
            assert found.tolist() == function(a, b).tolist()


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceProd", "ReduceSumSquare"])
@pytest.mark.parametrize("axes", [[0], [0, 1]])
def test_reductions_of_unsigned_integers_wrap(op: str, axes: list[int], tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 2**32, (5, 3), np.uint32) | np.uint32(1)
    form = {"axes": axes} if op != "ReduceSum" else {}
    names = ["x", "a"] if op == "ReduceSum" else ["x"]
    proto = model(
        [helper.make_node(op, names, ["y"], keepdims=0, **form)],
        {"x": x.shape},
        weights={"a": np.array(axes)} if op == "ReduceSum" else {},
        elements={"x": TensorProto.UINT32, "y": TensorProto.UINT32},
    )
    (found,) = run(proto, [x], tmp_path)
    function = np.prod if op == "ReduceProd" else np.sum
    squared = x * x if op == "ReduceSumSquare" else x
    assert np.array_equal(found, function(squared, axis=tuple(axes), dtype=np.uint32))
