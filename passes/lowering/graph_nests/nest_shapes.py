"""What the patterns share: iterators and indices for the shapes of tensors."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Attribute, SSAValue
from xdsl.ir.affine import AffineExpr

from nopt.dialects import graph
from nopt.dialects.graph.types import INTEGERS
from nopt.dialects.shaped import shape_of

_LETTERS = "nchw"


def parallel(shape: Sequence[int]) -> dict[str, int]:
    """One parallel iterator a dimension: n, c, h, w for images, i0, i1, … otherwise."""
    names = _LETTERS if len(shape) == 4 else [f"i{axis}" for axis in range(len(shape))]
    return dict(zip(names, shape, strict=True))


def is_float(type: Attribute) -> bool:
    """Whether elements of this type are floats."""
    return isinstance(type, AnyFloat)


def gives_integers(op: graph.GraphOp) -> bool:
    """Whether an op's result is of integers."""
    return op.result.type.element_type in INTEGERS


def broadcast(operand: SSAValue, dims: Sequence[AffineExpr]) -> list[AffineExpr | int]:
    """The indices of an operand whose shape broadcasts to that of `dims`."""
    own = shape_of(operand)
    inner = dims[len(dims) - len(own) :]
    return [dim if size > 1 else 0 for dim, size in zip(inner, own, strict=True)]
