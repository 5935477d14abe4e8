"""The box of elements that one tile of the iterators needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import islpy as isl
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import Sum, dim_ranges, simplify
from nopt.passes.analysis.inverse import function_of
from nopt.passes.analysis.relations import (
    are_inside,
    relation_where,
    value_range,
)


@dataclass(frozen=True)
class Window:
    """The smallest box that holds what any one tile reaches.

    Iterator i is cut into tiles from multiples of its tile size on; the last one may be cut short.
    """

    sizes: tuple[int, ...]
    """Of the box of the tile that needs most, dimension by dimension."""
    origin: AffineMap | None
    """The box's first index, by the first point of the tile; None if that is not one affine map."""


def window_of(sums: Sequence[Sum], extents: Sequence[int], tile: Sequence[int]) -> Window:
    """The window of indices over a box that is cut into tiles of those sizes."""
    if len(tile) != len(extents) or any(size < 1 for size in tile):
        raise ValueError(f"tile is {list(tile)}, expected {len(extents)} sizes of 1 or more")
    tile = [min(size, extent) for size, extent in zip(tile, extents, strict=True)]
    found = [_index_window(total, extents, tile) for total in sums]
    # An iterator that is not cut has one tile, which starts at 0.
    lasts = [(extent - 1) // size * size for extent, size in zip(extents, tile, strict=True)]
    starts = dim_ranges([last + 1 for last in lasts])
    origins = tuple(simplify(origin, starts) for _, origin in found if origin is not None)
    whole = len(origins) == len(found)
    origin = AffineMap(len(extents), 0, origins) if whole else None
    return Window(tuple(size for size, _ in found), origin)


def _index_window(
    total: Sum, extents: Sequence[int], tile: Sequence[int]
) -> tuple[int, AffineExpr | None]:
    """How many numbers the window of one index has, and its first one."""
    inside = dim_ranges(tile)
    if total.terms.keys() <= inside.keys():
        low, high = Sum(total.terms).range(inside)
        return high - low + 1, total.add(Sum({}, low)).expr()
    return _divided_window(total.expr(), extents, tile)


def _divided_window(
    expr: AffineExpr, extents: Sequence[int], tile: Sequence[int]
) -> tuple[int, AffineExpr | None]:
    """As `_index_window`, by ISL, for an index that divides iterators."""
    starts = [AffineDimExpr(i) for i in range(len(extents))]
    points = [AffineDimExpr(len(extents) + i) for i in range(len(extents))]
    used = expr.used_dims()
    conditions: list[str] = []
    for i, (start, point) in enumerate(zip(starts, points, strict=True)):
        if i in used:
            conditions += are_inside([start, point], [extents[i]] * 2)
            conditions += are_inside([start % tile[i], point - start], [1, tile[i]])
        else:
            conditions += are_inside([start, point], [1, 1])
    moved = expr.replace_dims_and_symbols(points, [])
    both = relation_where(2 * len(extents), conditions, [moved])
    reached = both.project_out(isl.dim_type.in_, len(extents), len(extents))
    first, last = reached.lexmin(), reached.lexmax()
    size = value_range(last.sum(first.neg()).range(), 0)[1] + 1
    if first.is_subset(relation_where(len(extents), [], [expr])):
        return size, expr
    origin = function_of(first)
    return size, None if origin is None else origin[0]
