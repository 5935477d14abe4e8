"""What rewrites ask about the values of a graph."""

from typing import cast

from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph.layout import ConstantOp
from nopt.dialects.graph.types import Tensor


def tensor_of(value: SSAValue) -> Tensor:
    """The type of what a verified graph op takes or gives."""
    return cast(Tensor, value.type)


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of what a verified graph op takes or gives."""
    return tensor_of(value).get_shape()


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
