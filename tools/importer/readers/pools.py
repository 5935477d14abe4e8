"""Pools: maxima and means over windows, or over whole images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

import numpy as np
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    BroadcastOp,
    CastOp,
    CompareOp,
    Comparison,
    DivOp,
    GlobalAvgPoolOp,
    MaxOp,
    MaxPoolOp,
    PadOp,
    ReduceOp,
    SliceOp,
    Statistic,
    WhereOp,
)
from nopt.tools.importer.coded import reshaped
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


def _gives_only_values(node: Node) -> bool:
    return len(node.proto.output) < 2 or not node.proto.output[1]


@reads("MaxPool", moves=_gives_only_values)
def max_pool(node: Node) -> SSAValue | list[SSAValue]:
    x = node.tensor(0)
    if not _gives_only_values(node):
        return _with_places(node, x)
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
    final = rounded_up(node, windows, size)
    exclude = not node.integer("count_include_pad", 0)

    def mean(x: SSAValue, windows: Windows) -> SSAValue:
        if any(d != 1 for d in windows.dilations):
            return _dilated_mean(node, x, windows, exclude)
        excluded = exclude and any(windows.pads)
        pool = AvgPoolOp(
            x,
            windows.kernel,
            strides=windows.strides,
            pads=windows.pads,
            exclude_pads=excluded,
        )
        return node.emit(pool)

    if final != windows and not exclude:
        # The node's own pads count, those that complete the last windows do not.
        x = node.emit(PadOp(x, (0, 0, *windows.low), (0, 0, *windows.high), 0.0))
        high = [b - a for a, b in zip(windows.high, final.high, strict=True)]
        final, exclude = replace(final, low=(0,) * len(high), high=tuple(high)), True
    if is_volume(x):
        return pool_volume(node, x, final, mean)
    rank, x = len(shape_of(x)), image(node, x)
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


def _with_places(node: Node, x: SSAValue) -> list[SSAValue]:
    """The maxima, and the first place of each among the elements of the input in plain order.

    What each place of the kernel sees is compared with the maximum, in the order of places."""
    windows, size = pool_windows(node, x)
    rank = len(shape_of(x))
    if rank > 4:
        node.fail(f"gives places, and the input has rank {rank}, expected 3 or 4")
    windows = flat(rounded_up(node, windows, size))
    x = image(node, x)
    places = np.arange(prod(shape_of(x)), dtype=np.int32).reshape(shape_of(x))
    seen = [*_taps(node, x, windows, _lowest(x))]
    where = [*_taps(node, node.array(places, "places"), windows, -1)]
    best = seen[0]
    for tap in seen[1:]:
        best = node.emit(MaxOp(best, tap))
    found = where[-1]
    for tap, place in zip(seen[-2::-1], where[-2::-1], strict=True):
        found = node.emit(WhereOp(node.emit(CompareOp(Comparison.EQ, tap, best)), place, found))
    found = node.emit(CastOp(found, i64))
    return [unimage(node, best, rank), unimage(node, found, rank)]


@reads("MaxUnpool")
def max_unpool(node: Node) -> SSAValue:
    """Windows side by side: each element of the result asks its own window for its place."""
    x, places = node.tensor(0), node.tensor(1)
    kernel = node.integers("kernel_shape") or []
    strides = node.integers("strides") or [1] * len(kernel)
    if strides != kernel or any(node.integers("pads") or []) or node.has(2):
        node.fail("windows overlap or are padded, or has an output shape, expected none of these")
    shape = (*shape_of(x)[:2], *(n * k for n, k in zip(shape_of(x)[2:], kernel, strict=True)))
    own = node.array(np.arange(prod(shape), dtype=np.int32).reshape(shape), "places")
    wanted = _spread(node, node.emit(CastOp(places, i32)), kernel, shape)
    values = _spread(node, x, kernel, shape)
    is_there = node.emit(CompareOp(Comparison.EQ, own, wanted))
    return node.emit(WhereOp(is_there, values, node.splat(0, values)))


def _spread(node: Node, x: SSAValue, kernel: list[int], shape: tuple[int, ...]) -> SSAValue:
    """Each element as often as a window has elements, where that lies."""
    apart, wide = [*shape_of(x)[:2]], [*shape_of(x)[:2]]
    for size, count in zip(shape_of(x)[2:], kernel, strict=True):
        apart += [size, 1]
        wide += [size, count]
    return reshaped(node, node.emit(BroadcastOp(reshaped(node, x, apart), wide)), shape)


def _dilated_max(node: Node, x: SSAValue, windows: Windows) -> SSAValue:
    """The maximum of what each place of the kernel sees."""
    first, *rest = _taps(node, x, windows, _lowest(x))
    for tap in rest:
        first = node.emit(MaxOp(first, tap))
    return first


def _dilated_mean(node: Node, x: SSAValue, windows: Windows, exclude: bool) -> SSAValue:
    """The sum of what each place of the kernel sees, divided by how many of them count."""
    first, *rest = _taps(node, x, windows, 0)
    for tap in rest:
        first = node.emit(AddOp(first, tap))
    inside: list[np.ndarray] = []
    for axis, count in enumerate(shape_of(first)[2:]):
        starts = np.arange(count) * windows.strides[axis] - windows.low[axis]
        places = starts[:, None] + np.arange(windows.kernel[axis]) * windows.dilations[axis]
        counted = (places >= 0) & (places < shape_of(x)[2 + axis])
        inside.append(counted.sum(1) if exclude else np.full(count, windows.kernel[axis]))
    counts = np.outer(*inside).astype(dtype_of(x))
    return node.emit(DivOp(first, node.array(counts, "counts")))


def _taps(node: Node, x: SSAValue, windows: Windows, outside: int | float) -> Iterator[SSAValue]:
    """What each place of the kernel sees of an image, row by row."""
    if any(windows.pads):
        x = node.emit(PadOp(x, (0, 0, *windows.low), (0, 0, *windows.high), outside))
    batch, channels, *size = shape_of(x)
    counts = [(size[axis] - windows.extent(axis)) // windows.strides[axis] + 1 for axis in range(2)]
    for i, j in product(*map(range, windows.kernel)):
        start = (0, 0, i * windows.dilations[0], j * windows.dilations[1])
        shape = (batch, channels, *counts)
        steps = [s if n > 1 else 1 for s, n in zip((1, 1, *windows.strides), shape, strict=True)]
        yield node.emit(SliceOp(x, start, shape, steps))


def _lowest(x: SSAValue) -> int | float:
    dtype = dtype_of(x)
    return float(np.finfo(dtype).min) if dtype.kind == "f" else int(np.iinfo(dtype).min)
