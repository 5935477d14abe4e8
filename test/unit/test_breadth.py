"""The layers of the networks people use run on the core, bit-exact: real channels, small images.

Each is one program with one step on the core, and nothing but copies on the host before and after.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from workloads import Network, compile_program, random_inputs

Build = Callable[[Network, SSAValue], SSAValue]


def check(name: str, shape: tuple[int, ...], build: Build) -> None:
    network = Network(name, *shape)
    module = network.finish(build(network, network.input))
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    program = compile_program(module)
    reasons = set(re.findall('host_reason = "([^"]*)"', program.host))
    assert reasons <= {"it lays out the image for the first convolution"}
    assert sum(isinstance(step, CoreStep) for step in program.steps) == 1
    for found, wanted in zip(Runtime(program).run(inputs).outputs, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


# Name, size, input and output channels, kernel, stride, padding, groups.
CONVOLUTIONS = [
    ("resnet50 conv1", 32, 3, 64, 7, 2, 3, 1),
    ("resnet50 1x1 64-256", 14, 64, 256, 1, 1, 0, 1),
    ("resnet50 1x1 256-512 s2", 14, 256, 512, 1, 2, 0, 1),
    ("resnet50 3x3 512 s2", 14, 512, 512, 3, 2, 1, 1),
    ("resnet50 1x1 2048-512", 7, 2048, 512, 1, 1, 0, 1),
    ("resnet50 1x1 1024-2048 s2", 14, 1024, 2048, 1, 2, 0, 1),
    ("vgg19 3-64", 32, 3, 64, 3, 1, 1, 1),
    ("vgg19 512", 14, 512, 512, 3, 1, 1, 1),
    ("densenet121 scale 256", 14, 256, 256, 1, 1, 0, 256),
    ("densenet121 128-32", 14, 128, 32, 3, 1, 1, 1),
    ("densenet121 992-128", 7, 992, 128, 1, 1, 0, 1),
    ("inception 5x5 24-64", 14, 24, 64, 5, 1, 2, 1),
    ("inception 5x5 48-128", 7, 48, 128, 5, 1, 2, 1),
    ("inception 1x1 832-192", 7, 832, 192, 1, 1, 0, 1),
    ("squeezenet 7x7 s2", 33, 3, 96, 7, 2, 0, 1),
    ("squeezenet 1x1 512-1000", 13, 512, 1000, 1, 1, 0, 1),
    ("shufflenet g3 24-60", 14, 24, 60, 1, 1, 0, 3),
    ("shufflenet g3 60-240", 14, 60, 240, 1, 1, 0, 3),
    ("shufflenet g4 272", 7, 272, 272, 1, 1, 0, 4),
    ("shufflenet g8 384", 7, 384, 384, 1, 1, 0, 8),
    ("shufflenet depthwise 60 s2", 14, 60, 60, 3, 2, 1, 60),
    ("shufflenet depthwise 136", 14, 136, 136, 3, 1, 1, 136),
    ("alexnet 11x11 s4", 51, 3, 96, 11, 4, 0, 1),
    ("alexnet 5x5 g2", 13, 96, 256, 5, 1, 2, 2),
    ("alexnet 3x3 g2", 13, 384, 384, 3, 1, 1, 2),
    ("zfnet512 5x5 s2", 27, 96, 256, 5, 2, 0, 1),
    ("zfnet512 512-1024", 6, 512, 1024, 3, 1, 1, 1),
    ("zfnet512 1024-512", 6, 1024, 512, 3, 1, 1, 1),
    ("one channel", 14, 64, 1, 3, 1, 1, 1),
]


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda layer: layer[0])
def test_convolution(layer: tuple[str, int, int, int, int, int, int, int]):
    name, size, inputs, outputs, kernel, stride, pad, groups = layer
    check(
        name,
        (1, inputs, size, size),
        lambda network, x: network.conv(x, outputs, kernel, stride, pad, groups),
    )


# Rows, inner size, columns.
PRODUCTS = {
    "minilm 128x384x384": (128, 384, 384),
    "minilm 128x384x1536": (128, 384, 1536),
    "minilm 128x1536x384": (128, 1536, 384),
    "resnet50 classifier": (1, 2048, 1000),
    "vgg19 25088-4096, an eighth of its columns": (1, 25088, 512),
    "one column": (128, 384, 1),
    "one row, one column": (1, 384, 1),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_matmul(name: str):
    rows, inner, columns = PRODUCTS[name]
    check(name, (rows, inner), lambda network, x: network.dense(x, columns))


def max_pool(kernel: int, stride: int, pad: int) -> Build:
    return lambda network, x: network.add(
        graph.MaxPoolOp(x, (kernel,) * 2, strides=(stride,) * 2, pads=(pad,) * 4), "y"
    )


def mean(kernel: int, stride: int, pad: int = 0) -> Build:
    return lambda network, x: network.add(
        graph.AvgPoolOp(x, (kernel,) * 2, strides=(stride,) * 2, pads=(pad,) * 4), "y"
    )


def global_mean(network: Network, x: SSAValue) -> SSAValue:
    return network.add(graph.GlobalAvgPoolOp(x), "y")


POOLS: dict[str, tuple[tuple[int, ...], Build]] = {
    "max 3x3 s2 p1": ((1, 64, 28, 28), max_pool(3, 2, 1)),
    "max 3x3 s2": ((1, 96, 27, 27), max_pool(3, 2, 0)),
    "max 3x3 s1 p1": ((1, 192, 14, 14), max_pool(3, 1, 1)),
    "max 2x2 s2": ((1, 64, 28, 28), max_pool(2, 2, 0)),
    "mean 7x7": ((1, 1024, 7, 7), mean(7, 1)),
    "mean 2x2 s2": ((1, 128, 28, 28), mean(2, 2)),
    "mean 3x3 s2 p1": ((1, 24, 28, 28), mean(3, 2, 1)),
    "mean 3x3 s1 p1": ((1, 192, 14, 14), mean(3, 1, 1)),
    "global 7x7": ((1, 2048, 7, 7), global_mean),
    "global 13x13": ((1, 1000, 13, 13), global_mean),
    "global 15x15": ((1, 1000, 15, 15), global_mean),
    "global 28x28": ((1, 40, 28, 28), global_mean),
    "global 56x56": ((1, 40, 56, 56), global_mean),
}


@pytest.mark.parametrize("name", POOLS)
def test_pool(name: str):
    check(name, *POOLS[name])


def bottleneck(network: Network, x: SSAValue) -> SSAValue:
    """ResNet-50's block with a projection; the sum in 32 bits, both sides times a power of two."""
    y = network.conv(network.conv(x, 64, 1), 64, 3, stride=2, pad=1)
    weights = network.weights(256, 64, 1, 1)
    y = network.add(graph.Conv2dOp(y, weights), "conv")
    y = network.add(
        graph.AddOp(y, network.constant(np.full((256, 1, 1), 900, np.int32), "b")), "biased"
    )
    shifts = network.random.integers(5, 9, (256,), np.int32)
    y = network.add(graph.RequantizeOp(y, i32, shifts, axis=1), "wide")
    factor = network.constant(np.array(4, np.int32), "factor")
    skip = network.conv(x, 256, 1, stride=2, relu=False)
    skip = network.add(graph.MulOp(skip, factor), "scaled")
    total = network.add(graph.ReluOp(network.add(graph.AddOp(y, skip), "sum")), "relu")
    return network.add(graph.RequantizeOp(total, i8, 2), "y")


