"""What the interpreters of the ops of `graph` share."""

import numpy as np

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import GraphOp


def result(op: GraphOp, value: Array) -> tuple[Array]:
    """The value in the result's element type; integers keep their low bits."""
    return (np.asarray(value).astype(numpy_type(op.result.type.element_type), copy=False),)


def is_float(array: Array) -> bool:
    """Whether the elements are floats."""
    return np.issubdtype(array.dtype, np.floating)


def rounded_mean(total: Array, count: Array | int) -> Array:
    """total / count of integers, rounded half up."""
    return (2 * total + count) // (2 * count)
