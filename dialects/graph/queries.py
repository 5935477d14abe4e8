"""What rewrites ask about the values of a graph."""

from typing import cast

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph.moves import ConstantOp
from nopt.dialects.graph.pieces import GatherOp
from nopt.dialects.shaped import shape_of


def constant_of(value: SSAValue) -> Array | None:
    """The elements of a constant."""
    return value.owner.array if isinstance(value.owner, ConstantOp) else None


def splat_of(value: SSAValue) -> int | float | None:
    """The one number that all elements of a constant are."""
    array = constant_of(value)
    if array is None:
        return None
    first = array.flat[0]
    return first.item() if bool((array == first).all()) else None


def progression(values: Array) -> tuple[int, tuple[int, ...]] | None:
    """The first of some integers and their step along each axis, if each axis has one step."""
    first = int(values.flat[0])
    seconds = [tuple(int(i == axis) for i in range(values.ndim)) for axis in range(values.ndim)]
    steps = tuple(
        int(values[second]) - first if size > 1 else 0
        for second, size in zip(seconds, values.shape, strict=True)
    )
    grid = cast(Array, np.indices(values.shape))
    found: Array = first + np.tensordot(np.array(steps), grid, axes=1)
    return (first, steps) if np.array_equal(found, values) else None


def gathered(op: GatherOp) -> tuple[int, tuple[int, ...]] | None:
    """The `progression` of what constant indices choose, counted from the start of the axis."""
    chosen = constant_of(op.indices)
    size = shape_of(op.input)[op.axis.value.data]
    if chosen is None or not chosen.size or not ((chosen >= -size) & (chosen < size)).all():
        return None
    return progression(chosen % size)
