"""RNN, GRU and LSTM with all that they can have, by onnxruntime's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper, numpy_helper
from onnx_models import Array, expected, imported, model, run
from onnxruntime.quantization import quantize_dynamic

from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.errors import UserError

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 4, 6


def network(op: str, optional: str = "", **attributes: Any) -> tuple[ModelProto, dict[str, Array]]:
    """A node with some of its optional inputs, which are written as their letters."""
    rng = np.random.default_rng(11)
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[op] * HIDDEN

    def numbers(*shape: int) -> Array:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    weights: dict[str, Array] = {
        "W": numbers(directions, rows, INPUTS),
        "R": numbers(directions, rows, HIDDEN),
    }
    inputs = {"X": numbers(STEPS, BATCH, INPUTS)}
    names = ["X", "W", "R", "", "", "", "", ""]
    if "B" in optional:
        names[3], weights["B"] = "B", numbers(directions, 2 * rows)
    if "s" in optional:
        names[4], weights["s"] = "s", np.array([5, 2, 4], np.int32)
    if "h" in optional:
        names[5], inputs["h"] = "h", numbers(directions, BATCH, HIDDEN)
    if "c" in optional:
        names[6], inputs["c"] = "c", numbers(directions, BATCH, HIDDEN)
    if "P" in optional:
        names[7], weights["P"] = "P", numbers(directions, 3 * HIDDEN)
    outputs = ["Y", "Y_h", *(["Y_c"] if op == "LSTM" else [])]
    count = 8 if op == "LSTM" else 6
    node = helper.make_node(op, names[:count], outputs, hidden_size=HIDDEN, **attributes)
    shapes = {name: array.shape for name, array in inputs.items()}
    return model([node], shapes, outputs, weights, opset=14), inputs


def check(proto: ModelProto, inputs: dict[str, Array], tmp_path: Path) -> None:
    found = run(proto, list(inputs.values()), tmp_path)
    for one, other in zip(found, expected(proto, inputs), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("optional", ["", "B", "Bs", "Bh", "Bsh"])
@pytest.mark.parametrize("op", GATES)
def test_directions_and_inputs(op: str, optional: str, direction: str, tmp_path: Path):
    extra = "c" if op == "LSTM" and "h" in optional else ""
    check(*network(op, optional + extra, direction=direction), tmp_path)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_peepholes_and_other_gates(direction: str, tmp_path: Path):
    check(*network("LSTM", "BP", direction=direction), tmp_path)
    check(*network("LSTM", "BP", direction=direction, clip=0.3), tmp_path)
    check(*network("LSTM", "B", direction=direction, input_forget=1), tmp_path)
    check(*network("GRU", "Bsh", direction=direction, linear_before_reset=1), tmp_path)
    check(*network("GRU", "", direction=direction, linear_before_reset=1, clip=0.2), tmp_path)


ACTIVATIONS = {
    "Relu": ([], []),
    "Affine": ([0.5], [0.1]),
    "LeakyRelu": ([0.2], []),
    "ThresholdedRelu": ([0.1], []),
    "ScaledTanh": ([0.9], [0.7]),
    "HardSigmoid": ([0.3], [0.4]),
    "Elu": ([0.8], []),
    "Softsign": ([], []),
    "Softplus": ([], []),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path):
    alpha, beta = ACTIVATIONS[name]
    options = {"activation_alpha": alpha, "activation_beta": beta}
    options = {key: value for key, value in options.items() if value}
    check(*network("RNN", "B", activations=[name], **options), tmp_path)
    check(*network("GRU", "B", activations=["Sigmoid", name], **options), tmp_path)
    check(*network("LSTM", "B", activations=["Sigmoid", name, "Tanh"], **options), tmp_path)


def test_numbers_of_several_activations(tmp_path: Path):
    """Each activation that has a number takes the next one."""
    names = ["HardSigmoid", "Tanh", "LeakyRelu"]
    options = {"activation_alpha": [0.25, 0.3], "activation_beta": [0.45]}
    check(*network("LSTM", "B", activations=names, **options), tmp_path)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("zero", [0, 128])
def test_integer_weights(zero: int, per_channel: bool, direction: str, tmp_path: Path):
    proto, inputs = network("LSTM", "Bhc", direction=direction)
    # Batches that onnxruntime computes apart would be quantized apart.
    proto, inputs = of_one_sequence(proto, inputs)
    source, path = tmp_path / "floats.onnx", tmp_path / "integers.onnx"
    source.write_bytes(proto.SerializeToString())
    quantize_dynamic(source, path, ["LSTM"], per_channel=per_channel)
    quantized = onnx.load(path)
    for tensor in quantized.graph.initializer if zero else ():
        if tensor.name.endswith(("quantized", "zero_point")):
            array = (numpy_helper.to_array(tensor).astype(int) + zero).astype(np.uint8)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    assert [node.op_type for node in quantized.graph.node] == ["DynamicQuantizeLSTM"]
    for one, other in zip(
        run(quantized, list(inputs.values()), tmp_path), expected(quantized, inputs), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    # Without quantization only the weights' rounding is left.
    dropped = imported(quantized, tmp_path, drop_quantization=True).module
    results = run_function(dropped, "main", list(inputs.values()))
    for one, other in zip(results, expected(proto, inputs), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=0.02)


def of_one_sequence(
    proto: ModelProto, inputs: dict[str, Array]
) -> tuple[ModelProto, dict[str, Array]]:
    inputs = {name: array[:, :1] for name, array in inputs.items()}
    for value in proto.graph.input:
        value.type.tensor_type.shape.dim[1].dim_value = 1
    return proto, inputs


def test_batches_first(tmp_path: Path):
    """onnxruntime has no `layout`: what it gives with steps first, turned."""
    for op in GATES:
        proto, inputs = network(op, "Bh", direction="bidirectional")
        wanted = expected(proto, inputs)
        turned, _ = network(op, "Bh", direction="bidirectional", layout=1)
        for value in turned.graph.input:
            dims = value.type.tensor_type.shape.dim
            dims[0].dim_value, dims[1].dim_value = dims[1].dim_value, dims[0].dim_value
        arrays = [np.ascontiguousarray(array.swapaxes(0, 1)) for array in inputs.values()]
        y, *states = run(turned, arrays, tmp_path)
        np.testing.assert_allclose(y, wanted[0].transpose(2, 0, 1, 3), rtol=2e-5, atol=2e-6)
        for state, other in zip(states, wanted[1:], strict=True):
            np.testing.assert_allclose(state, other.swapaxes(0, 1), rtol=2e-5, atol=2e-6)


def test_lengths_that_the_network_is_given(tmp_path: Path):
    proto, inputs = network("GRU", "Bs", direction="bidirectional")
    (lengths,) = [each for each in proto.graph.initializer if each.name == "s"]
    proto.graph.initializer.remove(lengths)
    proto.graph.input.append(helper.make_tensor_value_info("s", 6, [BATCH]))
    inputs["s"] = np.array([1, 5, 3], np.int32)
    check(proto, inputs, tmp_path)


def test_on_the_core(tmp_path: Path):
    """A sequence of 12 steps with 64 units: products by the state run on the core."""
    rng = np.random.default_rng(1)
    weights = {
        "W": rng.normal(0, 0.2, (1, 256, 32)).astype(np.float32),
        "R": rng.normal(0, 0.15, (1, 256, 64)).astype(np.float32),
    }
    nodes = [helper.make_node("LSTM", ["X", "W", "R"], ["Y", "Y_h"], hidden_size=64)]
    module = imported(model(nodes, {"X": (12, 1, 32)}, ["Y_h"], weights), tmp_path).module
    samples = rng.normal(size=(8, 12, 1, 32)).astype(np.float32)
    np.save(tmp_path / "samples.npy", samples)
    wanted = [run_function(module, "main", [x])[0] for x in samples]
    run_pipeline(module, f'graph-quantize{{calibration="{tmp_path / "samples.npy"}"}}')
    found = [run_function(module, "main", [x])[0] for x in samples]
    noise = np.square(np.stack(found) - np.stack(wanted)).sum() / np.square(np.stack(wanted)).sum()
    assert noise < 0.01
    program = compile_program(module)
    assert sum(isinstance(step, CoreStep) for step in program.steps) >= 12


def test_what_is_refused(tmp_path: Path):
    for attributes, message in (
        ({"activations": ["Sin"]}, "activation 'Sin' is not known, expected one of affine,"),
        ({"activations": ["Tanh", "Tanh"]}, "found 2 activations, expected 1"),
        ({"direction": "up"}, "attribute 'direction' is 'up', expected forward, reverse or"),
    ):
        proto, _ = network("RNN", "B", **attributes)
        with pytest.raises(UserError, match=message):
            imported(proto, tmp_path)
