"""The nine image networks of the `onnx` package, with random weights of sane scale.

The package ships their graphs only: their weights are constants. `light_model(name)` replaces each
by numbers that keep activations near 1: He's normal distribution for convolutions and matrices,
scales near 1, biases near 0. Then a random image is followed through the network, node by node:
convolutions and matrices are scaled for results of variance 1, and the means and variances of batch
normalizations are set to those measured. The same name and seed give the same model.

    python bench/light_models.py resnet50 -o resnet50.onnx
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx_sessions import onnxruntime_session

Array = np.ndarray[Any, np.dtype[Any]]

LIGHT_MODELS = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)
RESIZABLE = ("densenet121", "inception_v2", "resnet50", "shufflenet", "squeezenet")
"""Those whose image may be smaller: their last window takes the mean of what is left of it."""
_SIZE = 224
_MOVED = ("Reshape", "Unsqueeze")
"""What may stand between a weight and the node that uses it."""


def light_input(seed: int = 0, size: int = _SIZE) -> Array:
    """A random image for any of them: float32 [1, 3, size, size], of mean 0 and variance 1.

    Amplitudes fall with frequency, as in photographs: on white noise such networks are chaotic."""
    noise = np.random.default_rng([seed, 224]).standard_normal((1, 3, size, size))
    down, across = np.fft.fftfreq(size, 1 / size)[:, None], np.fft.rfftfreq(size, 1 / size)
    spectrum = np.fft.rfft2(noise) / np.maximum(np.hypot(down, across), 1)
    image = np.fft.irfft2(spectrum, (size, size))
    image -= image.mean((2, 3), keepdims=True)
    return (image / image.std((2, 3), keepdims=True)).astype(np.float32)


def light_model(name: str, seed: int = 0, size: int = _SIZE) -> ModelProto:
    """The model with random weights, for images of a multiple of 32 if it is one of `RESIZABLE`.

    Raises ValueError for a name not in `LIGHT_MODELS`, or a size that the model cannot take."""
    if name not in LIGHT_MODELS:
        raise ValueError(f"unknown model '{name}', expected one of {', '.join(LIGHT_MODELS)}")
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    model = onnx.load(folder / f"light_{name}.onnx")
    if size != _SIZE:
        _resize(model, name, size)
    weights = dict(_random_weights(model, seed))
    _fit(model, weights, light_input(seed, size))
    _replace(model, weights)
    return model


def _resize(model: ModelProto, name: str, size: int) -> None:
    """Another size of the image, of what it is reshaped to, and of the last window, which spans
    what is left of it."""
    if name not in RESIZABLE or size % 32 or size <= 0:
        known = ", ".join(RESIZABLE)
        raise ValueError(f"'{name}' of size {size}, expected a multiple of 32 of one of {known}")
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    (image,) = [value for value in model.graph.input if value.name not in stored]
    for dim in image.type.tensor_type.shape.dim[2:]:
        dim.dim_value = size
    for node in model.graph.node:
        for attribute in node.attribute if node.op_type == "AveragePool" else ():
            if attribute.name == "kernel_shape" and list(attribute.ints) == [7, 7]:
                attribute.ints[:] = [size // 32] * 2
        if node.op_type == "Reshape" and (shape := stored.get(node.input[1])) is not None:
            *rest, height, width = numpy_helper.to_array(shape).tolist()
            if len(rest) >= 2:
                scaled = np.array([*rest, height * size // _SIZE, width * size // _SIZE])
                shape.CopyFrom(numpy_helper.from_array(scaled, shape.name))


def _random_weights(model: ModelProto, seed: int) -> Iterator[tuple[str, Array]]:
    """Every float weight's name and new value, whether an initializer or a constant node."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    shapes = {
        node.output[0]: tuple(stored[node.input[0]].tolist())
        for node in model.graph.node
        if node.op_type == "ConstantOfShape"
    }
    shapes |= {name: array.shape for name, array in stored.items() if array.dtype == np.float32}
    roles = _roles(model)
    branches = _residual_scales(model)
    for index, (name, shape) in enumerate(shapes.items()):
        random = np.random.default_rng([seed, index]).standard_normal(shape, np.float32)
        match roles.get(name):
            case ("Conv", 1) | ("Gemm", 1):
                # Weights are [outputs, inputs…], behind ones where they are reshaped.
                inner = [size for size in shape if size > 1] if "Gemm" in roles[name] else shape
                yield name, random * np.float32(np.sqrt(2 / np.prod(inner[1:])))
            case ("BatchNormalization", 1) if name in branches:
                # Residual branches add a little to what goes around them, as in trained networks.
                yield name, np.float32(0.3) * (1 + random / 10)
            case ("BatchNormalization", 1 | 4) | ("Mul", _):
                yield name, 1 + random / 10
            case _:
                yield name, random / 10


