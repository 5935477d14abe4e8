"""Where the largest or smallest elements are, and tensors that say where something is.

The places of those that equal the largest one are compared, and the first is taken.
"""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    CastOp,
    CompareOp,
    Comparison,
    ConcatOp,
    ReduceOp,
    SliceOp,
    Statistic,
    WhereOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.registry import reads

_MOST_TAKEN = 256
"""The most elements that TopK takes, one after the other."""


@reads("ArgMax", "ArgMin")
def position(node: Node) -> SSAValue:
    x = node.tensor(0)
    rank = len(shape_of(x))
    axis = node.axis(node.integer("axis", 0), rank)
    size = shape_of(x)[axis]
    kind = Statistic.MAX if node.op == "ArgMax" else Statistic.MIN
    best = node.emit(ReduceOp(kind, x, [axis], keep_dims=True))
    found = node.emit(CompareOp(Comparison.EQ, x, best))
    places = _along(size, axis, rank)
    is_last = bool(node.integer("select_last_index", 0))
    elsewhere = np.array(-1 if is_last else size, np.int32)
    chosen = node.emit(
        WhereOp(found, node.array(places, "places"), node.array(elsewhere, "nowhere"))
    )
    first = Statistic.MAX if is_last else Statistic.MIN
    keep = bool(node.integer("keepdims", 1))
    return node.emit(CastOp(node.emit(ReduceOp(first, chosen, [axis], keep_dims=keep)), i64))


def _along(size: int, axis: int, rank: int) -> Array:
    """The places along an axis, in a shape that broadcasts."""
    return np.arange(size, dtype=np.int32).reshape([-1] + [1] * (rank - 1 - axis))


@reads("TopK")
def top_k(node: Node) -> list[SSAValue]:
    """The best element, then the best of the others, and so on: in order, in any case."""
    x = node.tensor(0)
    shape = shape_of(x)
    axis = node.axis(node.integer("axis", -1), len(shape))
    count = node.integer("k", 0) if node.version < 10 else int(node.known_number(1, "K"))
    if not 0 < count <= min(shape[axis], _MOST_TAKEN):
        node.fail(f"K is {count}, expected 1 to {min(shape[axis], _MOST_TAKEN)}")
    largest = bool(node.integer("largest", 1))
    dtype = dtype_of(x)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    worst = node.splat(limits.min if largest else limits.max, x)
    kind = Statistic.MAX if largest else Statistic.MIN
    places = node.array(np.broadcast_to(_along(shape[axis], axis, len(shape)), shape), "places")
    gone = node.splat(shape[axis], places)
    values: list[SSAValue] = []
    indices: list[SSAValue] = []
    for _ in range(count):
        best = node.emit(ReduceOp(kind, x, [axis], keep_dims=True))
        found = node.emit(CompareOp(Comparison.EQ, x, best))
        first = node.emit(WhereOp(found, places, gone))
        index = node.emit(ReduceOp(Statistic.MIN, first, [axis], keep_dims=True))
        taken = node.emit(CompareOp(Comparison.EQ, places, index))
        x = node.emit(WhereOp(taken, worst, x))
        # What is as bad as what was taken is found at its own place.
        places = node.emit(WhereOp(taken, gone, places))
        values.append(best)
        indices.append(index)
    joined = [
        each[0] if count == 1 else node.emit(ConcatOp(each, axis)) for each in (values, indices)
    ]
    return [joined[0], node.emit(CastOp(joined[1], i64))]


@reads("OneHot")
def one_hot(node: Node) -> SSAValue:
    indices = node.emit(CastOp(node.tensor(0), i32))
    depth = int(node.known_number(1, "the depth"))
    off, on = (_element(node, 2, place) for place in (0, 1))
    rank = len(shape_of(indices)) + 1
    axis = node.axis(node.integer("axis", -1), rank)
    shape = shape_of(indices)
    below = node.emit(CompareOp(Comparison.LT, indices, node.splat(0, indices)))
    wrapped = node.emit(AddOp(indices, node.splat(depth, indices)))
    indices = node.emit(WhereOp(below, wrapped, indices))
    indices = reshaped(node, indices, (*shape[:axis], 1, *shape[axis:]))
    places = node.array(_along(depth, axis, rank), "places")
    return node.emit(WhereOp(node.emit(CompareOp(Comparison.EQ, places, indices)), on, off))


def _element(node: Node, index: int, place: int) -> SSAValue:
    """One element of a vector, as a scalar."""
    known = node.constant(index)
    if known is not None:
        return node.array(known.reshape(-1)[place].reshape(()), "value")
    return reshaped(node, node.emit(SliceOp(node.tensor(index), [place], [1])), ())


@reads("Hardmax")
def hardmax(node: Node) -> SSAValue:
    """1 for the first of the largest elements, 0 for all others."""
    x = node.tensor(0)
    given = shape_of(x)
    axis = node.axis(node.integer("axis", 1 if node.version < 13 else -1), len(given))
    if node.version < 13:
        x, axis = reshaped(node, x, (prod(given[:axis]), prod(given[axis:]))), 1
    shape = shape_of(x)
    places = node.array(_along(shape[axis], axis, len(shape)), "places")
    best = node.emit(ReduceOp(Statistic.MAX, x, [axis], keep_dims=True))
    found = node.emit(CompareOp(Comparison.EQ, x, best))
    first = node.emit(WhereOp(found, places, node.splat(shape[axis], places)))
    first = node.emit(ReduceOp(Statistic.MIN, first, [axis], keep_dims=True))
    is_first = node.emit(CompareOp(Comparison.EQ, places, first))
    one, none = node.splat(1, x), node.splat(0, x)
    return reshaped(node, node.emit(WhereOp(is_first, one, none)), given)
