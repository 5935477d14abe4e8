"""Row-major memory: which place indices mean, and which indices a place has."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir.affine import AffineExpr

from nopt.dialects.affine_math import simplify
from nopt.dialects.affine_points import Ranges


def place_of(indices: Sequence[AffineExpr], shape: Sequence[int]) -> AffineExpr:
    """The place of an element in a tensor of `shape`, in elements."""
    place: AffineExpr = AffineExpr.constant(0)
    for index, size in zip(indices, shape, strict=True):
        place = place * size + index
    return place


def indices_of(place: AffineExpr, shape: Sequence[int], ranges: Ranges) -> list[AffineExpr]:
    """The indices, in a tensor of `shape`, of the element at a place inside of it."""
    indices: list[AffineExpr] = []
    stride = 1
    for axis, size in reversed([*enumerate(shape)]):
        index = place // stride
        indices.append(simplify(index % size if axis else index, ranges))
        stride *= size
    return indices[::-1]