def _residual_scales(model: ModelProto) -> set[str]:
    """The scales of batch normalizations that end in a sum with what goes around them."""
    makers = {name: node for node in model.graph.node for name in node.output}
    ends = [makers[node.input[0]] for node in model.graph.node if node.op_type == "Sum"]
    return {node.input[1] for node in ends if node.op_type == "BatchNormalization"}


def _roles(model: ModelProto) -> dict[str, tuple[str, int]]:
    """Which operator uses each tensor first, and as which input."""
    users: dict[str, list[tuple[NodeProto, int]]] = defaultdict(list)
    for node in model.graph.node:
        for index, value in enumerate(node.input):
            users[value].append((node, index))

    def role(name: str) -> tuple[str, int]:
        node, index = users[name][0]
        return role(node.output[0]) if node.op_type in _MOVED else (node.op_type, index)

    return {name: role(name) for name in users if name not in {o.name for o in model.graph.output}}


def _fit(model: ModelProto, weights: dict[str, Array], image: Array) -> None:
    """Scale convolutions and matrices for results of variance 1; set means and variances to those
    of what arrives at each batch normalization."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    data = next(value.name for value in model.graph.input if value.name not in stored)
    values = stored | weights | {data: image}
    origin = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type in _MOVED}
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape":
            continue
        if node.op_type == "BatchNormalization":
            x = values[node.input[0]].astype(np.float64)
            mean, variance = x.mean((0, 2, 3)), np.maximum(x.var((0, 2, 3)), 1e-3)
            for name, statistic in zip(node.input[3:], (mean, variance), strict=True):
                values[name] = weights[name] = statistic.astype(np.float32)
        result = _run(node, values, model)
        if node.op_type in ("Conv", "Gemm"):
            scale = np.float32(1 / result.std())
            result *= scale
            for name in node.input[1:]:
                weights[origin.get(name, name)] *= scale
        values[node.output[0]] = result


def _run(node: NodeProto, values: dict[str, Array], model: ModelProto) -> Array:
    """One node's first result, by onnxruntime."""
    names = [name for name in dict.fromkeys(node.input) if name]
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(values[name].dtype), values[name].shape
        )
        for name in names
    ]
    result = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "node", inputs, [result])
    single = helper.make_model(graph, opset_imports=model.opset_import, ir_version=8)
    session = onnxruntime_session(single.SerializeToString())
    (value,) = session.run([node.output[0]], {name: values[name] for name in names})
    return np.asarray(value)


def _replace(model: ModelProto, weights: dict[str, Array]) -> None:
    """Make the weights initializers, in place of constant nodes and old values."""
    graph = model.graph
    # Since version 4, initializers need not be declared as inputs.
    model.ir_version = 8
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    used = {value for node in nodes for value in node.input}
    kept = [t for t in graph.initializer if t.name in used and t.name not in weights]
    kept += [numpy_helper.from_array(array, name) for name, array in weights.items()]
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    for field in ("node", "initializer", "input"):
        graph.ClearField(field)
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    graph.input.extend(inputs)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a light model with random weights.")
    parser.add_argument("name", nargs="?", choices=LIGHT_MODELS, help="default: list their names")
    parser.add_argument("-o", "--output", metavar="FILE.onnx", help="default: NAME.onnx")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.name is None:
        print(*LIGHT_MODELS, sep="\n")
        return
    onnx.save(
        light_model(arguments.name, arguments.seed), arguments.output or f"{arguments.name}.onnx"
    )


if __name__ == "__main__":
    main()
