"""Tile sizes of many schedules at once, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.select_program import select_program
from nopt.passes.kernel.tile_program import Box, Points, Size, Span, TileProgram
from nopt.passes.kernel.tiling import Tiling

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Candidates:
    """Tile sizes [candidates, iterators] for one nest. Windows are worked out once and kept."""

    def __init__(self, tiling: Tiling, tiles: Integers | Sequence[Sequence[int]]):
        self.tiling = tiling
        self.tiles = np.asarray(tiles, np.int64)
        self.trips = -(-np.array(tiling.extents) // self.tiles)
        """Turns of each iterator's tile loop."""
        self._windows = [operand.window(self.tiles) for operand in tiling.operands]
        self._programs: dict[bool, TileProgram] = {}

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, positions: Integers) -> Candidates:
        """Some of the candidates."""
        chosen = object.__new__(Candidates)
        chosen.tiling, chosen.tiles = self.tiling, self.tiles[positions]
        chosen.trips = self.trips[positions]
        chosen._windows = [window[positions] for window in self._windows]
        chosen._programs = self._programs
        return chosen

    def program(self, whole_windows: bool) -> TileProgram:
        """What a tile does that has all points of the windows it compares, or not."""
        if whole_windows not in self._programs:
            self._programs[whole_windows] = select_program(self.tiling, whole_windows)
        return self._programs[whole_windows]

    @cached_property
    def programs(self) -> list[tuple[TileProgram, NDArray[np.bool_]]]:
        """The tile programs of the candidates, and which of these each is for."""
        whole = self.has_whole_windows & (self.tiling.windows is not None)
        each = [(variant, whole == variant) for variant in (False, True)]
        return [(self.program(variant), those) for variant, those in each if those.any()]

    # --- Sizes.

    def most(self, size: Size) -> Integers:
        """The elements of a dimension in a tile that is not cut short."""
        match size:
            case Points(iterator, more):
                return self.tiles[:, iterator] + more
            case Span(operand, axis):
                return self.window(operand)[:, axis]
            case _:
                return np.full(len(self), size)

    def mean(self, size: Size) -> Floats:
        """The elements of a dimension, the mean over all tiles; of a window, what is loaded."""
        if isinstance(size, Points):
            iterator = size.iterator
            return self.tiling.extents[iterator] / self.trips[:, iterator] + size.more
        return self.most(size).astype(float)

    def volume(self, box: Box) -> Integers:
        """The elements of a box in a tile that is not cut short."""
        return prod(map(self.most, box), start=np.ones(len(self), np.int64))

    def is_cut(self, size: Size) -> NDArray[np.bool_]:
        """Whether a dimension is shorter in the last tile along its iterator."""
        if not isinstance(size, Points):
            return np.zeros(len(self), bool)
        return self.tiling.extents[size.iterator] % self.tiles[:, size.iterator] != 0

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
