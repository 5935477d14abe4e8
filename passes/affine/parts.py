"""Parts of tensors in blocks of channels: the core stores whole blocks only."""

from __future__ import annotations

from nopt.dialects.affine_math import expr_range
from nopt.dialects.affine_nest import ForOp


def writes_blocks(nest: ForOp, axis: int, block: int) -> bool:
    """Whether a nest may write whole blocks along a dimension of its result.

    Its part begins with a block. If it does not end with one, what follows in the block is beyond
    the tensor, or unspecified before and after.
    """
    low, high = expr_range(nest.places.results[axis], nest.ranges)
    end = high + 1
    if low % block:
        return False
    if end % block == 0 or end == nest.result_shape[axis]:
        return True
    return not _is_written(nest, axis, end, -(-end // block) * block)


def _is_written(nest: ForOp, axis: int, first: int, end: int) -> bool:
    """Whether indices of the destination in [first, end) may have been written by anyone."""
    value = nest.destination
    while value is not None:
        if not isinstance(value.owner, ForOp):
            return True
        low, high = expr_range(value.owner.places.results[axis], value.owner.ranges)
        if low < end and high >= first:
            return True
        value = value.owner.destination
    return False
