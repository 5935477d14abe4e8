"""What the interpreters of the ops of `graph` share."""

from collections.abc import Iterator
from math import prod

import numpy as np

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import GraphOp


def result(op: GraphOp, value: Array) -> tuple[Array]:
    """The value in the result's element type; integers keep their low bits."""
    return (np.asarray(value).astype(numpy_type(op.result.type.element_type), copy=False),)


def is_float(array: Array) -> bool:
    """Whether the elements are floats."""
    return np.issubdtype(array.dtype, np.floating)


def blocks(shape: tuple[int, ...], limit: int = 1 << 16) -> Iterator[tuple[slice, ...]]:
    """Slices of an array's leading axes that together are all of it, each of at most so many
    elements: several operations in turn are faster on what a cache holds."""
    if (size := prod(shape)) <= limit:
        yield ()
        return
    extent, *rest = shape
    step = max(1, limit * extent // size)
    for first in range(0, extent, step):
        for inner in blocks(tuple(rest), limit):
            yield (slice(first, first + step), *inner)


def rounded_mean(total: Array, count: Array | int) -> Array:
    """total / count of integers, rounded half up."""
    return (2 * total + count) // (2 * count)
