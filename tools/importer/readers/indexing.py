"""Elements by computed or known places: all are places in a tensor's elements in plain order.

Reading takes any places. Writing takes known ones, so that it is a choice, too: each element of the
result is one of the tensor's or of the updates.
"""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    BinaryOp,
    CastOp,
    CompareOp,
    Comparison,
    ConcatOp,
    GatherOp,
    MaxOp,
    MinOp,
    MulOp,
    ReduceOp,
    Statistic,
    WhereOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.registry import reads

_MOST_UPDATES = 64
"""Of one element: each is an operation of its own."""


def strides_of(shape: tuple[int, ...]) -> Array:
    """How many elements apart neighbours along each dimension lie."""
    return np.array([prod(shape[axis + 1 :]) for axis in range(len(shape))], np.int64)


@reads("GatherElements")
def gather_elements(node: Node) -> SSAValue:
    x = node.tensor(0)
    axis = node.axis(node.integer("axis", 0), len(shape_of(x)))
    indices = _inside(node, 1, np.array(shape_of(x)[axis], np.int64))
    shape = shape_of(indices)
    if len(shape) != len(shape_of(x)):
        node.fail(f"the indices have rank {len(shape)}, expected {len(shape_of(x))}")
    places = _places(node, indices, _others(shape, axis, strides_of(shape_of(x))), axis, x)
    return _taken(node, x, places)


