"""Exact questions about index maps, against enumeration of all points."""

from collections import Counter
from itertools import product
from math import prod
from typing import Any

import pytest
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from nopt.passes.analysis import Access, access

Point = tuple[int, ...]


@st.composite
def accesses(draw: Any, rank: int, extents: tuple[int, ...] | None = None) -> Access:
    """A map of `rank` indices over a small box: sums of iterators, divided at times."""
    if extents is None:
        extents = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)))

    def total() -> AffineExpr:
        expr: AffineExpr = AffineConstantExpr(draw(st.integers(-2, 4)))
        for dim in range(len(extents)):
            expr = expr + AffineDimExpr(dim) * draw(st.sampled_from((0, 0, 1, 1, 2, 3, -1)))
        match draw(st.sampled_from(("plain", "plain", "floordiv", "mod"))):
            case "floordiv":
                return expr // draw(st.integers(1, 4))
            case "mod":
                return expr % draw(st.integers(1, 4))
            case _:
                return expr

    def index() -> AffineExpr:
        terms = draw(st.sampled_from((1, 1, 1, 2)))
        return sum((total() * draw(st.sampled_from((1, 2))) for _ in range(terms - 1)), total())

    return access(AffineMap(len(extents), 0, tuple(index() for _ in range(rank))), extents)


