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


class Candidates:
    """Tile sizes [candidates, iterators] for one nest, whose tile loops have one order.

    Windows, programs, volumes and turns are worked out once and kept.
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
        self.order = tuple(range(tiling.parallel) if order is None else order)
        """The loops over tiles of the result, outermost first."""
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
        self._turns: dict[frozenset[int], Integers] = {}

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
        """Some of the candidates."""
        chosen = self.under(self.order)
        chosen.tiles, chosen.trips = _rows(self.tiles, positions), _rows(self.trips, positions)
        chosen.strips, chosen.held = self.strips[positions], self.held[positions]
        chosen._windows = [_rows(window, positions) for window in self._windows]
        chosen._volumes, chosen._turns = {}, {}
        return chosen

    def under(self, order: Sequence[int]) -> Candidates:
        """The candidates with another order of the tile loops."""
        chosen = object.__new__(Candidates)
        chosen.tiling, chosen.order = self.tiling, tuple(order)
        chosen.tiles, chosen.trips = self.tiles, self.trips
        chosen.strips, chosen.held = self.strips, self.held
        chosen._windows, chosen._programs = self._windows, self._programs
        chosen._volumes, chosen._turns = self._volumes, self._turns
        return chosen

    @property
    def loops(self) -> list[int]:
        """The iterators of the tile loops, outermost first."""
        return tile_loops(self.tiling, self.order)

    # --- Tile programs.

    def program(self, variant: _Variant) -> TileProgram:
        """What a tile does that has all points of the windows it compares, or not; and the axis
        along which it takes something from the tile before, if any."""
        if variant not in self._programs:
            self._programs[variant] = select_program(self.tiling, *variant)
        return self._programs[variant]

    @cached_property
    def programs(self) -> list[tuple[TileProgram, NDArray[np.bool_]]]:
        """The tile programs of the candidates, and which of these each is for."""
        whole = self.has_whole_windows & (self.tiling.windows is not None)
        each: list[tuple[_Variant, NDArray[np.bool_]]] = [((False, None), ~whole)]
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

    def _follow_along(self, axis: int) -> NDArray[np.bool_]:
        """Whether a tile's next one is its neighbour along an axis, and it has what that needs."""
        inner = self.order[self.order.index(axis) + 1 :]
        assert self.tiling.windows is not None
        windows = self.tiling.windows.axes[axis]
        most = max(map(windows.more, windows.phases))
        turns = self.trips[:, [*inner]].prod(axis=1)
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

    def is_cut(self, size: Size) -> NDArray[np.bool_]:
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
        moving = operand.depends.intersection(loops)
        if moving not in self._turns:
            self._turns[moving] = self.trips[:, sorted(moving)].prod(axis=1)
        return self._turns[moving]


def _rows(table: Integers, positions: Integers) -> Integers:
    """Some rows of a table. Its columns lie together in memory: most that is asked for are their
    products, which take a fifth of the time so."""
    return table.T.take(positions, axis=1).T
