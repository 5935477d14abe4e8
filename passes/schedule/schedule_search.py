"""The search for a nest's schedule: all candidates at once, the cheapest legal one wins.

A candidate is a tile size for each iterator, an order of the tile loops, the loops within which the
product's operands are kept, and slots. Loops that move the same operands are interchangeable, so
only orders of distinct reuse are tried. Tiles that take longer than the best schedule so far, even
if nothing waited, are dropped: the few that take least so are tried before all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, permutations, product
from math import inf, prod
from typing import NamedTuple

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.limits import entries
from nopt.passes.core.hardware_loops import Booleans
from nopt.passes.core.vectors import block_bytes
from nopt.passes.kernel.candidates import Candidates, Floats
from nopt.passes.kernel.capacity import entries_needed, reloads
from nopt.passes.kernel.last_tile import best_strips
from nopt.passes.kernel.legality import NoScheduleError, illegal_window
from nopt.passes.kernel.operands import Integers
from nopt.passes.kernel.reuse import Scopes, factor, tile_loops
from nopt.passes.kernel.tile_sizes import tile_sizes
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.costed_tiles import CostedTiles
from nopt.passes.schedule.estimate import Estimate, estimate, least
from nopt.passes.schedule.objective import Objective

CYCLES = Objective()

_AT_ONCE = 10_000
"""Rows of a table of costs: candidates under several nestings."""
_PROBES = 64
"""Candidates of the least cost that is possible: the best of them says which others to drop."""
_AHEAD = 2
"""Slots of a buffer that is filled again: a third gains nothing measurable."""

_INSTRUCTION = 3
"""Cycles that an instruction counts beside the model's: its fetch takes the read channel, and half
as many compile twice as fast."""

_NEIGHBOUR = 0.5
"""What first loads count for behind another nest, which hides some of them."""


class _Nesting(NamedTuple):
    """How tile loops are nested, and what is kept within them."""

    number: int
    """What was tried first has the least."""
    order: tuple[int, ...]
    scopes: tuple[int, int]
    """Of the product's input, and of its weights."""


class _Found(NamedTuple):
    """A candidate: its cost, and what the schedule says. Ties go to the larger tile, which comes
    first; then to what was tried first."""

    cost: float
    position: int
    """Of its tiles, among all."""
    nesting: _Nesting
    slots: Sequence[int]


def search(tiling: Tiling, config: Config, weights: float = inf) -> ScheduleAttr:
    """The legal schedule of the fewest cycles, of those that load the weights at most `weights`
    times.

    Raises NoScheduleError if none fits."""
    return Search(tiling, config, weights).best()[0]


