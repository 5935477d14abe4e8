"""What open mappings take at least, whatever their inner levels will be.

Each word of a tile moves through every memory further inwards at least once each time that the tile
comes, each MAC takes its operands, and no more instances work than the tile has factors for.
"""

from __future__ import annotations

from functools import cached_property
from math import prod

import numpy as np

from nopt.hw.array.levels.level_machine import Spatial
from nopt.passes.mapping.factorings import Array
from nopt.passes.mapping.levels.level_choices import LevelChoices
from nopt.passes.mapping.levels.open_mappings import OpenMappings
from nopt.passes.mapping.levels.tile_overlaps import grouped
from nopt.passes.mapping.mapping_bounds import undominated

_WAYS = 24
"""Of sharing operands, each a row of all bounds."""


class LevelBounds:
    """Lower bounds of energy and cycles of open mappings whose tiles have come into a level, but
    whose loops there are not chosen yet."""

    def __init__(self, model: OpenMappings, choices: LevelChoices, level: int):
        self.model, self.choices, self.level = model, choices, level

    @cached_property
    def _most(self) -> Array:
        return self.choices.most(self.level)

    def least(self, columns: Array) -> tuple[Array, Array]:
        """Of energy and cycles, a row for each way that the MACs can share operands: any mapping is
        no better in both than one of the rows."""
        model = self.model
        tile = columns[model.tile]
        most = np.minimum(self._most[self.choices.places(tile)], tile.prod(axis=0))
        moves = columns[model.energy] + model.problem.points * model.machine.mac.energy
        for x in range(len(model.names)):
            moves = moves + self._moves(columns, x)
        leaks = columns[model.leaks] + model.machine.idle_energy
        slowest = model.slowest(columns)
        energies: list[Array] = []
        times: list[Array] = []
        for used, *shares in self._shares:
            times.append(model.problem.points / (columns[model.used] * np.minimum(used, most)))
            times[-1] = np.maximum(times[-1], slowest) + columns[model.ramp_up]
            taken = [self._taken(columns, x, share) for x, share in enumerate(shares)]
            energies.append(moves + sum(taken) + leaks * times[-1])
        return np.array(energies), np.array(times)

    def _moves(self, columns: Array, x: int) -> Array | float:
        """Of an operand on its way to the last memory that holds it, or back."""
        model = self.model
        inner = [i for i in range(self.level + 1, model.end) if x in model.held[i]]
        if not inner:
            return 0.0
        outer = model.holder(self.level + 1, x)
        read, write, update = self._rates(outer, x)
        words = model.fetched(columns, x, least=True)
        wanted = words * columns[model.copies[x]]
        served = np.minimum(columns[model.serving[x]], self._clusters(outer))
        energy = served * (read * self._again(wanted, columns, x) + update * wanted)
        energy = energy + words * columns[model.sent[x]]
        passing = words * columns[model.used]
        for memory, goes_on in zip(inner, [True] * (len(inner) - 1) + [False], strict=True):
            read, write, update = self._rates(memory, x)
            cluster = model.memory(memory).cluster
            again = np.maximum(0.0, passing - self._first(columns, x, memory))
            energy = energy + write / cluster * again
            if goes_on:
                energy = energy + (read * again + update * passing) / cluster
        return energy

    def _taken(self, columns: Array, x: int, share: float) -> Array:
        """Of an operand between a memory and MACs, so many of which share a word of it."""
        model, points = self.model, self.model.problem.points
        holder = model.holder(model.end, x)
        read, _, update = self._rates(holder, x)
        if holder <= self.level:
            wanted = points / columns[model.used] * columns[model.copies[x]] / share
            served = np.minimum(columns[model.serving[x]], self._clusters(holder))
            return served * (read * self._again(wanted, columns, x) + update * wanted)
        wanted = points / share
        again = np.maximum(0.0, wanted - self._first(columns, x, holder))
        return (read * again + update * wanted) / model.memory(holder).cluster

    @cached_property
    def _shares(self) -> list[tuple[float, ...]]:
        """How many instances inside can be used, and how many MACs inside of the last memory of an
        operand share a word of it, for each, as factors allow for all of these together.

        None is at least another; where there are many, some count as their largest together."""
        model = self.model
        holders = [model.holder(model.end, x) for x in range(len(model.names))]
        found = np.ones((1 + len(holders), 1))
        for level, factors in self.choices.spatial.items():
            if level >= self.level:
                apart = np.ones(factors.shape[1])
                each = [
                    model.sharing(level, factors, x) if level > holder else apart
                    for x, holder in enumerate(holders)
                ]
                here = _largest(np.array([factors.prod(axis=0), *each]))
                both = found[:, :, None] * here[:, None, :]
                found = _largest(both.reshape(len(found), -1))
        step = 1
        while found.shape[1] > _WAYS:
            step *= 2
            found = _largest(step ** np.ceil(np.log(found) / np.log(step)))
        return [tuple(column) for column in found.T.tolist()]

    def _again(self, wanted: Array, columns: Array, x: int) -> Array:
        """Words that a memory reads: of the result, those that are there."""
        model = self.model
        if x != model.problem.output:
            return wanted
        return np.maximum(0, wanted - model.results / columns[model.shared_outside])

    def _first(self, columns: Array, x: int, memory: int) -> Array | float:
        """Partial sums of the result that are first ones at all instances of a memory, at most."""
        model = self.model
        if x != model.problem.output:
            return 0.0
        tile = columns[model.tile]
        added = [i for i in range(len(tile)) if i not in model.result.loops]
        between = model.machine.levels[self.level : memory]
        fan_out = prod(each.instances for each in between if isinstance(each, Spatial))
        apart = np.minimum(fan_out, tile[added].prod(axis=0))
        return model.results * columns[model.used] / columns[model.shared] * apart

    def _rates(self, memory: int, x: int) -> tuple[float, float, float]:
        """Picojoules of a word that is read, comes from outside, and comes from inside."""
        found = self.model.memory(memory)
        access = found.access(self.model.names[x])
        update = access.write if access.update is None else access.update
        is_result = x == self.model.problem.output
        return (
            access.read / found.block,
            access.write / found.block,
            update / found.block if is_result else 0.0,
        )

    def _clusters(self, memory: int) -> int:
        found = self.model.memory(memory)
        return self.model.machine.instances(found) // found.cluster


def _largest(columns: Array) -> Array:
    """The columns that no other one is at least."""
    columns = columns[:, grouped(columns)[0]]
    return columns[:, undominated([-row for row in columns], np.zeros(columns.shape[1], np.intp))]
