"""Which element each point of a nest stores, and back: inverses of index maps, by ISL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

import islpy as isl
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from nopt.dialects.affine_math import Sum, to_sum
from nopt.passes.affine.raising.reading import inside_text, set_text


@dataclass(frozen=True)
class Placement:
    """Where the points of a box are stored in a tensor, one to one."""

    inverse: tuple[AffineExpr, ...]
    """The point that an element of the tensor is stored at, if any."""
    fills: bool
    """Whether every element is stored."""
    exact: bool
    """Whether `inverse` leaves the box for every element that is not stored."""


def placement(index: Sequence[AffineExpr], extents: Sequence[int], shape: Sequence[int]):
    """The placement of `index` over a box into a tensor.

    Raises ValueError where elements are outside the tensor, or stored more than once.
    """
    points = [AffineDimExpr(position) for position in range(len(extents))]
    relation = isl.Map(set_text(len(extents), inside_text(points, extents), index or [_ZERO]))
    stored = relation.range()
    names = [AffineDimExpr(position) for position in range(max(len(shape), 1))]
    tensor = isl.Set(set_text(len(names), inside_text(names, shape or [1])))
    if not stored.is_subset(tensor):
        raise ValueError(f"stores outside of its {list(shape)} elements")
    if not relation.is_injective():
        raise ValueError(
            "stores to some element at different points of loops that its indices use; "
            "in a nest every element has one point"
        )
    inverse = _inverse(relation)
    reached = isl.Map(set_text(len(names), inside_text(names, shape or [1]), inverse or [_ZERO]))
    box = isl.Set(
        set_text(max(len(extents), 1), inside_text(inverse and points, extents) or _ORIGIN)
    )
    return Placement(
        inverse,
        fills=bool(stored.is_equal(tensor)),
        exact=bool(reached.intersect_range(box).domain().is_equal(stored)),
    )


_ZERO = AffineConstantExpr(0)
_ORIGIN = ["d0 = 0"]


def _inverse(relation: isl.Map) -> tuple[AffineExpr, ...]:
    """The inverse of a one-to-one relation. Raises ValueError if it is not one affine map."""
    pieces: list[isl.MultiAff] = []
    stored = relation.range()
    function = isl.PwMultiAff.from_map(relation.reverse()).gist(stored).coalesce()
    function.foreach_piece(lambda _, piece: pieces.append(piece))
    if len(pieces) != 1:
        raise ValueError("stores in an order whose inverse is not one affine map")
    count = pieces[0].dim(isl.dim_type.out)
    return tuple(_with_mod(_expr(pieces[0].get_aff(position))) for position in range(count))


def _with_mod(expr: AffineExpr) -> AffineExpr:
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
            return _with_mod(other.expr())
    return total.expr()


def _expr(aff: isl.Aff) -> AffineExpr:
    """An affine function with its divisions; fractions are whole at the points that count."""
    terms: list[tuple[AffineExpr, isl.Val]] = [(AffineConstantExpr(1), aff.get_constant_val())]
    for position in range(aff.dim(isl.dim_type.in_)):
        value = aff.get_coefficient_val(isl.dim_type.in_, position)
        terms.append((AffineDimExpr(position), value))
    for position in range(aff.dim(isl.dim_type.div)):
        value = aff.get_coefficient_val(isl.dim_type.div, position)
        if not value.is_zero():
            terms.append((_expr(aff.get_div(position)), value))
    denominator = lcm(*(_denominator(value) for _, value in terms))
    total: AffineExpr = AffineConstantExpr(0)
    for expr, value in terms:
        if number := value.get_num_si() * (denominator // _denominator(value)):
            total = total + expr * number
    return total // denominator if denominator > 1 else total


def _denominator(value: isl.Val) -> int:
    return value.get_den_val().to_python()