class Search:
    """The search for one nest, and how much it compares."""

    compared = 0
    """Candidates whose cost was estimated."""
    orders = 0
    """Orders of loops, and of what is kept within them, that some tiles fit."""

    def __init__(
        self,
        tiling: Tiling,
        config: Config,
        weights: float = inf,
        objective: Objective = CYCLES,
    ):
        self.tiling, self.objective = tiling, objective
        self.config = config
        self.weights = weights
        tiles = tile_sizes(tiling)
        everything = Candidates(tiling, tiles, strips=best_strips(tiling, tiles))
        # Most tiles are too large even if nothing is kept or loaded ahead.
        innermost = len(tiling.extents)
        scopes = _scopes(np.full((2, 1), innermost))
        slots = np.ones((len(everything), len(Memory)), np.int64)
        self.candidates = everything[self._fitting(everything, slots, scopes)]
        self._try_all()

    def _try_all(self) -> None:
        """Begin with all candidates."""
        self.positions = np.arange(len(self.candidates))
        """The candidates that are left, and what a tile of each costs."""
        self.tiles = CostedTiles.of(self.candidates, self.config)
        self.at_least = self._cost_at_least()
        self.reasons = dict[int, str | None]()
        """Why a candidate's windows cannot be loaded, of those that were asked for."""

    def best(self, count: int = 1) -> list[ScheduleAttr]:
        """The cheapest legal schedules. Raises NoScheduleError if none fits."""
        nestings = [*self._nestings()]
        drops = count == 1 and self.objective.is_cycles
        found: list[_Found] = []
        if drops:
            promising = np.argsort(self.at_least, kind="stable")[:_PROBES]
            found = self._cheapest(nestings[:1], promising)
            self._drop_behind(found)
        while nestings:
            at_once = max(_AT_ONCE // max(len(self.positions), 1), 1)
            cheapest = self._cheapest(nestings[:at_once], np.arange(len(self.positions)))
            nestings = nestings[at_once:]
            found += cheapest
            if drops:
                self._drop_behind(cheapest)
        chosen: dict[ScheduleAttr, None] = {}
        for each in sorted(found):
            if self._illegal(each.position) is None:
                tiles = self.candidates.tiles[each.position].tolist()
                strips = int(self.candidates.strips[each.position])
                _, order, scopes = each.nesting
                chosen[ScheduleAttr.of(tiles, order, each.slots, scopes, strips)] = None
                if len(chosen) == count:
                    break
        if chosen:
            return [*chosen]
        none = f"no tile of the nest over {list(self.tiling.extents)}"
        limits = entries(self.config)
        if found:
            # Of each order only the cheapest were tried; now those that can be loaded.
            legal = [i for i in range(len(self.candidates)) if self._illegal(i) is None]
            if not legal:
                reason = self._illegal(found[0].position)
                raise NoScheduleError(f"{none} can be loaded: {reason}")
            self.candidates = self.candidates[np.array(legal)]
            self._try_all()
            return self.best(count)
        raise NoScheduleError(
            f"{none} fits the scratchpads of "
            f"'{self.config.name}': {limits['inp']} INP, {limits['wgt']} WGT, {limits['acc']} ACC "
            "entries"
        )

    def _illegal(self, position: int) -> str | None:
        """Why a candidate's windows cannot be loaded."""
        if position not in self.reasons:
            tiles = self.candidates.tiles[position].tolist()
            self.reasons[position] = illegal_window(self.tiling, tiles)
        return self.reasons[position]

    def _cost_at_least(self) -> Floats:
        """What each candidate costs at least, in any order."""
        if not len(self.candidates):
            return np.zeros(0)
        # Of a last digit less: the sums are in another order.
        return self._compared(least(self.tiles, self.config)) * (1 - 1e-9)

    def _drop_behind(self, found: Sequence[_Found]) -> None:
        """Drop the candidates that cost more than the best legal one of these."""
        legal = (each.cost for each in sorted(found) if self._illegal(each.position) is None)
        self._drop(self.at_least > next(legal, inf))

    def _drop(self, dear: Booleans) -> None:
        """Try some of the candidates no more."""
        if 4 * np.count_nonzero(dear) > len(dear):
            kept = np.flatnonzero(~dear)
            self.positions, self.tiles = self.positions[kept], self.tiles[kept]
            self.at_least = self.at_least[kept]

    def _cheapest(self, nestings: Sequence[_Nesting], places: Integers) -> list[_Found]:
        """Some of the best of those candidates at `places` among what is left, with each nesting.

        All with the first nesting are rows of one table, then all with the next one."""
        count = len(places)
        loops = np.array([tile_loops(self.tiling, each.order) for each in nestings]).T
        scopes = np.array([each.scopes for each in nestings]).T
        loops, scopes = loops.repeat(count, axis=1), scopes.repeat(count, axis=1)
        places = np.tile(places, len(nestings))
        candidates = self.tiles.candidates[places].under(loops)
        slots = self._slots(candidates, _scopes(scopes))
        fitting = self._fitting(candidates, slots, _scopes(scopes))
        if not len(fitting):
            return []
        self.orders += len(np.unique(fitting // count))
        self.compared += len(fitting)
        tiles = self.tiles[places[fitting]].under(loops[:, fitting])
        costs = np.full(len(places), inf)
        costs[fitting] = self._compared(
            estimate(tiles, self.config, slots[fitting], _scopes(scopes[:, fitting]))
        )
        best = np.argsort(costs.reshape(-1, count), axis=1, kind="stable")[:, :4]
        return [
            _Found(
                float(costs[row]), int(self.positions[places[row]]), nesting, slots[row].tolist()
            )
            for i, nesting in enumerate(nestings)
            for row in best[i] + i * count
            if costs[row] < inf
        ]

    def _compared(self, costs: Estimate) -> Floats:
        """What candidates are compared by."""
        # What overlap hides breaks ties: less traffic, above all of weights; fewer instructions.
        weights = factor(self.tiling, Memory.WGT)
        once = 0 if weights is None else prod(weights.shape) * block_bytes(Memory.WGT, self.config)
        again = np.maximum(costs.weights - 1, 0) * once
        traffic = (costs.bytes + again) / self.config.bytes_per_cycle
        cycles = costs.cycles + 0.02 * traffic + _INSTRUCTION * costs.instructions
        hidden = costs.start * self.tiling.is_behind
        cycles = cycles - (1 - _NEIGHBOUR) * hidden
        cycles = self.objective.of(
            cycles, costs.bytes, costs.instructions, self.tiling, self.config
        )
        return np.where(costs.weights <= self.weights, cycles, inf)

    def _fitting(self, candidates: Candidates, slots: Integers, scopes: Scopes) -> Integers:
        """Positions of the candidates that the scratchpads have room for."""
        needed = entries_needed(candidates, slots, scopes)
        limits = entries(self.config)
        fits = [needed[memory] <= limits[memory] for memory in Memory]
        return np.flatnonzero(np.logical_and.reduce(fits))

    # --- Orders, scopes and slots.

    def _orders(self) -> Iterator[tuple[int, ...]]:
        """Orders of the parallel loops that differ in reuse; unit extents stay outside."""
        extents = self.tiling.extents
        fixed = [i for i in range(self.tiling.parallel) if extents[i] == 1]
        moving = [i for i in range(self.tiling.parallel) if extents[i] > 1]
        moved = {i: tuple(i in operand.depends for operand in self.tiling.operands) for i in moving}
        for order in permutations(moving):
            if all(
                moved[outer] != moved[inner] or outer < inner
                for position, outer in enumerate(order)
                for inner in order[position + 1 :]
            ):
                yield (*fixed, *order)

    def _nestings(self) -> Iterator[_Nesting]:
        """Every order, with where the product's operands can be kept: within loops that a loop
        follows which does not move them, or nowhere."""
        numbers = count()
        for order in self._orders():
            loops = tile_loops(self.tiling, order)
            choices: list[list[int]] = []
            for memory in (Memory.INP, Memory.WGT):
                operand = factor(self.tiling, memory)
                choice = [len(loops)]
                if operand is not None:
                    choice += [
                        depth
                        for depth, loop in enumerate(loops)
                        if self.tiling.extents[loop] > 1
                        and loop not in operand.depends
                        and any(inner in operand.depends for inner in loops[depth + 1 :])
                    ]
                choices.append(choice)
            for inp, wgt in product(*choices):
                yield _Nesting(next(numbers), order, (inp, wgt))

    def _slots(self, candidates: Candidates, scopes: Scopes) -> Integers:
        """Slots for what is filled again, so that loads run ahead; one for the rest."""
        slots = np.ones((len(candidates), len(Memory)), np.int64)
        for operand in self.tiling.operands:
            if operand.memory is Memory.ACC or operand.resident:
                continue
            again = reloads(candidates, operand, scopes) > 1
            column = list(Memory).index(operand.memory)
            slots[:, column] = np.maximum(slots[:, column], np.where(again, _AHEAD, 1))
        slots[:, list(Memory).index(Memory.ACC)] = candidates.held
        return slots


def _scopes(table: Integers) -> Scopes:
    """Those of the product's input and of its weights, [2, candidates]."""
    return dict(zip((Memory.INP, Memory.WGT), table, strict=True))
