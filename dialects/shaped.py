"""Tensors and memrefs of any element type: whether a type is one, and the type of what is one.

xDSL's `isa` builds a constraint at each call, which takes longer than most verifiers do; these are
asked for every operand of every op after every pass.
"""

from math import prod
from typing import TypeGuard

from xdsl.dialects.builtin import MemRefType, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

MOST_ELEMENTS = 1 << 31
"""Elements of the largest tensor. The points of a product of two such are fewer than 2^63."""


def check_elements(type: TensorType[Attribute]) -> None:
    """Raises VerifyException for a tensor of more than `MOST_ELEMENTS`."""
    if prod(type.get_shape()) > MOST_ELEMENTS:
        raise VerifyException(f"{type} found, expected at most {MOST_ELEMENTS} elements")


def is_tensor(type: Attribute) -> TypeGuard[TensorType[Attribute]]:
    """Whether a type is a tensor of known rank."""
    return isinstance(type, TensorType)


def is_memref(type: Attribute) -> TypeGuard[MemRefType[Attribute]]:
    """Whether a type is a memref of known rank."""
    return isinstance(type, MemRefType)


def tensor_of(value: SSAValue) -> TensorType[Attribute]:
    """The type of a value that a verified op takes or gives as a tensor."""
    type = value.type
    assert is_tensor(type)
    return type


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The sizes of a value that a verified op takes or gives as a tensor or memref."""
    type = value.type
    assert is_tensor(type) or is_memref(type)
    return type.get_shape()
