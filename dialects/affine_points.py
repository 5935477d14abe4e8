"""Affine expressions at points: their values, and the ranges of sums that have few points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


Value: TypeAlias = IndexArray | int
"""Of a variable, or of an expression: an array of points, or the same at each."""

Function: TypeAlias = Callable[[Sequence[Value], Sequence[Value]], Value]
"""From values of dimensions and of symbols, which broadcast together, to that of an expression."""

_KINDS: dict[AffineBinaryOpKind, Callable[[Value, Value], Value]] = {
    AffineBinaryOpKind.Add: lambda left, right: left + right,
    AffineBinaryOpKind.Mul: lambda left, right: left * right,
    AffineBinaryOpKind.FloorDiv: lambda left, right: left // right,
    AffineBinaryOpKind.CeilDiv: lambda left, right: -(-left // right),
    AffineBinaryOpKind.Mod: lambda left, right: left % right,
}


def evaluate(
    expr: AffineExpr, dims: Sequence[Value], symbols: Sequence[Value] = ()
) -> IndexArray | int:
    """Value of `expr` for arrays of dimensions and symbols, broadcast together.

    Raises ValueError for what is no affine expression."""
    return function_of(expr)(dims, symbols)


def function_of(expr: AffineExpr) -> Function:
    """What `evaluate` does, for an expression that is evaluated many times.

    Raises ValueError for what is no affine expression."""
    match expr:
        case AffineConstantExpr():
            value = expr.value
            return lambda dims, symbols: value
        case AffineDimExpr():
            position = expr.position
            return lambda dims, symbols: dims[position]
        case AffineSymExpr():
            position = expr.position
            return lambda dims, symbols: symbols[position]
        case AffineBinaryOpExpr():
            kind, left, right = _KINDS[expr.kind], function_of(expr.lhs), function_of(expr.rhs)
            return lambda dims, symbols: kind(left(dims, symbols), right(dims, symbols))
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
