"""Tiled reductions as they were before: two iterators that only appear as one index become one."""

from __future__ import annotations

from itertools import permutations

from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import simplify_map, substitute
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder


def merge_reductions(nest: ForOp) -> ForOp:
    """The nest with fewer reduction iterators where `outer * size + inner` is all that is used.

    The result is the nest itself or a new one, in either case not inserted anywhere.
    """
    count = len(nest.parallel_extents)
    several = [dim for dim in range(count, len(nest.extents)) if nest.extents[dim] > 1]
    for outer, inner in permutations(several, 2):
        if (merged := _merged(nest, outer, inner)) is not None:
            return merge_reductions(merged)
    return nest


def _merged(nest: ForOp, outer: int, inner: int) -> ForOp | None:
    """The nest with one iterator for two, in the place of `outer`, if no load tells them apart."""
    extents = list(nest.extents)
    size = extents[inner]
    kept = [dim for dim in range(len(extents)) if dim != inner]
    extents[outer] *= size
    dims: list[AffineExpr] = [AffineDimExpr(0)] * len(extents)
    for position, dim in enumerate(kept):
        dims[dim] = AffineDimExpr(position)
    dims[outer], dims[inner] = dims[outer] // size, dims[outer] % size
    for load in nest.loads:
        before = load.map.data
        after = simplify_map(substitute(before, dims, len(kept)), [extents[dim] for dim in kept])
        if sum(map(_divisions, after.results)) > sum(map(_divisions, before.results)):
            return None
    names = [iterator.name_hint or "i" for iterator in nest.iterators]
    named = [(names[dim], extents[dim]) for dim in kept]
    count = len(nest.parallel_extents)
    builder = NestBuilder.of(named[:count], named[count:])
    return builder.finish(builder.inline(nest, dims), like=nest)


def _divisions(expr: AffineExpr) -> int:
    """How many divisions and remainders an expression has."""
    if not isinstance(expr, AffineBinaryOpExpr):
        return 0
    divides = expr.kind not in (AffineBinaryOpKind.Add, AffineBinaryOpKind.Mul)
    return divides + _divisions(expr.lhs) + _divisions(expr.rhs)
