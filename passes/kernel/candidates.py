"""Tile sizes of many schedules at once, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.reuse import tile_loops
from nopt.passes.kernel.selection.select_program import select_program
from nopt.passes.kernel.tile_program import Box, Points, Size, Span, TileProgram
from nopt.passes.kernel.tiling import Tiling

_Variant: TypeAlias = tuple[bool, int | None]

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Booleans: TypeAlias = NDArray[np.bool_]


class Candidates:
    """Tile sizes [candidates, iterators] for one nest, and the orders of their tile loops.

    Windows, programs and volumes are worked out once and kept.
    """

    def __init__(
        self,
        tiling: Tiling,
        tiles: Integers | Sequence[Sequence[int]],
        order: Sequence[int] | None = None,
        strips: Integers | Sequence[int] | None = None,
        held: int | None = None,
    ):
        self.tiling = tiling
        order = range(tiling.parallel) if order is None else order
        self.loops: Integers = np.array(tile_loops(tiling, order))[:, np.newaxis]
        """The iterators of the tile loops, outermost first: [depth, candidates], or [depth, 1] if
        all have one order."""
        self.tiles = np.asarray(tiles, np.int64, order="F")
        self.strips = np.ones(len(tiles), np.int64) if strips is None else np.asarray(strips)
        """In how many the end of the last tile goes."""
        self.trips = -(-np.array(tiling.extents) // self.tiles)
        """Turns of each iterator's tile loop."""
        turns = self.trips[:, : tiling.parallel].prod(axis=1)
        self.held = np.where(turns > 1, 2, 1) if held is None else np.full(len(tiles), held)
        """Tiles of the result on chip: while one is stored, the next one is computed."""
        self._windows = [
            np.asfortranarray(operand.window(self.tiles)) for operand in tiling.operands
        ]
        self._programs: dict[_Variant, TileProgram] = {}
        self._volumes: dict[Box, Integers] = {}

    @staticmethod
    def of(tiling: Tiling, schedule: ScheduleAttr) -> Candidates:
        """A schedule as the only candidate."""
        held = schedule.slots_of(Memory.ACC)
        return Candidates(
            tiling, [schedule.tiles], schedule.loop_order, [schedule.strip_count], held
        )

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, positions: Integers) -> Candidates:
        """Some of the candidates, maybe some of them many times."""
        loops = self.loops if self.loops.shape[1] == 1 else self.loops[:, positions]
        chosen = self.under(loops)
        chosen.tiles, chosen.trips = _rows(self.tiles, positions), _rows(self.trips, positions)
        chosen.strips, chosen.held = self.strips[positions], self.held[positions]
        chosen._windows = [_rows(window, positions) for window in self._windows]
        chosen._volumes = {}
        return chosen

    def under(self, loops: Integers) -> Candidates:
        """The candidates with other orders of the tile loops, as `loops`."""
        chosen = object.__new__(Candidates)
        chosen.tiling, chosen.loops = self.tiling, loops
        chosen.tiles, chosen.trips = self.tiles, self.trips
        chosen.strips, chosen.held = self.strips, self.held
        chosen._windows, chosen._programs = self._windows, self._programs
        chosen._volumes = self._volumes
        return chosen

    # --- Loops.

    @cached_property
    def turns(self) -> Integers:
        """Turns of each tile loop, outermost first [depth, candidates]."""
        if self.loops.shape[1] == 1:
            return self.trips.T[self.loops[:, 0]]
        return np.take_along_axis(self.trips.T, self.loops, axis=0)

    @property
    def depths(self) -> Integers:
        """How many loops are around each, [depth, 1]."""
        return np.arange(len(self.loops))[:, np.newaxis]

    def moves(self, operand: Operand) -> Booleans:
        """Which loops move an operand's window; as `loops`."""
        return operand.moving[self.loops]

    def product(self, chosen: Booleans) -> Integers:
        """Together the turns of some of the loops; `chosen` as `loops`."""
        return np.where(chosen, self.turns, 1).prod(axis=0)

    def windows_of(self, operand: Operand) -> Integers:
        """Together the turns of all loops that move an operand's window."""
        return self.trips[:, operand.moving].prod(axis=1)

    # --- Tile programs.

    def program(self, variant: _Variant) -> TileProgram:
        """What a tile does that has all points of the windows it compares, or not; and the axis
        along which it takes something from the tile before, if any."""
        if variant not in self._programs:
            self._programs[variant] = select_program(self.tiling, *variant)
        return self._programs[variant]

    @cached_property
    def programs(self) -> list[tuple[TileProgram, Booleans]]:
        """The tile programs of the candidates, and which of these each is for."""
        whole = self.has_whole_windows & (self.tiling.windows is not None)
        each: list[tuple[_Variant, Booleans]] = [((False, None), ~whole)]
        for axis in self.tiling.overlapping:
            carried = whole & self._follow_along(axis)
            whole = whole & ~carried
            each.append(((True, axis), carried))
        each.append(((True, None), whole))
        return [(self.program(variant), those) for variant, those in each if those.any()]

    @property
    def any_programs(self) -> list[TileProgram]:
        """The tile programs that some candidate has under some order."""
        if self.tiling.windows is None:
            return [self.program((False, None))]
        whole = self.has_whole_windows
        variants: list[_Variant] = [] if whole.all() else [(False, None)]
        if whole.any():
            variants += [(True, axis) for axis in (None, *self.tiling.overlapping)]
        return [self.program(variant) for variant in variants]

    def _follow_along(self, axis: int) -> Booleans:
        """Whether a tile's next one is its neighbour along an axis, and it has what that needs."""
        assert self.tiling.windows is not None
        windows = self.tiling.windows.axes[axis]
        most = max(map(windows.more, windows.phases))
        depth = (self.loops == axis).argmax(axis=0)
        turns = self.product((self.depths > depth) & (self.loops < self.tiling.parallel))
        return (self.trips[:, axis] > 1) & (turns == 1) & (self.tiles[:, axis] >= most)

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
        if box not in self._volumes:
            self._volumes[box] = prod(map(self.most, box), start=np.ones(len(self), np.int64))
        return self._volumes[box]

    def is_cut(self, size: Size) -> Booleans:
        """Whether a dimension is shorter in the last tile along its iterator."""
        if not isinstance(size, Points):
            return np.zeros(len(self), bool)
        return self.tiling.extents[size.iterator] % self.tiles[:, size.iterator] != 0

    @property
    def results(self) -> Integers:
        """Tiles of the result: turns of all parallel loops together."""
        return self.trips[:, : self.tiling.parallel].prod(axis=1)

    @property
    def chunks(self) -> Integers:
        """Turns of all loops over the reduction together."""
        return self.trips[:, self.tiling.parallel :].prod(axis=1)

    @property
    def has_whole_windows(self) -> Booleans:
        """Whether a tile has all points of the windows that it compares at once."""
        return (self.trips[:, [*self.tiling.compared]] == 1).all(axis=1)

    def window(self, operand: Operand) -> Integers:
        """Elements of an operand's window in each dimension."""
        return self._windows[self.tiling.operands.index(operand)]

    def entries(self, operand: Operand) -> Integers:
        """Scratchpad entries of an operand's window."""
        return self.window(operand).prod(axis=1)


def _rows(table: Integers, positions: Integers) -> Integers:
    """Some rows of a table. Its columns lie together in memory: most that is asked for are their
    products, which take a fifth of the time so."""
    return table.T.take(positions, axis=1).T
