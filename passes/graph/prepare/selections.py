"""Channels chosen from a tensor, in any order: slices along channels, and shuffles.

A shuffle is a reshape that divides the channels, a transpose that exchanges the parts, and a
reshape back.
"""

from __future__ import annotations

import numpy as np
from xdsl.ir import Operation, SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import ReshapeOp, SliceOp, TransposeOp
from nopt.dialects.shaped import shape_of


def selection_of(op: Operation) -> tuple[SSAValue, Array] | None:
    """The image that an op only chooses channels from, and which one each of its channels is.

    Selections of selections are one."""
    found = shuffle_of(op) if isinstance(op, ReshapeOp) else _slice(op)
    if found is None:
        return None
    source, channels = found
    if isinstance(source.owner, Operation) and (inner := selection_of(source.owner)) is not None:
        return inner[0], inner[1][channels]
    return found


def shuffle_of(op: ReshapeOp) -> tuple[SSAValue, Array] | None:
    """The image behind a shuffle, and which of its channels each channel of the result is."""
    if not isinstance(transpose := op.input.owner, TransposeOp) or not op.input.has_one_use():
        return None
    split = transpose.input.owner
    if not isinstance(split, ReshapeOp) or not transpose.input.has_one_use():
        return None
    shape, parts = shape_of(split.input), split.result.type.get_shape()
    order = [*transpose.permutation.get_values()]
    ends = [0, *range(len(parts) - 2, len(parts))]
    if len(shape) != 4 or op.result.type != split.input.type or len(parts) < 4:
        return None
    if [parts[end] for end in ends] != [shape[axis] for axis in (0, 2, 3)]:
        return None
    if order[:1] + order[-2:] != ends:
        return None
    channels = np.arange(shape[1]).reshape(parts[1:-2])
    return split.input, channels.transpose([axis - 1 for axis in order[1:-2]]).reshape(-1)


def _slice(op: Operation) -> tuple[SSAValue, Array] | None:
    """The image that channels are cut from."""
    if not isinstance(op, SliceOp) or len(shape_of(op.input)) != 4:
        return None
    shape = shape_of(op.input)
    if [n for axis, n in enumerate(shape_of(op.result)) if axis != 1] != [shape[0], *shape[2:]]:
        return None
    return op.input, np.arange(shape[1])[op.ranges[1]]
