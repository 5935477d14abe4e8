"""The best mapping of a nest on an array, proven: branch and bound over all factors and orders.

Factors split: what PEs hold, and how it is spread over them, says what a pass of the array takes;
the scratchpad's tile says what DMA takes. Each is listed by itself and the product never: tiles are
taken by their bound, and to each only what it is a multiple of and what can still be better.
"""

from __future__ import annotations

import time
from collections.abc import Mapping as Named
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nopt.hw.array.array_cost import CostModel, HeldTiles, SpmTiles
from nopt.hw.array.array_estimate import Estimate, estimate
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.levels.level_mapping import LevelMapping
from nopt.hw.array.loop_orders import FixedOrder, Order, order_classes, total
from nopt.hw.array.mapping import Mapping, violations
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import Array, Factorings, Indices, Pins
from nopt.passes.mapping.mapping_bounds import (
    Kept,
    Least,
    before_spatial,
    kept_by,
    least,
    undominated,
)
from nopt.passes.mapping.wanted import Wanted

_ROUNDS = (32, 512)
"""So many of the most promising tiles of the array are looked at first, to have something good."""
_SEEDS = 48
"""Tiles of the scratchpad that a first look takes."""
_BLOCK = 1 << 16
"""Mappings that are evaluated at once, so that their columns stay in the cache."""


