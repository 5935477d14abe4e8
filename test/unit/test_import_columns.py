"""Scales and zero points along one axis, in any shape that says so; resizing between integers."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnx_models import imported, model, run

from nopt.tools.errors import UserError

node = helper.make_node
RNG = np.random.default_rng(0)
A = RNG.integers(-128, 128, (2, 5, 16)).astype(np.int8)
W = RNG.integers(-128, 128, (16, 7)).astype(np.int8)
BYTES = {"x": TensorProto.INT8}


@pytest.mark.parametrize("shape", [(7,), (1, 7)])
def test_columns_of_integer_products(shape: tuple[int, ...], tmp_path: Path) -> None:
    zeros = RNG.integers(-128, 128, shape).astype(np.int8)
    proto = model(
        [node("MatMulInteger", ["x", "w", "z", "wz"], ["y"])],
        {"x": A.shape},
        weights={"w": W, "z": np.int8(3), "wz": zeros},
        elements={**BYTES, "y": TensorProto.INT32},
    )
    (found,) = run(proto, [A], tmp_path)
    assert np.array_equal(found, (A.astype(int) - 3) @ (W.astype(int) - zeros.astype(int)))


@pytest.mark.parametrize("shape", [(7,), (1, 7)])
def test_columns_of_quantized_products(shape: tuple[int, ...], tmp_path: Path) -> None:
    scales = np.linspace(0.01, 0.1, 7, dtype=np.float32).reshape(shape)
    proto = model(
        [node("QLinearMatMul", ["x", "s", "z", "w", "ws", "wz", "ys", "z"], ["y"])],
        {"x": A.shape},
        weights={
            "s": np.float32(0.05),
            "z": np.int8(3),
            "w": W,
            "ws": scales,
            "wz": np.zeros(shape, np.int8),
            "ys": np.float32(3),
        },
        elements={**BYTES, "y": TensorProto.INT8},
    )
    (found,) = run(proto, [A], tmp_path)
    exact = 0.05 * ((A.astype(int) - 3) @ W.astype(int)) * scales.astype(float) / 3 + 3
    assert (np.abs(found - np.clip(exact, -128, 127)) <= 0.51).all()


def test_axes_that_differ_are_refused(tmp_path: Path) -> None:
    """Of a square matrix, one scale a row and one zero point a column."""
    weights = {
        "w": W[:7],
        "s": np.linspace(0.1, 1, 7, dtype=np.float32).reshape(7, 1),
        "z": np.arange(7, dtype=np.int8).reshape(1, 7),
    }
    names = ["x", "xs", "xz", "w", "s", "z", "xs", "xz"]
    proto = model(
        [node("QLinearMatMul", names, ["y"])],
        {"x": (5, 7)},
        weights={**weights, "xs": np.float32(1), "xz": np.int8(0)},
        elements={**BYTES, "y": TensorProto.INT8},
    )
    with pytest.raises(UserError, match="scales are along axis 0, expected 1 as zero points"):
        imported(proto, tmp_path)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_weighted_resizing_between_integers(mode: str, tmp_path: Path) -> None:
    """The numbers are weighted, not the integers; they are off by a step at most."""
    scale = np.float32(0.05)
    proto = model(
        [
            node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            node("DequantizeLinear", ["q", "s", "z"], ["d"]),
            node("Resize", ["d", "", "k"], ["e"], mode=mode),
            node("QuantizeLinear", ["e", "s", "z"], ["f"]),
            node("DequantizeLinear", ["f", "s", "z"], ["y"]),
        ],
        {"x": (1, 3, 8, 8)},
        weights={"s": scale, "z": np.int8(3), "k": np.array([1, 1, 2, 2], np.float32)},
        opset=19,
    )
    x = RNG.standard_normal((1, 3, 8, 8)).astype(np.float32)
    (found,) = run(proto, [x], tmp_path)
    (expected,) = ReferenceEvaluator(proto).run(None, {"x": x})
    assert np.abs(found - np.asarray(expected)).max() <= scale * 1.001
