"""The best mapping of a nest on a machine of levels, proven: branch and bound, level by level.

Levels are chosen from the outermost inwards, many mappings at once: what levels around a memory
cost is known then, and what those inside take at least. Mappings with the same tile left, of which
one is no worse in all that inner levels depend on, go on as one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

from nopt.hw.array.array_estimate import Estimate
from nopt.hw.array.levels.level_cost import level_estimate
from nopt.hw.array.levels.level_machine import LevelMachine, Memory, Spatial
from nopt.hw.array.levels.level_mapping import (
    LevelLoops,
    LevelMapping,
    bypassed,
    level_violations,
)
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import Array, Indices, Pins
from nopt.passes.mapping.levels.level_bounds import LevelBounds
from nopt.passes.mapping.levels.level_choices import LevelChoices
from nopt.passes.mapping.levels.open_mappings import ANY_LEAD, OpenMappings
from nopt.passes.mapping.levels.tile_overlaps import grouped
from nopt.passes.mapping.mapping_bounds import undominated
from nopt.passes.mapping.mapping_search import Found
from nopt.passes.mapping.wanted import Wanted

_WIDTHS = (2, 64)
"""So many of the most promising mappings of each level are looked at first."""
_CHUNK = 1 << 9
"""Mappings that go on together."""
_BLOCK = 1 << 14
"""Choices of factors that are looked at together."""
_KEPT = 1 << 18
"""Of more mappings, those that others beat are dropped on the way."""


@dataclass(frozen=True)
class _Level:
    """Mappings that are chosen down to a level."""

    columns: Array
    outer: _Level | None = None
    came: Indices | None = None
    """Which of the outer ones each continues."""
    order: Indices | None = None
    """Which of the level's orders its loops have."""


