"""A CNN of ResNet form for 32x32 grey images, in JAX, and as an ONNX model.

A 3x3 stem, three stages of two basic blocks (16, 32 and 64 channels; the second and third stage
halve the image, with a 1x1 projection on the skip), global average pooling, a dense layer to ten
classes. Every convolution is followed by batch normalisation. Images are [N, 1, 32, 32] floats
from 0 to 1, channels first.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STAGES = ((16, 1), (32, 2), (64, 2))
"""Channels of a stage, and the stride of its first convolution."""
BLOCKS = 2
CLASSES = 10
EPSILON = 1e-5

Parameters = dict[str, jax.Array]


def convolutions() -> Iterator[tuple[str, int, int, int]]:
    """Name, input channels, output channels and kernel size of every convolution, in order."""
    yield "stem", 1, STAGES[0][0], 3
    inputs = STAGES[0][0]
    for stage, (channels, stride) in enumerate(STAGES):
        for block in range(BLOCKS):
            name = f"stage{stage}.block{block}"
            yield f"{name}.conv0", inputs, channels, 3
            yield f"{name}.conv1", channels, channels, 3
            if block == 0 and stride > 1:
                yield f"{name}.skip", inputs, channels, 1
            inputs = channels


def initial(seed: int) -> tuple[Parameters, Parameters]:
    """He-initialised parameters, and the statistics of batch normalisation."""
    random = np.random.default_rng(seed)
    parameters: Parameters = {}
    statistics: Parameters = {}
    for name, inputs, outputs, size in convolutions():
        deviation = np.sqrt(2 / (inputs * size * size))
        weights = random.normal(0, deviation, (outputs, inputs, size, size))
        parameters[f"{name}.weight"] = jnp.asarray(weights, jnp.float32)
        # A block begins as the identity: its last gain is small.
        gain = 0.2 if name.endswith("conv1") else 1.0
        parameters[f"{name}.gain"] = jnp.full(outputs, gain, jnp.float32)
        parameters[f"{name}.offset"] = jnp.zeros(outputs, jnp.float32)
        statistics[f"{name}.mean"] = jnp.zeros(outputs, jnp.float32)
        statistics[f"{name}.variance"] = jnp.ones(outputs, jnp.float32)
    features = STAGES[-1][0]
    dense = random.normal(0, np.sqrt(1 / features), (features, CLASSES))
    parameters["dense.weight"] = jnp.asarray(dense, jnp.float32)
    parameters["dense.bias"] = jnp.zeros(CLASSES, jnp.float32)
    return parameters, statistics


def scores(parameters: Parameters, statistics: Parameters | None, x: jax.Array):
    """Scores [N, 10], and the statistics used: given ones, else those of this batch."""
    used: Parameters = {}

    def conv(x: jax.Array, name: str, stride: int = 1) -> jax.Array:
        weight = parameters[f"{name}.weight"]
        pad = weight.shape[-1] // 2
        y = jax.lax.conv_general_dilated(x, weight, (stride, stride), ((pad, pad), (pad, pad)))
        if statistics is None:
            mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3))
        else:
            mean, variance = statistics[f"{name}.mean"], statistics[f"{name}.variance"]
        used[f"{name}.mean"], used[f"{name}.variance"] = mean, variance
        gain = parameters[f"{name}.gain"] / jnp.sqrt(variance + EPSILON)
        offset = parameters[f"{name}.offset"] - mean * gain
        return y * gain[:, None, None] + offset[:, None, None]

    x = jax.nn.relu(conv(x, "stem"))
    for stage, (_, stride) in enumerate(STAGES):
        for block in range(BLOCKS):
            name = f"stage{stage}.block{block}"
            first = stride if block == 0 else 1
            y = jax.nn.relu(conv(x, f"{name}.conv0", first))
            y = conv(y, f"{name}.conv1")
            skip = conv(x, f"{name}.skip", first) if first > 1 else x
            x = jax.nn.relu(y + skip)
    x = x.mean((2, 3))
    return x @ parameters["dense.weight"] + parameters["dense.bias"], used


def to_onnx(parameters: Parameters, statistics: Parameters) -> onnx.ModelProto:
    """The network as an ONNX model of one image, with batch normalisation as its own nodes."""
    nodes: list[onnx.NodeProto] = []
    values = {**parameters, **statistics}
    constants = [
        numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in values.items()
    ]

    def node(kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def conv(x: str, name: str, stride: int = 1) -> str:
        size = parameters[f"{name}.weight"].shape[-1]
        pads = [size // 2] * 4
        window = {"kernel_shape": [size] * 2, "pads": pads, "strides": [stride] * 2}
        y = node("Conv", [x, f"{name}.weight"], f"{name}.conv", **window)
        parts = [f"{name}.{part}" for part in ("gain", "offset", "mean", "variance")]
        return node("BatchNormalization", [y, *parts], f"{name}.norm", epsilon=EPSILON)

    x = node("Relu", [conv("image", "stem")], "stem.relu")
    for stage, (_, stride) in enumerate(STAGES):
        for block in range(BLOCKS):
            name = f"stage{stage}.block{block}"
            first = stride if block == 0 else 1
            y = node("Relu", [conv(x, f"{name}.conv0", first)], f"{name}.relu0")
            y = conv(y, f"{name}.conv1")
            skip = conv(x, f"{name}.skip", first) if first > 1 else x
            x = node("Relu", [node("Add", [y, skip], f"{name}.sum")], f"{name}.relu1")
    x = node("GlobalAveragePool", [x], "pool")
    x = node("Flatten", [x], "features", axis=1)
    node("Gemm", [x, "dense.weight", "dense.bias"], "scores")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 32, 32])
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])
    graph = helper.make_graph(nodes, "resnet", [image], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
