"""What becomes one nest: a store, or the stores that unrolling made of one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import islpy as isl

from nopt.passes.raising.loops.isl_maps import Exprs, relation
from nopt.passes.raising.loops.loop_program import Access, Loop, Program
from nopt.passes.raising.loops.signatures import Part, Points, form, united
from nopt.passes.raising.nests.loop_reductions import Fold, kept


@dataclass(frozen=True, eq=False)
class Statement:
    """Stores that one nest does."""

    stores: tuple[Access, ...]
    fold: Fold | None
    """How they add to what their elements hold, if they do."""
    points: Points
    """Where."""

    @property
    def store(self) -> Access:
        return self.stores[0]

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops whose variables the dimensions of the points are."""
        return common_loops([store.loops for store in self.stores])

    @property
    def repeats(self) -> bool:
        """Whether some element is stored at several points."""
        return not relation(self.points.domain, self.points.index).is_injective()


def statement(program: Program, store: Access, reassociate: bool) -> Statement:
    """A store alone."""
    made = Statement((store,), kept(program, store), Points(store.domain, store.index, {}))
    exact = made.fold is not None and made.fold.reorders_floats and not reassociate
    if exact and not made.repeats:
        return Statement(made.stores, None, made.points)
    return made


def merged(
    program: Program, statements: Sequence[Statement], adds: Callable[[Statement], bool]
) -> list[Statement]:
    """The statements, with those that are one computation put together where the first is.

    Those that add to their elements only if their order makes no difference.
    """
    groups: dict[Hashable, list[Statement]] = {}
    for number, one in enumerate(statements):
        mergeable = one.fold is None or adds(one)
        groups.setdefault(_kind(program, one) if mergeable else number, []).append(one)
    found: list[Statement] = []
    for group in groups.values():
        one = _together(program, group) if len(group) > 1 else None
        found += [one] if one else group
    return found


def _kind(program: Program, one: Statement) -> Hashable:
    """Equal for statements that may be one."""
    if one.fold is None:
        shape = form(program, one.store.value)
        return one if shape is None else (one.store.memref, shape)
    shapes = {(form(program, term.value), term.negative) for term in one.fold.terms}
    ((shape, negative),) = shapes if len(shapes) == 1 else ((None, False),)
    return one if shape is None else (one.store.memref, one.fold.kind, negative, shape)


def _together(program: Program, group: Sequence[Statement]) -> Statement | None:
    folds = [one.fold for one in group if one.fold is not None]
    if folds:
        terms = [term for fold in folds for term in fold.terms]
        parts = [
            Part(term.scope.domain, one.store.index, term.value)
            for one, fold in zip(group, folds, strict=True)
            for term in fold.terms
        ]
        fold = Fold(folds[0].kind, tuple(terms), folds[0].start)
    else:
        parts = [Part(one.store.domain, one.store.index, one.store.value) for one in group]
        fold = None
    stores = tuple(store for one in group for store in one.stores)
    loops = common_loops([store.loops for store in stores])
    points = united(program, parts, len(loops), sums=fold is not None)
    return Statement(stores, fold, points) if points else None


def common_loops(nests: Sequence[tuple[Loop, ...]]) -> tuple[Loop, ...]:
    """The loops around all of several places."""
    first, *others = nests
    count = len(first)
    for loops in others:
        same = [a is b for a, b in zip(first, loops, strict=False)]
        count = min(count, (*same, False).index(False))
    return first[:count]


def last_points(domain: isl.Set, index: Exprs) -> isl.Set:
    """The points at which the value of an element is stored that stays: the last ones."""
    stored = relation(domain, index)
    return domain if stored.is_injective() else stored.reverse().lexmax().range()


def without_fold(one: Statement) -> Statement:
    """The statement as a plain store."""
    return Statement(one.stores, None, one.points)
