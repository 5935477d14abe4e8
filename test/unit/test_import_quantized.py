"""Quantized models, as onnxruntime makes them: integers where that is exact, and its answers."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper
from onnx_models import Array, expected, imported, model, randoms, run
from onnxruntime import set_default_logger_severity
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from nopt.dialects.interpreters.run import run_function

node = helper.make_node
set_default_logger_severity(4)
logging.getLogger().setLevel(logging.ERROR)


class Calibration(CalibrationDataReader):
    def __init__(self, batches: Iterable[dict[str, Array]]):
        self.batches = iter(list(batches))

    def get_next(self) -> Any:
        return next(self.batches, None)


def quantized(proto: ModelProto, folder: Path, **options: Any) -> ModelProto:
    """The model, quantized by onnxruntime on random inputs."""
    source, target = folder / "float.onnx", folder / "quantized.onnx"
    onnx.save(proto, source)
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in proto.graph.input
    }
    quantize_static(
        source, target, Calibration(randoms(shapes, seed) for seed in range(8)), **options
    )
    return onnx.load(target)


def ops_of(module: Any) -> list[str]:
    return [op.name.removeprefix("graph.") for op in module.walk()]


# Pools by themselves are not quantized.
FRONT = [node("Conv", ["x", "w"], ["c"])]

# One layer each: nodes, shapes of inputs, shapes of weights.
LAYERS: dict[str, tuple[list[NodeProto], dict[str, Any], dict[str, Any]]] = {
    "conv": (
        [node("Conv", ["x", "w", "b"], ["y"], pads=[1, 2, 0, 1], strides=[2, 1])],
        {"x": (1, 3, 9, 8)},
        {"w": (8, 3, 3, 3), "b": (8,)},
    ),
    "conv relu": (
        [node("Conv", ["x", "w", "b"], ["c"], pads=[1] * 4), node("Relu", ["c"], ["y"])],
        {"x": (1, 3, 9, 8)},
        {"w": (8, 3, 3, 3), "b": (8,)},
    ),
    "depthwise": (
        [node("Conv", ["x", "w"], ["y"], pads=[1] * 4, group=6)],
        {"x": (1, 6, 7, 7)},
        {"w": (6, 1, 3, 3)},
    ),
    "conv 1d": (
        [node("Conv", ["x", "w"], ["y"], pads=[1, 1])],
        {"x": (1, 6, 17)},
        {"w": (4, 6, 3)},
    ),
    "gemm": (
        [node("Gemm", ["x", "w", "b"], ["y"], transB=1)],
        {"x": (5, 24)},
        {"w": (10, 24), "b": (10,)},
    ),
    "matmul": ([node("MatMul", ["x", "w"], ["y"])], {"x": (2, 5, 16)}, {"w": (16, 12)}),
    "attention": ([node("MatMul", ["x", "k"], ["y"])], {"x": (2, 5, 16), "k": (2, 16, 7)}, {}),
    "add": ([node("Add", ["x", "z"], ["y"])], {"x": (1, 4, 5, 5), "z": (1, 4, 5, 5)}, {}),
    "mul": ([node("Mul", ["x", "z"], ["y"])], {"x": (1, 4, 5, 5), "z": (4, 1, 1)}, {}),
    "max pool": (
        [*FRONT, node("MaxPool", ["c"], ["y"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2])],
        {"x": (1, 4, 8, 8)},
        {"w": (4, 4, 1, 1)},
    ),
    "average pool": (
        [*FRONT, node("AveragePool", ["c"], ["y"], kernel_shape=[2, 3], strides=[2, 1])],
        {"x": (1, 4, 8, 8)},
        {"w": (4, 4, 1, 1)},
    ),
    "global pool": (
        [*FRONT, node("GlobalAveragePool", ["c"], ["y"])],
        {"x": (1, 4, 7, 5)},
        {"w": (4, 4, 1, 1)},
    ),
    "concat": (
        [node("Concat", ["x", "z"], ["y"], axis=1)],
        {"x": (1, 4, 5, 5), "z": (1, 2, 5, 5)},
        {},
    ),
    "sigmoid": ([node("Sigmoid", ["x"], ["y"])], {"x": (1, 20)}, {}),
}
FLOATS = ("sigmoid",)
FORMS = [
    {"quant_format": form, "activation_type": activation, "weight_type": QuantType.QInt8}
    | {"per_channel": per_channel, "extra_options": {"ActivationSymmetric": symmetric}}
    for form in (QuantFormat.QDQ, QuantFormat.QOperator)
    for activation, per_channel, symmetric in (
        (QuantType.QInt8, True, True),
        (QuantType.QUInt8, False, False),
    )
]


@pytest.mark.parametrize("form", FORMS, ids=["QDQ i8", "QDQ u8", "QOperator i8", "QOperator u8"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str, form: dict[str, Any], tmp_path: Path) -> None:
    """At most one step from onnxruntime for each element, and no floats between."""
    nodes, inputs, weights = LAYERS[name]
    proto = model(nodes, inputs, ["y"], randoms(weights, 1))
    quantized_model = quantized(proto, tmp_path, **form)
    found = imported(quantized_model, tmp_path)
    ops = ops_of(found.module)
    if name not in FLOATS:
        assert not found.notes
        # Inputs are quantized, the output is dequantized, and nothing else.
        assert ops.count("quantize") == len(inputs)
        assert ops.count("dequantize") == 1
        assert "requantize" in ops
    step = _last_scale(found.module)
    for seed in range(20, 24):
        data = {n: a * 1.5 for n, a in randoms(inputs, seed).items()}
        (reference,) = expected(quantized_model, data)
        (result,) = run_function(found.module, "main", list(data.values()))
        steps = np.abs(result - reference) / step
        assert steps.max() < 1.01
        # Rounding half a step the other way is rare, except of means of a few integers.
        assert (steps > 0.5).mean() < 0.02 or "pool" in name


def _last_scale(module: Any) -> float:
    (last,) = [op for op in module.walk() if op.name == "graph.dequantize"][-1:]
    return float(last.scales)


def _network(seed: int = 0) -> ModelProto:
    """A small residual network with all the ways to join and leave layers."""
    weights = randoms(
        {"w1": (8, 3, 3, 3), "b1": (8,), "w2": (8, 1, 3, 3), "b2": (8,), "w3": (8, 8, 1, 1)}
        | {"b3": (8,), "w4": (4, 8, 3, 3), "w5": (10, 8), "b5": (10,)},
        seed,
    )
    for name, array in weights.items():
        fan = np.prod(array.shape[1:]) if array.ndim > 1 else 100
        weights[name] = array * np.float32(np.sqrt(2 / fan))
    weights |= {"low": np.array(0, np.float32), "high": np.array(6, np.float32)}
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1] * 4),
        node("Relu", ["c1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "w2", "b2"], ["c2"], pads=[1] * 4, group=8),
        node("Clip", ["c2", "low", "high"], ["r2"]),
        node("Conv", ["r2", "w3", "b3"], ["c3"]),
        node("Add", ["c3", "p1"], ["a3"]),
        node("Relu", ["a3"], ["r3"]),
        node("Conv", ["r3", "w4"], ["c4"], pads=[1] * 4),
        node("AveragePool", ["c4"], ["q1"], kernel_shape=[2, 2]),
        node("MaxPool", ["c4"], ["q2"], kernel_shape=[2, 2]),
        node("Concat", ["q1", "q2"], ["c5"], axis=1),
        node("GlobalAveragePool", ["c5"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w5", "b5"], ["y"], transB=1),
    ]
    return model(nodes, {"x": [1, 3, 12, 12]}, ["y"], weights)


@pytest.mark.parametrize("form", FORMS, ids=["QDQ i8", "QDQ u8", "QOperator i8", "QOperator u8"])
def test_network(form: dict[str, Any], tmp_path: Path) -> None:
    """The same first answer as onnxruntime on at least 99 of 100 inputs."""
    proto = quantized(_network(), tmp_path, **form)
    found = imported(proto, tmp_path)
    assert not found.notes
    ops = ops_of(found.module)
    assert ops.count("quantize") == 1 and ops.count("dequantize") == 1
    answers = 0
    for seed in range(100):
        data = randoms({"x": (1, 3, 12, 12)}, 1000 + seed)
        (reference,) = expected(proto, data)
        (result,) = run_function(found.module, "main", [data["x"]])
        answers += int(reference.argmax() == result.argmax())
    assert answers >= 99


def test_asymmetric_weights_are_noted(tmp_path: Path) -> None:
    nodes, inputs, weights = LAYERS["conv"]
    proto = model(nodes, inputs, ["y"], {n: a + 0.5 for n, a in randoms(weights).items()})
    options = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QUInt8}
    proto = quantized(proto, tmp_path, quant_format=QuantFormat.QDQ, **options)
    found = imported(proto, tmp_path)
    (note,) = found.notes
    assert note.startswith("weights minus their zero point need 9 bits: node of 'y")
    data = randoms(inputs, 5)
    (result,) = run_function(found.module, "main", list(data.values()))
    (reference,) = expected(proto, data)
    assert np.abs(result - reference).max() < 1.01 * _last_scale(found.module)


def test_floats_are_noted(tmp_path: Path) -> None:
    nodes, inputs, _ = LAYERS["sigmoid"]
    proto = quantized(model(nodes, inputs, ["y"]), tmp_path, quant_format=QuantFormat.QDQ)
    assert imported(proto, tmp_path).notes == (
        "no exact integer form, computed in floats: node of 'y_QuantizeLinear_Input' (Sigmoid)",
    )


def test_powers_of_two_are_shifts(tmp_path: Path) -> None:
    """Where scales allow, a requantization needs no multiplier."""
    scales = {"s": np.array(0.25, np.float32), "t": np.array(0.5, np.float32)}
    scales |= {"u": np.array(4, np.float32), "z": np.array(0, np.int8)}
    weights = {"w": np.arange(-8, 8, dtype=np.int8).reshape(4, 4)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "t", "z"], ["v"]),
        node("MatMul", ["d", "v"], ["m"]),
        node("QuantizeLinear", ["m", "u", "z"], ["y"]),
    ]
    proto = model(nodes, {"x": [2, 4]}, ["y"], scales | weights, elements={"y": TensorProto.INT8})
    text = str(imported(proto, tmp_path).module)
    assert "graph.requantize %m shift 5 : tensor<2x4xi32> -> tensor<2x4xi8>" in text
    assert "multiplier" not in text


def test_bytes_in_and_out(tmp_path: Path) -> None:
    """uint8 at the borders of the network is kept in i16, its products are of int8."""
    constants = {
        "s": np.array(0.1, np.float32),
        "z": np.array(120, np.uint8),
        "w": np.arange(-8, 8, dtype=np.int8).reshape(4, 4),
        "t": np.array(0.3, np.float32),
        "n": np.array(0, np.int8),
        "u": np.array(0.9, np.float32),
        "o": np.array(130, np.uint8),
    }
    nodes = [node("QLinearMatMul", ["x", "s", "z", "w", "t", "n", "u", "o"], ["y"])]
    types = {"x": TensorProto.UINT8, "y": TensorProto.UINT8}
    proto = model(nodes, {"x": [3, 4]}, ["y"], constants, elements=types)
    found = imported(proto, tmp_path)
    assert "(tensor<3x4xi8>, tensor<4x4xi8>) -> tensor<3x4xi32>" in str(found.module)
    data = np.random.default_rng(0).integers(0, 256, (3, 4)).astype(np.uint8)
    (result,) = run_function(found.module, "main", [data.astype(np.int16)])
    (reference,) = expected(proto, {"x": data})
    assert result.dtype == np.int16
    assert np.abs(result - reference.astype(np.int16)).max() <= 1


def test_transposed_weights_stay_integers(tmp_path: Path) -> None:
    """Exporters transpose what they dequantize; scales of channels move along."""
    generator = np.random.default_rng(0)
    constants = {
        "s": np.array(0.02, np.float32),
        "z": np.array(0, np.int8),
        "w": generator.integers(-127, 128, (6, 4)).astype(np.int8),
        "t": generator.uniform(0.1, 0.2, 6).astype(np.float32),
        "zw": np.zeros(6, np.int8),
        "u": np.array(0.4, np.float32),
    }
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "t", "zw"], ["v"], axis=0),
        node("Transpose", ["v"], ["vt"], perm=[1, 0]),
        node("MatMul", ["d", "vt"], ["m"]),
        node("QuantizeLinear", ["m", "u", "z"], ["r"]),
        node("DequantizeLinear", ["r", "u", "z"], ["y"]),
    ]
    proto = model(nodes, {"x": [3, 4]}, ["y"], constants)
    found = imported(proto, tmp_path)
    assert not found.notes
    assert "(tensor<3x4xi8>, tensor<4x6xi8>) -> tensor<3x6xi32>" in str(found.module)
    data = randoms({"x": (3, 4)})
    (result,) = run_function(found.module, "main", [data["x"]])
    np.testing.assert_allclose(result, expected(proto, data)[0], atol=0.41)


def test_quantized_normalization(tmp_path: Path) -> None:
    """Quantizers also quantize the parameters of a batch normalization: known all the same."""
    weights = randoms({"w": (4, 3, 3, 3), "g": (4,), "b": (4,), "m": (4,), "v": (4,)})
    weights["v"] = np.abs(weights["v"]) + 0.5
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
        node("Relu", ["n"], ["y"]),
    ]
    proto = model(nodes, {"x": [1, 3, 6, 6]}, ["y"], weights)
    constants = {"s": np.array(0.01, np.float32), "z": np.array(0, np.int8)}
    for name in ("g", "b"):
        integers = np.rint(weights[name] / 0.01).clip(-128, 127).astype(np.int8)
        constants[f"{name}_q"] = integers
        dequantize = node("DequantizeLinear", [f"{name}_q", "s", "z"], [f"{name}_d"])
        proto.graph.node.insert(0, dequantize)
        proto.graph.node[-2].input[{"g": 1, "b": 2}[name]] = f"{name}_d"
    proto.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name) for name, array in constants.items()
    )
    data = randoms({"x": (1, 3, 6, 6)}, 3)
    (result,) = run_function(imported(proto, tmp_path).module, "main", [data["x"]])
    np.testing.assert_allclose(result, expected(proto, data)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", FORMS, ids=["QDQ i8", "QDQ u8", "QOperator i8", "QOperator u8"])
def test_dropped_quantization(form: dict[str, Any], tmp_path: Path) -> None:
    """The network of floats again: no integers, the float model's answers within a few steps."""
    float_model = _network()
    found = imported(quantized(float_model, tmp_path, **form), tmp_path, drop_quantization=True)
    text = str(found.module)
    assert "xi8" not in text and "xi32" not in text and "quantize %" not in text
    data = randoms({"x": (1, 3, 12, 12)}, 50)
    (result,) = run_function(found.module, "main", [data["x"]])
    (reference,) = expected(float_model, data)
    # The weights are those of the quantized model, rounded to 8 bits.
    assert np.abs(result - reference).max() < 0.05 * np.abs(reference).max()


