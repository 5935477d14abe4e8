"""Exact questions about index maps, answered by ISL; memoised."""

from __future__ import annotations

from functools import cache

import islpy as isl
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)


def isl_expr(expr: AffineExpr) -> str:
    """`expr` in ISL's syntax, dimension i named `d<i>`."""
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


def _box(extents: tuple[int, ...], name: str) -> str:
    return " and ".join(f"0 <= {name}{i} < {extent}" for i, extent in enumerate(extents)) or "true"


def access_relation(map: AffineMap, extents: tuple[int, ...]) -> isl.Map:
    """The relation from each point of the box `extents` to the index that `map` gives it."""
    dims = ", ".join(f"d{i}" for i in range(len(extents)))
    results = ", ".join(isl_expr(result) for result in map.results)
    return isl.Map(f"{{ [{dims}] -> [{results}] : {_box(extents, 'd')} }}")


@cache
def is_bijection(map: AffineMap, extents: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether `map` takes the points of `extents` one to one onto all indices of `shape`."""
    relation = access_relation(map, extents)
    dims = ", ".join(f"s{i}" for i in range(len(shape)))
    whole = isl.Set(f"{{ [{dims}] : {_box(shape, 's')} }}")
    return bool(relation.is_injective()) and bool(relation.range().is_equal(whole))


Access = tuple[AffineMap, tuple[int, ...]]
"""An index map, and the box of points that it is applied to."""


@cache
def are_disjoint(one: Access, other: Access) -> bool:
    """Whether no index is accessed by both."""
    return bool(access_relation(*one).range().is_disjoint(access_relation(*other).range()))
