"""What a tile costs: once for all candidates, and mostly for all orders of loops around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.core.transfers import parts_of
from nopt.passes.core.vectors import block_bytes
from nopt.passes.kernel.candidates import Candidates, Floats
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tile_cost import TileCost, TileCosts


@dataclass(frozen=True)
class TransferCost:
    """Of moving one tile's window: cycles and instructions, [candidates] each."""

    cycles: Floats
    instructions: Integers

    def __getitem__(self, positions: Integers) -> TransferCost:
        return TransferCost(self.cycles[positions], self.instructions[positions])


@dataclass(frozen=True)
class CostedTiles:
    """Candidates, and what one tile of each costs."""

    candidates: Candidates
    compute: TileCost
    loads: tuple[TransferCost, ...]
    """Of each operand of the tiling."""
    store: TransferCost
    last_store: TransferCost
    """Of the last tile, which may be smaller."""
    costs: TileCosts
    """Where those of other orders come from."""

    @classmethod
    def of(cls, candidates: Candidates, config: Config) -> CostedTiles:
        tiling, tiles = candidates.tiling, candidates.tiles
        costs = TileCosts(candidates, config)
        last = np.array(tiling.extents) - (candidates.trips - 1) * tiles
        return cls(
            candidates,
            costs.under(candidates),
            tuple(_load(candidates, operand, config) for operand in tiling.operands),
            _store(candidates, tiles, config),
            _store(candidates, last, config),
            costs,
        )

    def __getitem__(self, positions: Integers) -> CostedTiles:
        """Some of the candidates, maybe some of them many times."""
        costs = self.costs[positions]
        loops = self.candidates.loops
        return CostedTiles(
            costs.candidates.under(loops if loops.shape[1] == 1 else loops[:, positions]),
            self.compute[positions],
            tuple(load[positions] for load in self.loads),
            self.store[positions],
            self.last_store[positions],
            costs,
        )

    def under(self, loops: Integers) -> CostedTiles:
        """The candidates under other orders of the tile loops, which say what tiles leave to the
        next ones."""
        candidates = self.candidates.under(loops)
        if not candidates.tiling.overlapping:
            return replace(self, candidates=candidates)
        return replace(self, candidates=candidates, compute=self.costs.under(candidates))

    def load(self, operand: Operand) -> TransferCost:
        """Of one of the tiling's operands."""
        return self.loads[self.candidates.tiling.operands.index(operand)]


def _load(candidates: Candidates, operand: Operand, config: Config) -> TransferCost:
    window = candidates.window(operand)
    rows, entries, transfers = _rows(window, operand.shape, operand.padded, operand.steps, config)
    row_bytes = entries * block_bytes(operand.memory, config)
    cycles = cost.load_cycles(rows, row_bytes, config) + cost.ISSUE_CYCLES
    return TransferCost(transfers * cycles, transfers)


def _store(candidates: Candidates, tiles: Integers, config: Config) -> TransferCost:
    """Of tiles of these sizes."""
    tiling = candidates.tiling
    parallel = tiling.parallel
    shape = tiling.extents[:parallel]
    inside, one = [False] * parallel, [1] * parallel
    rows, entries, transfers = _rows(tiles[:, :parallel], shape, inside, one, config)
    cycles = cost.store_cycles(rows, entries * config.out_bytes * config.acc_parts, config)
    transfers = transfers * tiling.planes
    return TransferCost(transfers * (cycles + cost.ISSUE_CYCLES), transfers)


def _rows(
    window: Integers,
    shape: Sequence[int],
    padded: Sequence[bool],
    steps: Sequence[int],
    config: Config,
) -> tuple[Integers, Integers, Integers]:
    """Rows of a transfer, entries of a row, and transfers of windows [candidates, dimensions]."""
    columns, rows, loops = parts_of(window, shape, padded, steps, config)
    rows, entries, transfers = (
        np.where(part, window, 1).prod(axis=1) for part in (rows & ~loops, columns, loops)
    )
    return rows, entries, transfers
