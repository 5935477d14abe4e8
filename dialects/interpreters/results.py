"""What the interpreters of the ops of `graph` share."""

from collections.abc import Iterator
from math import prod

import numpy as np

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import GraphOp

_BLOCK = 1 << 16
"""The most elements of a block."""


def result(op: GraphOp, value: Array) -> tuple[Array]:
    """The value in the result's element type; integers keep their low bits."""
    return (np.asarray(value).astype(numpy_type(op.result.type.element_type), copy=False),)


def is_float(array: Array) -> bool:
    """Whether the elements are floats."""
    return np.issubdtype(array.dtype, np.floating)


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Slices of an array's leading axes that together are all of it, each of what a cache holds:
    several operations in turn are faster so."""
    if (size := prod(shape)) <= _BLOCK:
        yield ()
        return
    extent, *rest = shape
    step = max(1, _BLOCK * extent // size)
    for first in range(0, extent, step):
        for inner in blocks(tuple(rest)):
            yield (slice(first, first + step), *inner)


def rounded_mean(total: Array, count: Array | int) -> Array:
    """total / count of integers, rounded half up."""
    return (2 * total + count) // (2 * count)