@dataclass
class LevelSearch:
    """One search. Raises ValueError if no mapping fits, and as `OpenMappings`."""

    machine: LevelMachine
    problem: Problem
    objective: str = "edp"
    pins: Pins = field(default_factory=dict[str, Named[int, int]])
    """Factors that are set, by level, then by loop."""
    orders: Named[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """The order of the loops of a level, outermost first."""
    seconds: float = np.inf
    """Of the processor, after which the best so far is given."""
    bypass: frozenset[tuple[str, str]] = frozenset()
    """Memories and operands that these do not hold."""
    may_bypass: frozenset[str] = frozenset()
    """Memories that more operands need not be held by, if that is better."""

    def run(self) -> Found:
        """The best mapping, the same each time unless time runs out."""
        self._until = time.process_time() + self.seconds
        self._wanted, self._evaluated, rest = Wanted(self.objective), 0, np.inf
        for bypass in self._ways_to_bypass():
            self._look(bypassed(self.machine, self.problem, bypass), bypass)
            rest = min(rest, self._rest)
        self._rest = rest
        return self._found()

    def _ways_to_bypass(self) -> Iterator[frozenset[tuple[str, str]]]:
        """What may be bypassed, the least first."""
        machine = bypassed(self.machine, self.problem, self.bypass)
        model = OpenMappings(machine, self.problem)
        others = [
            (level.name, self.problem.operands[x].name)
            for i, level in enumerate(machine.levels)
            for x in model.held[i]
            if i and level.name in self.may_bypass
        ]
        for count in range(len(others) + 1):
            for more in combinations(others, count):
                yield self.bypass | frozenset(more)

    def _look(self, machine: LevelMachine, bypass: frozenset[tuple[str, str]]) -> None:
        """Search with what is bypassed."""
        self._bypass = bypass
        model = self._model = OpenMappings(machine, self.problem)
        self._choices = LevelChoices(model, self.pins, self.orders)
        self._bounds = [LevelBounds(model, self._choices, i) for i in range(model.end)]
        self._orders = [
            self._choices.loop_orders(i) if isinstance(level, Memory) else []
            for i, level in enumerate(self.machine.levels)
        ]
        root = model.root()
        model.arrive(root, 0)
        for width in (*_WIDTHS, None):
            self._rest = np.inf
            self._go_on(_Level(root), 0, width)

    def _go_on(self, reached: _Level, level: int, width: int | None) -> None:
        """All mappings of one level with all that can be better of the next, the most promising
        first; or only the first ones."""
        for chunk in self._chunks(reached, level, width):
            children = self._next(chunk, level)
            if level + 1 < self._model.end:
                self._go_on(children, level + 1, width)
            else:
                energy, cycles = self._model.finish(children.columns)
                self._evaluated += len(energy)
                if len(energy):
                    self._wanted.offer(
                        energy, cycles, lambda i, found=children: self._mapping(found, int(i))
                    )

    def _chunks(self, reached: _Level, level: int, width: int | None) -> Iterator[_Level]:
        """Parts of some mappings that are worth to go on with, the most promising first."""
        if not reached.columns.shape[1]:
            return
        energy, cycles = self._bounds[level].least(reached.columns)
        scores = self._wanted.score(energy, cycles).min(axis=0)
        order = np.lexsort([(energy * cycles).min(axis=0), scores])[:width]
        for at in range(0, len(order), _CHUNK):
            part = order[at : at + _CHUNK]
            part = part[self._open(energy[:, part], cycles[:, part])]
            if len(part) and self._wanted.points and time.process_time() > self._until:
                self._rest = min(self._rest, float(scores[part].min()))
                return
            if len(part):
                yield self._select(reached, part)

    def _next(self, reached: _Level, level: int) -> _Level:
        """Mappings with all factors and orders of one more level that fit and can be better."""
        found = [_part(reached, np.array([], np.intp), 0)]
        limit = _KEPT
        for came, left in self._choose(reached, level):
            found += self._extended(reached, level, came, left)
            if sum(each.columns.shape[1] for each in found) > limit:
                found = [self._undominated(_joined(found), level + 1)]
                limit = max(_KEPT, 2 * found[0].columns.shape[1])
        return self._undominated(_joined(found), level + 1)

    def _choose(self, reached: _Level, level: int) -> Iterator[tuple[Indices, Array]]:
        """All factors of a level: which mapping they continue, and what they leave."""
        known = reached.columns[self._model.tile]
        first, index = grouped(known)
        came: list[Indices] = []
        left: list[Array] = []
        count = 0
        for i, tile in enumerate(known[:, first].T):
            choices = self._choices.left(level, tile)
            mine = np.flatnonzero(index == i)
            step = max(1, _BLOCK // max(1, choices.shape[1]))
            for at in range(0, len(mine), step):
                part = mine[at : at + step]
                came.append(np.repeat(part, choices.shape[1]))
                left.append(np.tile(choices, len(part)))
                count += len(came[-1])
                if count >= _BLOCK:
                    yield np.concatenate(came), np.concatenate(left, axis=1)
                    came, left, count = [], [], 0
        if count:
            yield np.concatenate(came), np.concatenate(left, axis=1)

    def _extended(self, reached: _Level, level: int, came: Indices, left: Array) -> list[_Level]:
        """Mappings that leave so much, in all orders of a memory's loops."""
        model = self._model
        trips = reached.columns[model.tile][:, came] / left
        if not self._orders[level]:
            children = _part(reached, came, 0)
            model.spread(children.columns, level, trips)
            return [self._arrived(children, level + 1)]
        if level + 1 < model.end:
            # Most are not worth to look at their orders.
            ideal = _Level(reached.columns[:, came], reached, np.arange(len(came)), came)
            model.turn(ideal.columns, trips, self._choices.ideal(trips), ANY_LEAD)
            chosen = self._arrived(ideal, level + 1).came
            came, trips = came[chosen], trips[:, chosen]
        found: list[_Level] = []
        for i, order in enumerate(self._orders[level]):
            real = np.flatnonzero(order.real(trips))
            part = trips[:, real]
            children = _part(reached, came[real], i)
            kept = order.kept(part, len(model.names))
            model.turn(children.columns, part, kept, order.leads(part))
            found.append(self._arrived(children, level + 1))
        return found

    def _arrived(self, children: _Level, level: int) -> _Level:
        """Those that fit the next level, and can be better."""
        model = self._model
        if level == model.end:
            return children
        if isinstance(self.machine.levels[level], Memory):
            children = self._select(children, model.fits(children.columns, level))
            model.arrive(children.columns, level)
        energy, cycles = self._bounds[level].least(children.columns)
        return self._select(children, self._open(energy, cycles))

    def _open(self, energy: Array, cycles: Array) -> npt.NDArray[np.bool_]:
        """Which mappings can still be better, by their bounds."""
        return np.any(cycles < self._wanted.limit(energy), axis=0)

    def _undominated(self, reached: _Level, level: int) -> _Level:
        """The mappings that none with the same tile left beats in all that matters inside."""
        model, columns = self._model, reached.columns
        if level == model.end or not columns.shape[1]:
            return reached
        same = [*range(model.tile.stop), model.used, model.shared, model.shared_outside]
        same += [model.lead, model.step, model.last]
        same += [each.outside for networks in model.networks.values() for each in networks]
        grows = [model.energy, model.leaks, model.ramp_up]
        grows += [row for row, _ in model.rates.values()]
        for networks in model.networks.values():
            grows += [row for each in networks for row in (each.passes, each.turned)]
        for x in range(len(model.names)):
            grows += [model.copies[x], model.serving[x], model.sent[x]]
        grows += [model.turned[x] for x in model.going(level)]
        values = [*(columns[row] for row in grows), -columns[model.first_sent]]
        values = [each for each in values if each.min() < each.max()]
        first, owner = grouped(columns[same])
        return self._select(reached, undominated(values, owner) if values else first)

    def _select(self, level: _Level, chosen: Indices | npt.NDArray[np.bool_]) -> _Level:
        came, order = level.came, level.order
        return _Level(
            level.columns[:, chosen],
            level.outer,
            None if came is None else came[chosen],
            None if order is None else order[chosen],
        )

    def _found(self) -> Found:
        if not self._wanted.points:
            raise ValueError(self._refusal())
        mappings: list[LevelMapping] = [point[2] for point in self._wanted.points]
        best = self._wanted.best
        proven = self._rest >= best if self.objective != "pareto" else self._rest == np.inf
        return Found(
            mappings,
            [self._estimate(each) for each in mappings],
            proven=proven,
            gap=max(0.0, 1 - self._rest / best),
            evaluated=self._evaluated,
        )

    def _estimate(self, mapping: LevelMapping) -> Estimate:
        return level_estimate(self.machine, self.problem, mapping)

    def _mapping(self, level: _Level, column: int) -> LevelMapping:
        tiles: list[Array] = []
        orders: list[int] = []
        while level.outer is not None:
            assert level.came is not None and level.order is not None
            tiles.insert(0, level.columns[self._model.tile, column])
            orders.insert(0, int(level.order[column]))
            column, level = int(level.came[column]), level.outer
        tiles.insert(0, level.columns[self._model.tile, column])
        found: list[LevelLoops] = []
        for i, (name, order) in enumerate(zip(self._names, orders, strict=True)):
            choices = self._orders[i]
            loops = choices[order].loops() if choices else range(len(self.problem.loops))
            factors = [round(float(each)) for each in tiles[i] / tiles[i + 1]]
            several = [(self.problem.loops[j], factors[j]) for j in loops if factors[j] > 1]
            found.append(LevelLoops(name, tuple(several)))
        return LevelMapping(tuple(found), self._bypass)

    @property
    def _names(self) -> list[str]:
        return [level.name for level in self.machine.levels]

    def _refusal(self) -> str:
        """Why nothing fits: what the smallest tiles need that leave pinned factors as they are."""
        pins = [self.pins.get(name, {}) for name in self._names]
        refusal = f"no mapping fits {self.machine.name} with what is pinned"
        loops: list[list[tuple[str, int]]] = [[] for _ in pins]
        for i, name in enumerate(self.problem.loops):
            others = self.problem.extents[i] // prod(each.get(i, 1) for each in pins)
            free = next((level for level, each in enumerate(pins) if i not in each), None)
            if others > 1 and (free is None or isinstance(self.machine.levels[free], Spatial)):
                return refusal  # How much of it is spatial is open.
            for level, each in enumerate(pins):
                if (factor := others if level == free else each.get(i, 1)) > 1:
                    loops[level].append((name, factor))
        levels = zip(self._names, loops, strict=True)
        least = LevelMapping(tuple(LevelLoops(n, tuple(each)) for n, each in levels), self.bypass)
        for each in level_violations(self.machine, self.problem, least):
            return f"no mapping fits {self.machine.name}: {each}, with the smallest tiles"
        return refusal


def _part(reached: _Level, came: Indices, order: int) -> _Level:
    return _Level(reached.columns[:, came], reached, came, np.full(len(came), order, np.intp))


def _joined(parts: Sequence[_Level]) -> _Level:
    """Mappings that continue the same ones."""
    came = [each.came for each in parts if each.came is not None]
    order = [each.order for each in parts if each.order is not None]
    columns = np.concatenate([each.columns for each in parts], axis=1)
    return _Level(columns, parts[0].outer, np.concatenate(came), np.concatenate(order))
