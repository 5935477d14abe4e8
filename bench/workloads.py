"""The layers that benchmarks and tests compile: random weights, real shapes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType, i8, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.universe import Universe

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of, numpy_type
from nopt.hw.program.program_file import Program
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.pipeline_text import build_passes

Array = np.ndarray[Any, np.dtype[Any]]


class Network:
    """A function `main` under construction: one input, ops one after the other, one output."""

    def __init__(self, name: str, *shape: int):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.block = Block(arg_types=[TensorType(i8, shape)])
        self.input: SSAValue = self.block.args[0]
        self.input.name_hint = "x"

    def add(self, op: Operation, name: str) -> SSAValue:
        self.block.add_op(op)
        op.results[0].name_hint = name
        return op.results[0]

    def constant(self, array: Array, name: str) -> SSAValue:
        return self.add(graph.ConstantOp(attribute_of(array, name)), name)

    def weights(self, *shape: int, name: str = "w") -> SSAValue:
        return self.constant(self.random.integers(-127, 128, shape, np.int8), name)

    def conv(
        self,
        x: SSAValue,
        outputs: int,
        kernel: int,
        stride: int = 1,
        pad: int = 0,
        groups: int = 1,
        relu: bool = True,
        shift: int = 9,
    ) -> SSAValue:
        """Convolution with bias, requantized to i8, with ReLU if asked."""
        inputs = x.type.get_shape()[1]  # pyright: ignore
        w = self.weights(outputs, inputs // groups, kernel, kernel)
        y = self.add(
            graph.Conv2dOp(x, w, strides=(stride,) * 2, pads=(pad,) * 4, groups=groups), "conv"
        )
        return self.epilogue(y, (outputs, 1, 1), relu, shift)

    def dense(self, x: SSAValue, outputs: int, relu: bool = False, shift: int = 9) -> SSAValue:
        """Matrix product with weights [inputs, outputs] and bias, requantized to i8."""
        inputs = x.type.get_shape()[-1]  # pyright: ignore
        w = self.weights(inputs, outputs)
        return self.epilogue(self.add(graph.MatmulOp(x, w), "matmul"), (outputs,), relu, shift)

    def epilogue(
        self, y: SSAValue, bias_shape: tuple[int, ...], relu: bool, shift: int
    ) -> SSAValue:
        bias = self.random.integers(-20000, 20000, bias_shape, np.int32)
        y = self.add(graph.AddOp(y, self.constant(bias, "b")), "biased")
        if relu:
            y = self.add(graph.ReluOp(y), "relu")
        return self.add(graph.RequantizeOp(y, i8, shift), "y")

    def finish(self, *outputs: SSAValue) -> ModuleOp:
        self.block.add_op(ReturnOp(*outputs))
        types: tuple[list[Attribute], list[Attribute]] = (
            [argument.type for argument in self.block.args],
            [output.type for output in outputs],
        )
        return ModuleOp([FuncOp("main", types, Region(self.block))])


@dataclass(frozen=True)
class Layer:
    """A named layer and its least cost: GEMM and epilogue steps, bytes that must move."""

    name: str
    build: Callable[[], ModuleOp]
    steps: int
    """GEMM steps with channels rounded up to the block, plus four for each output vector."""
    bytes: int
    """Bytes that must be read once: input, weights, bias."""

    @property
    def limit(self) -> int:
        """Cycles that no schedule can beat: steps, or reads at 8 bytes a cycle."""
        return max(self.steps, -(-self.bytes // 8))


def _blocks(channels: int) -> int:
    return -(-channels // 16)


def conv_layer(
    name: str,
    size: tuple[int, int],
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    pad: int = 0,
    groups: int = 1,
) -> Layer:
    """A convolution with bias, ReLU and requantization."""

    def build() -> ModuleOp:
        network = Network(name, 1, inputs, *size)
        return network.finish(network.conv(network.input, outputs, kernel, stride, pad, groups))

    height, width = ((extent + 2 * pad - kernel) // stride + 1 for extent in size)
    vectors = height * width * _blocks(outputs)
    reduction = kernel * kernel * (1 if groups > 1 else _blocks(inputs))
    weights = kernel * kernel * _blocks(outputs) * (1 if groups > 1 else _blocks(inputs)) * 256
    # A strided 1x1 convolution reads only the pixels it uses.
    pixels = height * width if kernel < stride else size[0] * size[1]
    reads = pixels * _blocks(inputs) * 16 + weights + _blocks(outputs) * 64
    return Layer(name, build, vectors * (reduction + 4), reads)


def matmul_layer(name: str, rows: int, inner: int, columns: int, heads: int = 1) -> Layer:
    """A dense layer with bias and requantization; its result reshaped to heads if asked."""

    def build() -> ModuleOp:
        network = Network(name, rows, inner)
        y = network.dense(network.input, columns)
        if heads > 1:
            shape = [6, rows // 6, heads, columns // heads]
            y = network.add(graph.ReshapeOp(y, shape), "heads")
        return network.finish(y)

    vectors = rows * _blocks(columns)
    reads = (rows * _blocks(inner) * 16) + _blocks(inner) * _blocks(columns) * 256
    reads += _blocks(columns) * 64
    return Layer(name, build, vectors * (_blocks(inner) + 4), reads)


def residual_block() -> Layer:
    """ResNet's basic block at 28x28x128: two convolutions, the input added, ReLU."""
    name = "residual 28x28x128"

    def build() -> ModuleOp:
        network = Network(name, 1, 128, 28, 28)
        y = network.conv(network.input, 128, 3, pad=1)
        y = network.conv(y, 128, 3, pad=1, relu=False)
        y = network.add(graph.AddOp(y, network.input, i32), "sum")
        y = network.add(graph.ReluOp(y), "relu")
        return network.finish(network.add(graph.RequantizeOp(y, i8, 0), "y"))

    conv = conv_layer(name, (28, 28), 128, 128, 3, pad=1)
    return Layer(name, build, 2 * conv.steps, 2 * conv.bytes)