@pytest.mark.parametrize("per_channel", [False, True])
def test_sums_of_products(per_channel: bool, tmp_path: Path) -> None:
    """A convolution that is added before it is quantized: its sums are rescaled, not rounded."""
    generator = np.random.default_rng(0)
    scales = generator.uniform(0.001, 0.01, 4) if per_channel else np.array(0.004)
    constants = {
        "s": np.array(0.03, np.float32),
        "z": np.array(5, np.int8),
        "w": generator.integers(-127, 128, (4, 4, 3, 3)).astype(np.int8),
        "t": scales.astype(np.float32),
        "zw": np.zeros_like(scales, np.int8),
        "bias": generator.standard_normal(4).astype(np.float32),
        "u": np.array(0.05, np.float32),
        "o": np.array(-20, np.int8),
    }
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "t", "zw"], ["v"], axis=0),
        node("Conv", ["d", "v", "bias"], ["c"], pads=[1] * 4),
        node("Add", ["c", "d"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("QuantizeLinear", ["r", "u", "o"], ["p"]),
        node("DequantizeLinear", ["p", "u", "o"], ["y"]),
    ]
    proto = model(nodes, {"x": [1, 4, 6, 6]}, ["y"], constants)
    found = imported(proto, tmp_path)
    assert not found.notes
    assert ops_of(found.module).count("dequantize") == 1
    data = randoms({"x": (1, 4, 6, 6)})
    (result,) = run_function(found.module, "main", [data["x"]])
    steps = np.abs(result - expected(proto, data)[0]) / 0.05
    assert steps.max() < 1.01 and (steps > 0.5).mean() < 0.02


# What models of quantized tensors do at their edges


def test_a_zero_point_is_added_behind_the_scale(tmp_path: Path) -> None:
    """In steps of the result, of which a sum's steps are no whole parts: just one rounding."""
    nodes = [
        node("DequantizeLinear", ["i", "s", "z"], ["x"]),
        node("DequantizeLinear", ["w", "t"], ["v"]),
        node("MatMul", ["x", "v"], ["m"]),
        node("QuantizeLinear", ["m", "u", "o"], ["y"]),
    ]
    rng = np.random.default_rng(3)
    weights = {
        "w": rng.integers(-128, 128, (64, 96), np.int8),
        **{"s": np.float32(0.031), "z": np.int8(-11), "t": np.float32(0.0173)},
        **{"u": np.float32(0.0457), "o": np.int8(29)},
    }
    stored = {name: np.asarray(value) for name, value in weights.items()}
    types = {"i": TensorProto.INT8, "y": TensorProto.INT8}
    proto = model(nodes, {"i": (80, 64)}, ["y"], stored, elements=types)
    x = rng.integers(-128, 128, (80, 64), np.int8)
    (found,) = run(proto, [x], tmp_path)
    sums = (x.astype(np.int64) + 11) @ weights["w"].astype(np.int64)
    exact = sums * (float(weights["s"]) * float(weights["t"]) / float(weights["u"]))
    assert abs(exact % 1 - 0.5).min() > 1e-6
    assert np.array_equal(found, np.clip(np.rint(exact) + 29, -128, 127))


def test_dropped_quantization_of_a_number(tmp_path: Path) -> None:
    """A constant without dimensions, which numpy makes no array of."""
    nodes = [node("DequantizeLinear", ["c", "s"], ["v"]), node("Mul", ["x", "v"], ["y"])]
    stored = {"c": np.array(13, np.int8), "s": np.array(0.25, np.float32)}
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    (found,) = run(
        model(nodes, {"x": (2, 3)}, ["y"], stored), [x], tmp_path, drop_quantization=True
    )
    assert np.array_equal(found, x * np.float32(3.25))
