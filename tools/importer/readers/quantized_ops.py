"""Operators on coded inputs, computed on their integers."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from onnx import NodeProto
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ClipOp,
    ConcatOp,
    Conv2dOp,
    GlobalAvgPoolOp,
    MatmulOp,
    MaxOp,
    MinOp,
    MulOp,
    PadOp,
    ReduceOp,
    ReluOp,
    Statistic,
    SubOp,
)
from nopt.tools.importer.coded import Coded, trailing
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.convolutions import conv_windows
from nopt.tools.importer.readers.elementwise import clip_bounds
from nopt.tools.importer.readers.pools import pool_windows, rounded_up
from nopt.tools.importer.readers.products import multiply
from nopt.tools.importer.readers.quantized import coded
from nopt.tools.importer.readers.rescale import requantized, rescaled
from nopt.tools.importer.readers.statistics import reduced_axes
from nopt.tools.importer.readers.windows import flat, image, unimage
from nopt.tools.importer.registry import reads, reads_coded

_I32 = np.iinfo(np.int32)
_PASSED = ("Relu", "Clip", "Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze")


def _coded(node: Node, index: int) -> Coded | None:
    """An input that stands for numbers, with one scale or several."""
    value = node.value(index) if node.has(index) else None
    return value if isinstance(value, Coded) and value.scale is not None else None


def _target(node: Node) -> tuple[float, int] | None:
    """Scale and zero point, for i8, that the node's result gets next, if that is all it is for."""
    name = node.proto.output[0]
    while True:
        users = node.builder.consumers.get(name, [])
        if len(users) != 1:
            return None
        user: NodeProto = users[0]
        if user.op_type == "QuantizeLinear":
            break
        if user.op_type not in _PASSED:
            return None
        name = user.output[0]
    quantizer = Node(user, 13, node.builder)
    zero = quantizer.constant(2)
    scale = quantizer.constant(1)
    if scale is None or scale.size != 1 or (zero is not None and zero.size != 1):
        return None
    if zero is not None and zero.dtype == np.int8:
        return float(scale.reshape(())), int(zero.reshape(()))
    if zero is None or zero.dtype == np.uint8:
        return float(scale.reshape(())), (0 if zero is None else int(zero.reshape(()))) - 128
    return None


# Products


def _with_bias(node: Node, acc: Coded, index: int, factor: float = 1.0) -> Coded | None:
    """The accumulator plus a known bias, in steps of the accumulator's scale."""
    if not node.has(index):
        return acc
    return _plus_known(acc, node.value(index), factor)


def _plus_known(acc: Coded, value: Any, factor: float = 1.0) -> Coded | None:
    scale = np.asarray(acc.scale, np.float64)
    if isinstance(value, Coded) and value.array is not None:
        steps = value.array.astype(np.int64) - value.aligned(value.zero)
        own = np.asarray(value.aligned(value.scale), np.float64)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
        steps, own = value.astype(np.float64), np.ones(())
    else:
        return None
    shape = shape_of(acc.value)
    while steps.ndim and steps.shape[0] == 1:
        steps, own = steps[0], own[0] if own.ndim else own
    if steps.ndim:
        # One number for each index along the axis.
        after = len(shape) - 1 - (len(shape) - 1 if acc.axis is None else acc.axis)
        if steps.shape != (shape[len(shape) - 1 - after], *[1] * after) and steps.ndim != 1:
            return None
        if steps.size != shape[len(shape) - 1 - after]:
            return None
        steps, own = np.ravel(steps), np.ravel(own) if own.ndim else own
    ratio = own * factor / scale
    ratio = np.where(np.abs(ratio - 1) < 1e-5, 1.0, ratio)
    bias = np.rint(steps * ratio)
    zero = np.asarray(acc.zero) - bias.astype(np.int64)
    if np.abs(zero).max() > _I32.max:
        return None
    axis = len(shape) - 1 if acc.axis is None and zero.ndim else acc.axis
    return Coded(acc.value, acc.scale, zero if zero.ndim else int(zero), axis)


