"""How long the compute module loads micro-ops: all of a kernel once, or anew for each tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.kernel.candidates import Floats
from nopt.passes.kernel.capacity import buffer_tiles
from nopt.passes.kernel.operands import Integers
from nopt.passes.kernel.reuse import Scopes
from nopt.passes.schedule.costed_tiles import CostedTiles


@dataclass(frozen=True)
class UopLoads:
    """Of each candidate."""

    different: Floats
    """Micro-ops of all tiles. Where so many fit the buffer, they are loaded once."""
    once: Floats
    """Cycles at the begin of a kernel."""
    each_tile: Floats
    """Cycles of every tile."""


def uop_loads(tiles: CostedTiles, config: Config, slots: Integers, scopes: Scopes) -> UopLoads:
    """What candidates with slots [candidates, 3] load.

    Addresses are a part of micro-ops, so there are others for each slot. Slots of inputs and
    weights change together, from chunk to chunk; those of accumulators from tile to tile.
    """
    candidates, tile = tiles.candidates, tiles.compute
    tiling = candidates.tiling
    turns = candidates.results
    results = np.minimum(slots[:, list(Memory).index(Memory.ACC)], turns)
    moved = [
        buffer_tiles(candidates, operand, scopes, slots)
        for operand in tiling.operands
        if operand.memory is not Memory.ACC and operand not in tiling.of_epilogue
    ]
    products = np.maximum.reduce([np.ones_like(turns), *moved]) * results
    products = np.minimum(products, turns * candidates.chunks)
    different = products * tile.chunk.uops + results * tile.rest.uops
    of_tile = candidates.chunks * tile.chunk.uops + tile.rest.uops
    fits = different <= config.uop_entries
    cycles = _cycles(np.where(fits, different, of_tile), config)
    return UopLoads(different, np.where(fits, cycles, 0), np.where(fits, 0, cycles))


def _cycles(uops: Floats, config: Config) -> Floats:
    """Cycles to load so many, as much at a time as the buffer has room for."""
    loads = np.maximum(np.ceil(uops / config.uop_entries), 1)
    return loads * (
        cost.load_cycles(1, uops / loads * config.uop_bytes, config) + cost.ISSUE_CYCLES
    )
