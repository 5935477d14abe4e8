"""Operators that take parts of tensors, or add to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import GatherOp, PadOp, SliceOp, WhereOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.registry import reads


@reads("Slice", moves=True)
def slice_(node: Node) -> SSAValue | Array:
    x = node.tensor(0)
    shape = shape_of(x)
    if node.version < 10:
        starts, ends = node.integers("starts") or [], node.integers("ends") or []
        axes, steps = node.integers("axes"), None
    else:
        starts, ends = (node.known_integers(i, w) for i, w in ((1, "starts"), (2, "ends")))
        axes = node.known_integers(3, "axes") if node.has(3) else None
        steps = node.known_integers(4, "steps") if node.has(4) else None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        node.fail("starts, ends, axes and steps have different lengths, expected one each")
    ranges = [range(size) for size in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = node.axis(axis, len(shape))
        if step == 0:
            node.fail("a step is 0, expected another number")
        ranges[axis] = range(shape[axis])[slice(start, end, step)]
    return take(node, x, ranges)


def take(node: Node, x: SSAValue, ranges: Sequence[range]) -> SSAValue | Array:
    """What ranges choose along each axis; falling ones by their indices.

    What is empty is a known tensor: the graph has none such, and `Concat` leaves it away."""
    if not all(ranges):
        return np.zeros([len(chosen) for chosen in ranges], dtype_of(x))
    for axis, chosen in enumerate(ranges):
        if chosen.step < 0:
            x = take_indices(node, x, np.array(chosen), axis)
    rising = [range(len(r)) if r.step < 0 else r for r in ranges]
    shape = [len(chosen) for chosen in rising]
    if shape == list(shape_of(x)):
        return x
    # One element is one at any step.
    steps = [chosen.step if len(chosen) > 1 else 1 for chosen in rising]
    return node.emit(SliceOp(x, [chosen.start for chosen in rising], shape, steps))


def take_indices(node: Node, x: SSAValue, indices: Array, axis: int) -> SSAValue:
    """The elements at known indices along an axis."""
    if np.array_equal(indices, np.arange(shape_of(x)[axis])):
        return x
    constant = node.array(indices.astype(np.int64), "indices")
    return node.emit(GatherOp(x, constant, axis))


@reads("Split", moves=True)
def split(node: Node) -> list[SSAValue | Array]:
    x = node.tensor(0)
    shape = shape_of(x)
    axis = node.axis(node.integer("axis", 0), len(shape))
    sizes = node.integers("split")
    if sizes is None and node.has(1):
        sizes = node.known_integers(1, "the list of sizes")
    if sizes is None:
        parts = node.integer("num_outputs", len(node.proto.output))
        size = -(-shape[axis] // parts)
        sizes = [min(size, shape[axis] - i * size) for i in range(parts)]
    if sum(sizes) != shape[axis] or any(size < 0 for size in sizes):
        node.fail(f"sizes are {sizes}, expected a sum of {shape[axis]} and none below 0")
    ends = np.cumsum(sizes).tolist()
    results: list[SSAValue | Array] = []
    for size, end in zip(sizes, ends, strict=True):
        ranges = [range(extent) for extent in shape]
        ranges[axis] = range(end - size, end)
        results.append(take(node, x, ranges))
    return results


@reads("Gather", moves=True)
def gather(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape = shape_of(x)
    axis = node.axis(node.integer("axis", 0), len(shape))
    indices = node.constant(1)
    if indices is None:
        return node.emit(GatherOp(x, node.tensor(1), axis))
    size = shape[axis]
    if wrong := indices[(indices < -size) | (indices >= size)].tolist():
        node.fail(f"index {wrong[0]} found, expected {-size} to {size - 1}")
    indices = indices % size
    if indices.size == 1:
        # One element of the axis is a slice.
        first = int(np.ravel(indices)[0])
        ranges = [range(extent) for extent in shape]
        ranges[axis] = range(first, first + 1)
        part = take(node, x, ranges)
        assert isinstance(part, SSAValue)
        return reshaped(node, part, (*shape[:axis], *indices.shape, *shape[axis + 1 :]))
    return node.emit(GatherOp(x, node.array(indices.astype(np.int64), "indices"), axis))


@reads("Pad")
def pad(node: Node) -> SSAValue:
    return padded(node, pad_value(node))


def pad_value(node: Node) -> float:
    """What a Pad surrounds its input with."""
    if node.version < 11:
        return node.number("value", 0.0)
    if node.has(2) and node.known(2, "the pad value").size:
        return node.known_number(2, "the pad value")
    return 0


def padded(node: Node, fill: float) -> SSAValue:
    """The node's input with its pads."""
    x = node.tensor(0)
    rank = len(shape_of(x))
    axes = list(range(rank))
    if node.version < 11:
        pads = node.integers("pads", node.integers("paddings")) or []
    else:
        pads = node.known_integers(1, "the list of pads")
        if node.has(3):
            axes = [node.axis(axis, rank) for axis in node.known_integers(3, "axes")]
    if len(pads) != 2 * len(axes):
        node.fail(f"pads are {pads}, expected {2 * len(axes)} numbers")
    low, high = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        low[axis], high[axis] = pads[place], pads[place + len(axes)]
    # Negative pads take away.
    ranges = [
        range(max(0, -a), size - max(0, -b))
        for a, b, size in zip(low, high, shape_of(x), strict=True)
    ]
    taken = take(node, x, ranges)
    if not isinstance(taken, SSAValue):
        node.fail("nothing is left between negative pads, expected at least one element")
    x = taken
    low, high = [max(0, a) for a in low], [max(0, b) for b in high]
    mode = node.text("mode", "constant")
    if mode == "constant":
        return node.emit(PadOp(x, low, high, fill)) if any(low + high) else x
    if mode not in ("edge", "reflect", "wrap"):
        node.fail(f"attribute 'mode' is '{mode}', expected constant, edge, reflect or wrap")
    for axis, (a, b) in enumerate(zip(low, high, strict=True)):
        places = np.arange(shape_of(x)[axis])
        x = take_indices(node, x, np.pad(places, (a, b), mode=mode), axis)
    return x


@reads("Trilu")
def trilu(node: Node) -> SSAValue:
    x = node.tensor(0)
    k = int(node.known_number(1, "the diagonal")) if node.has(1) else 0
    if len(shape_of(x)) < 2:
        node.fail(f"the input has rank {len(shape_of(x))}, expected at least 2")
    rows, columns = shape_of(x)[-2:]
    upper = node.integer("upper", 1)
    ones = np.ones((rows, columns), np.bool_)
    mask = node.array(np.triu(ones, k) if upper else np.tril(ones, k), "triangle")
    return node.emit(WhereOp(mask, x, node.splat(0, x)))
