"""Tensors of integers with a scale, between operators that quantizers write seldom."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto, helper
from onnx_models import Array, expected, imported, model, randoms

from nopt.dialects.interpreters.run import run_function

node = helper.make_node


def _qdq(source: str, result: str, scale: str = "s") -> list[NodeProto]:
    return [
        node("QuantizeLinear", [source, scale, "z"], [f"{result}q"]),
        node("DequantizeLinear", [f"{result}q", scale, "z"], [result]),
    ]


FILLS = [-3.4028235e38, -1e9, -20.0, 100.0, 0.05, 0.07]


@pytest.mark.parametrize(
    "after, fill",
    [
        *product(("max", "coarse"), (-np.inf, *FILLS)),
        *product(("product", "nothing"), FILLS),
    ],
)
def test_pads_beyond_the_integers(after: str, fill: float, tmp_path: Path) -> None:
    """A pad is rounded and clamped where the next quantization does so, else it is what it is."""
    x = randoms({"x": (1, 3, 6, 6)})
    weights: dict[str, Array] = {
        "s": np.float32(0.05).reshape(()),
        "wide": np.float32(100).reshape(()),
        "z": np.int8(-10).reshape(()),
        "pads": np.array([0, 0, 1, 0, 0, 0, 1, 2]),
        "fill": np.float32(fill).reshape(()),
        "w": np.full((1, 3, 1, 1), 1e-3, np.float32),
    }
    pad = node("Pad", ["d", "pads", "fill"], ["p"])
    pool = node("MaxPool", ["p"], ["m"], kernel_shape=[3, 3], strides=[2, 2])
    weighted = node("Conv", ["p", "w"], ["y"])
    tail = {
        "max": [pool, *_qdq("m", "y")],
        "product": [weighted],
        "coarse": _qdq("p", "y", "wide"),
        "nothing": [node("Identity", ["p"], ["y"])],
    }
    proto = model([*_qdq("x", "d"), pad, *tail[after]], {"x": [1, 3, 6, 6]}, ["y"], weights)
    (found,) = run_function(imported(proto, tmp_path).module, "main", [x["x"]])
    np.testing.assert_allclose(found, expected(proto, x)[0], rtol=1e-5, atol=1e-5)


def test_dequantized_scalars(tmp_path: Path) -> None:
    """As onnxruntime writes every factor that is one number."""
    weights = {
        "s": np.float32(0.5).reshape(()),
        "z": np.array(0, np.int8),
        "c": np.array(3, np.int8),
    }
    factor = node("DequantizeLinear", ["c", "s", "z"], ["k"])
    proto = model(
        [*_qdq("x", "d"), factor, node("Mul", ["d", "k"], ["y"])], {"x": [4]}, ["y"], weights
    )
    x = {"x": np.float32([-1, 0.4, 3, 70])}
    (found,) = run_function(imported(proto, tmp_path).module, "main", [x["x"]])
    np.testing.assert_array_equal(found, expected(proto, x)[0])


def test_concatenation_with_empty_parts(tmp_path: Path) -> None:
    weights = {
        "s": np.float32(0.5).reshape(()),
        "z": np.array(0, np.int8),
        "empty": np.zeros((1, 0, 8), np.float32),
    }
    join = node("Concat", ["e", "d", "e"], ["c"], axis=1)
    nodes = [*_qdq("x", "d"), *_qdq("empty", "e"), join, *_qdq("c", "y")]
    proto = model(nodes, {"x": [1, 4, 8]}, ["y"], weights)
    x = randoms({"x": (1, 4, 8)})
    (found,) = run_function(imported(proto, tmp_path).module, "main", [x["x"]])
    np.testing.assert_array_equal(found, expected(proto, x)[0])
