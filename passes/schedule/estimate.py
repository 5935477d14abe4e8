"""What schedules cost, for many at once: the closed form that the search compares them by.

A program is a row of *tiles*: each resets its accumulators, multiplies the chunks of the reduction,
runs the ALU steps and stores. Loads, compute and stores overlap as far as the slots of the buffers
let loads run ahead. Tiles differ only in which of the kept operands they load, so there are at most
four kinds of them; each kind has a period, and the program takes the sum of these, what fills the
pipeline before the first product, and the last store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.core.vectors import block_bytes
from nopt.passes.kernel.candidates import Booleans, Candidates, Floats
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.reuse import Scopes, factor, scope_of, scopes_of, slots_of
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.costed_tiles import CostedTiles
from nopt.passes.schedule.uop_loads import uop_loads

_UNLIMITED = 1 << 20

_Kind: TypeAlias = tuple[NDArray[Any], Floats, NDArray[Any], Integers]
"""Of tiles: how many, cycles of loads that are streamed and of those that are kept, slots ahead."""


@dataclass(frozen=True)
class Estimate:
    """Candidates' costs, [candidates] each."""

    steady: Floats
    """Cycles while the core computes, from the first product to the last ALU step."""
    start: Floats
    """Cycles of what is loaded before the first product."""
    end: Floats
    """Cycles of the last store."""
    compute: Floats
    """Cycles of the compute module alone."""
    loads: Floats
    """Cycles of the load module alone."""
    tail: Floats
    """Cycles that it has left when the last load is done."""
    bytes: Floats
    """Bytes loaded."""
    weights: Floats
    """How often the weights of a product are loaded; 0 if there are none."""
    instructions: Floats
    config: Config

    @property
    def cycles(self) -> Floats:
        """Of a kernel by itself."""
        return cost.fetch_cycles(8, self.config) + self.start + self.steady + self.end


def estimate(tiles: CostedTiles, config: Config, slots: Integers, scopes: Scopes) -> Estimate:
    """The cost of candidates with slots [candidates, 3], the product's operands kept within some
    of their loops."""
    return _Estimation(tiles, config, slots, scopes).result()


def estimate_schedule(tiling: Tiling, schedule: ScheduleAttr, config: Config) -> Estimate:
    """The cost of one schedule."""
    tiles = CostedTiles.of(Candidates.of(tiling, schedule), config)
    return estimate(tiles, config, slots_of(schedule), scopes_of(schedule))


def least(tiles: CostedTiles, config: Config) -> Estimate:
    """What candidates cost at least, in any order and whatever is kept.

    That is what compute takes without waiting, or loads of every window once, whichever is longer,
    between the first loads and the last store, of which strips leave one to wait for."""
    candidates, store = tiles.candidates, tiles.store
    tiling = candidates.tiling
    costs = [tiles.costs.of(each).of_tile(candidates.chunks) for each in candidates.any_programs]
    compute = candidates.results * np.minimum.reduce([each.cycles for each in costs])
    each_tile = np.minimum.reduce([each.instructions for each in costs]) + store.instructions
    instructions = candidates.results * each_tile
    start, loads, bytes = (np.zeros(len(candidates)) for _ in range(3))
    for operand in tiling.operands:
        load, windows = tiles.load(operand), candidates.windows_of(operand)
        instructions = instructions + windows * load.instructions
        bytes = bytes + windows * _window_bytes(candidates, operand, config)
        if _is_for_compute(operand, tiling):
            compute = compute + windows * load.cycles
        else:
            loads = loads + windows * load.cycles
        if _is_first(operand, tiling):
            start = start + load.cycles
    steady = np.maximum.reduce([compute, loads, candidates.results * store.cycles])
    end = tiles.last_store.cycles / candidates.strips
    once = np.full(len(candidates), 0.0 if tiling.product is None else 1.0)
    tail = np.zeros(len(candidates))
    return Estimate(steady, start, end, compute, loads, tail, bytes, once, instructions, config)


def _window_bytes(candidates: Candidates, operand: Operand, config: Config) -> Integers:
    return candidates.entries(operand) * block_bytes(operand.memory, config)


def _is_first(operand: Operand, tiling: Tiling) -> bool:
    """Whether the first product, or the first ALU step, needs an operand."""
    return operand.load is tiling.operands[0].load or operand is factor(tiling, Memory.WGT)


def _is_for_compute(operand: Operand, tiling: Tiling) -> bool:
    """Whether the compute module loads an operand: one of the epilogue, to the accumulators."""
    return operand.memory is Memory.ACC and operand.load is not tiling.operands[0].load