def dense_block(network: Network, x: SSAValue) -> SSAValue:
    """DenseNet: scale, bias, ReLU, 1x1, 3x3, joined; then a transition."""
    for _ in range(2):
        scaled = network.conv(x, channels(x), 1, groups=channels(x), shift=6)
        y = network.conv(network.conv(scaled, 128, 1), 32, 3, pad=1, relu=False)
        x = network.add(graph.ConcatOp([x, y], 1), "joined")
    x = network.conv(x, channels(x), 1, groups=channels(x), shift=6)
    x = network.conv(x, channels(x) // 2, 1, relu=False)
    return network.add(graph.AvgPoolOp(x, (2, 2), strides=(2, 2)), "y")


def inception(network: Network, x: SSAValue) -> SSAValue:
    """GoogLeNet's first module, and a reader of it."""
    pool = graph.MaxPoolOp(x, (3, 3), strides=(1, 1), pads=(1, 1, 1, 1))
    parts = [
        network.conv(x, 64, 1),
        network.conv(network.conv(x, 96, 1), 128, 3, pad=1),
        network.conv(network.conv(x, 16, 1), 32, 5, pad=2),
        network.conv(network.add(pool, "pool"), 32, 1),
    ]
    return network.conv(network.add(graph.ConcatOp(parts, 1), "joined"), 64, 1)


def fire(network: Network, x: SSAValue) -> SSAValue:
    x = network.conv(x, 16, 1)
    parts = [network.conv(x, 64, 1), network.conv(x, 64, 3, pad=1)]
    joined = network.add(graph.ConcatOp(parts, 1), "joined")
    return network.add(graph.MaxPoolOp(joined, (3, 3), strides=(2, 2)), "y")


def shuffle(network: Network, x: SSAValue) -> SSAValue:
    """ShuffleNet's unit: grouped, channels shuffled, depthwise, grouped, added."""
    _, outputs, *size = x.type.get_shape()  # pyright: ignore
    y = network.conv(x, 60, 1, groups=3)
    y = network.add(graph.ReshapeOp(y, [1, 3, 20, *size]), "groups")
    y = network.add(graph.TransposeOp(y, [0, 2, 1, 3, 4]), "turned")
    y = network.add(graph.ReshapeOp(y, [1, 60, *size]), "shuffled")
    y = network.conv(y, 60, 3, pad=1, groups=60, relu=False)
    y = network.conv(y, outputs, 1, groups=3, relu=False)
    y = network.add(graph.ReluOp(network.add(graph.AddOp(y, x, i32), "sum")), "relu")
    return network.add(graph.RequantizeOp(y, i8, 0), "y")


def classifier(network: Network, x: SSAValue) -> SSAValue:
    """A convolution's result, flattened, through two dense layers."""
    x = network.conv(x, 64, 3, pad=1)
    x = network.add(graph.ReshapeOp(x, [1, 64 * 7 * 7]), "flat")
    return network.dense(network.dense(x, 128, relu=True), 1000)


def attention(network: Network, x: SSAValue) -> SSAValue:
    """MiniLM's attention without its softmax: 12 heads of 32."""
    rows, inner = x.type.get_shape()  # pyright: ignore
    heads: list[SSAValue] = []
    for name in "qkv":
        y = network.add(graph.ReshapeOp(network.dense(x, inner), [rows, 12, 32]), name)
        heads.append(network.add(graph.TransposeOp(y, [1, 0, 2]), name))
    q, k, v = heads
    scores = network.add(graph.MatmulOp(q, k, transpose_b=True), "scores")
    p = network.add(graph.RequantizeOp(scores, i8, 9), "p")
    y = network.add(graph.RequantizeOp(network.add(graph.MatmulOp(p, v), "y"), i8, 9), "y")
    y = network.add(graph.TransposeOp(y, [1, 0, 2]), "y")
    return network.dense(network.add(graph.ReshapeOp(y, [rows, inner]), "y"), inner)


def channel_product(network: Network, x: SSAValue) -> SSAValue:
    y = graph.MulOp(x, network.weights(channels(x), 1, 1), i32)
    return network.epilogue(network.add(y, "scaled"), (channels(x), 1, 1), True, 6)


def channels(x: SSAValue) -> int:
    return x.type.get_shape()[1]  # pyright: ignore


def transposed(network: Network, x: SSAValue) -> SSAValue:
    y = graph.ConvTranspose2dOp(x, network.weights(channels(x), 16, 3, 3), pads=(1, 1, 1, 1))
    return network.epilogue(network.add(y, "wider"), (16, 1, 1), True, 8)


NETWORKS: dict[str, tuple[tuple[int, ...], Build]] = {
    "resnet50 bottleneck": ((1, 256, 14, 14), bottleneck),
    "densenet121 block": ((1, 64, 14, 14), dense_block),
    "inception v1 module": ((1, 192, 14, 14), inception),
    "squeezenet fire": ((1, 96, 13, 13), fire),
    "shufflenet unit": ((1, 240, 14, 14), shuffle),
    "vgg19 classifier": ((1, 64, 7, 7), classifier),
    "minilm attention": ((128, 384), attention),
    "transposed convolution": ((1, 24, 9, 9), transposed),
    "product by channel": ((1, 40, 14, 14), channel_product),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str):
    check(name, *NETWORKS[name])


def test_sums_of_32_bits():
    """Multipliers stay on the host, the convolution before them does not; nor does the next one."""
    network = Network("multipliers", 1, 64, 14, 14)
    y = network.add(graph.Conv2dOp(network.input, network.weights(40, 64, 3, 3)), "conv")
    multipliers = network.random.integers(1 << 20, 1 << 30, (40,), np.int32)
    y = network.add(graph.RequantizeOp(y, i8, 38, multiplier=multipliers, axis=1), "scaled")
    module = network.finish(network.conv(y, 16, 3))
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    program = compile_program(module)
    assert sum(isinstance(step, CoreStep) for step in program.steps) == 2
    assert "graph.conv2d" not in program.host
    np.testing.assert_array_equal(Runtime(program).run(inputs).outputs, expected)
