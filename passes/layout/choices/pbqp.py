"""The cheapest joint choice: dynamic programming over a graph of choices.

Variables have a few options each; a table gives what each combination of some variables' options
costs. The least total is found by eliminating one variable after the other: the tables that it is
in are added up, and what is left is the least over its options. On chains and trees tables stay as
small as they began, and the answer is exact, as it is whenever no table grows beyond `LARGEST`.
Where one would, a variable is held at its first option; then all variables are improved one by one
until nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import prod

import numpy as np

LARGEST = 1 << 14
"""Entries of the largest table."""

Array = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class Table:
    """What the options of `variables`, ascending, cost: one axis for each."""

    variables: tuple[int, ...]
    costs: Array

    def at(self, choice: Sequence[int]) -> int:
        return int(self.costs[tuple(choice[i] for i in self.variables)])

    def held(self, variable: int, option: int) -> Table:
        """The table once a variable is decided."""
        axis = self.variables.index(variable)
        rest = tuple(i for i in self.variables if i != variable)
        return Table(rest, np.take(self.costs, option, axis))


def least_cost(options: Sequence[int], tables: Sequence[Table]) -> list[int]:
    """An option for each variable, of `options[i]` many, that makes the tables' sum the least.

    Of options that cost the same the first is taken.
    """
    choice = [0] * len(options)
    order: list[tuple[int, Table]] = []
    held = False
    left = _Tables(options, tables)
    for i in [i for i, count in enumerate(options) if count == 1]:
        left.hold(i)
    while (smallest := left.smallest()) is not None:
        size, i = smallest
        if size > LARGEST:
            held = True
            left.hold(i)
        else:
            order.append((i, left.eliminate(i)))
    for i, total in reversed(order):
        costs = total.costs[tuple(slice(None) if j == i else choice[j] for j in total.variables)]
        choice[i] = int(costs.argmin())
    return _improved(choice, options, tables) if held else choice


class _Tables:
    """The tables of the variables that are left, by variable: who shares one is asked often."""

    def __init__(self, options: Sequence[int], tables: Sequence[Table]):
        self._options = options
        self._of: list[list[Table]] = [[] for _ in options]
        for table in tables:
            self._add(table)
        self._waiting = set(range(len(options)))
        self._sizes = [0] * len(options)
        self._heap: list[tuple[int, int]] = []
        self._measure(self._waiting)

    def smallest(self) -> tuple[int, int] | None:
        """The variable whose tables add up to the smallest one, the first of several; its size."""
        while self._heap:
            size, i = self._heap[0]
            if i in self._waiting and size == self._sizes[i]:
                return size, i
            heappop(self._heap)
        return None

    def hold(self, variable: int) -> None:
        """Decide for the first option of a variable."""
        around = self._around(variable)
        for table in self._take(variable):
            self._add(table.held(variable, 0))
        self._measure(around)

    def eliminate(self, variable: int) -> Table:
        """Leave the least over a variable's options; what its tables add up to."""
        around = self._around(variable)
        total = _added(self._take(variable), around, self._options)
        rest = tuple(j for j in total.variables if j != variable)
        self._add(Table(rest, total.costs.min(total.variables.index(variable))))
        self._measure(around)
        return total

    def _around(self, variable: int) -> set[int]:
        """The variables that share a table with one, itself included."""
        return {variable, *(j for table in self._of[variable] for j in table.variables)}

    def _add(self, table: Table) -> None:
        for variable in table.variables:
            self._of[variable].append(table)

    def _take(self, variable: int) -> list[Table]:
        """The tables of a variable, which are no one's any more, nor is it one that is left."""
        self._waiting.remove(variable)
        taken = self._of[variable]
        gone = {id(table) for table in taken}
        for j in self._around(variable):
            self._of[j] = [table for table in self._of[j] if id(table) not in gone]
        return taken

    def _measure(self, variables: set[int]) -> None:
        """Note how large the tables of variables have become."""
        for i in variables & self._waiting:
            self._sizes[i] = prod(self._options[j] for j in self._around(i))
            heappush(self._heap, (self._sizes[i], i))


def _added(tables: Sequence[Table], variables: set[int], options: Sequence[int]) -> Table:
    names = tuple(sorted(variables))
    total = np.zeros([options[i] for i in names], np.int64)
    for table in tables:
        shape = [options[i] if i in table.variables else 1 for i in names]
        total = total + table.costs.reshape(shape)
    return Table(names, total)


def _improved(choice: list[int], options: Sequence[int], tables: Sequence[Table]) -> list[int]:
    """A choice that no change of one variable makes cheaper, from one given."""
    of: list[list[Table]] = [[] for _ in options]
    for table in tables:
        for variable in table.variables:
            of[variable].append(table)
    changed = True
    while changed:
        changed = False
        for i, count in enumerate(options):
            costs: list[int] = []
            before = choice[i]
            for choice[i] in range(count):
                costs.append(sum(table.at(choice) for table in of[i]))
            choice[i] = before
            best = costs.index(min(costs))
            if costs[best] < costs[before]:
                choice[i], changed = best, True
    return choice