class _Estimation:
    def __init__(
        self,
        costed: CostedTiles,
        config: Config,
        slots: Integers,
        scopes: Scopes,
    ):
        self.costed = costed
        self.candidates = candidates = costed.candidates
        self.tiling = candidates.tiling
        self.config = config
        self.tiles = candidates.tiles
        self.trips = candidates.trips
        self.slots = slots
        self.scopes = scopes
        self.turns = candidates.results
        self.chunks = candidates.chunks

    def result(self) -> Estimate:
        tiling, config = self.tiling, self.config
        count = len(self.tiles)
        self.bytes = np.zeros(count)
        self.weights = np.zeros(count)
        self.per_tile = np.zeros(count)
        """Cycles of loads that each tile has on average, beside those of the product's operands."""
        self.first = np.zeros(count)
        """Cycles of the loads before the first product."""
        tile = self.costed.compute
        chunk, epilogue = tile.chunk.cycles, tile.rest.cycles
        per_tile = self.chunks * tile.chunk.instructions + tile.rest.instructions
        self.instructions = self.turns * per_tile
        uops = uop_loads(self.costed, config, self.slots, self.scopes)
        epilogue = epilogue + uops.each_tile
        for operand in tiling.operands:
            if not _is_first(operand, tiling):
                epilogue = epilogue + self._other(operand)
        store = self.costed.store
        total, loads = np.zeros(count), self.turns * self.per_tile
        kinds = self._kinds()
        for tiles_of_kind, streamed, kept, ahead in kinds:
            product = streamed + kept
            cycles = period(self.chunks, chunk, epilogue, product, self.per_tile, ahead)
            total = total + tiles_of_kind * np.maximum(cycles, store.cycles)
            loads = loads + tiles_of_kind * (streamed + kept)
        if not tiling.is_behind:
            total = total + self._first_behind(chunk, epilogue, kinds[0])
        self.instructions = self.instructions + self.turns * store.instructions
        return Estimate(
            np.maximum(total, cost.fetch_cycles(self.instructions, config)) + uops.once,
            self.first,
            self._last_store(),
            self.turns * (self.chunks * chunk + epilogue) + uops.once,
            loads,
            chunk + epilogue,
            self.bytes,
            self.weights,
            self.instructions,
            config,
        )

    def _first_behind(self, chunk: Floats, epilogue: Floats, kind: _Kind) -> Floats:
        """Cycles that the first tile takes longer than others of its kind: no epilogue before it
        lets loads run ahead, so each of its chunks waits for its own."""
        _, streamed, kept, ahead = kind
        product = streamed + kept
        alone = (self.chunks - 1) * np.maximum(product / self.chunks, chunk) + chunk + epilogue
        others = period(self.chunks, chunk, epilogue, product, self.per_tile, ahead)
        return np.maximum(alone - others, 0)

    def _last_store(self) -> Floats:
        """Cycles that are left when all is computed: most strips are stored beside later ones."""
        strips, store = self.candidates.strips, self.costed.last_store.cycles
        parallel = self.tiling.parallel
        extents, trips = np.array(self.tiling.extents[:parallel]), self.trips[:, :parallel]
        last = extents - (trips - 1) * self.tiles[:, :parallel]
        # The epilogue of a tile of mean size, which the last one may be smaller than.
        epilogue = self.costed.compute.rest.cycles * (last * trips / extents).prod(axis=1)
        return np.maximum(store / strips, store - epilogue * (strips - 1) / strips)

    # --- Transfers.

    def _events(self, operand: Operand, scope: Integers) -> Integers:
        """How often an operand is loaded: once a turn of the loops around its load.

        A load stands inside the innermost loop that moves its window. Loops from `scope` inwards
        that do not move it find it kept.
        """
        candidates = self.candidates
        moves = candidates.moves(operand)
        inwards = (moves & (candidates.turns > 1))[::-1]
        around = np.logical_or.accumulate(inwards)[::-1]
        return candidates.product(around & (moves | (candidates.depths < scope)))

    def _count(self, operand: Operand, events: Integers) -> None:
        self.instructions = self.instructions + events * self.costed.load(operand).instructions
        window = _window_bytes(self.candidates, operand, self.config)
        self.bytes = self.bytes + events * window

    def _other(self, operand: Operand) -> Floats | int:
        """Account for an operand of the epilogue; cycles that it adds to each tile's compute."""
        cycles = self.costed.load(operand).cycles
        events = self._events(operand, scope_of(self.tiling, operand, self.scopes))
        self._count(operand, events)
        if _is_for_compute(operand, self.tiling):
            return cycles * events / self.turns
        if not operand.resident:
            # What each tile loads anew waits until its products have their data.
            self.first = self.first + np.where(events < self.turns, cycles, 0)
        self.per_tile = self.per_tile + cycles * events / self.turns
        return 0

    # --- Kinds of tiles.

    def _kinds(self) -> list[_Kind]:
        """Of all tiles."""
        tiling = self.tiling
        if tiling.product is None:
            operand = tiling.operands[0]
            cycles = self.costed.load(operand).cycles
            events = self._events(operand, scope_of(tiling, operand, self.scopes))
            self._count(operand, events)
            self.first = self.first + cycles
            ahead = self.slots[:, list(Memory).index(operand.memory)]
            return [(self.turns, cycles * events / self.turns, np.zeros(len(cycles)), ahead)]
        loads: dict[Memory, Floats] = {}
        kept: dict[Memory, Booleans] = {}
        ahead = np.full(len(self.tiles), _UNLIMITED)
        streamed = np.zeros(len(self.tiles))
        for memory in (Memory.INP, Memory.WGT):
            operand = factor(tiling, memory)
            assert operand is not None
            cycles = self.costed.load(operand).cycles
            events = self._events(operand, self.scopes[memory])
            self._count(operand, events)
            if memory is Memory.WGT:
                self.weights = events / self.candidates.windows_of(operand)
            self.first = self.first + cycles
            kept[memory] = self._kept(operand, self.scopes[memory])
            waits = kept[memory].any(axis=0)
            streamed = streamed + np.where(waits, 0, cycles * events / self.turns)
            loads[memory] = np.where(waits, cycles * events / self._tiles_at(kept[memory]), 0)
            moving = (events > 1) & ~waits
            column = self.slots[:, list(Memory).index(memory)]
            ahead = np.where(moving, np.minimum(ahead, column), ahead)
        return self._combined(kept, loads, streamed, ahead)

    def _kept(self, operand: Operand, scope: Integers) -> Booleans:
        """The parallel loops that find an operand kept."""
        candidates = self.candidates
        inside = (candidates.depths >= scope) & (candidates.loops < self.tiling.parallel)
        return inside & ~candidates.moves(operand)

    def _tiles_at(self, loops: Booleans) -> Floats:
        """Tiles in the first turn of all these loops."""
        return self.turns / self.candidates.product(loops)

    def _combined(
        self,
        kept: dict[Memory, Booleans],
        loads: dict[Memory, Floats],
        streamed: Floats,
        ahead: Integers,
    ) -> list[_Kind]:
        """Tiles that load both kept operands, one of them, none."""
        none = np.zeros(len(self.tiles))
        both = self._tiles_at(kept[Memory.INP] | kept[Memory.WGT])
        kinds = [(both, streamed, sum(loads.values(), none), ahead)]
        rest = self.turns - both
        two = kept[Memory.INP].any(axis=0) & kept[Memory.WGT].any(axis=0)
        if two.any():
            for memory, loops in kept.items():
                alone = np.where(two, self._tiles_at(loops) - both, 0)
                kinds.append((alone, streamed, loads[memory], ahead))
                rest = rest - alone
        kinds.append((rest, streamed, none, ahead))
        return kinds


def period(
    chunks: Integers,
    chunk: Floats,
    epilogue: Floats,
    loads: Floats,
    per_tile: Floats,
    ahead: Integers,
) -> Floats:
    """Cycles from one tile to the next: of `chunks` products of `chunk` cycles and an epilogue,
    with `loads` cycles of loads for all products, as many slots `ahead`, and `per_tile` for others.
    """
    compute = chunks * chunk + epilogue
    load = loads / chunks
    # While a chunk is multiplied at most `ahead` are loaded or wait; the epilogue lets the
    # loads of so many run ahead, the others hold the multiplication up if they take longer.
    behind = np.maximum(chunks - ahead, 0) * np.maximum(load - chunk, 0)
    # Loads before the next tile's first chunk have the last chunks and the epilogue to hide in.
    hidden = np.minimum(ahead, chunks) * chunk + epilogue
    early = np.where(load <= chunk, per_tile + np.minimum(ahead, chunks) * load - hidden, 0)
    return np.maximum(loads + per_tile, compute + behind + np.maximum(early, 0))
