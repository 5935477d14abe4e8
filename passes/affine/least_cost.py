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
    waiting = set(range(len(options)))
    left = [*tables]
    for i in [i for i in waiting if options[i] == 1]:
        waiting.remove(i)
        left = [table.held(i, 0) if i in table.variables else table for table in left]
    while waiting:
        size, i = min((_size(_around(i, left), options), i) for i in waiting)
        waiting.remove(i)
        if size > LARGEST:
            held = True
            left = [table.held(i, 0) if i in table.variables else table for table in left]
            continue
        mine = [table for table in left if i in table.variables]
        total = _added(mine, _around(i, left) | {i}, options)
        order.append((i, total))
        axis = total.variables.index(i)
        rest = tuple(j for j in total.variables if j != i)
        left = [table for table in left if i not in table.variables]
        left.append(Table(rest, total.costs.min(axis)))
    for i, total in reversed(order):
        costs = total.costs[tuple(slice(None) if j == i else choice[j] for j in total.variables)]
        choice[i] = int(costs.argmin())
    return _improved(choice, options, tables) if held else choice


def _around(variable: int, tables: Sequence[Table]) -> set[int]:
    """The variables that share a table with one, itself included."""
    return {j for table in tables if variable in table.variables for j in table.variables}


def _size(variables: set[int], options: Sequence[int]) -> int:
    return prod(options[i] for i in variables)


def _added(tables: Sequence[Table], variables: set[int], options: Sequence[int]) -> Table:
    names = tuple(sorted(variables))
    total = np.zeros([options[i] for i in names], np.int64)
    for table in tables:
        shape = [options[i] if i in table.variables else 1 for i in names]
        total = total + table.costs.reshape(shape)
    return Table(names, total)


def _improved(choice: list[int], options: Sequence[int], tables: Sequence[Table]) -> list[int]:
    """A choice that no change of one variable makes cheaper, from one given."""
    changed = True
    while changed:
        changed = False
        for i, count in enumerate(options):
            mine = [table for table in tables if i in table.variables]

            def cost(option: int, i: int = i, mine: list[Table] = mine) -> int:
                trial = [*choice[:i], option, *choice[i + 1 :]]
                return sum(table.at(trial) for table in mine)

            best = min(range(count), key=cost)
            if cost(best) < cost(choice[i]):
                choice[i], changed = best, True
    return choice
