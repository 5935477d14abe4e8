"""Tensors as the core sees them: row-major memory, in vectors of whole blocks.

A tensor whose last dimension divides by the block holds vectors as it is: `[h, b * 16 + lane]` of a
`tensor<128x768xi8>` is `[h, b, lane]` of a `tensor<128x48x16xi8>`, the same byte. Nests index
tensors of the network; what reads their indices for the core asks here for those of the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import simplify, to_sum
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_points import Ranges


@dataclass(frozen=True)
class Vectors:
    """A tensor with dimensions divided, of the same bytes, and indices into it."""

    indices: tuple[AffineExpr, ...]
    shape: tuple[int, ...]


def in_vectors(vectors: Vectors, ranges: Ranges, block: int, lanes: int = 1) -> Vectors:
    """The same with `lanes` dimensions of lanes innermost, divided from others where they divide.

    Matrices of weights have two. What does not divide stays as it is.
    """
    indices, shape = [*vectors.indices], [*vectors.shape]
    inner: list[tuple[AffineExpr, int]] = []
    while len(inner) < lanes and indices:
        index, size = indices.pop(), shape.pop()
        if size == 1 and simplify(index, ranges) == AffineExpr.constant(0):
            continue
        if size > block and size % block == 0:
            indices.append(simplify(index // block, ranges))
            shape.append(size // block)
            index, size = simplify(index % block, ranges), block
        inner.insert(0, (index, size))
    return Vectors(
        (*indices, *(index for index, _ in inner)), (*shape, *(size for _, size in inner))
    )


def stored_box(nest: ForOp, block: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The result's shape with a dimension for each parallel iterator; where its first point goes.

    None if no dividing of dimensions makes what is written a box in the order of the iterators.
    """
    ranges, extents = nest.ranges, nest.parallel_extents
    vectors = in_vectors(Vectors(nest.places.results, nest.result_shape), ranges, block)
    shape: list[int] = []
    first: list[int] = []

    def pass_units(until: int) -> bool:
        """Iterators of one point move nothing: a dimension of one for each before another."""
        units = extents[len(shape) : until]
        shape.extend(units)
        first.extend([0] * len(units))
        return len(shape) == until and all(extent == 1 for extent in units)

    for index, size in zip(vectors.indices, vectors.shape, strict=True):
        total = to_sum(index, ranges)
        digits = sorted(total.terms.items(), key=lambda term: term[1], reverse=True)
        if not digits:
            if extents[len(shape) : len(shape) + 1] == (1,):
                shape.append(size)
                first.append(total.constant)
            elif size > 1:
                return None
            continue
        iterators = [atom.position for atom, _ in digits if isinstance(atom, AffineDimExpr)]
        factors = [factor for _, factor in digits]
        steps = [extents[i] for i in iterators[1:]]
        # Digits of one number: each factor is what the smaller digits together count to.
        pairs = zip(pairwise(factors), steps, strict=True)
        whole = all(high == low * step for (high, low), step in pairs)
        top = factors[0]
        if len(iterators) < len(digits) or not whole or factors[-1] != 1:
            return None
        if size % top or total.constant % top:
            return None
        for i, extent in zip(iterators, (size // top, *steps), strict=True):
            if not pass_units(i):
                return None
            shape.append(extent)
            first.append(0 if i != iterators[0] else total.constant // top)
    if not pass_units(len(extents)) or not shape or first[-1] or shape[-1] != extents[-1]:
        return None
    return tuple(shape), tuple(first)