def resnet18(images: int = 1) -> ModuleOp:
    """ResNet-18 at 224x224 with random weights, its batch norms folded."""
    network = Network("resnet18", images, 3, 224, 224)
    x = network.conv(network.input, 64, 7, 2, 3)
    x = network.add(graph.MaxPoolOp(x, (3, 3), strides=(2, 2), pads=(1, 1, 1, 1)), "pool")
    for stage, channels in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            y = network.conv(x, channels, 3, stride, 1)
            y = network.conv(y, channels, 3, 1, 1, relu=False)
            skip = x if stride == 1 else network.conv(x, channels, 1, stride, relu=False)
            total = network.add(graph.AddOp(y, skip, i32), "sum")
            total = network.add(graph.ReluOp(total), "relu")
            x = network.add(graph.RequantizeOp(total, i8, 0), "y")
    x = network.add(graph.GlobalAvgPoolOp(x), "mean")
    x = network.add(graph.ReshapeOp(x, [images, 512]), "features")
    return network.finish(network.dense(x, 1000))


def max_pool_layer() -> Layer:
    """Max pooling 3x3, stride 2, padded: compared in the ALU, two cycles a step."""
    name = "max pool 3x3 s2 p1"

    def build() -> ModuleOp:
        network = Network(name, 1, 20, 17, 17)
        pool = graph.MaxPoolOp(network.input, (3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
        return network.finish(network.add(pool, "y"))

    return Layer(name, build, 9 * 9 * 2 * (9 + 4), 17 * 17 * 32)


RESNET18 = [
    conv_layer("C2", (56, 56), 64, 64, 3, 1, 1),
    conv_layer("C3", (56, 56), 64, 128, 3, 2, 1),
    conv_layer("C4", (56, 56), 64, 128, 1, 2),
    conv_layer("C5", (28, 28), 128, 128, 3, 1, 1),
    conv_layer("C6", (28, 28), 128, 256, 3, 2, 1),
    conv_layer("C7", (28, 28), 128, 256, 1, 2),
    conv_layer("C8", (14, 14), 256, 256, 3, 1, 1),
    conv_layer("C9", (14, 14), 256, 512, 3, 2, 1),
    conv_layer("C10", (14, 14), 256, 512, 1, 2),
    conv_layer("C11", (7, 7), 512, 512, 3, 1, 1),
]
ODD = [
    conv_layer("conv 3->20 7x7 s2 p3 33x29", (33, 29), 3, 20, 7, 2, 3),
    matmul_layer("matmul 37x53x71", 37, 53, 71),
    conv_layer("depthwise 3x3 24", (12, 12), 24, 24, 3, 1, 1, 24),
    conv_layer("conv 1x1 5x5", (5, 5), 16, 32, 1),
    max_pool_layer(),
]
LAYERS = [
    *RESNET18,
    residual_block(),
    matmul_layer("BERT projection", 768, 768, 768, heads=12),
    *ODD,
]


def registered_context() -> Context:
    """A context that knows every dialect."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context


def compile_program(module: ModuleOp, pipeline: str = "vta") -> Program:
    """Run a pipeline on the module, in place, and assemble it."""
    context = registered_context()
    for each in build_passes(pipeline, Universe.get_multiverse().all_passes):
        each.apply(context, module)
    module.verify()
    return assemble(module, context).program


def random_inputs(module: ModuleOp, seed: int = 0) -> list[Array]:
    """Arrays for the arguments of `main`, over the whole range of 8-bit elements.

    Integers of 64 bits may be indices: they are 0 or 1.
    """
    random = np.random.default_rng(seed)
    (function,) = [op for op in module.ops if isinstance(op, FuncOp)]
    arrays: list[Array] = []
    for type in function.function_type.inputs:
        assert isinstance(type, TensorType)
        dtype = numpy_type(type.element_type)
        ranges = {1: (-128, 128), 8: (0, 2)}
        low, high = ranges.get(dtype.itemsize, (-20000, 20000))
        arrays.append(random.integers(low, high, type.get_shape()).astype(dtype))
    return arrays
