"""Products of integers as ONNX has them, and dynamic quantization, which they belong to.

Zero points may be known only when the network runs. What is multiplied stays 8 bits wide all the
same: a convolution is less its zero point times the sums of those weights, at each position, that
lie inside of the image, as it pads with the zero point.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import CastOp, SubOp
from nopt.tools.importer.coded import Coded
from nopt.tools.importer.node import Node, Value, dtype_of, shape_of
from nopt.tools.importer.readers.byte_products import Bytes, less, product_of_bytes
from nopt.tools.importer.readers.convolutions import conv_windows, convolve
from nopt.tools.importer.readers.products import multiply
from nopt.tools.importer.readers.quantized import coded
from nopt.tools.importer.readers.quantized_products import convolution, product
from nopt.tools.importer.readers.window_ops import Windows
from nopt.tools.importer.registry import reads, reads_dropped


@reads("ConvInteger", quantizes=True)
def conv_integer(node: Node) -> SSAValue:
    weight = _coded(node, 1)
    if not isinstance(weight, Coded) or weight.array is None:
        node.fail("weights depend on the network's inputs, expected constants")
    x = _bytes(node, 0)
    if x is None:
        wide = _coded(node, 0)
        wide = wide if isinstance(wide, Coded) else Coded(wide, 1.0)
        return convolution(node, wide, weight).centred(node)
    if isinstance(x.zero, int):
        return convolution(node, Coded(x.value, 1.0, x.zero), weight).centred(node)
    sums = convolution(node, Coded(x.value, 1.0), weight).tensor(node)
    wide = weight.array.astype(np.int64) - weight.aligned(weight.zero)
    windows = conv_windows(node, x.value, wide)
    inside = _sums_inside(wide, windows, shape_of(x.value)[2:])
    return less(node, sums, node.array(inside.astype(np.int32), "weight_sums"), x.zero)


def _sums_inside(wide: Array, windows: Windows, size: tuple[int, ...]) -> Array:
    """The sums of weights that lie inside of the image, for each channel and position."""
    taps = wide.sum(1)
    rank = len(size)
    if not any(windows.pads):
        return taps.reshape(len(taps), *[1] * rank, -1).sum(-1)
    total: Array = taps
    for axis in reversed(range(rank)):
        own = axis + len(windows.kernel) - rank
        reach = size[axis] + windows.low[own] + windows.high[own] - windows.extent(own)
        starts = np.arange(reach // windows.strides[own] + 1) * windows.strides[own]
        places = starts - windows.low[own]
        places = places[None] + np.arange(windows.kernel[own])[:, None] * windows.dilations[own]
        is_inside = (places >= 0) & (places < size[axis])
        # The taps along this axis become the positions along it.
        total = np.moveaxis(np.moveaxis(total, axis + 1, -1) @ is_inside, -1, axis + 1)
    return total


@reads("MatMulInteger", quantizes=True)
def mat_mul_integer(node: Node) -> SSAValue:
    if not any(_is_computed(node, index) for index in (1, 2, 3)):
        left, right = _coded(node, 0), _coded(node, 1)
        assert isinstance(left, Coded) and isinstance(right, Coded)
        if left.is_plain and (result := product(node, left, right, False, False)) is not None:
            return result.centred(node)
    a, b = _bytes(node, 0), _bytes(node, 1)
    if a is not None and b is not None:
        return product_of_bytes(node, a, b)
    return multiply(node, *(_wide(node, _coded(node, index)) for index in (0, 1)))


def _bytes(node: Node, index: int) -> Bytes | None:
    """An input as integers of 8 bits less one zero point; None if it is none of these.

    Of uint8, 128 is taken."""
    if _is_computed(node, index + 2):
        shifted = _narrow(node, node.tensor(index), index)
        zero = node.tensor(index + 2)
        if shifted is None or np.prod(shape_of(zero)) != 1:
            return None
        zero = node.emit(CastOp(zero, i32))
        if shifted[1]:
            zero = node.emit(SubOp(zero, node.splat(shifted[1], zero)))
        return Bytes(shifted[0], zero)
    value = _coded(node, index)
    assert isinstance(value, Coded)
    if np.ndim(value.zero):
        return None
    shifted = _narrow(node, value.tensor(node), index)
    return shifted and Bytes(shifted[0], int(value.zero) - shifted[1])


def _is_computed(node: Node, index: int) -> bool:
    """Whether an input depends on the network's inputs."""
    return node.has(index) and node.constant(index) is None


def _narrow(node: Node, value: SSAValue, index: int) -> tuple[SSAValue, int] | None:
    """A tensor as one of i8, and what was taken from its elements."""
    if dtype_of(value) == np.int8:
        return value, 0
    if node.builder.elements.get(node.proto.input[index]) != TensorProto.UINT8:
        return None
    shifted = node.emit(SubOp(value, node.splat(128, value)))
    return node.emit(CastOp(shifted, i8)), 128


def _wide(node: Node, value: Coded | SSAValue) -> SSAValue:
    """Integers less their zero point, in i8 if they are known and fit."""
    if isinstance(value, SSAValue):
        return value
    if value.array is None:
        return value.centred(node, np.int16)
    wide = value.array.astype(np.int64) - value.aligned(value.zero)
    fits = wide.min() >= -128 and wide.max() <= 127
    return Coded(wide.astype(np.int8 if fits else np.int16), 1.0).centred(node, np.int16)


def _coded(node: Node, index: int) -> Coded | SSAValue:
    """An input with its zero point; where the network computes that, the difference, in i16."""
    if _is_computed(node, index + 2):
        return node.emit(SubOp(node.tensor(index), node.tensor(index + 2)))
    axis = 0 if node.op == "ConvInteger" else -1
    return coded(node, node.value(index), np.ones(1), node.constant(index + 2), axis)


# --- Without quantization.


@reads_dropped("DynamicQuantizeLinear")
def dynamic_quantize_linear(node: Node) -> list[Value]:
    """The tensor itself, in steps of 1 from 0 on."""
    return [node.tensor(0), np.ones((), np.float32), np.zeros((), np.uint8)]


@reads_dropped("ConvInteger", "MatMulInteger")
def float_product(node: Node) -> SSAValue:
    """A product of floats by the numbers that known weights stand for."""
    a, b = (_floats(node, index) for index in (0, 1))
    return convolve(node, a, b) if node.op == "ConvInteger" else multiply(node, a, b)


def _floats(node: Node, index: int) -> SSAValue:
    value = node.value(index)
    if not isinstance(value, SSAValue):
        numbers = _coded(node, index)
        assert isinstance(numbers, Coded)
        value = node.array(numbers.numbers(), numbers.name or "weights")
    if dtype_of(value) != np.float32:
        node.fail("an input of the network is quantized, expected floats to drop quantization")
    return value