@dataclass(frozen=True)
class Constraints:
    """What the search may not choose, operands and loops by position."""

    pins: Pins = field(default_factory=dict[str, Named[int, int]])
    stationary: Named[str, int] = field(default_factory=dict[str, int])
    """The operand that the innermost loops of a level (spm, dram) keep."""
    orders: Named[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """The order of the loops of a level, outermost first."""
    packed: frozenset[int] = frozenset()
    """Operands that may lie in DRAM tile by tile, which never is worse."""


@dataclass(frozen=True)
class Found:
    """What a search found: the best mapping, or the front by energy."""

    mappings: Sequence[Mapping | LevelMapping]
    estimates: Sequence[Estimate]
    proven: bool
    gap: float
    """By which part the best could still be better; 0 if proven."""
    evaluated: int
    """Mappings whose cost was computed; all others are worse by a bound."""

    @property
    def best(self) -> int:
        """The position of the least energy-delay product."""
        products = [each.edp for each in self.estimates]
        return products.index(min(products))


@dataclass(frozen=True)
class _Pairs:
    """Tiles that PEs hold, with their spatial factors; `owner` is the tile of each of these."""

    held: Array
    spatial: Array
    owner: Indices
    starts: Indices
    tiles: HeldTiles
    least: dict[Kept, Least]
    best: dict[Kept, Least]
    """The least of those of each tile."""


@dataclass
class MappingSearch:
    """One search. Raises ValueError if no mapping fits, with the limit that none keeps."""

    machine: ArrayMachine
    problem: Problem
    objective: str = "edp"
    constraints: Constraints = field(default_factory=Constraints)
    seconds: float = np.inf
    """Of the processor, after which the best so far is given."""

    def run(self) -> Found:
        """The best mapping, the same each time unless time runs out."""
        self._until = time.process_time() + self.seconds
        self._model = CostModel(self.machine, self.problem, self.constraints.packed)
        self._factorings = Factorings(self.machine, self.problem, self.constraints.pins)
        self._wanted, self._evaluated = Wanted(self.objective), 0
        self._spm_classes = self._classes("spm")
        self._dram_classes = self._classes("dram")
        self._kept = sorted(
            {kept_by(k, d) for k in self._spm_classes for d in self._dram_classes}, key=sorted
        )
        held = self._factorings.tiles()
        tiles = held[:, self._factorings.tiles_of_dram(held)]
        if not tiles.shape[1]:
            raise ValueError(self._refusal())
        bounds = self._held_bounds(held)
        self._list_tiles(tiles, bounds)
        by_bound = self._by_bound(bounds)
        rest = 1.0
        for count in (*_ROUNDS, held.shape[1]):
            chosen = by_bound[:count]
            seed = count < held.shape[1]
            pairs = self._pairs(held[:, chosen], {k: _part(b, chosen) for k, b in bounds.items()})
            if pairs is not None:
                rest = self._join_all(pairs, _SEEDS if seed else None)
        return self._found(rest)

    def _classes(self, level: str) -> Sequence[Order]:
        if (order := self.constraints.orders.get(level)) is not None:
            return [FixedOrder(self.problem, order)]
        kept = self.constraints.stationary.get(level)
        return [each for each in order_classes(self.problem) if kept is None or each.kept[kept]]

    def _held_bounds(self, held: Array) -> dict[Kept, Least]:
        tiles = before_spatial(self._model, held)
        return {kept: least(self._model, held, tiles, kept) for kept in self._kept}

    def _list_tiles(self, tiles: Array, bounds: dict[Kept, Least]) -> None:
        """Tiles of the scratchpad with bounds by order over DRAM, the most promising first."""
        spm = self._model.tiles(list(tiles))
        shape = (len(self._dram_classes), tiles.shape[1])
        energy, cycles = np.full(shape, np.inf), np.full(shape, np.inf)
        for i, order in enumerate(self._dram_classes):
            uses = order.reuse(spm.trips)
            words = total(self._model.dram_words(spm, uses))
            real = np.broadcast_to(order.real(spm.trips), words.shape)
            energy[i] = np.where(real, words * self.machine.dram.energy, np.inf)
            cycles[i] = np.where(real, self._model.with_dma(spm, uses), np.inf)
        floor = min(float(each.energy.min()) for each in bounds.values())
        fixed = self._model.fixed_energy + floor
        fastest = min(float(each.cycles.min()) for each in bounds.values())
        most = energy + fixed, np.maximum(cycles, fastest)
        scores = self._wanted.score(*most).min(axis=0)
        order = np.lexsort([(most[0] * most[1]).min(axis=0), scores])
        self._tiles, self._tile_scores = tiles[:, order], scores[order]
        self._dram_energy, self._dma = energy[:, order], cycles[:, order]
        self._least_dram, self._least_dma = float(energy.min()), float(cycles.min())

    def _by_bound(self, bounds: dict[Kept, Least]) -> Indices:
        """The tiles that PEs can hold by their least score, and where many have the same, as if
        only cycles count, by the least product of energy and cycles."""
        fixed = self._model.fixed_energy + self._least_dram
        each = [(b.energy + fixed, np.maximum(b.cycles, self._least_dma)) for b in bounds.values()]
        scores = np.min([self._wanted.score(*most) for most in each], axis=0)
        return np.lexsort([np.min([e * t for e, t in each], axis=0), scores])

    def _pairs(self, held: Array, bounds: dict[Kept, Least]) -> _Pairs | None:
        """What PEs hold and how it is spread, as far as it can still be better."""
        fixed = self._model.fixed_energy + self._least_dram
        limits = {kept: self._wanted.limit(b.energy + fixed) for kept, b in bounds.items()}
        open_ = [np.maximum(b.cycles, self._least_dma) < limits[kept] for kept, b in bounds.items()]
        chosen = np.flatnonzero(np.any(open_, axis=0))
        most = np.max([np.where(o, limits[k], 0) for k, o in zip(bounds, open_, strict=True)], 0)
        held = held[:, chosen]
        fewest = np.ceil(self.problem.points / most[chosen])
        spatial, owner = self._factorings.spatial(held, fewest)
        if not len(owner):
            return None
        tiles = self._model.held(list(spatial), list(held[:, owner] / spatial))
        grows = [tiles.compute, tiles.reduction, *tiles.energy]
        alive = undominated(grows, owner)
        tiles, owner, spatial = _select(tiles, alive), owner[alive], spatial[:, alive]
        low = {kept: least(self._model, held[:, owner], tiles, kept) for kept in self._kept}
        wanted = np.zeros(len(owner), bool)
        for each in low.values():
            cycles = np.maximum(each.cycles, self._least_dma)
            wanted |= cycles < self._wanted.limit(each.energy + fixed)
        alive = np.flatnonzero(wanted)
        if not len(alive):
            return None
        used, owner = np.unique(owner[alive], return_inverse=True)
        starts = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        low = {kept: _part(each, alive) for kept, each in low.items()}
        best = {
            kept: Least(
                np.minimum.reduceat(each.energy, starts), np.minimum.reduceat(each.cycles, starts)
            )
            for kept, each in low.items()
        }
        tiles = _select(tiles, alive)
        starts = np.append(starts, len(owner))
        return _Pairs(held[:, used], spatial[:, alive], owner, starts, tiles, low, best)

    def _join_all(self, pairs: _Pairs, most: int | None) -> float:
        """Join each tile of the scratchpad, or so many, with what PEs can hold of it. Gives the
        least score of those that time did not allow."""
        for i, score in enumerate(self._tile_scores[:most]):
            if score >= self._wanted.best and self.objective != "pareto":
                break
            if self._wanted.points and time.process_time() > self._until:
                return float(score)
            self._join_tile(pairs, i)
        return np.inf

    def _join_tile(self, pairs: _Pairs, i: int) -> None:
        tile, fixed = self._tiles[:, i], self._model.fixed_energy
        spm = self._model.tiles([float(each) for each in tile])
        dram = fixed + self._dram_energy[:, i]
        multiples: tuple[Indices, list[Array]] | None = None
        for d, over_dram in enumerate(self._dram_classes):
            if not np.isfinite(dram[d]):
                continue
            for k, over_spm in enumerate(self._spm_classes):
                kept = kept_by(over_spm, over_dram)
                if multiples is None:
                    columns = self._factorings.dividing(pairs.held, tile)
                    trips = list(tile[:, None] / pairs.held[:, columns])
                    multiples = columns, trips
                columns, trips = multiples
                low = pairs.best[kept]
                cycles = np.maximum(low.cycles[columns], self._dma[d, i])
                open_ = cycles < self._wanted.limit(low.energy[columns] + dram[d])
                open_ &= over_spm.real(trips)
                chosen = np.flatnonzero(open_)
                if len(chosen):
                    self._evaluate(
                        pairs, i, spm, (d, k), columns[chosen], [t[chosen] for t in trips]
                    )

    def _evaluate(
        self,
        pairs: _Pairs,
        i: int,
        spm: SpmTiles,
        orders: tuple[int, int],
        columns: Indices,
        trips: list[Array],
    ) -> None:
        """Cost of one tile with all that PEs can hold of it, in one order of each level."""
        d, k = orders
        dram = float(self._dram_energy[d, i])
        over_dram, over_spm = self._dram_classes[d], self._spm_classes[k]
        counts = pairs.starts[columns + 1] - pairs.starts[columns]
        whose = np.repeat(np.arange(len(columns)), counts)
        inside = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)
        chosen = pairs.starts[columns][whose] + inside
        low = pairs.least[kept_by(over_spm, over_dram)]
        cycles = np.maximum(low.cycles[chosen], self._dma[d, i])
        limit = self._wanted.limit(low.energy[chosen] + dram + self._model.fixed_energy)
        alive = np.flatnonzero(cycles < limit)
        chosen, whose = chosen[alive], whose[alive]
        passes, uses = np.prod(trips, axis=0), over_spm.reuse(trips)
        dram_uses = [float(each) for each in over_dram.reuse(spm.trips)]
        for start in range(0, len(chosen), _BLOCK):
            part, own = chosen[start : start + _BLOCK], whose[start : start + _BLOCK]
            held = _select(pairs.tiles, part)
            spm_uses = [each if isinstance(each, float) else each[own] for each in uses]
            joined = self._model.join(held, spm, passes[own], spm_uses, dram_uses)
            energy = self._model.energy(held, joined, dram)
            self._evaluated += len(part)

            def what(index: int, part: Indices = part) -> tuple[Any, ...]:
                column = part[index]
                return (i, pairs.held[:, pairs.owner[column]], pairs.spatial[:, column], d, k)

            self._wanted.offer(energy, joined.cycles, what)

    def _found(self, rest: float) -> Found:
        if not self._wanted.points:
            raise ValueError(self._refusal())
        mappings = [self._mapping(*point[2]) for point in self._wanted.points]
        best = self._wanted.best
        return Found(
            mappings,
            [estimate(self.machine, self.problem, each) for each in mappings],
            proven=rest >= best if self.objective != "pareto" else rest == np.inf,
            gap=max(0.0, 1 - rest / best),
            evaluated=self._evaluated,
        )

    def _refusal(self) -> str:
        """Why nothing fits: what the smallest tiles need that leave pinned factors as they are."""
        ones = [1] * len(self.problem.loops)
        pins = self.constraints.pins
        spatial, rf, spm = (
            tuple(pins.get(level, {}).get(i, 1) for i in range(len(ones)))
            for level in ("spatial", "rf", "spm")
        )
        order = tuple(range(len(ones)))
        least = Mapping(spatial, rf, spm, tuple(ones), order, order)
        for each in violations(self.machine, self.problem, least):
            return f"no mapping fits {self.machine.name}: {each}, with the smallest tiles"
        return f"no mapping fits {self.machine.name} with what is pinned"

    def _mapping(self, i: int, held: Array, spatial: Array, d: int, k: int) -> Mapping:
        tile = self._tiles[:, i]
        return Mapping(
            _whole(spatial),
            _whole(held / spatial),
            _whole(tile / held),
            _whole(np.array(self.problem.extents) / tile),
            self._spm_classes[k].order(),
            self._dram_classes[d].order(),
            self.constraints.packed,
        )


def _whole(values: Array) -> tuple[int, ...]:
    return tuple(round(float(each)) for each in values)


def _part(bounds: Least, columns: Indices) -> Least:
    return Least(bounds.energy[columns], bounds.cycles[columns])


def _select(tiles: HeldTiles, columns: Indices) -> HeldTiles:
    return HeldTiles(
        tiles.compute[columns],
        tiles.reduction[columns],
        [each[columns] for each in tiles.spm_words],
        [each[columns] for each in tiles.noc_words],
        [each[columns] for each in tiles.network],
        [each[columns] for each in tiles.energy],
        tiles.reduction_energy[columns],
    )
