"""Iterators cut into digits, so that no index divides them: what a reshape is, seen from inside.

`[%c floordiv 64, %c mod 64]` is `[%c1, %c0]` for `%c = %c1 * 64 + %c0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from nopt.dialects.affine_math import dim_ranges, simplify, to_sum


@dataclass(frozen=True)
class Digits:
    """Indices over a box of digits instead of one of iterators; both have the same points."""

    exprs: tuple[AffineExpr, ...]
    extents: tuple[int, ...]
    points: tuple[AffineExpr, ...]
    """Each iterator, by the digits; 0 where it has one value."""
    iterators: tuple[int, ...]
    """For each digit, which iterator it is of. Those of one are neighbours, largest first."""

    def cut(self, digit: int, divisor: int) -> Digits:
        """Cut a digit into two, the second one below `divisor`, which must divide its extent."""
        count = len(self.extents)
        dims: list[AffineExpr] = [AffineDimExpr(i if i <= digit else i + 1) for i in range(count)]
        dims[digit] = dims[digit] * divisor + AffineDimExpr(digit + 1)
        outer = self.extents[digit] // divisor
        extents = (*self.extents[:digit], outer, divisor, *self.extents[digit + 1 :])
        ranges = dim_ranges(extents)

        def moved(exprs: Sequence[AffineExpr]) -> tuple[AffineExpr, ...]:
            return tuple(simplify(e.replace_dims_and_symbols(dims, []), ranges) for e in exprs)

        of = self.iterators[digit : digit + 1]
        iterators = (*self.iterators[:digit], *of, *of, *self.iterators[digit + 1 :])
        return Digits(moved(self.exprs), extents, moved(self.points), iterators)


def digits_of(exprs: Sequence[AffineExpr], extents: Sequence[int]) -> Digits:
    """The digits of iterators that make indices divide least; `exprs` are in canonical form."""
    dims = tuple(AffineDimExpr(i) for i in range(len(extents)))
    digits = Digits(tuple(exprs), tuple(extents), dims, tuple(range(len(extents))))
    while (cut := useful_cut(digits.exprs, digits.extents)) is not None:
        digits = digits.cut(*cut)
    return digits


def useful_cut(
    exprs: Sequence[AffineExpr], extents: Sequence[int], first: int = 0
) -> tuple[int, int] | None:
    """An iterator, and by what to cut it so that indices divide less; None if there is none.

    It is one of those from `first` on.
    """
    digits = Digits(tuple(exprs), tuple(extents), (), ())
    before = len([*_divisions(exprs)])
    for cut in dict.fromkeys(_cuts(exprs, extents)):
        if cut[0] >= first and len([*_divisions(digits.cut(*cut).exprs)]) < before:
            return cut
    return None


def _divisions(exprs: Sequence[AffineExpr]) -> Iterator[AffineBinaryOpExpr]:
    for expr in exprs:
        for part in expr.dfs():
            if isinstance(part, AffineBinaryOpExpr) and part.kind in (
                AffineBinaryOpKind.FloorDiv,
                AffineBinaryOpKind.Mod,
            ):
                yield part


def _cuts(exprs: Sequence[AffineExpr], extents: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Iterators inside divisions, and the divisors that their factors leave."""
    ranges = dim_ranges(extents)
    for part in _divisions(exprs):
        assert isinstance(part.rhs, AffineConstantExpr)
        for dim, factor in to_sum(part.lhs, ranges).terms.items():
            divisor = part.rhs.value // gcd(part.rhs.value, factor)
            if isinstance(dim, AffineDimExpr) and divisor > 1:
                whole, rest = divmod(extents[dim.position], divisor)
                if whole > 1 and not rest:
                    yield dim.position, divisor
