"""Exact questions about index maps, against enumeration of all points."""

from itertools import product
from typing import Any

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from nopt.passes.affine.analysis import are_disjoint, is_bijection

Access = tuple[AffineMap, tuple[int, ...]]


@st.composite
def accesses(draw: Any, rank: int) -> Access:
    """A map of `rank` indices over a small box: sums of iterators, divided at times."""
    extents = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)))

    def index() -> AffineExpr:
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

    return AffineMap(len(extents), 0, tuple(index() for _ in range(rank))), extents


def reached(access: Access) -> list[tuple[int, ...]]:
    map, extents = access
    return [tuple(map.eval(point, [])) for point in product(*map_ranges(extents))]


def map_ranges(extents: tuple[int, ...]) -> list[range]:
    return [range(extent) for extent in extents]


@examples(200)
@given(accesses(2), st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_bijection(access: Access, shape: tuple[int, int]):
    points = reached(access)
    one_to_one = len(points) == len(set(points))
    onto = set(points) == set(product(*map_ranges(shape)))
    assert is_bijection(*access, shape) == (one_to_one and onto)


@examples(200)
@given(accesses(2), accesses(2))
def test_disjoint(one: Access, other: Access):
    assert are_disjoint(one, other) == set(reached(one)).isdisjoint(reached(other))


@examples(50)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(-1, 1))
def test_a_reshape_is_a_bijection(rows: int, columns: int, offset: int):
    """A joined dimension is one if nothing is added; a split one whose lanes rotate is, too."""
    i, j = AffineDimExpr(0), AffineDimExpr(1)
    joined = AffineMap(2, 0, (i * columns + j + offset,))
    assert is_bijection(joined, (rows, columns), (rows * columns,)) == (offset == 0)
    split = AffineMap(1, 0, (i // columns, (i + offset) % columns))
    assert is_bijection(split, (rows * columns,), (rows, columns))