def _weights(node: Node, w: Coded) -> tuple[SSAValue, Array]:
    """Weights with zero point 0, as a tensor and as wide integers."""
    assert w.array is not None
    wide = w.array.astype(np.int64) - w.aligned(w.zero)
    least, most = int(wide.min()), int(wide.max())
    if least >= -128 and most <= 127:
        dtype: Any = np.int8
    else:
        dtype = np.int16
        node.builder.note("weights minus their zero point need 16 bits", node)
    return node.array(wide.astype(dtype), w.name or node.proto.input[1]), wide


@reads_coded("Conv")
def conv(node: Node) -> Coded | None:
    x, w = _coded(node, 0), _coded(node, 1)
    if x is None or w is None or w.array is None or not x.is_plain:
        return None
    if w.has_scales and w.axis != 0:
        return None
    acc = convolution(node, x, w)
    return _with_bias(node, acc, 2)


def convolution(node: Node, x: Coded, w: Coded) -> Coded:
    """The sums of products as integers; the input's zero point becomes a zero for each channel."""
    weight, wide = _weights(node, w)
    value = x.tensor(node)
    windows = conv_windows(node, value, weight)
    rank = len(shape_of(value))
    zero, pads = int(x.zero), windows.pads
    value = image(node, value)
    if zero and any(pads):
        # Outside the image are zeros, which the zero point stands for.
        value = node.emit(PadOp(value, (0, 0, *pads[:2]), (0, 0, *pads[2:]), zero))
        pads = (0, 0, 0, 0)
    result = node.emit(
        Conv2dOp(
            value,
            image(node, weight),
            strides=windows.strides,
            pads=pads,
            dilations=windows.dilations,
            groups=node.integer("group", 1),
        )
    )
    scale = np.asarray(x.scale, np.float64) * np.asarray(w.scale, np.float64)
    sums = wide.reshape(len(wide), -1).sum(1) * zero
    return Coded(unimage(node, result, rank), scale if scale.ndim else float(scale), sums, 1)


@reads_coded("MatMul", "Gemm")
def mat_mul(node: Node) -> Coded | None:
    a, b = _coded(node, 0), _coded(node, 1)
    if a is None or b is None or not a.is_plain:
        return None
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    if alpha <= 0:
        return None
    swap = [bool(node.integer(name, 0)) for name in ("transA", "transB")]
    acc = _product(node, a, b, *swap)
    if acc is None:
        return None
    assert acc.scale is not None
    acc = Coded(acc.value, acc.scale * alpha, acc.zero, acc.axis)
    return _with_bias(node, acc, 2, beta) if node.op == "Gemm" and beta else acc


def _product(node: Node, a: Coded, b: Coded, swap_a: bool, swap_b: bool) -> Coded | None:
    assert a.scale is not None and b.scale is not None
    rank = len(shape_of(b.value))
    if b.array is None or rank != 2:
        return _product_of_activations(node, a, b) if b.is_plain and not swap_a | swap_b else None
    if b.has_scales and b.axis != (0 if swap_b else 1):
        return None
    weight, wide = _weights(node, b)
    value = a.tensor(node)
    if len(shape_of(value)) < 2:
        return None
    result = node.emit(MatmulOp(value, weight, transpose_a=swap_a, transpose_b=swap_b))
    scale = np.asarray(a.scale, np.float64) * np.asarray(b.scale, np.float64)
    sums = wide.sum(1 if swap_b else 0) * int(a.zero)
    axis = len(shape_of(result)) - 1
    return Coded(result, scale if scale.ndim else float(scale), sums, axis)


def _product_of_activations(node: Node, a: Coded, b: Coded) -> Coded:
    """Both minus their zero points: exact, in 16 bits where these are not 0."""
    assert isinstance(a.scale, float) and isinstance(b.scale, float)
    left, right = (x.centred(node, np.int16) for x in (a, b))
    return Coded(multiply(node, left, right), a.scale * b.scale)


@reads("ConvInteger", "MatMulInteger", quantizes=True)
def integer_product(node: Node) -> SSAValue:
    values = [_integer_input(node, index) for index in (0, 1)]
    left, right = values
    if node.op == "ConvInteger":
        if not isinstance(right, Coded) or right.array is None:
            node.fail("weights depend on the network's inputs, expected constants")
        left = left if isinstance(left, Coded) else Coded(left, 1.0)
        return convolution(node, left, right).centred(node)
    if isinstance(left, Coded) and isinstance(right, Coded):
        result = _product(node, left, right, False, False)
        if result is not None:
            return result.centred(node)
    left, right = (
        _narrow(node, value).centred(node, np.int16) if isinstance(value, Coded) else value
        for value in values
    )
    return multiply(node, left, right)


