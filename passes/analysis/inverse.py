"""Index maps from ISL's relations, and from elements back to the points that reach them."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import islpy as isl
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from nopt.dialects.affine_math import Sum, dim_ranges, is_mixed_radix, to_sum


def function_of(relation: isl.Map) -> tuple[AffineExpr, ...] | None:
    """The single-valued relation as one affine map with divisions, if that is what it is.

    The map says nothing of other points than those of the relation.
    """
    pieces: list[isl.MultiAff] = []
    function = isl.PwMultiAff.from_map(relation).gist(relation.domain()).coalesce()
    function.foreach_piece(lambda _, piece: pieces.append(piece))
    if len(pieces) != 1:
        return None
    count = pieces[0].dim(isl.dim_type.out)
    return tuple(with_mod(affine_expr(pieces[0].get_aff(position))) for position in range(count))


def inverse_of_digits(
    exprs: Sequence[AffineExpr], extents: Sequence[int]
) -> tuple[AffineExpr, ...] | None:
    """The inverse of indices whose iterators are digits of them, as `is_mixed_radix` says."""
    ranges = dim_ranges(extents)
    if not is_mixed_radix(exprs, ranges):
        return None
    found: list[AffineExpr] = [AffineConstantExpr(0)] * len(extents)
    for axis, expr in enumerate(exprs):
        total = to_sum(expr, ranges)
        # What is left of the index once larger digits are taken away; it starts at 0.
        rest = AffineDimExpr(axis) + -total.range(ranges)[0]
        for dim, factor in sorted(total.terms.items(), key=lambda term: -abs(term[1])):
            assert isinstance(dim, AffineDimExpr)
            digit = rest // abs(factor) if abs(factor) > 1 else rest
            last = extents[dim.position] - 1
            found[dim.position] = digit if factor > 0 else digit * -1 + last
            rest = rest % abs(factor)
    return tuple(found)


def with_mod(expr: AffineExpr) -> AffineExpr:
    """`expr` with `x mod k` where ISL has `x - k * (x floordiv k)`: its range is then plain."""
    total = to_sum(expr, {})
    for atom, factor in total.terms.items():
        if not isinstance(atom, AffineBinaryOpExpr) or not isinstance(atom.rhs, AffineConstantExpr):
            continue
        times, rest = divmod(factor, atom.rhs.value)
        if atom.kind is not AffineBinaryOpKind.FloorDiv or rest:
            continue
        remainder = Sum({atom.lhs % atom.rhs.value: 1})
        whole = to_sum(atom.lhs, {}).add(remainder, -1)
        other = total.add(Sum({atom: factor}), -1).add(whole, times)
        if len(other.terms) < len(total.terms):
            return with_mod(other.expr())
    return total.expr()


def affine_expr(aff: isl.Aff) -> AffineExpr:
    """An affine function with its divisions; fractions are whole at the points that count."""
    terms: list[tuple[AffineExpr, isl.Val]] = [(AffineConstantExpr(1), aff.get_constant_val())]
    for position in range(aff.dim(isl.dim_type.in_)):
        value = aff.get_coefficient_val(isl.dim_type.in_, position)
        terms.append((AffineDimExpr(position), value))
    for position in range(aff.dim(isl.dim_type.div)):
        value = aff.get_coefficient_val(isl.dim_type.div, position)
        if not value.is_zero():
            terms.append((affine_expr(aff.get_div(position)), value))
    denominator = lcm(*(_denominator(value) for _, value in terms))
    total: AffineExpr = AffineConstantExpr(0)
    for expr, value in terms:
        if number := value.get_num_si() * (denominator // _denominator(value)):
            total = total + expr * number
    return total // denominator if denominator > 1 else total


def _denominator(value: isl.Val) -> int:
    return value.get_den_val().to_python()
