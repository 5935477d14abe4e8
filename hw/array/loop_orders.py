"""What the order of a level's loops keeps: the reuse of operands, and which orders differ in it.

An operand is reused over the innermost loops that do not index it, up to the first with more than
one trip that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod
from typing import TypeAlias

import numpy as np

from nopt.hw.array.problem import Numbers, Problem


def product(factors: Sequence[Numbers]) -> Numbers:
    """Of arrays or numbers; 1.0 of none."""
    return prod(factors, start=1.0)


def total(words: Sequence[Numbers]) -> Numbers:
    """The sum of arrays or numbers."""
    return sum(words)


def reuse(problem: Problem, order: Sequence[int], trips: Sequence[Numbers]) -> list[Numbers]:
    """How often each operand is used before it changes. `order` is outermost first, `trips` an
    array of all mappings for each loop."""
    times: list[Numbers] = []
    for operand in problem.operands:
        kept, used = np.ones_like(trips[0], bool), np.ones_like(trips[0])
        for loop in reversed(order):
            if loop in operand.loops:
                kept = kept & (trips[loop] == 1)
            else:
                used = used * np.where(kept, trips[loop], 1)
        times.append(used)
    return times


@dataclass(frozen=True)
class OrderClass:
    """Orders that have the same groups of loops innermost, and so keep the same operands.

    It is real only where each of its groups has more than one trip: what a loop of one trip keeps,
    another class keeps.
    """

    groups: tuple[tuple[int, ...], ...]
    """Innermost first; the loops of a group index the same operands."""
    kept: tuple[int, ...]
    """Over how many of the groups each operand is kept."""
    ends: tuple[tuple[int, ...], ...]
    """Groups that keep nothing more: one must have more than one trip, or all others have one."""
    goes_on: tuple[tuple[int, ...], ...]
    """The other groups outside, that would keep more."""

    def reuse(self, trips: Sequence[Numbers]) -> list[Numbers]:
        """As `reuse` of such an order; exactly 1.0 for operands that are not kept."""
        products: list[Numbers] = [1.0]
        for group in self.groups:
            products.append(products[-1] * product([trips[loop] for loop in group]))
        return [products[count] for count in self.kept]

    def real(self, trips: Sequence[Numbers]) -> Numbers:
        """For which mappings this class is real."""
        here: Numbers = True
        for group in self.groups:
            here = here & (product([trips[loop] for loop in group]) > 1)
        if self.goes_on or not self.groups:
            ends = _any_above_one(self.ends, trips)
            here = here & (ends | ~(ends | _any_above_one(self.goes_on, trips)))
        return here

    def order(self) -> tuple[int, ...]:
        """An order of the class, outermost first: behind its groups, what ends them."""
        inwards = (*self.goes_on, *self.ends, *reversed(self.groups))
        return tuple(loop for group in inwards for loop in group)


@dataclass(frozen=True)
class FixedOrder:
    """One order, whatever its loops' trips are; what it keeps depends on them."""

    problem: Problem
    loops: tuple[int, ...]
    """Outermost first."""
    groups: tuple[tuple[int, ...], ...] = ((),)

    @property
    def kept(self) -> tuple[int, ...]:
        """Which operands it can keep: those that some loop does not index."""
        count = len(self.loops)
        return tuple(int(len(each.loops) < count) for each in self.problem.operands)

    def reuse(self, trips: Sequence[Numbers]) -> list[Numbers]:
        """As `reuse` of the order."""
        return reuse(self.problem, self.loops, trips)

    def real(self, trips: Sequence[Numbers]) -> Numbers:
        """For all mappings."""
        return np.ones(np.shape(trips[0]), bool)

    def order(self) -> tuple[int, ...]:
        """The order, outermost first."""
        return self.loops


Order: TypeAlias = OrderClass | FixedOrder


def order_classes(problem: Problem) -> list[OrderClass]:
    """All classes of orders of a nest: chains of groups of loops that index the same operands,
    as long as an operand is kept. Within a class more cannot be kept."""
    everyone = frozenset(range(len(problem.operands)))
    groups: dict[frozenset[int], list[int]] = {}
    for loop in range(len(problem.loops)):
        foreign = [i for i in everyone if loop not in problem.operands[i].loops]
        groups.setdefault(frozenset(foreign), []).append(loop)
    classes: list[OrderClass] = []

    def extend(chain: list[frozenset[int]]) -> None:
        kept, alive = [0] * len(everyone), everyone
        for count, foreign in enumerate(chain, 1):
            alive &= foreign
            for operand in alive:
                kept[operand] = count
        outside = [foreign for foreign in groups if foreign not in chain]
        classes.append(
            OrderClass(
                tuple(tuple(groups[each]) for each in chain),
                tuple(kept),
                tuple(tuple(groups[each]) for each in outside if not each & alive),
                tuple(tuple(groups[each]) for each in outside if each & alive),
            )
        )
        for foreign in outside:
            if foreign & alive:
                extend([*chain, foreign])

    extend([])
    return classes


def distinct_orders(problem: Problem) -> int:
    """How many orders of a level differ in what they keep, if all loops have several trips."""
    loops = range(len(problem.loops))
    kinds: set[tuple[frozenset[int], ...]] = set()
    for order in permutations(loops):
        ends = [
            next((i for i, x in enumerate(order) if x in each.loops), len(order))
            for each in problem.operands
        ]
        kinds.add(tuple(frozenset(order[:end]) for end in ends))
    return len(kinds)


def _any_above_one(groups: tuple[tuple[int, ...], ...], trips: Sequence[Numbers]) -> Numbers:
    found = np.zeros(np.shape(trips[0]), bool)
    for group in groups:
        found = found | (product([trips[loop] for loop in group]) > 1)
    return found