def _narrow(node: Node, x: Coded) -> Coded:
    """Known integers minus their zero point, in i8 if they fit."""
    if x.array is None:
        return x
    wide = x.array.astype(np.int64) - x.aligned(x.zero)
    fits = wide.min() >= -128 and wide.max() <= 127
    return Coded(wide.astype(np.int8 if fits else np.int16), 1.0)


def _integer_input(node: Node, index: int) -> Coded | SSAValue:
    zero = node.constant(index + 2)
    if node.has(index + 2) and zero is None:
        return node.emit(SubOp(node.tensor(index), node.tensor(index + 2)))
    axis = 0 if node.op == "ConvInteger" else -1
    return coded(node, node.value(index), np.ones(1), zero, axis)


# Element by element


@reads_coded("Relu")
def relu(node: Node) -> Coded | None:
    x = _coded(node, 0)
    if x is None:
        return None
    value = x.tensor(node)
    if np.ndim(x.zero):
        return Coded(node.emit(ReluOp(x.centred(node))), x.scale, 0, x.axis)
    if not x.zero:
        return x.with_value(node.emit(ReluOp(value)))
    if x.zero == np.iinfo(dtype_of(value)).min:
        return x
    return x.with_value(node.emit(MaxOp(value, node.splat(int(x.zero), value))))


@reads_coded("Clip")
def clip(node: Node) -> Coded | None:
    x = _coded(node, 0)
    if x is None or any(node.has(i) and node.constant(i) is None for i in (1, 2)):
        return None
    bounds = clip_bounds(node)
    if np.ndim(x.zero):
        x = Coded(x.centred(node), x.scale, 0, x.axis)
    value = x.tensor(node)
    limits = np.iinfo(dtype_of(value))
    steps = [
        limit
        if bound is None
        else np.clip(np.rint(bound / np.asarray(x.scale)) + x.zero, limits.min, limits.max)
        for bound, limit in zip(bounds, (limits.min, limits.max), strict=True)
    ]
    if not any(np.ndim(step) for step in steps):
        low, high = (int(step) for step in steps)
        return x.with_value(node.emit(ClipOp(value, low, high))) if low <= high else None
    for limit, step in ((MaxOp, steps[0]), (MinOp, steps[1])):
        array = trailing(x.aligned(step)).astype(dtype_of(value))
        value = node.emit(limit(value, node.array(array, "bound")))
    return x.with_value(value)


@reads_coded("Add", "Sub")
def add(node: Node) -> Coded | None:
    a, b = _coded(node, 0), _coded(node, 1)
    minus = node.op == "Sub"
    for x, other in ((a, 1), (b, 0)):
        is_sum = x is not None and dtype_of(x.tensor(node)) == np.int32
        if x is not None and is_sum and not (minus and other == 0):
            value = node.value(other)
            if (result := _plus_known(x, value, -1.0 if minus else 1.0)) is not None:
                return result
    if a is None or b is None or not a.is_plain or not b.is_plain:
        return None
    assert isinstance(a.scale, float) and isinstance(b.scale, float)
    reach = sum(_reach(node, x) * float(x.scale or 0) for x in (a, b))
    target = _target(node)
    if target is None:
        scale = reach / 2.0**29
    else:
        # A power of two below the result's scale, so that what follows is a shift.
        bits = int(np.floor(np.log2(2.0**29 * target[0] / reach)))
        scale = target[0] * 2.0 ** -min(bits, 16)
    if reach / scale > 2.0**30:
        return None
    left, right = (
        rescaled(node, x.centred(node), float(x.scale or 0) / scale, None, np.int32) for x in (a, b)
    )
    if left is None or right is None:
        return None
    return Coded(node.emit((SubOp if minus else AddOp)(left, right, i32)), scale)


def _reach(node: Node, x: Coded) -> int:
    """The largest distance from the zero point."""
    limits = np.iinfo(dtype_of(x.tensor(node)))
    return max(abs(int(limits.min) - int(x.zero)), abs(int(limits.max) - int(x.zero)))


