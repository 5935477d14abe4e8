"""Where a nest computes: elements, the points of its reductions, and iterators for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import islpy as isl
from xdsl.ir.affine import AffineExpr

from nopt.passes.raising.loops.isl_maps import Exprs, dims, relation
from nopt.passes.raising.loops.loop_program import Loop, Program, Scope, loads_of
from nopt.passes.raising.loops.signatures import Part, Points, form, united
from nopt.passes.raising.nests.coordinates import (
    Candidate,
    Parallel,
    Reduced,
    parallel_boxes,
    reduced_box,
)
from nopt.passes.raising.nests.loop_reductions import Fold, Term


@dataclass(frozen=True)
class Piece:
    """Terms of a reduction that are combined at the same points."""

    terms: tuple[Term, ...]
    points: Points
    loops: tuple[Loop, ...]
    """The loops whose variables are the first dimensions of the points."""

    def is_beside(self, other: Piece) -> bool:
        """Whether two pieces are for the same points of the same or of equal loops."""
        plain = not self.points.loads and not other.points.loads
        return plain and bool(self.points.domain.is_equal(other.points.domain))

    def candidates(self, program: Program) -> list[Candidate]:
        """The indices of loads, named after the loop that moves them if it is one."""
        found: list[Candidate] = []
        for load in loads_of(program, [term.value for term in self.terms]):
            known = all(a is b for a, b in zip(load.loops, self.loops, strict=False))
            own = load.index if known and len(load.loops) <= len(self.loops) else ()
            exprs = self.points.loads.get(load.value, own)
            for written, expr in zip(load.index, exprs, strict=False):
                moving = list(written.used_dims())
                found.append((load.loops[moving[0]].name if len(moving) == 1 else "k", expr))
        return found


@dataclass(frozen=True)
class Target:
    """The elements that a nest computes, each at one point of loops."""

    domain: isl.Set
    index: Exprs
    shape: tuple[int, ...]
    loops: tuple[Loop, ...]

    @classmethod
    def of_scope(cls, scope: Scope) -> Target:
        """A tensor with an element for each turn of loops."""
        count = len(scope.loops)
        index = tuple(loop.turn(dim) for loop, dim in zip(scope.loops, dims(count), strict=True))
        return cls(scope.domain, index, tuple(loop.extent for loop in scope.loops), scope.loops)

    @property
    def names(self) -> list[str]:
        """A name for each dimension: of the loop that moves it, if it is one."""
        return [self._name(axis, expr) for axis, expr in enumerate(self.index)]

    def _name(self, axis: int, expr: AffineExpr) -> str:
        moving = list(expr.used_dims())
        one = len(moving) == 1 and moving[0] < len(self.loops)
        return self.loops[moving[0]].name if one else f"i{axis}"


@dataclass(frozen=True)
class Plan:
    """Iterators of a nest."""

    parallel: Parallel
    reduced: Reduced | None


def plan(program: Program, target: Target, piece: Piece | None, kept: bool) -> Plan | None:
    """Iterators for a target, and for the points of a piece of a reduction.

    A reduction that is `kept` in memory goes on at all points that have the element, another only
    at the point of the target.
    """
    loops = [loop.name for loop in target.loops]
    for parallel in parallel_boxes(target.domain, target.index, target.shape, target.names, loops):
        if piece is None:
            return Plan(parallel, None)
        domain = piece.points.domain
        if not kept:
            count, inner = len(target.loops), domain.dim(isl.dim_type.set) - len(target.loops)
            domain = domain.intersect(target.domain.insert_dims(isl.dim_type.set, count, inner))
        elif not _tells(domain, target.index, [axis.expr for axis in parallel.axes]):
            continue
        names = [
            (loop.name, dim) for loop, dim in zip(piece.loops, dims(len(piece.loops)), strict=True)
        ]
        reduced = reduced_box(domain, parallel, names, piece.candidates(program))
        if reduced is not None:
            return Plan(parallel, reduced)
    return None


def _tells(domain: isl.Set, index: Exprs, exprs: Sequence[AffineExpr]) -> bool:
    """Whether the expressions depend on the index only."""
    known = relation(domain, index).reverse().apply_range(relation(domain, exprs))
    return bool(known.is_single_valued())


def divisions(program: Program, fold: Fold, scope: Scope) -> Iterator[list[Piece]]:
    """Ways to take the terms of a reduction together, that with the fewest pieces first."""
    forms = {(form(program, term.value), term.negative) for term in fold.terms}
    if len(fold.terms) > 1 and len(forms) == 1 and form(program, fold.terms[0].value) is not None:
        parts = [Part(term.scope.domain, (), term.value) for term in fold.terms]
        points = united(program, parts, len(scope.loops), sums=True)
        if points is not None:
            yield [Piece(fold.terms[:1], points, scope.loops)]
    scopes: dict[Scope, list[Term]] = {}
    for term in fold.terms:
        scopes.setdefault(term.scope, []).append(term)
    yield [
        Piece(tuple(terms), Points(own.domain, (), {}), own.loops) for own, terms in scopes.items()
    ]