@reads("GatherND")
def gather_nd(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape, batch = shape_of(x), node.integer("batch_dims", 0)
    rank = node.shape(1)[-1]
    chosen = np.array(shape[batch : batch + rank], np.int64)
    indices = _inside(node, 1, chosen)
    outer = shape_of(indices)[:-1]
    steps = strides_of(shape[: batch + rank])
    own = np.indices(outer)[:batch] if batch else np.zeros((0, *outer), np.int64)
    base = np.tensordot(steps[:batch], own, 1).astype(np.int64)
    if isinstance(indices, np.ndarray):
        places: Array | SSAValue = (indices * steps[batch:]).sum(-1) + base
    else:
        moved = node.emit(MulOp(indices, node.array(steps[batch:].astype(np.int32), "steps")))
        places = node.emit(ReduceOp(Statistic.SUM, moved, [len(outer)]))
        if base.any():
            places = node.emit(AddOp(places, node.array(base.astype(np.int32), "batches")))
    rows = reshaped(node, x, (prod(shape[: batch + rank]), *shape[batch + rank :]))
    return node.emit(GatherOp(rows, _tensor(node, places), 0))


@reads("ScatterElements", "Scatter")
def scatter_elements(node: Node) -> SSAValue:
    x = node.tensor(0)
    axis = node.axis(node.integer("axis", 0), len(shape_of(x)))
    indices = _known(node, 1, np.array(shape_of(x)[axis], np.int64))
    steps = strides_of(shape_of(x))
    places = indices * steps[axis] + _others(indices.shape, axis, steps)
    return _written(node, x, places, node.tensor(2))


@reads("ScatterND")
def scatter_nd(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape, rank = shape_of(x), node.shape(1)[-1]
    indices = _known(node, 1, np.array(shape[:rank], np.int64))
    first = (indices * strides_of(shape)[:rank]).sum(-1)
    inner = np.arange(prod(shape[rank:])).reshape(shape[rank:])
    places = first.reshape(*first.shape, *[1] * inner.ndim) + inner
    return _written(node, x, places, node.tensor(2))


@reads("ReverseSequence")
def reverse_sequence(node: Node) -> SSAValue:
    x = node.tensor(0)
    time, batch = node.integer("time_axis", 0), node.integer("batch_axis", 1)
    if {time, batch} != {0, 1}:
        node.fail(f"time and batch axis are {time} and {batch}, expected 0 and 1 in any order")
    shape = shape_of(x)
    lengths = node.known(1, "the list of lengths").astype(np.int64)
    steps, sequences = np.indices((shape[time], shape[batch]))
    turned = np.where(steps < lengths[sequences], lengths[sequences] - 1 - steps, steps)
    places = turned * shape[batch] + sequences if time == 0 else sequences * shape[time] + turned
    rows = reshaped(node, x, (shape[0] * shape[1], *shape[2:]))
    order = places if time == 0 else places.T
    return node.emit(GatherOp(rows, node.array(order, "order"), 0))


def _others(shape: tuple[int, ...], axis: int, steps: Array) -> Array:
    """The part of each place that comes of all dimensions but one."""
    own = steps.copy()
    own[axis] = 0
    return np.tensordot(own, np.indices(shape), 1).astype(np.int64)


def _places(
    node: Node, indices: Array | SSAValue, base: Array, axis: int, x: SSAValue
) -> Array | SSAValue:
    step = int(strides_of(shape_of(x))[axis])
    if isinstance(indices, np.ndarray):
        return indices * step + base
    moved = node.emit(MulOp(indices, node.splat(step, indices))) if step > 1 else indices
    return node.emit(AddOp(moved, node.array(base.astype(np.int32), "places")))


def _inside(node: Node, index: int, sizes: Array) -> Array | SSAValue:
    """Indices from 0 on, as i32: negative ones count from the end. Known ones are checked."""
    if node.constant(index) is not None:
        return _known(node, index, sizes)
    indices = node.emit(CastOp(node.tensor(index), i32))
    below = node.emit(CompareOp(Comparison.LT, indices, node.splat(0, indices)))
    end = node.array(sizes.astype(np.int32), "sizes")
    return node.emit(WhereOp(below, node.emit(AddOp(indices, end)), indices))


def _known(node: Node, index: int, sizes: Array) -> Array:
    indices = node.known(index, "the tensor of indices").astype(np.int64)
    if (wrong := (indices < -sizes) | (indices >= sizes)).any():
        size = int(np.broadcast_to(sizes, indices.shape)[wrong][0])
        node.fail(f"index {indices[wrong][0]} found, expected {-size} to {size - 1}")
    return np.where(indices < 0, indices + sizes, indices)


def _tensor(node: Node, places: Array | SSAValue) -> SSAValue:
    return node.array(places, "places") if isinstance(places, np.ndarray) else places


def _taken(node: Node, x: SSAValue, places: Array | SSAValue) -> SSAValue:
    """The elements at places in plain order."""
    return node.emit(GatherOp(_flat(node, x), _tensor(node, places), 0))


def _flat(node: Node, x: SSAValue) -> SSAValue:
    return reshaped(node, x, (prod(shape_of(x)),))


_REDUCTIONS: dict[str, tuple[type[BinaryOp], str]] = {
    "add": (AddOp, "zero"),
    "mul": (MulOp, "one"),
    "max": (MaxOp, "lowest"),
    "min": (MinOp, "highest"),
}


def _written(node: Node, x: SSAValue, places: Array, updates: SSAValue) -> SSAValue:
    """A tensor with updates at known places, written one after the other or combined."""
    if shape_of(updates) != places.shape:
        found = list(shape_of(updates))
        node.fail(f"the updates have shape {found}, expected {list(places.shape)}")
    count, flat, shape = prod(shape_of(x)), places.reshape(-1), shape_of(x)
    kind = node.text("reduction", "none")
    if kind == "none":
        source = np.arange(count)
        source[flat] = count + np.arange(flat.size)
        both = node.emit(ConcatOp([_flat(node, x), _flat(node, updates)], 0))
        return reshaped(node, _taken(node, both, source), shape)
    if kind not in _REDUCTIONS:
        node.fail(f"attribute 'reduction' is '{kind}', expected none, add, mul, max or min")
    op, neutral = _REDUCTIONS[kind]
    limits = np.finfo(dtype_of(x)) if dtype_of(x).kind == "f" else np.iinfo(dtype_of(x))
    number = {"zero": 0, "one": 1, "lowest": limits.min, "highest": limits.max}[neutral]
    nothing = node.array(np.array([number], dtype_of(x)), "nothing")
    given = node.emit(ConcatOp([_flat(node, updates), nothing], 0))
    # The first update of each element, the second one, and so on.
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], flat[order])
    turns = np.empty(flat.size, np.int64)
    turns[order] = np.arange(flat.size) - starts
    if turns.max(initial=0) >= _MOST_UPDATES:
        node.fail(f"an element has {turns.max() + 1} updates, expected at most {_MOST_UPDATES}")
    result = _flat(node, x)
    for turn in range(int(turns.max(initial=-1)) + 1):
        source = np.full(count, flat.size)
        source[flat[turns == turn]] = np.flatnonzero(turns == turn)
        result = node.emit(op(result, _taken(node, given, source)))
    return reshaped(node, result, shape)
