"""The end of a kernel's last tile in strips: one is stored while the next one is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw import cost
from nopt.passes.kernel.operands import Integers
from nopt.passes.kernel.tiling import Tiling

_MOST = 16
"""Strips of a tile that are tried, at most."""


@dataclass(frozen=True)
class LastTile:
    """How large last tiles are, and the axis along which they are cut, [candidates] each.

    That is the outermost one with more than one element: a strip lies together in memory.
    """

    vectors: Integers
    axis: Integers
    length: Integers
    """Elements along the axis; strips have a part of them, all as many."""


def last_tile(tiling: Tiling, tiles: Integers) -> LastTile:
    """The last tiles of tile sizes [candidates, iterators]."""
    extents = np.array(tiling.extents[: tiling.parallel])
    rest = (extents - 1) % tiles[:, : tiling.parallel] + 1
    axis = np.argmax(rest > 1, axis=1)
    return LastTile(rest.prod(axis=1), axis, rest[np.arange(len(rest)), axis])


def best_strips(tiling: Tiling, tiles: Integers) -> Integers:
    """The strips after which least is left to store, each step taking an instruction for each.

    One where another nest hides the last store, or the epilogue needs whole tiles.
    """
    if tiling.is_before or not tiling.goes_in_strips:
        return np.ones(len(tiles), np.int64)
    last = last_tile(tiling, tiles)
    vectors = [operand for operand in tiling.of_epilogue if operand.memory is Memory.ACC]
    parts = tiling.config.acc_parts
    compute = parts * (len(tiling.steps) + len(vectors))
    start = len(tiling.steps) * (cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES)
    store = cost.store_cycles(1, last.vectors * parts * tiling.config.out_bytes, tiling.config)
    best, strips = store.astype(float), np.ones(len(tiles), np.int64)
    for count in range(2, _MOST + 1):
        # What is stored while later strips are computed is gone by then.
        hidden = np.minimum(store, last.vectors * compute) * (count - 1) / count
        cycles = store - hidden + start * (count - 1)
        better = (cycles < best) & (last.length % count == 0)
        best, strips = np.where(better, cycles, best), np.where(better, count, strips)
    return strips
