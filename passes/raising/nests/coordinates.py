"""A nest's iterators for a set of points: a box whose points stand for them, one to one.

It does not matter how the loops of a program run over the points: tiled, unrolled, coalesced or
skewed loops over the same points get the same box, if one of the given expressions tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import islpy as isl
from xdsl.ir.affine import AffineExpr

from nopt.dialects.affine_math import dim_ranges, is_mixed_radix, simplify
from nopt.dialects.affine_points import Ranges
from nopt.passes.analysis import box_of, function_of, value_range
from nopt.passes.raising.loops.isl_maps import (
    Exprs,
    Image,
    dims,
    moved,
    ranges_of,
    relation,
    values,
)

Candidate = tuple[str, AffineExpr]
"""A name, and an expression of the points that may be an iterator."""


@dataclass(frozen=True)
class _Axis:
    """An iterator: an expression of the points that runs over [0, extent)."""

    name: str
    expr: AffineExpr
    extent: int


@dataclass(frozen=True)
class Parallel:
    """Iterators for the elements that a statement stores."""

    axes: tuple[_Axis, ...]
    place: Exprs
    """The element at each point of the iterators."""
    fills: bool
    """Whether these are all elements, and the iterators their indices."""
    stored: isl.Set | None
    """The points of the iterators whose element is stored; None for all of them."""
    image: Image
    """Where the points are."""

    @property
    def extents(self) -> list[int]:
        return [axis.extent for axis in self.axes]


@dataclass(frozen=True)
class Reduced:
    """Iterators for the points whose values go to one element."""

    axes: tuple[_Axis, ...]
    holds: isl.Set | None
    """The points of all iterators that stand for a point; None for all of them."""
    image: Image
    """Where the points are among all iterators."""


def parallel_boxes(
    domain: isl.Set, index: Exprs, shape: Sequence[int], names: Sequence[str], loops: Sequence[str]
) -> Iterator[Parallel]:
    """Ways to run over the elements `index` of the points, each of which is at one point."""
    ranges = ranges_of(domain)
    stored = values(domain, index)
    spans = [_span(stored, axis) for axis in range(len(shape))]
    hull = _product(spans)
    fills = all(span == (0, 1, size) for span, size in zip(spans, shape, strict=True))
    is_box = bool(stored.is_equal(hull))
    if not is_box and (found := _by_loops(domain, index, loops, ranges)) is not None:
        yield found
    axes: list[_Axis] = []
    place: list[AffineExpr] = []
    for name, expr, (low, step, extent) in zip(names, index, spans, strict=True):
        at: AffineExpr = AffineExpr.constant(low)
        if extent > 1 or fills:
            at = AffineExpr.dimension(len(axes)) * step + low
            axes.append(_Axis(name, simplify((expr - low) // step, ranges), extent))
        place.append(at)
    exprs = [axis.expr for axis in axes]
    whole = relation(domain, exprs)
    yield Parallel(
        tuple(axes), tuple(place), fills, None if is_box else whole.range(), Image(whole)
    )


def _by_loops(
    domain: isl.Set, index: Exprs, loops: Sequence[str], ranges: Ranges
) -> Parallel | None:
    """The loops as iterators, where the element tells their variables like digits of numbers."""
    candidates = list(zip(loops, dims(len(loops)), strict=True))
    chosen = _chosen(domain, (), candidates[::-1], ranges)
    if chosen is None:
        return None
    axes = tuple(sorted(chosen, key=lambda axis: _order(axis, loops)))
    exprs = [axis.expr for axis in axes]
    extents = [axis.extent for axis in axes]
    whole, known = relation(domain, exprs), dim_ranges(extents)
    image = Image(whole)
    found = image.at(index)
    if found is None:
        return None
    place = tuple(simplify(expr, known) for expr in found)
    if not is_mixed_radix(place, known):
        return None
    return Parallel(axes, place, False, None, image)


def _order(axis: _Axis, loops: Sequence[str]) -> int:
    return loops.index(axis.name) if axis.name in loops else len(loops)


def reduced_box(
    domain: isl.Set, parallel: Parallel, loops: Sequence[Candidate], others: Sequence[Candidate]
) -> Reduced | None:
    """Iterators for the points that each element has, next to those for the elements.

    The variables of loops are taken if they make a box, inner ones first, so that of a tiled loop
    that over tiles is not needed; else other expressions; else a box that holds more points.
    """
    ranges = ranges_of(domain)
    inner_first = list(reversed(loops))
    for candidates in (inner_first, [*others, *inner_first]):
        found = _chosen(domain, parallel.axes, candidates, ranges)
        if found is not None and (result := _reduced(domain, parallel, found, loops)):
            return result
    hulls = [
        _hull_axes(domain, parallel, [*order, *others], ranges) for order in (inner_first, loops)
    ]
    for found in sorted(hulls, key=lambda axes: prod(axis.extent for axis in axes)):
        if result := _reduced(domain, parallel, found, loops):
            return result
    return None


def _reduced(
    domain: isl.Set, parallel: Parallel, found: Sequence[_Axis], loops: Sequence[Candidate]
) -> Reduced | None:
    names = [name for name, _ in loops]
    axes = tuple(sorted(found, key=lambda axis: _order(axis, names)))
    every = [*parallel.axes, *axes]
    whole = relation(domain, [axis.expr for axis in every])
    if not whole.is_injective():
        return None
    taken = whole.range()
    full = bool(taken.is_equal(box_of([axis.extent for axis in every])))
    return Reduced(axes, None if full else taken.coalesce(), Image(whole))


def _chosen(
    domain: isl.Set, axes: Sequence[_Axis], candidates: Sequence[Candidate], ranges: Ranges
) -> list[_Axis] | None:
    """Axes of candidates that tell the points; each runs over the same numbers whatever the others
    are, counted from a number that they determine. None if there are none.
    """
    exprs = [axis.expr for axis in axes]
    found: list[_Axis] = []
    for name, expr in candidates:
        known = relation(domain, exprs)
        if known.is_injective():
            break
        one = known.reverse().apply_range(relation(domain, [expr]))
        if one.is_single_valued():
            continue
        if (axis := _axis(domain, exprs, known, one, name, expr, ranges)) is not None:
            exprs.append(axis.expr)
            found.append(axis)
    return found if relation(domain, exprs).is_injective() else None


def _axis(
    domain: isl.Set,
    exprs: Sequence[AffineExpr],
    known: isl.Map,
    one: isl.Map,
    name: str,
    expr: AffineExpr,
    ranges: Ranges,
) -> _Axis | None:
    first = function_of(one.lexmin())
    if first is None:
        return None
    offset = simplify(expr - moved(first, exprs)[0], ranges)
    steps = values(domain, [offset])
    low, step, extent = _span(steps, 0)
    apart = known.reverse().apply_range(relation(domain, [offset]))
    if not apart.is_equal(isl.Map.from_domain_and_range(known.range(), steps)):
        return None
    if not steps.is_equal(_product([(low, step, extent)])):
        return None
    return _Axis(name, simplify((offset - low) // step, ranges), extent)


def _hull_axes(
    domain: isl.Set, parallel: Parallel, candidates: Sequence[Candidate], ranges: Ranges
) -> list[_Axis]:
    """As many candidates as tell the points, each with all values that it ever has."""
    found: list[_Axis] = []
    for name, expr in candidates:
        known = relation(domain, [axis.expr for axis in (*parallel.axes, *found)])
        if known.is_injective():
            break
        if known.reverse().apply_range(relation(domain, [expr])).is_single_valued():
            continue
        low, step, extent = _span(values(domain, [expr]), 0)
        found.append(_Axis(name, simplify((expr - low) // step, ranges), extent))
    return found


def _span(domain: isl.Set, dim: int) -> tuple[int, int, int]:
    """First value, step and number of values that a dimension has at most."""
    low, high = value_range(domain, dim)
    step = max(1, domain.get_stride(dim).to_python()) if high > low else 1
    return low, step, (high - low) // step + 1


def _product(spans: Sequence[tuple[int, int, int]]) -> isl.Set:
    """The points whose dimensions each run over a span."""
    exprs = [d * step + low for d, (low, step, _) in zip(dims(len(spans)), spans, strict=True)]
    return values(box_of([extent for _, _, extent in spans]), exprs)
