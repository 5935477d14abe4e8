"""Whether a type is a tensor or a memref, of any element type.

xDSL's `isa` builds a constraint at each call, which takes longer than most verifiers do; these are
asked for every operand of every op after every pass.
"""

from typing import TypeGuard

from xdsl.dialects.builtin import MemRefType, TensorType
from xdsl.ir import Attribute


def is_tensor(type: Attribute) -> TypeGuard[TensorType[Attribute]]:
    """Whether a type is a tensor of known rank."""
    return isinstance(type, TensorType)


def is_memref(type: Attribute) -> TypeGuard[MemRefType[Attribute]]:
    """Whether a type is a memref of known rank."""
    return isinstance(type, MemRefType)
