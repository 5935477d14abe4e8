"""Attributes that are one number for a whole tensor, or a vector with one for each index along
an axis."""

import numpy as np
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, TensorType
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.constants import Array, ConstantAttr, array_of
from nopt.dialects.graph import types as rules
from nopt.dialects.graph.types import Tensor


def aligned(
    what: str,
    factor: IntegerAttr | FloatAttr | ConstantAttr,
    axis: IntegerAttr | None,
    shape: tuple[int, ...],
    element: Attribute,
) -> Array:
    """The numbers, in a shape that broadcasts to `shape`.

    A vector has elements of type `element`. Raises VerifyException if it has others, or another
    length than the axis."""
    if isinstance(factor, IntegerAttr | FloatAttr):
        return np.array(factor.value.data)
    try:
        values = array_of(factor)
    except ValueError as error:
        raise VerifyException(f"{what}: {error}") from error
    if axis is None:
        rules.refuse("axis", "is missing", f"0 to {len(shape) - 1} for a vector")
    along = axis.value.data
    rules.check_axis("axis", along, len(shape))
    expected: Tensor = TensorType(element, [shape[along]])
    if factor.get_type() != expected:
        rules.refuse(what, f"has type {factor.get_type()}", expected)
    return values.reshape([size if i == along else 1 for i, size in enumerate(shape)])