@st.composite
def placements(draw: Any) -> Access:
    """An access whose inverse is rather simple: digits, shifted, backwards, split."""
    extents = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    order = draw(st.permutations(range(len(extents))))
    cut = draw(st.integers(0, len(extents)))
    results: list[AffineExpr] = []
    for dims in (order[:cut], order[cut:]):
        expr: AffineExpr = AffineConstantExpr(0)
        weight = 1
        for dim in dims:
            sign = draw(st.sampled_from((1, 1, -1)))
            expr = expr + AffineDimExpr(dim) * (sign * weight)
            weight *= extents[dim] + draw(st.sampled_from((0, 0, 1)))
        results.append(expr + draw(st.integers(-3, 9)))
    if draw(st.booleans()):
        divisor = draw(st.integers(1, 5))
        results[0:1] = [results[0] // divisor, results[0] % divisor]
    return access(AffineMap(len(extents), 0, tuple(results)), extents)


SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def points(extents: tuple[int, ...]) -> list[Point]:
    return [*product(*map(range, extents))]


def at(access: Access, point: Point) -> Point:
    return tuple(access.map.eval(point, []))


def reached(access: Access) -> list[Point]:
    return [at(access, point) for point in points(access.extents)]


def bounds_of(indices: list[Point]) -> tuple[tuple[int, int], ...]:
    return tuple((min(values), max(values)) for values in zip(*indices, strict=True))


@examples(200)
@given(accesses(2))
def test_what_is_reached(access: Access):
    indices = reached(access)
    bounds = bounds_of(indices)
    assert access.bounds == bounds
    assert access.elements == len(set(indices))
    assert access.is_injective == (len(indices) == len(set(indices)))
    whole = prod(high - low + 1 for low, high in bounds)
    assert access.is_box == (len(set(indices)) == whole)
    assert sorted(set(indices)) == sorted(map(tuple, _members(access)))


def _members(access: Access) -> list[Point]:
    found: list[Point] = []

    def add(point: Any) -> None:
        values = [point.get_coordinate_val(3, axis).to_python() for axis in range(2)]
        found.append(tuple(values))

    access.image.foreach_point(add)
    return found


@examples(200)
@given(accesses(2), SHAPES)
def test_bijection(access: Access, shape: Point):
    indices = reached(access)
    one_to_one = len(indices) == len(set(indices))
    onto = set(indices) == set(points(shape))
    assert access.covers(shape) == onto
    assert access.is_bijection(shape) == (one_to_one and onto)
    assert access.is_inside(shape) == (set(indices) <= set(points(shape)))


@examples(200)
@given(accesses(2), accesses(2))
def test_disjoint(one: Access, other: Access):
    assert one.is_disjoint(other) == set(reached(one)).isdisjoint(reached(other))


@examples(200)
@given(accesses(2))
def test_reuse(access: Access):
    readers: dict[Point, list[Point]] = {}
    for point in points(access.extents):
        readers.setdefault(at(access, point), []).append(point)
    dims = range(len(access.extents))
    again = {i for same in readers.values() for i in dims if len({point[i] for point in same}) > 1}
    assert access.reused == again
    for i in dims:
        lines = {point[:i] + point[i + 1 :]: set[Point]() for point in points(access.extents)}
        for point in points(access.extents):
            lines[point[:i] + point[i + 1 :]].add(at(access, point))
        idle = access.extents[i] > 1 and all(len(line) == 1 for line in lines.values())
        assert (i in access.unused) == idle


@examples(200)
@given(accesses(2), st.data())
def test_window(access: Access, data: st.DataObject):
    tile = tuple(data.draw(st.integers(1, extent)) for extent in access.extents)
    window = access.window(tile)
    largest = [0, 0]
    for start in product(*(range(0, e, t) for e, t in zip(access.extents, tile, strict=True))):
        ends = [min(s + t, e) for s, t, e in zip(start, tile, access.extents, strict=True)]
        inside = [at(access, p) for p in product(*map(range, start, ends))]
        bounds = bounds_of(inside)
        largest = [max(a, high - low + 1) for a, (low, high) in zip(largest, bounds, strict=True)]
        if window.origin is None:
            continue
        origin = window.origin.eval(start, [])
        for first, size, (low, high) in zip(origin, window.sizes, bounds, strict=True):
            assert first <= low and high < first + size
            if all(end - s == t for end, s, t in zip(ends, start, tile, strict=True)):
                assert first == low
    assert window.sizes == tuple(largest)
    if not access.divides:
        assert window.origin is not None


@examples(200)
@given(accesses(2), SHAPES, st.data())
def test_meets(access: Access, shape: Point, data: st.DataObject):
    count = data.draw(st.integers(0, len(access.extents)))
    inside = set(points(shape))
    met = {point[:count] for point in points(access.extents) if at(access, point) in inside}
    assert access.meets(shape, count) == (met == set(points(access.extents[:count])))


@examples(200)
@given(accesses(2), SHAPES, st.data())
def test_stays_outside(access: Access, shape: Point, data: st.DataObject):
    further = data.draw(accesses(2, shape)).map
    target = data.draw(SHAPES)
    expected = all(
        tuple(further.eval(at(access, point), [])) not in points(target)
        for point in points(access.extents)
        if at(access, point) not in points(shape)
    )
    assert access.stays_outside(shape, further, target) == expected


@examples(200)
@given(st.one_of(placements(), accesses(2)))
def test_inverse(access: Access):
    indices = reached(access)
    if len(set(indices)) < len(indices):
        assert access.inverse is None
    elif access.inverse is None:
        # Digits always have one; what is divided may have an inverse in pieces.
        assert access.divides or len(access.components) < len(access.map.results)
    else:
        for point, index in zip(points(access.extents), indices, strict=True):
            assert tuple(access.inverse.eval(index, [])) == point


@examples(200)
@given(placements(), st.data())
def test_points_of(written: Access, data: st.DataObject):
    """Reading what was written is reading the points that wrote it."""
    assume(written.inverse is not None)
    read = data.draw(accesses(len(written.map.results)))
    writers = {at(written, point): point for point in points(written.extents)}
    composed = read.points_of(written)
    if all(index in writers for index in reached(read)):
        assert composed is not None
        assert reached(composed) == [writers[index] for index in reached(read)]
        once = Counter(reached(read)) == Counter(reached(written))
        assert composed.is_bijection(written.extents) == once
    else:
        assert composed is None


@examples(50)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(-1, 1))
def test_a_reshape_is_a_bijection(rows: int, columns: int, offset: int):
    """A joined dimension is one if nothing is added; a split one whose lanes rotate is, too."""
    i, j = AffineDimExpr(0), AffineDimExpr(1)
    joined = access(AffineMap(2, 0, (i * columns + j + offset,)), (rows, columns))
    assert joined.is_bijection((rows * columns,)) == (offset == 0)
    split = access(AffineMap(1, 0, (i // columns, (i + offset) % columns)), (rows * columns,))
    assert split.is_bijection((rows, columns))


def test_a_tile_needs_a_size_for_each_iterator():
    i = AffineDimExpr(0)
    with pytest.raises(ValueError, match=r"tile is \[2, 2\], expected 1 sizes of 1 or more"):
        access(AffineMap(1, 0, (i,)), (4,)).window((2, 2))
