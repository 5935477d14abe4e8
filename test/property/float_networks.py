"""Random small networks of floats, as an importer gives them, to be quantized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of


def shape_of(value: SSAValue) -> tuple[int, ...]:
    return value.type.get_shape()


class FloatNetwork:
    """A function @main under construction: one image in, He's weights, named tensors."""

    def __init__(self, seed: int, *shape: int):
        self.rng = np.random.default_rng(seed)
        self.block = Block(arg_types=[TensorType(f32, shape)])
        self.input: SSAValue = self.block.args[0]
        self.input.name_hint = "x"
        self.count = 0

    def add(self, op: Any, name: str | None = None) -> SSAValue:
        self.block.add_op(op)
        op.verify()
        self.count += 1
        op.results[0].name_hint = name or f"{op.name.removeprefix('graph.')}.{self.count}"
        return op.results[0]

    def constant(self, array: Any) -> SSAValue:
        return self.add(graph.ConstantOp(attribute_of(np.asarray(array, np.float32), "c")))

    def conv(
        self,
        x: SSAValue,
        outputs: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        groups: int = 1,
        bias: bool = True,
        transposed: bool = False,
        spread: float = 0.3,
    ) -> SSAValue:
        """`spread` is how far the channels' weights are apart, as batch norms leave them."""
        channels = shape_of(x)[1]
        pads = (kernel // 2,) * 4
        first, second = (channels, outputs) if transposed else (outputs, channels)
        weights = self.rng.normal(size=(first, second // groups, kernel, kernel))
        weights *= np.sqrt(2 * groups / (channels * kernel**2))
        factors = np.exp(self.rng.normal(0, spread, outputs))
        if transposed:
            weights *= np.resize(factors, (channels, outputs // groups))[:, :, None, None]
            op = graph.ConvTranspose2dOp
        else:
            weights *= factors[:, None, None, None]
            op = graph.Conv2dOp
        y = self.add(op(x, self.constant(weights), strides=(stride,) * 2, pads=pads, groups=groups))
        if not bias:
            return y
        return self.add(graph.AddOp(y, self.constant(self.rng.normal(0, 0.2, (outputs, 1, 1)))))

    def dense(self, x: SSAValue, outputs: int) -> SSAValue:
        inner = shape_of(x)[-1]
        weights = self.rng.normal(0, np.sqrt(1 / inner), (inner, outputs))
        y = self.add(graph.MatmulOp(x, self.constant(weights)))
        return self.add(graph.AddOp(y, self.constant(self.rng.normal(0, 0.2, outputs))))

    def relu(self, x: SSAValue) -> SSAValue:
        return self.add(graph.ReluOp(x))

    def finish(self, *outputs: SSAValue) -> ModuleOp:
        self.block.add_op(ReturnOp(*outputs))
        types = [x.type for x in self.block.args], [y.type for y in outputs]
        return ModuleOp([FuncOp("main", types, Region(self.block))])

    def samples(self, count: int) -> list[tuple[np.ndarray, ...]]:
        shape = shape_of(self.input)
        return [(self.rng.standard_normal(shape, np.float32),) for _ in range(count)]


@st.composite
def float_networks(draw: Any) -> tuple[FloatNetwork, ModuleOp]:
    """Convolutions, residuals, concatenations and pools, then perhaps a classifier."""
    channels, size = draw(st.integers(1, 9)), draw(st.integers(4, 12))
    network = FloatNetwork(draw(st.integers(0, 2**32 - 1)), 1, channels, size, size)
    x = network.conv(network.input, draw(st.integers(4, 12)), 3)
    for _ in range(draw(st.integers(1, 4))):
        x = draw(st.sampled_from(_PARTS))(network, x, draw)
    if draw(st.booleans()):
        x = network.add(graph.GlobalAvgPoolOp(x))
        x = network.add(graph.ReshapeOp(x, (1, shape_of(x)[1])))
        x = network.dense(x, draw(st.integers(2, 12)))
        if draw(st.booleans()):
            x = network.add(graph.SoftmaxOp(x, 1))
    return network, network.finish(x)


def _plain(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    y = network.conv(
        x,
        draw(st.integers(4, 20)),
        draw(st.sampled_from((1, 3))),
        stride=draw(st.integers(1, 2)),
        bias=draw(st.booleans()),
        transposed=draw(st.sampled_from((False, False, True))),
    )
    return network.relu(y) if draw(st.booleans()) else y


def _clipped(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    low = draw(st.sampled_from((0.0, -1.0)))
    return network.add(graph.ClipOp(network.conv(x, shape_of(x)[1]), low, 2.0))


def _depthwise(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    channels = shape_of(x)[1]
    return network.relu(network.conv(x, channels, 3, groups=channels))


def _residual(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    y = network.conv(x, shape_of(x)[1], 3, bias=draw(st.booleans()))
    skip = network.conv(x, shape_of(x)[1]) if draw(st.booleans()) else x
    operands = draw(st.permutations((y, skip)))
    total = network.add(graph.AddOp(*operands))
    return network.relu(total) if draw(st.booleans()) else total


def _sum_of_tensors(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    """Operands that others read too."""
    y = network.relu(network.conv(x, shape_of(x)[1]))
    total = network.add(graph.AddOp(x, y))
    return network.add(graph.ConcatOp([total, y], 1))


def _dense_block(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    y = network.relu(network.conv(x, draw(st.integers(2, 8)), 3))
    return network.add(graph.ConcatOp([x, y], 1))


def _pool(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    kernel = min(shape_of(x)[2], 2)
    op = draw(st.sampled_from((graph.MaxPoolOp, graph.AvgPoolOp)))
    return network.add(op(x, (kernel, kernel), strides=(kernel, kernel)))


def _shuffle(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    _, channels, height, width = shape_of(x)
    if channels % 2:
        return x
    y = network.add(graph.ReshapeOp(x, (1, 2, channels // 2, height, width)))
    y = network.add(graph.TransposeOp(y, (0, 2, 1, 3, 4)))
    return network.add(graph.ReshapeOp(y, (1, channels, height, width)))


def _part(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    channels, height, width = shape_of(x)[1:]
    if channels < 2:
        return network.add(graph.PadOp(x, (0, 0, 1, 0), (0, 0, 0, 1), 0.0))
    return network.add(graph.SliceOp(x, (0, 1, 0, 0), (1, channels - 1, height, width)))


def _on_host(network: FloatNetwork, x: SSAValue, draw: Any) -> SSAValue:
    return network.add(graph.UnaryOp(graph.Function.SIGMOID, x))


_PARTS: Sequence[Any] = (
    _plain,
    _plain,
    _clipped,
    _depthwise,
    _residual,
    _sum_of_tensors,
    _dense_block,
    _pool,
    _shuffle,
    _part,
    _on_host,
)
