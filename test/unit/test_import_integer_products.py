"""Products of integers less zero points that a network computes: onnxruntime's, of bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper
from onnx_models import Array, as_stored, expected, imported, model, randoms
from onnxruntime import set_default_logger_severity
from onnxruntime.quantization import QuantType, quantize_dynamic
from xdsl.dialects.builtin import ModuleOp, i8

from nopt.dialects.graph import Conv2dOp, MatmulOp
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.shaped import tensor_of
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program
from nopt.tools.runtime import Runtime

node = helper.make_node
set_default_logger_severity(4)


def multiplies_bytes(module: ModuleOp) -> bool:
    products = [op for op in module.walk() if isinstance(op, Conv2dOp | MatmulOp)]
    return all(
        tensor_of(value).element_type == i8 for op in products for value in op.operands[:2]
    ) and bool(products)


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((2, 3, 9, 8), (5, 3, 3, 2), {}),
    "pads": ((1, 3, 9, 8), (4, 3, 3, 3), {"pads": [1, 2, 0, 1], "strides": [2, 1]}),
    "dilated": ((1, 4, 9, 11), (4, 4, 3, 2), {"pads": [2, 1, 2, 3], "dilations": [2, 3]}),
    "same": ((1, 2, 7, 7), (3, 2, 4, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "groups": ((1, 6, 5, 7), (6, 2, 3, 3), {"pads": [1] * 4, "group": 3}),
    "rows": ((1, 3, 17), (4, 3, 5), {"pads": [2, 4], "strides": [3]}),
}


@pytest.mark.parametrize("weights", [np.uint8, np.int8])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name: str, weights: type, tmp_path: Path) -> None:
    """Their inputs are quantized dynamically; the weights have a zero point."""
    shape, kernel, attributes = CONVOLUTIONS[name]
    rng = np.random.default_rng(7)
    middle = 0 if weights is np.int8 else 128
    w = (rng.integers(-100, 100, kernel) + middle).astype(weights)
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
        node("ConvInteger", ["q", "w", "zero", "z"], ["y"], **attributes),
    ]
    zero = np.array(middle + 3 if middle else 0, weights)
    proto = model(
        nodes, {"x": shape}, ["y"], {"w": w, "z": zero}, elements={"y": TensorProto.INT32}
    )
    data = {"x": randoms({"x": shape}, 4)["x"] + 0.7}
    found = imported(proto, tmp_path).module
    (result,) = run_function(found, "main", list(data.values()))
    np.testing.assert_array_equal(result, expected(proto, data)[0])
    assert multiplies_bytes(found)


@pytest.mark.parametrize(
    "shapes",
    [((5, 7), (7, 3)), ((2, 5, 7), (2, 7, 3)), ((2, 5, 7), (7, 3)), ((3, 1, 5, 7), (2, 7, 3))],
    ids=str,
)
@pytest.mark.parametrize("computed", ["both", "first"])
def test_matrices(shapes: tuple[tuple[int, ...], ...], computed: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    nodes = [node("DynamicQuantizeLinear", ["x"], ["q", "s", "zero"])]
    data = {"x": randoms({"x": shapes[0]}, 4)["x"] + 0.7}
    weights: dict[str, Array] = {}
    if computed == "both":
        nodes.append(node("DynamicQuantizeLinear", ["v"], ["w", "t", "z"]))
        data["v"] = randoms({"v": shapes[1]}, 5)["v"] - 0.4
    else:
        weights["w"] = rng.integers(0, 255, shapes[1]).astype(np.uint8)
        weights["z"] = np.array(120, np.uint8)
    nodes.append(node("MatMulInteger", ["q", "w", "zero", "z"], ["y"]))
    inputs = {name: array.shape for name, array in data.items()}
    proto = model(nodes, inputs, ["y"], weights, elements={"y": TensorProto.INT32})
    found = imported(proto, tmp_path).module
    (result,) = run_function(found, "main", list(data.values()))
    np.testing.assert_array_equal(result, expected(proto, data)[0])
    assert multiplies_bytes(found)


def test_bytes_that_are_given(tmp_path: Path) -> None:
    """Inputs of the network and their zero points, in other forms, too."""
    rng = np.random.default_rng(9)
    for a, b, zeros in (
        (np.uint8, np.uint8, {"za": np.array(7, np.uint8), "zb": np.array([200], np.uint8)}),
        (np.uint8, np.int8, {"za": np.array(7, np.uint8), "zb": np.array(-5, np.int8)}),
        (np.uint8, np.uint8, {}),
    ):
        names = ["a", "b", *zeros]
        proto = model(
            [node("MatMulInteger", names, ["y"])],
            {"a": (4, 6), "b": (6, 5)},
            ["y"],
            zeros,
            elements={
                "a": helper.np_dtype_to_tensor_dtype(np.dtype(a)),
                "b": helper.np_dtype_to_tensor_dtype(np.dtype(b)),
                "y": TensorProto.INT32,
            },
        )
        data = {
            name: rng.integers(np.iinfo(t).min, np.iinfo(t).max, shape).astype(t)
            for name, t, shape in (("a", a, (4, 6)), ("b", b, (6, 5)))
        }
        module = imported(proto, tmp_path).module
        (result,) = run_function(module, "main", [as_stored(array) for array in data.values()])
        np.testing.assert_array_equal(result, expected(proto, data)[0])
        assert multiplies_bytes(module)


def test_convolutions_of_bytes_that_are_given(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    weight = generator.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    constants = {"w": weight, "z": np.array(7, np.uint8)}
    nodes = [node("ConvInteger", ["x", "w", "z"], ["y"], pads=[1] * 4)]
    types = {"x": TensorProto.UINT8, "y": TensorProto.INT32}
    proto = model(nodes, {"x": [1, 3, 5, 5]}, ["y"], constants, elements=types)
    data = generator.integers(0, 256, (1, 3, 5, 5)).astype(np.uint8)
    (result,) = run_function(imported(proto, tmp_path).module, "main", [data.astype(np.int16)])
    np.testing.assert_array_equal(result, expected(proto, {"x": data})[0])


def _network() -> ModelProto:
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], pads=[1] * 4),
        node("Relu", ["c"], ["r"]),
        node("Conv", ["r", "v"], ["d"], strides=[2, 2]),
        node("Flatten", ["d"], ["f"]),
        node("MatMul", ["f", "u"], ["y"]),
    ]
    shapes = {"w": (32, 16, 3, 3), "b": (32,), "v": (16, 32, 3, 3), "u": (400, 10)}
    return model(nodes, {"x": (1, 16, 12, 12)}, ["y"], randoms(shapes))


@pytest.mark.parametrize("weights", [QuantType.QUInt8, QuantType.QInt8])
def test_networks(weights: QuantType, tmp_path: Path) -> None:
    """Convolutions run on the core, between floats of the host; without quantization, in floats."""
    onnx.save(_network(), tmp_path / "float.onnx")
    quantize_dynamic(tmp_path / "float.onnx", tmp_path / "dynamic.onnx", weight_type=weights)
    proto = onnx.load(tmp_path / "dynamic.onnx")
    data = randoms({"x": (1, 16, 12, 12)}, 7)
    (reference,) = expected(proto, data)
    module = imported(proto, tmp_path).module
    assert multiplies_bytes(module) or weights is QuantType.QUInt8
    (result,) = run_function(module, "main", [data["x"]])
    np.testing.assert_allclose(result, reference, rtol=1e-4, atol=1e-4)
    program = compile_program(module)
    assert sum(isinstance(step, CoreStep) for step in program.steps) >= 2
    np.testing.assert_array_equal(Runtime(program).run([data["x"]]).outputs[0], result)
    floats = imported(proto, tmp_path, drop_quantization=True)
    (plain,) = run_function(floats.module, "main", [data["x"]])
    (exact,) = expected(_network(), data)
    # Weights keep their 8 bits, activations have none.
    assert np.abs(plain - exact).max() < 0.05 * np.abs(exact).max()
    assert not any("quant" in op.name or "cast" in op.name for op in floats.module.walk())