@reads_coded("Mul", "Div")
def mul(node: Node) -> Coded | None:
    a, b = _coded(node, 0), _coded(node, 1)
    for x, other in ((a, 1), (b, 0)):
        factor = node.constant(other)
        if x is None or factor is None or factor.size != 1 or factor.ndim > len(x_shape(x)):
            continue
        number = float(np.ravel(factor)[0])
        if number > 0 and x.scale is not None and not (node.op == "Div" and other == 0):
            scale = x.scale / number if node.op == "Div" else x.scale * number
            return Coded(x.value, scale, x.zero, x.axis)
    if node.op == "Div" or a is None or b is None or not a.is_plain or not b.is_plain:
        return None
    assert isinstance(a.scale, float) and isinstance(b.scale, float)
    if any(dtype_of(x.tensor(node)) != np.int8 for x in (a, b)):
        return None
    left, right = (x.centred(node, np.int16) for x in (a, b))
    return Coded(node.emit(MulOp(left, right, i32)), a.scale * b.scale)


def x_shape(x: Coded) -> tuple[int, ...]:
    return shape_of(x.value)


# Pools, means and concatenation


@reads_coded("GlobalAveragePool", "ReduceMean")
def global_average_pool(node: Node) -> Coded | None:
    x = _coded(node, 0)
    if x is None or not x.is_plain:
        return None
    assert isinstance(x.scale, float)
    value = x.tensor(node)
    if dtype_of(value) == np.int32:
        return None
    shape = shape_of(value)
    is_pool = node.op == "GlobalAveragePool"
    if is_pool and len(shape) == 4 and _target(node) == (x.scale, x.zero):
        return x.with_value(node.emit(GlobalAvgPoolOp(value)))
    axes = list(range(2, len(shape))) if is_pool else reduced_axes(node, len(shape))
    if axes is None:
        return x
    keep = is_pool or bool(node.integer("keepdims", 1))
    count = prod(shape[axis] for axis in axes)
    total = node.emit(ReduceOp(Statistic.SUM, value, axes, keep_dims=keep))
    return Coded(total, x.scale / count, int(x.zero) * count)


@reads_coded("AveragePool")
def average_pool(node: Node) -> Coded | None:
    x = _coded(node, 0)
    if x is None or not x.is_plain:
        return None
    assert isinstance(x.scale, float)
    value = x.tensor(node)
    windows, size = pool_windows(node, value)
    includes = bool(node.integer("count_include_pad", 0))
    if rounded_up(node, windows, size) != windows or dtype_of(value) != np.int8:
        return None
    rank, zero = len(shape_of(value)), int(x.zero)
    two = flat(windows)
    pads = two.pads
    if any(d != 1 for d in two.dilations) or (any(pads) and not includes):
        return None
    value = image(node, value)
    if any(pads) and zero:
        value = node.emit(PadOp(value, (0, 0, *pads[:2]), (0, 0, *pads[2:]), zero))
        pads = (0, 0, 0, 0)
    if _target(node) == (x.scale, zero):
        same = node.emit(AvgPoolOp(value, two.kernel, strides=two.strides, pads=pads))
        return x.with_value(unimage(node, same, rank))
    channels = shape_of(value)[1]
    ones = node.array(np.ones((channels, 1, *two.kernel), np.int8), "ones")
    total = node.emit(Conv2dOp(value, ones, strides=two.strides, pads=pads, groups=channels))
    count = prod(two.kernel)
    return Coded(unimage(node, total, rank), x.scale / count, zero * count)


@reads_coded("Concat")
def concat(node: Node) -> Coded | None:
    parts = [_coded(node, index) for index in range(node.count)]
    found = [part for part in parts if part is not None and part.is_plain]
    if len(found) != len(parts):
        return None
    axis = node.axis(node.integer("axis", 1), len(shape_of(found[0].value)))
    first = found[0]
    values = [part.tensor(node) for part in found]
    same = all((p.scale, p.zero) == (first.scale, first.zero) for p in found)
    if same and len({dtype_of(value) for value in values}) == 1:
        return first.with_value(node.emit(ConcatOp(values, axis)))
    if (target := _target(node)) is None:
        return None
    scale, zero = target
    rescales = [requantized(node, part, scale, zero, np.int8) for part in found]
    if any(part is None for part in rescales):
        return None
    return Coded(node.emit(ConcatOp(rescales, axis)), scale, zero)
