"""Affine expressions: simplification, ranges and bijections against evaluation at every point."""

from itertools import product
from typing import Any

import numpy as np
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import (
    check_magnitude,
    dim_ranges,
    expr_range,
    is_one_to_one,
    simplify,
    simplify_map,
    substitute,
    to_sum,
)
from nopt.dialects.affine_points import evaluate
from nopt.passes.analysis import access

extents_lists = st.lists(st.integers(1, 6), min_size=1, max_size=3)


def exprs(dims: int, divisions: bool = True) -> st.SearchStrategy[AffineExpr]:
    """Any affine expression over some dimensions, as a program may write it."""
    leaves = st.integers(-7, 7).map(AffineExpr.constant) | st.integers(0, dims - 1).map(
        AffineExpr.dimension
    )
    factors = st.integers(-5, 5)
    divisors = st.sampled_from([1, 2, 3, 4, 5, 6, 8, 12])

    def grow(inner: st.SearchStrategy[AffineExpr]) -> st.SearchStrategy[AffineExpr]:
        sums = st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1])
        products = st.tuples(inner, factors).map(lambda pair: pair[0] * pair[1])
        parts: Any = [sums, sums, products]
        if divisions:
            parts += [
                st.tuples(inner, divisors).map(lambda pair: pair[0] // pair[1]),
                st.tuples(inner, divisors).map(lambda pair: pair[0] % pair[1]),
                st.tuples(inner, divisors).map(lambda pair: pair[0].ceil_div(pair[1])),
            ]
        return st.one_of(parts)

    return st.recursive(leaves, grow, max_leaves=8)


@st.composite
def boxes(draw: Any, results: int = 1, divisions: bool = True):
    """Extents, and expressions over as many dimensions."""
    extents = draw(extents_lists)
    return extents, [draw(exprs(len(extents), divisions)) for _ in range(results)]


def table(expr: AffineExpr, extents: list[int]) -> np.ndarray:
    """The expression's value at every point, by the definition of each operation."""
    return np.array([expr.eval(point, []) for point in product(*map(range, extents))])


@examples(150)
@given(boxes())
def test_magnitude(box: Any):
    extents, (expr,) = box
    assert np.abs(table(expr, extents)).max() <= check_magnitude(expr, dim_ranges(extents))


@examples(150)
@given(boxes())
def test_evaluate(box: Any):
    extents, (expr,) = box
    found = evaluate(expr, list(np.ogrid[tuple(slice(0, extent) for extent in extents)]))
    np.testing.assert_array_equal(np.broadcast_to(found, extents).reshape(-1), table(expr, extents))


@examples(150)
@given(boxes())
def test_simplify_keeps_every_value(box: Any):
    extents, (expr,) = box
    simple = simplify(expr, dim_ranges(extents))
    np.testing.assert_array_equal(table(simple, extents), table(expr, extents))
    assert simplify(simple, dim_ranges(extents)) == simple


@examples(150)
@given(boxes())
def test_range_holds_every_value(box: Any):
    extents, (expr,) = box
    low, high = expr_range(expr, dim_ranges(extents))
    values = table(expr, extents)
    assert low <= values.min() and values.max() <= high


def test_range_of_parts_that_move_together():
    """Half of what is left to a tile of two: x minus x / 2, rounded up."""
    x = AffineDimExpr(0)
    expr = x - (x + 1) // 2 + AffineDimExpr(1) * 10
    assert expr_range(expr, dim_ranges([3, 4])) == (0, 31)
    # x and y move together for what stands first.
    y = AffineDimExpr(1)
    both = (x + y) // 3 - x // 2 - y // 2
    values = table(both, [6, 6])
    assert expr_range(both, dim_ranges([6, 6])) == (values.min(), values.max())


@examples(150)
@given(boxes(divisions=False))
def test_range_without_divisions_is_exact(box: Any):
    extents, (expr,) = box
    values = table(expr, extents)
    assert expr_range(expr, dim_ranges(extents)) == (values.min(), values.max())


@examples(150)
@given(boxes(), st.integers(-3, 3))
def test_sums_add(box: Any, factor: int):
    extents, (expr,) = box
    ranges = dim_ranges(extents)
    twice = to_sum(expr, ranges).add(to_sum(expr, ranges), factor).expr()
    np.testing.assert_array_equal(table(twice, extents), (1 + factor) * table(expr, extents))


@st.composite
def reshapes(draw: Any):
    """Two shapes of as many elements, and the map from indices of the one to those of the other."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))

    def merged() -> list[int]:
        shape = [sizes[0]]
        for size in sizes[1:]:
            if draw(st.booleans()):
                shape[-1] *= size
            else:
                shape.append(size)
        return shape

    source, target = merged(), merged()
    position: AffineExpr = AffineExpr.constant(0)
    for i, size in enumerate(target):
        position = position * size + AffineDimExpr(i)
    indices: list[AffineExpr] = []
    for size in reversed(source):
        indices.insert(0, position % size)
        position = position // size
    return source, target, AffineMap(len(target), 0, tuple(indices))


@examples(150)
@given(reshapes())
def test_there_and_back_simplifies_to_nothing(pair: Any):
    """What lets a reshape after its inverse vanish."""
    source, target, map = pair
    position: AffineExpr = AffineExpr.constant(0)
    for i, size in enumerate(source):
        position = position * size + AffineDimExpr(i)
    back: list[AffineExpr] = []
    for size in reversed(target):
        back.insert(0, position % size)
        position = position // size
    inverse = AffineMap(len(source), 0, tuple(back))
    identity = AffineMap.identity(len(target))
    assert simplify_map(inverse.compose(map), target) == simplify_map(identity, target)


def map_ranges(shape: list[int]) -> list[range]:
    return [range(size) for size in shape]


@examples(150)
@given(reshapes())
def test_reshapes_are_bijections(pair: Any):
    source, target, map = pair
    assert access(map, tuple(target)).is_bijection(tuple(source))
    simplified = access(simplify_map(map, target), tuple(target))
    assert simplified.is_bijection(tuple(source))


@examples(150)
@given(boxes(results=2), st.lists(st.integers(1, 6), min_size=2, max_size=2))
def test_bijection(box: Any, shape: list[int]):
    extents, results = box
    map = AffineMap(len(extents), 0, tuple(results))
    images = [tuple(map.eval(list(p), [])) for p in product(*map_ranges(extents))]
    expected = sorted(images) == list(product(*map_ranges(shape)))
    assert access(map, tuple(extents)).is_bijection(tuple(shape)) == expected


@examples(150)
@given(st.data())
def test_permutations_with_offsets_are_bijections_onto_their_box_only(data: Any):
    shape = data.draw(extents_lists)
    order = data.draw(st.permutations(range(len(shape))))
    flips = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    shift = data.draw(st.sampled_from([0, 0, 1]))
    results: list[AffineExpr] = [AffineExpr.constant(0)] * len(shape)
    extents = [0] * len(shape)
    for dim, (axis, flip) in enumerate(zip(order, flips, strict=True)):
        extents[dim] = shape[axis]
        results[axis] = AffineDimExpr(dim) * -1 + (shape[axis] - 1) if flip else AffineDimExpr(dim)
    results[0] = results[0] + shift
    map = AffineMap(len(shape), 0, tuple(results))
    assert access(map, tuple(extents)).is_bijection(tuple(shape)) == (shift == 0)


@examples(150)
@given(boxes(results=2), st.data())
def test_substitute_composes(box: Any, data: Any):
    extents, results = box
    outer = data.draw(exprs(2))
    map = substitute(AffineMap(2, 0, (outer,)), results, len(extents))
    for point in product(*map_ranges(extents)):
        inner = [result.eval(point, []) for result in results]
        assert map.eval(list(point), []) == (outer.eval(inner, []),)


@st.composite
def digits(draw: Any):
    """Extents, and sums of iterators, quotients and remainders, each by a factor."""
    extents = draw(extents_lists)
    dims = [AffineDimExpr(i) for i in range(len(extents))]
    parts: list[AffineExpr] = []
    for dim in dims:
        size = draw(st.sampled_from([1, 2, 3]))
        other = draw(st.sampled_from([size, size, 2]))
        parts += draw(st.sampled_from([[dim], [dim // size, dim % other], [dim % size]]))
    found = [AffineExpr.constant(0)] * draw(st.integers(1, len(parts)))
    for part in draw(st.permutations(parts)):
        index = draw(st.integers(0, len(found) - 1))
        found[index] = found[index] + part * draw(st.sampled_from([1, 1, 2, 3, 6]))
    return extents, found


@examples(200)
@given(digits())
def test_one_to_one(box: Any):
    """Never said of expressions that have the same values at two points."""
    extents, found = box
    if is_one_to_one(found, dim_ranges(extents)):
        points = np.stack([table(expr, extents) for expr in found], axis=-1)
        assert len(np.unique(points, axis=0)) == len(points)


def test_quotient_and_remainder_tell_a_value():
    i, j = AffineDimExpr(0), AffineDimExpr(1)
    ranges = dim_ranges([6, 4])
    assert is_one_to_one([i // 2, j, i % 2], ranges)
    assert is_one_to_one([i % 2 + j * 2, i // 2], ranges)
    assert not is_one_to_one([i // 2, j, i % 3], ranges)
    assert not is_one_to_one([i % 2 + j, i // 2], ranges)
