"""Parts of tensors in blocks of channels: the core stores whole blocks only."""

from __future__ import annotations

from xdsl.ir.affine import AffineDimExpr, AffineMap

from nopt.dialects.affine_nest import ForOp
from nopt.passes.analysis import Access, access, access_of


def writes_blocks(nest: ForOp, axis: int, block: int) -> bool:
    """Whether a nest may write whole blocks along a dimension of its result.

    Its part begins with a block. If it does not end with one, what follows in the block is beyond
    the tensor, or unspecified before and after.
    """
    written = access_of(nest)
    low, high = written.bounds[axis]
    end = high + 1
    if low % block:
        return False
    if end % block == 0 or end == nest.result_shape[axis]:
        return True
    return not _may_hold(nest, _stretched(written, axis, range(end, -(-end // block) * block)))


def _stretched(written: Access, axis: int, indices: range) -> Access:
    """The same places, but at all given indices of a dimension."""
    places = list(written.map.results)
    places[axis] = AffineDimExpr(len(written.extents)) + indices.start
    extents = (*written.extents, len(indices))
    return access(AffineMap(len(extents), 0, tuple(places)), extents)


def _may_hold(nest: ForOp, places: Access) -> bool:
    """Whether a nest's destination may have an element at some of the places."""
    value = nest.destination
    while value is not None:
        if not isinstance(value.owner, ForOp) or not access_of(value.owner).is_disjoint(places):
            return True
        value = value.owner.destination
    return False
