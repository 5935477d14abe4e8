"""Which numbers an index takes over a box, where that needs no ISL."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineExpr,
)

from nopt.dialects.affine_math import Sum, to_sum
from nopt.dialects.affine_points import Ranges


@dataclass(frozen=True)
class Span:
    """The least and the largest number, and whether all between them are taken, too."""

    low: int
    high: int
    whole: bool


def span_of(total: Sum, ranges: Ranges) -> Span | None:
    """What a canonical sum takes over the box; None if its terms are not simple enough to tell.

    Terms that share no dimension vary freely: the sum takes all numbers if none of its factors is
    larger than what the terms of smaller factors reach, plus 1.
    """
    seen: set[int] = set()
    parts: list[tuple[int, int]] = []
    low = total.constant
    for atom, factor in total.terms.items():
        part = _atom_span(atom, ranges)
        if part is None or seen & atom.used_dims():
            return None
        seen |= atom.used_dims()
        low += min(factor * part.low, factor * part.high)
        parts.append((abs(factor), part.high - part.low))
    reach, whole = 0, True
    for factor, steps in sorted(parts):
        whole = whole and factor <= reach + 1
        reach += factor * steps
    return Span(low, low + reach, whole)


def _atom_span(atom: AffineExpr, ranges: Ranges) -> Span | None:
    """What a term without its factor takes; None if that is not a whole interval."""
    if not isinstance(atom, AffineBinaryOpExpr):
        return Span(*ranges[atom], True)
    assert isinstance(atom.rhs, AffineConstantExpr)
    inner, divisor = span_of(to_sum(atom.lhs, ranges), ranges), atom.rhs.value
    if inner is None or not inner.whole:
        return None
    if atom.kind is AffineBinaryOpKind.FloorDiv:
        return Span(inner.low // divisor, inner.high // divisor, True)
    return Span(0, divisor - 1, True) if inner.high - inner.low >= divisor - 1 else None
