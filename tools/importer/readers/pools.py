"""Pools: maxima and means over windows, or over whole images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AvgPoolOp,
    GlobalAvgPoolOp,
    MaxOp,
    MaxPoolOp,
    PadOp,
    ReduceOp,
    SliceOp,
    Statistic,
)
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.volumes import is_volume, pool_volume
from nopt.tools.importer.readers.window_ops import (
    Windows,
    check_rank,
    flat,
    image,
    unimage,
    windows_of,
)
from nopt.tools.importer.registry import reads


@reads("MaxPool", moves=True)
def max_pool(node: Node) -> SSAValue:
    x = node.tensor(0)
    windows, size = pool_windows(node, x)
    windows = rounded_up(node, windows, size)

    def largest(x: SSAValue, windows: Windows) -> SSAValue:
        if any(d != 1 for d in windows.dilations):
            return _dilated_max(node, x, windows)
        pool = MaxPoolOp(x, windows.kernel, strides=windows.strides, pads=windows.pads)
        return node.emit(pool)

    if is_volume(x):
        return pool_volume(node, x, windows, largest)
    return unimage(node, largest(image(node, x), flat(windows)), len(shape_of(x)))


@reads("AveragePool")
def average_pool(node: Node) -> SSAValue:
    x = node.tensor(0)
    windows, size = pool_windows(node, x)
    if any(d != 1 for d in windows.dilations):
        node.fail(f"attribute 'dilations' is {list(windows.dilations)}, expected ones")
    final = rounded_up(node, windows, size)
    exclude = not node.integer("count_include_pad", 0)

    def mean(x: SSAValue, windows: Windows) -> SSAValue:
        excluded = exclude and any(windows.pads)
        pool = AvgPoolOp(
            x,
            windows.kernel,
            strides=windows.strides,
            pads=windows.pads,
            exclude_pads=excluded,
        )
        return node.emit(pool)

    if is_volume(x):
        if final != windows and not exclude:
            node.fail("attribute 'ceil_mode' is 1, expected 0 if pads count")
        return pool_volume(node, x, final, mean)
    rank, x = len(shape_of(x)), image(node, x)
    if final != windows and not exclude:
        # The node's own pads count, those that complete the last windows do not.
        own = flat(windows)
        x = node.emit(PadOp(x, (0, 0, *own.low), (0, 0, *own.high), 0.0))
        high = [b - a for a, b in zip(windows.high, final.high, strict=True)]
        final, exclude = replace(final, low=(0,) * len(high), high=tuple(high)), True
    return unimage(node, mean(x, flat(final)), rank)


@reads("GlobalAveragePool")
def global_average_pool(node: Node) -> SSAValue:
    x = node.tensor(0)
    rank = len(shape_of(x))
    if rank == 4:
        return node.emit(GlobalAvgPoolOp(x))
    return node.emit(ReduceOp(Statistic.MEAN, x, range(2, rank), keep_dims=True))


@reads("GlobalMaxPool", moves=True)
def global_max_pool(node: Node) -> SSAValue:
    x = node.tensor(0)
    return node.emit(ReduceOp(Statistic.MAX, x, range(2, len(shape_of(x))), keep_dims=True))


def pool_windows(node: Node, x: SSAValue) -> tuple[Windows, tuple[int, ...]]:
    """The windows of a pool and the size of the image, without rounding up."""
    if not is_volume(x):
        check_rank(node, len(shape_of(x)))
    size = shape_of(x)[2:]
    kernel = node.integers("kernel_shape")
    if kernel is None or len(kernel) != len(size):
        node.fail(f"attribute 'kernel_shape' is {kernel}, expected {len(size)} values")
    if node.integer("storage_order", 0) and len(node.proto.output) > 1:
        node.fail("attribute 'storage_order' is 1, expected 0")
    return windows_of(node, size, kernel), size


def rounded_up(node: Node, windows: Windows, size: tuple[int, ...]) -> Windows:
    """With `ceil_mode`, windows that begin inside and end outside count: pads that hold them."""
    if not node.integer("ceil_mode", 0):
        return windows
    high = list(windows.high)
    for axis, stride in enumerate(windows.strides):
        padded = size[axis] + windows.low[axis] + windows.high[axis]
        extent = windows.extent(axis)
        count = -(-(padded - extent) // stride) + 1
        if (count - 1) * stride >= size[axis] + windows.low[axis]:
            count -= 1
        needed = (count - 1) * stride + extent - size[axis] - windows.low[axis]
        high[axis] = max(high[axis], needed)
    return replace(windows, high=tuple(high))


def _dilated_max(node: Node, x: SSAValue, windows: Windows) -> SSAValue:
    """The maximum of what each place of the kernel sees."""
    lowest = _lowest(x)
    if any(windows.pads):
        x = node.emit(PadOp(x, (0, 0, *windows.low), (0, 0, *windows.high), lowest))
    batch, channels, *size = shape_of(x)
    counts = [(size[axis] - windows.extent(axis)) // windows.strides[axis] + 1 for axis in range(2)]
    result = None
    for i in range(windows.kernel[0]):
        for j in range(windows.kernel[1]):
            start = (0, 0, i * windows.dilations[0], j * windows.dilations[1])
            steps = (1, 1, *windows.strides)
            part = node.emit(SliceOp(x, start, (batch, channels, *counts), steps))
            result = part if result is None else node.emit(MaxOp(result, part))
    assert result is not None
    return result


def _lowest(x: SSAValue) -> int | float:
    dtype = dtype_of(x)
    return float(np.finfo(dtype).min) if dtype.kind == "f" else int(np.iinfo(dtype).min)
