"""Nests whose iterators run in the order of what they write: the core stores boxes, row by row."""

from __future__ import annotations

from xdsl.ir.affine import AffineConstantExpr, AffineExpr, AffineMap

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.passes.analysis import access_of


def in_order(nest: ForOp) -> ForOp | None:
    """The same nest, its parallel iterators in the order of the result's dimensions.

    Not inserted; None if they are, or if some index is more than an iterator plus a number.
    """
    written = access_of(nest)
    if written.shift is not None:
        return None
    named = nest.named_parallel
    parallel = [(f"i{axis}", 1) for axis in range(len(nest.result_shape))]
    axes: dict[int, int] = {}
    for iterator, (name, extent) in enumerate(named):
        if extent == 1:
            continue
        if (found := written.along(iterator)) is None:
            return None
        axes[iterator] = found[0]
        parallel[found[0]] = name, extent
    builder = NestBuilder.of(parallel, nest.named_reduction)
    own, reduction = builder.dims[: len(parallel)], builder.dims[len(parallel) :]
    points: list[AffineExpr] = [AffineConstantExpr(0)] * len(named)
    for iterator, axis in axes.items():
        points[iterator] = own[axis]
    first = [low for low, _ in written.bounds]
    places = tuple(dim + low for dim, low in zip(own, first, strict=True))
    place = Place(AffineMap(len(own), 0, places), nest.result.type, nest.destination)
    return builder.finish(builder.inline(nest, [*points, *reduction]), nest, place)
