"""The search for a nest's schedule: all candidates at once, the cheapest legal one wins.

A candidate is a tile size for each iterator, an order of the tile loops, the loops within which the
product's operands are kept, and slots. Loops that move the same operands are interchangeable, so
only orders of distinct reuse are tried. Tiles that take longer than the best schedule so far, even
if nothing waited, are dropped on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations, product
from math import inf, prod, sqrt
from typing import NamedTuple

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.limits import entries
from nopt.passes.core.hardware_loops import Booleans
from nopt.passes.core.vectors import block_bytes
from nopt.passes.kernel.candidates import Candidates, Floats
from nopt.passes.kernel.capacity import entries_needed
from nopt.passes.kernel.last_tile import best_strips
from nopt.passes.kernel.legality import NoScheduleError, illegal_window
from nopt.passes.kernel.operands import Integers
from nopt.passes.kernel.reuse import Scopes, factor, scope_of, tile_loops
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.costed_tiles import CostedTiles
from nopt.passes.schedule.estimate import estimate, least
from nopt.passes.schedule.objective import Objective

CYCLES = Objective()

_MOST_CANDIDATES = 6_000
_GAP = 4
"""Sizes further apart, as a factor, are a gap."""
_AHEAD = 2
"""Slots of a buffer that is filled again: a third gains nothing measurable."""

_INSTRUCTION = 3
"""Cycles that an instruction counts beside the model's: its fetch takes the read channel, and half
as many compile twice as fast."""

_NEIGHBOUR = 0.5
"""What first loads count for behind another nest, which hides some of them."""


class _Found(NamedTuple):
    """A candidate: its cost, and what the schedule says."""

    cost: float
    position: int
    """Of its tiles, among all."""
    order: Sequence[int]
    slots: Sequence[int]
    scopes: Scopes


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
    """Orders of loops and of what is kept within them, each with all tiles that fit."""

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
        tiles = self._tiles()
        everything = Candidates(tiling, tiles, strips=best_strips(tiling, tiles))
        # Most tiles are too large even if nothing is kept or loaded ahead.
        innermost = len(tiling.extents)
        scopes = {Memory.INP: innermost, Memory.WGT: innermost}
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
        found: list[_Found] = []
        chosen: dict[ScheduleAttr, None] = {}
        bound = inf
        for order in self._orders():
            for scopes in self._scopes(order):
                cheapest = self._cheapest(order, scopes)
                found += cheapest
                better = [each for each in cheapest if each.cost < bound]
                legal = (each.cost for each in better if self._illegal(each.position) is None)
                if (cost := next(legal, None)) is not None:
                    bound = cost
                    if count == 1 and self.objective.is_cycles:
                        self._drop(self.at_least > bound)
        # Ties go to the larger tile, which comes first; then to what was tried first.
        for each in sorted(found, key=lambda each: (each.cost, each.position)):
            if self._illegal(each.position) is None:
                tiles = self.candidates.tiles[each.position].tolist()
                limits = [each.scopes[memory] for memory in (Memory.INP, Memory.WGT)]
                strips = int(self.candidates.strips[each.position])
                chosen[ScheduleAttr.of(tiles, each.order, each.slots, limits, strips)] = None
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
        cycles, instructions = least(self.tiles)
        # Of a last digit less: the sums are in another order.
        return (cycles + _INSTRUCTION * instructions) * (1 - 1e-9)

    def _drop(self, dear: Booleans) -> None:
        """Try some of the candidates no more."""
        if 4 * np.count_nonzero(dear) > len(dear):
            kept = np.flatnonzero(~dear)
            self.positions, self.tiles = self.positions[kept], self.tiles[kept]
            self.at_least = self.at_least[kept]

    def _cheapest(self, order: Sequence[int], scopes: Scopes) -> list[_Found]:
        """Some of the best candidates with this order."""
        candidates = self.tiles.candidates.under(order)
        slots = self._slots(candidates, scopes)
        fitting = self._fitting(candidates, slots, scopes)
        if not len(fitting):
            return []
        self.orders += 1
        self.compared += len(fitting)
        tiles = self.tiles.under(order)
        if len(fitting) < len(slots):
            tiles, slots = tiles[fitting], slots[fitting]
        costs = estimate(tiles, self.config, slots, scopes)
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
        cycles = np.where(costs.weights <= self.weights, cycles, inf)
        best = np.argsort(cycles, kind="stable")[:4]
        positions = self.positions[fitting]
        return [
            _Found(float(cycles[i]), int(positions[i]), order, slots[i].tolist(), scopes)
            for i in best
            if cycles[i] < inf
        ]

    def _fitting(self, candidates: Candidates, slots: Integers, scopes: Scopes) -> Integers:
        """Positions of the candidates that the scratchpads have room for."""
        needed = entries_needed(candidates, slots, scopes)
        limits = entries(self.config)
        fits = [needed[memory] <= limits[memory] for memory in Memory]
        return np.flatnonzero(np.logical_and.reduce(fits))

    # --- Tiles.

    def _tiles(self) -> Integers:
        """Tile sizes [candidates, iterators], larger tiles first."""
        choices = [self._sizes(index) for index in range(len(self.tiling.extents))]
        keep = 64
        while prod(len(sizes) for sizes in choices) > _MOST_CANDIDATES:
            keep = keep * 7 // 8
            choices = [self._thinned(sizes, keep) for sizes in choices]
        grid = np.meshgrid(*(np.array(sizes) for sizes in choices), indexing="ij")
        return np.stack([axis.reshape(-1) for axis in grid], axis=1)

    @staticmethod
    def _thinned(sizes: list[int], keep: int) -> list[int]:
        """At most `keep` sizes: those that divide the largest first, then some in wide gaps, as
        primes leave them, then large ones."""
        whole = [size for size in sizes if sizes[0] % size == 0]
        chosen = {*whole[: max(keep - 1, 1)], sizes[-1]}
        rest = [size for size in sizes if size not in chosen]
        while rest and len(chosen) < keep:
            ratio, above, below = max(
                (a / b, a, b) for a, b in pairwise(sorted(chosen, reverse=True))
            )
            between = [size for size in rest if below < size < above]
            size = rest[0]
            if ratio > _GAP and between:
                middle = sqrt(above * below)
                size = min(between, key=lambda each: max(each / middle, middle / each))
            chosen.add(size)
            rest.remove(size)
        return sorted(chosen, reverse=True)

    def _sizes(self, index: int) -> list[int]:
        """Tile sizes of an iterator, largest first: for each number of tiles the balanced size,
        and for parallel ones one that leaves the last tile, which nothing overlaps, half as big.

        A window is loaded whole; that of a product whose taps have gaps between them, maybe tap by
        tap."""
        extent = self.tiling.extents[index]
        if any(index in operand.opaque for operand in self.tiling.operands):
            return [1]
        if index >= self.tiling.parallel and self._shares_a_dimension(index):
            is_product = self.tiling.product is not None and self.tiling.inner is None
            apart = extent > 1 and is_product and self._has_gaps(index)
            return [extent, 1] if apart else [extent]
        if self.tiling.inner is not None and index in self.tiling.compared:
            return [extent]
        sizes = {-(-extent // count) for count in range(1, extent + 1)}
        if index < self.tiling.parallel:
            larger = {2 * extent // (2 * count - 1) for count in range(2, extent + 1)}
            sizes |= {size for size in larger if 8 * size > extent}
        return sorted(sizes, reverse=True)

    def _shares_a_dimension(self, index: int) -> bool:
        """Whether a window dimension moves with this iterator and another: a kernel's row, say."""
        return any(
            row[index] and np.count_nonzero(row) > 1
            for operand in self.tiling.operands
            for row in operand.coefficients
        )

    def _has_gaps(self, index: int) -> bool:
        """Whether taps along this iterator are further apart than the windows."""
        return any(
            row[index] > np.delete(row, index).max(initial=0) > 0
            for operand in self.tiling.operands
            for row in operand.coefficients
        )

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

    def _scopes(self, order: Sequence[int]) -> Iterator[Scopes]:
        """Where the product's operands can be kept: within loops that a loop follows which does
        not move them, or nowhere."""
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
            yield {Memory.INP: inp, Memory.WGT: wgt}

    def _slots(self, candidates: Candidates, scopes: Scopes) -> Integers:
        """Slots for what is filled again, so that loads run ahead; one for the rest."""
        slots = np.ones((len(candidates), len(Memory)), np.int64)
        for operand in self.tiling.operands:
            if operand.memory is Memory.ACC or operand.resident:
                continue
            scope = scope_of(self.tiling, operand, scopes)
            again = candidates.turns(operand, candidates.loops[:scope]) > 1
            column = list(Memory).index(operand.memory)
            slots[:, column] = np.maximum(slots[:, column], np.where(again, _AHEAD, 1))
        slots[:, list(Memory).index(Memory.ACC)] = candidates.held
        return slots
