"""Which factors and orders of loops the levels of a machine can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product as each_of

import numpy as np

from nopt.hw.array.levels.level_machine import Memory, Spatial
from nopt.hw.array.loop_orders import FixedOrder, OrderClass, order_classes, product
from nopt.passes.mapping.factorings import Array, Indices, Pins, crossed, divisors
from nopt.passes.mapping.levels.open_mappings import NO_LEAD, OpenMappings
from nopt.passes.mapping.levels.tile_overlaps import windows


@dataclass(frozen=True)
class LoopOrder:
    """How the loops of a memory are ordered, for operands that go further inwards."""

    order: OrderClass | FixedOrder
    operands: tuple[int, ...]
    """Of the problem, in the order's own order."""
    lead: int | None = None
    """The loop that is innermost, where windows move."""

    def kept(self, trips: Array, operands: int) -> list[Array | float]:
        """Over how many trips each operand of a problem stays."""
        found: list[Array | float] = [1.0] * operands
        for x, kept in zip(self.operands, self.order.reuse(list(trips)), strict=True):
            found[x] = kept
        return found

    def real(self, trips: Array) -> Array:
        """For which trips this is an order of its own."""
        found = self.order.real(list(trips)) & np.ones(trips.shape[1], bool)
        return found if self.lead is None else found & (trips[self.lead] > 1)

    def leads(self, trips: Array) -> Array | float:
        """The loop that is innermost, as far as it matters."""
        if isinstance(self.order, OrderClass):
            return NO_LEAD if self.lead is None else float(self.lead)
        found = np.full(trips.shape[1], NO_LEAD)
        for loop in self.order.loops:
            found[trips[loop] > 1] = loop
        return found

    def loops(self) -> list[int]:
        """All loops, outermost first."""
        order = [*self.order.order()]
        if self.lead is not None:
            order.remove(self.lead)
            order.append(self.lead)
        return order


class LevelChoices:
    """Factors and orders that are left to choose on a machine, as far as they can fit."""

    def __init__(self, model: OpenMappings, pins: Pins, orders: Mapping[str, tuple[int, ...]]):
        self.model, self.pins, self.orders = model, pins, orders
        self.divisors = [divisors(extent) for extent in model.problem.extents]
        levels = model.machine.levels
        self.spatial = {i: self._spatial(i) for i, _ in enumerate(levels) if self._is_spatial(i)}
        """Factors that fit a spatial level's axes."""
        self.tiles = {
            i: self._tiles(i + 1) for i, level in enumerate(levels) if isinstance(level, Memory)
        }
        """What a memory's loops can leave: what the next memory holds, or all instances of it."""

    def left(self, level: int, tile: Array) -> Array:
        """What the loops of a level can leave of a tile, in columns."""
        if self._is_spatial(level):
            factors = self.spatial[level]
            fits = (np.remainder(tile[:, None], factors) == 0).all(axis=0)
            found = tile[:, None] / factors[:, fits]
            if level + 1 == self.model.end:
                found = found[:, (found == 1).all(axis=0)]
        else:
            found = self.tiles[level]
            found = found[:, (np.remainder(tile[:, None], found) == 0).all(axis=0)]
        for loop, factor in self.pins.get(self.model.machine.levels[level].name, {}).items():
            found = found[:, found[loop] * factor == tile[loop]]
        return found

    def loop_orders(self, level: int) -> list[LoopOrder]:
        """The orders of a memory's loops that differ for operands that other memories hold, and in
        which loop moves windows."""
        model, problem = self.model, self.model.problem
        going = tuple(model.going(level + 1))
        shown = replace(problem, operands=tuple(problem.operands[x] for x in going), output=0)
        name = model.machine.levels[level].name
        if name in self.orders:
            return [LoopOrder(FixedOrder(shown, self.orders[name]), going)]
        moving = {loop for x in going for loop in windows(problem.operands[x])}
        found: list[LoopOrder] = []
        for each in order_classes(shown):
            innermost = each.groups[:1] or each.ends
            leads = sorted(moving & {loop for group in innermost for loop in group})
            found += [LoopOrder(each, going, lead) for lead in (None, *leads)]
        return found

    def ideal(self, trips: Array) -> list[Array | float]:
        """Over how many trips each operand of a problem stays at most, whatever the order is."""
        loops = range(len(trips))
        return [
            product([trips[i] for i in loops if i not in operand.loops])
            for operand in self.model.problem.operands
        ]

    def most(self, level: int) -> Array:
        """How many instances the spatial levels from one on can use at most, for all tiles: a row
        a loop's divisor, an axis a loop."""
        shape = [len(each) for each in self.divisors]
        found = np.ones(shape)
        for i in range(level, self.model.end):
            if self._is_spatial(i):
                found *= self._most_of(self.spatial[i], shape)
        return found

    def places(self, tiles: Array) -> tuple[Indices, ...]:
        """The positions of tiles in what `most` gives."""
        each = zip(self.divisors, tiles, strict=True)
        return tuple(np.searchsorted(known, row) for known, row in each)

    def _most_of(self, factors: Array, shape: list[int]) -> Array:
        found = np.ones(shape)
        np.maximum.at(found, self.places(factors), factors.prod(axis=0))
        for axis, known in enumerate(self.divisors):
            rows = np.moveaxis(found, axis, 0)
            for j, number in enumerate(known):
                below = [i for i in range(j) if number % known[i] == 0]
                rows[j] = np.max(rows[[*below, j]], axis=0)
        return found

    def _is_spatial(self, level: int) -> bool:
        return isinstance(self.model.machine.levels[level], Spatial)

    def _spatial(self, level: int) -> Array:
        spatial = self.model.machine.levels[level]
        assert isinstance(spatial, Spatial)
        axes = spatial.spatial
        found = np.ones((len(self.divisors), 1))
        for i, known in enumerate(self.divisors):
            found = crossed(found, i, np.array(known, float))
            found = found[:, found.prod(axis=0) <= axes.x * axes.y]
        fits = np.zeros(found.shape[1], bool)
        used = [i for i, row in enumerate(found) if row.max() > 1]
        for on_x in each_of((True, False), repeat=len(used)):
            x = found[[i for i, on in zip(used, on_x, strict=True) if on]].prod(axis=0)
            fits |= (x <= axes.x) & (found.prod(axis=0) / x <= axes.y)
        return found[:, fits]

    def _tiles(self, level: int) -> Array:
        """The tiles that spatial levels from one on and the memory inside of them can take."""
        levels = self.model.machine.levels
        fan_out, memory = 1, None
        for i in range(level, self.model.end):
            found = levels[i]
            if isinstance(found, Memory):
                memory = i
                break
            fan_out *= found.instances
        tiles = np.ones((len(self.divisors), 1))
        for i, known in enumerate(self.divisors):
            tiles = crossed(tiles, i, np.array(known, float))
            if memory is None:
                fits = tiles.prod(axis=0) <= fan_out
            else:
                fits = self.model.has_room(memory, list(tiles), fan_out)
            tiles = tiles[:, fits]
        return tiles
