"""Index maps as relations of ISL. Dimension i is named `d<i>`."""

from __future__ import annotations

from collections.abc import Sequence

import islpy as isl
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)


def isl_expr(expr: AffineExpr) -> str:
    """`expr` in ISL's syntax. Raises ValueError for one with a symbol."""
    match expr:
        case AffineConstantExpr():
            return str(expr.value)
        case AffineDimExpr():
            return f"d{expr.position}"
        case AffineBinaryOpExpr():
            left, right = isl_expr(expr.lhs), isl_expr(expr.rhs)
            match expr.kind:
                case AffineBinaryOpKind.Add:
                    return f"({left} + {right})"
                case AffineBinaryOpKind.Mul:
                    return f"({left} * {right})"
                case AffineBinaryOpKind.FloorDiv:
                    return f"floor({left} / {right})"
                case AffineBinaryOpKind.CeilDiv:
                    return f"ceil({left} / {right})"
                case AffineBinaryOpKind.Mod:
                    return f"({left} mod {right})"
        case _:
            raise ValueError(f"{expr} has a symbol; expected dimensions only")


def are_inside(exprs: Sequence[AffineExpr], shape: Sequence[int]) -> list[str]:
    """Conditions that indices are inside a shape."""
    return [f"0 <= {isl_expr(e)} < {size}" for e, size in zip(exprs, shape, strict=True)]


def _points(dims: int) -> str:
    return "[" + ", ".join(f"d{i}" for i in range(dims)) + "]"


def _where(conditions: Sequence[str]) -> str:
    return " and ".join(conditions) or "true"


def points_where(dims: int, conditions: Sequence[str]) -> isl.Set:
    """The points of so many dimensions that meet all conditions."""
    return isl.Set(f"{{ {_points(dims)} : {_where(conditions)} }}")


def box_of(shape: Sequence[int]) -> isl.Set:
    """All indices of a shape."""
    return points_where(
        len(shape), are_inside([AffineDimExpr(i) for i in range(len(shape))], shape)
    )


def relation_where(dims: int, conditions: Sequence[str], exprs: Sequence[AffineExpr]) -> isl.Map:
    """From each point that meets all conditions to the values of `exprs` there."""
    values = ", ".join(map(isl_expr, exprs))
    return isl.Map(f"{{ {_points(dims)} -> [{values}] : {_where(conditions)} }}")


def value_range(set: isl.Set, dim: int) -> tuple[int, int]:
    """Smallest and largest value of a dimension."""
    return set.dim_min_val(dim).to_python(), set.dim_max_val(dim).to_python()
