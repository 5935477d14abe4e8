"""Affine expressions at points: their values, and the ranges of sums that have few points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TypeAlias

import numpy as np
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)

Range = tuple[int, int]
"""Smallest and largest value, both included."""

Ranges = Mapping[AffineExpr, Range]
"""What is known of the variables: a range for each dimension and symbol expression."""

Terms: TypeAlias = dict[AffineExpr, int]
"""A sum of atoms times numbers."""

_Variable: TypeAlias = AffineDimExpr | AffineSymExpr

IndexArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def evaluate(
    expr: AffineExpr, dims: Sequence[IndexArray | int], symbols: Sequence[IndexArray | int] = ()
) -> IndexArray | int:
    """Value of `expr` for arrays of dimensions and symbols, broadcast together.

    Raises ValueError for what is no affine expression."""
    match expr:
        case AffineConstantExpr():
            return expr.value
        case AffineDimExpr():
            return dims[expr.position]
        case AffineSymExpr():
            return symbols[expr.position]
        case AffineBinaryOpExpr():
            left = evaluate(expr.lhs, dims, symbols)
            right = evaluate(expr.rhs, dims, symbols)
            match expr.kind:
                case AffineBinaryOpKind.Add:
                    return left + right
                case AffineBinaryOpKind.Mul:
                    return left * right
                case AffineBinaryOpKind.FloorDiv:
                    return left // right
                case AffineBinaryOpKind.CeilDiv:
                    return -(-left // right)
                case AffineBinaryOpKind.Mod:
                    return left % right
        case _:
            raise ValueError(f"{expr} is not an affine expression")


def independent(terms: Terms) -> list[Terms]:
    """A sum's terms in parts that share no variable."""
    if not any(isinstance(atom, AffineBinaryOpExpr) for atom in terms):
        return [{atom: coefficient} for atom, coefficient in terms.items()]
    parts: list[tuple[set[_Variable], Terms]] = []
    for atom, coefficient in terms.items():
        variables, part = _variables(atom), {atom: coefficient}
        for other in [each for each in parts if each[0] & variables]:
            parts.remove(other)
            variables, part = variables | other[0], {**other[1], **part}
        parts.append((variables, part))
    return [part for _, part in parts]


def _variables(expr: AffineExpr) -> set[_Variable]:
    return {each for each in expr.dfs() if isinstance(each, AffineDimExpr | AffineSymExpr)}


_FEW = 1 << 16
"""So many points are evaluated to know a range."""


def exact_range(terms: Terms, ranges: Ranges) -> Range | None:
    """Of a sum whose atoms share variables, by all points; None of one atom, or of many points."""
    if len(terms) < 2:
        return None
    variables = list({each for atom in terms for each in _variables(atom)})
    known = [ranges[each] for each in variables if each in ranges]
    if len(known) < len(variables) or prod(high - low + 1 for low, high in known) > _FEW:
        return None
    grid = np.ogrid[tuple(slice(low, high + 1) for low, high in known)]
    points = dict(zip(variables, grid, strict=True))
    count = 1 + max(each.position for each in variables)
    dims = [points.get(AffineDimExpr(i), 0) for i in range(count)]
    symbols = [points.get(AffineSymExpr(i), 0) for i in range(count)]
    values = sum(evaluate(atom, dims, symbols) * factor for atom, factor in terms.items())
    return int(np.min(values)), int(np.max(values))
