"""Operators on coded inputs, computed on their integers."""

from __future__ import annotations

from math import prod

import numpy as np
from onnx import NodeProto
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ClipOp,
    ConcatOp,
    Conv2dOp,
    GlobalAvgPoolOp,
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
from nopt.tools.importer.readers.elementwise_ops import clip_bounds
from nopt.tools.importer.readers.movement import pad_value, padded
from nopt.tools.importer.readers.pools import pool_windows, rounded_up
from nopt.tools.importer.readers.quantized_products import coded_input, plus_known
from nopt.tools.importer.readers.rescale import requantized, rescaled
from nopt.tools.importer.readers.statistics_ops import reduced_axes
from nopt.tools.importer.readers.window_ops import flat, image, unimage
from nopt.tools.importer.registry import reads_coded

_I32 = np.iinfo(np.int32)
_PASSED = ("Relu", "Clip", "Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze")

_LEAST_FRACTION_BITS = 4
"""How much finer than its result's scale a sum is computed."""


def _target(node: Node, passed: tuple[str, ...] = _PASSED) -> tuple[float, int] | None:
    """Scale and zero point, for i8, that the node's result gets next, if that is all it is for.

    It may pass through operators that commute with a quantization, which are `passed`."""
    name = node.proto.output[0]
    while True:
        users = node.builder.consumers.get(name, [])
        if len(users) != 1:
            return None
        user: NodeProto = users[0]
        if user.op_type == "QuantizeLinear":
            break
        if user.op_type not in passed:
            return None
        name = user.output[0]
    quantizer = Node(user, 13, node.builder)
    if not all(node.builder.defines(name) for name in user.input[1:]):
        return None
    zero = quantizer.constant(2)
    scale = quantizer.constant(1)
    if scale is None or scale.size != 1 or (zero is not None and zero.size != 1):
        return None
    if not 0 < float(scale.reshape(())) < np.inf:
        # The quantization itself will complain.
        return None
    if zero is not None and zero.dtype == np.int8:
        return float(scale.reshape(())), int(zero.reshape(()))
    if zero is None or zero.dtype == np.uint8:
        return float(scale.reshape(())), (0 if zero is None else int(zero.reshape(()))) - 128
    return None


@reads_coded("Relu")
def relu(node: Node) -> Coded | None:
    x = coded_input(node, 0)
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
    x = coded_input(node, 0)
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
    a, b = coded_input(node, 0), coded_input(node, 1)
    minus = node.op == "Sub"
    for x, other in ((a, 1), (b, 0)):
        is_sum = x is not None and dtype_of(x.tensor(node)) == np.int32
        if x is not None and is_sum and not (minus and other == 0):
            value = node.value(other)
            if (result := plus_known(x, value, -1.0 if minus else 1.0)) is not None:
                return result
    if a is None or b is None:
        return None
    reach = sum(_reach(node, x) * float(np.max(np.asarray(x.scale))) for x in (a, b))
    target = _target(node)
    if target is None:
        scale = reach / 2.0**29
    else:
        # A power of two below the result's scale, so that what follows is a shift.
        bits = int(np.floor(np.log2(2.0**29 * target[0] / reach)))
        if bits < _LEAST_FRACTION_BITS:
            return None
        scale = target[0] * 2.0 ** -min(bits, 16)
    left, right = (
        rescaled(node, x.centred(node), np.asarray(x.scale) / scale, x.axis, np.int32)
        for x in (a, b)
    )
    if left is None or right is None:
        return None
    return Coded(node.emit((SubOp if minus else AddOp)(left, right, i32)), scale)


def _reach(node: Node, x: Coded) -> int:
    """The largest distance from the zero point that the integers' type has."""
    limits = np.iinfo(dtype_of(x.tensor(node)))
    zero = np.asarray(x.zero)
    return int(max(np.abs(limits.min - zero).max(), np.abs(limits.max - zero).max()))


@reads_coded("Mul", "Div")
def mul(node: Node) -> Coded | None:
    a, b = coded_input(node, 0), coded_input(node, 1)
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
    x = coded_input(node, 0)
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
    x = coded_input(node, 0)
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


@reads_coded("Pad")
def pad(node: Node) -> Coded | None:
    x = node.value(0)
    if not isinstance(x, Coded) or not x.is_plain:
        return None
    fill = 0
    if node.text("mode", "constant") == "constant" and (fill := _fill(node, x)) is None:
        return None
    node.raw = True
    result = padded(node, fill)
    node.raw = False
    return x.with_value(result)


def _fill(node: Node, x: Coded) -> int | None:
    """The integer that stands for the pad value; None if there is none.

    One that the integers do not have is rounded or clamped only where what follows does so, too."""
    number = pad_value(node)
    if x.scale is None:
        return round(number) + int(x.zero)
    limits = np.iinfo(dtype_of(x.tensor(node)))
    scale = np.float32(x.scale)
    with np.errstate(over="ignore"):
        nearest = np.nan_to_num(np.rint(np.float32(number) / scale), nan=0.0) + int(x.zero)
    whole = int(np.clip(nearest, limits.min, limits.max))
    stands = np.float32(whole - int(x.zero)) * scale == np.float32(number)
    is_rounded = limits.bits == 8 and _target(node, (*_PASSED, "MaxPool")) == (x.scale, x.zero)
    return whole if stands or is_rounded else None


@reads_coded("Concat")
def concat(node: Node) -> Coded | None:
    parts = [coded_input(node, i) for i in range(node.count) if prod(node.shape(i))]
    found = [part for part in parts if part is not None and part.is_plain]
    if not found or len(found) != len(parts):
        return None
    axis = node.axis(node.integer("axis", 1), len(shape_of(found[0].value)))
    first = found[0]
    values = [part.tensor(node) for part in found]
    same = all((p.scale, p.zero) == (first.scale, first.zero) for p in found)
    if same and len({dtype_of(value) for value in values}) == 1:
        return first.with_value(_joined(node, values, axis))
    if (target := _target(node)) is None:
        return None
    scale, zero = target
    rescales = [requantized(node, part, scale, zero, np.int8) for part in found]
    if any(part is None for part in rescales):
        return None
    return Coded(_joined(node, rescales, axis), scale, zero)


def _joined(node: Node, parts: list[SSAValue], axis: int) -> SSAValue:
    return parts[0] if len(parts) == 1 else node.emit(ConcatOp(parts, axis))
