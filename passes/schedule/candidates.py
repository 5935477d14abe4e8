"""Tile sizes of many schedules at once, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tiling import Tiling


class Candidates:
    """Tile sizes [candidates, iterators] for one nest. Windows are worked out once and kept."""

    def __init__(self, tiling: Tiling, tiles: Integers | Sequence[Sequence[int]]):
        self.tiling = tiling
        self.tiles = np.asarray(tiles, np.int64)
        self.trips = -(-np.array(tiling.extents) // self.tiles)
        """Turns of each iterator's tile loop."""
        self._windows = [operand.window(self.tiles) for operand in tiling.operands]

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, positions: Integers) -> Candidates:
        """Some of the candidates."""
        chosen = object.__new__(Candidates)
        chosen.tiling, chosen.tiles = self.tiling, self.tiles[positions]
        chosen.trips = self.trips[positions]
        chosen._windows = [window[positions] for window in self._windows]
        return chosen

    @property
    def chunks(self) -> Integers:
        """Turns of all loops over the reduction together."""
        return self.trips[:, self.tiling.parallel :].prod(axis=1)

    @property
    def has_whole_windows(self) -> NDArray[np.bool_]:
        """Whether a tile has all points of the windows that it compares at once."""
        return (self.trips[:, [*self.tiling.compared]] == 1).all(axis=1)

    def window(self, operand: Operand) -> Integers:
        """Elements of an operand's window in each dimension."""
        return self._windows[self.tiling.operands.index(operand)]

    def entries(self, operand: Operand) -> Integers:
        """Scratchpad entries of an operand's window."""
        return self.window(operand).prod(axis=1)

    def turns(self, operand: Operand, loops: Sequence[int]) -> Integers:
        """Together the turns of those of the loops that move the operand's window."""
        return self.trips[:, [loop for loop in loops if loop in operand.depends]].prod(axis=1)
