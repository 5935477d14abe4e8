"""Between ISL's sets and functions, and affine expressions of dimensions `d0`, `d1`, …"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import islpy as isl
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_points import Ranges
from nopt.passes.analysis import function_of, isl_expr, relation_where, value_range

Exprs = tuple[AffineExpr, ...]

_SET = isl.dim_type.set


def numbers(*values: int) -> Exprs:
    return tuple(AffineConstantExpr(value) for value in values)


def dims(count: int, first: int = 0) -> Exprs:
    return tuple(AffineDimExpr(first + position) for position in range(count))


def relation(domain: isl.Set, exprs: Sequence[AffineExpr]) -> isl.Map:
    """From the points of a set to the values of expressions there."""
    return relation_where(domain.dim(_SET), [], exprs).intersect_domain(domain)


def values(domain: isl.Set, exprs: Sequence[AffineExpr]) -> isl.Set:
    """What expressions are at the points of a set."""
    return relation(domain, exprs).range()


def _names(count: int) -> str:
    return ", ".join(f"d{position}" for position in range(count))


def ranges_of(domain: isl.Set) -> Ranges:
    """The range of each dimension of a set that is not empty."""
    count = domain.dim(_SET)
    return {AffineDimExpr(dim): value_range(domain, dim) for dim in range(count)}


def moved(exprs: Sequence[AffineExpr], dims: Sequence[AffineExpr]) -> Exprs:
    """The expressions with others in the place of their dimensions."""
    return tuple(expr.replace_dims_and_symbols(dims, []) for expr in exprs)


def extreme_text(kind: str, exprs: Sequence[AffineExpr]) -> str:
    """The maximum or minimum of expressions in ISL's syntax."""
    return reduce(lambda left, right: f"{kind}({left}, {right})", map(isl_expr, exprs))


def only_value(domain: isl.Set, text: str) -> AffineExpr | None:
    """What a function in ISL's syntax is at all points of a set, if that is one expression."""
    function = isl.Map(f"{{ [{_names(domain.dim(_SET))}] -> [{text}] }}")
    found = function_of(function.intersect_domain(domain))
    return found[0] if found else None


class Image:
    """Where points are among a nest's iterators, one to one."""

    def __init__(self, points: isl.Map):
        """`points` takes each point to the iterators there."""
        self.points = points
        self._back, self._domain = points.reverse(), points.domain()
        self._found: dict[AffineExpr, AffineExpr | None] = {}

    def at(self, exprs: Exprs) -> Exprs | None:
        """Expressions of points by the iterators; None if one of them takes several expressions."""
        found = [self._at(expr) for expr in exprs]
        known = tuple(expr for expr in found if expr is not None)
        return known if len(known) == len(found) else None

    def _at(self, expr: AffineExpr) -> AffineExpr | None:
        if expr not in self._found:
            self._found[expr] = self._by_dims(expr) or self._by_values(expr)
        return self._found[expr]

    def _by_dims(self, expr: AffineExpr) -> AffineExpr | None:
        """The expression of what its dimensions are."""
        if isinstance(expr, AffineDimExpr):
            return None
        by: dict[int, AffineExpr] = {}
        for dim in expr.used_dims():
            one = self._at(AffineDimExpr(dim))
            if one is None:
                return None
            by[dim] = one
        count = self._domain.dim(_SET)
        return moved([expr], [by.get(dim, AffineDimExpr(dim)) for dim in range(count)])[0]

    def _by_values(self, expr: AffineExpr) -> AffineExpr | None:
        """The expression that has the same values."""
        found = function_of(self._back.apply_range(relation(self._domain, [expr])))
        return found[0] if found else None

    def where(self, domain: isl.Set) -> isl.Set:
        """The iterators at points whose first dimensions are in a set."""
        count = domain.dim(_SET)
        more = self._domain.dim(_SET) - count
        return self.points.intersect_domain(domain.insert_dims(_SET, count, more)).range()
