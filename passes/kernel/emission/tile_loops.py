"""The tile loops of a schedule: which turn more than once, where a tile begins, how large it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir.affine import AffineExpr, AffineSymExpr

from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.emission.kernel_builder import KernelBuilder, Size, number
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.reuse import scope_of, scopes_of, tile_loops
from nopt.passes.kernel.tiling import Tiling


class TileLoops:
    """The loops of one nest under one schedule; expressions are over those open in `build`."""

    def __init__(self, tiling: Tiling, schedule: ScheduleAttr, build: KernelBuilder) -> None:
        self.tiling, self.schedule, self.build = tiling, schedule, build
        self.candidates = Candidates.of(tiling, schedule)
        self.tiles = schedule.tiles
        self.trips = [int(turns) for turns in self.candidates.trips[0]]
        self.order = tile_loops(tiling, schedule.loop_order)
        self.loops = [i for i in self.order if self.trips[i] > 1]
        """The iterators whose loops are built, outermost first."""
        self.parallel = sum(1 for i in self.loops if i < tiling.parallel)
        """How many of the loops are over tiles of the result."""

    def open(self, depth: int) -> None:
        """Open the loop that lies inside `depth` others."""
        iterator = self.loops[depth]
        name = self.tiling.iterators[self.tiling.position(iterator)].name_hint or "i"
        self.build.open_loop(self.trips[iterator], name)

    def base(self, iterator: int) -> AffineExpr:
        """The first point of the current tile along an iterator."""
        if iterator not in self.loops or self.loops.index(iterator) >= len(self.build.trips):
            return number(0)
        return AffineSymExpr(self.loops.index(iterator)) * self.tiles[iterator]

    def size(self, iterator: int, more: int = 0) -> Size:
        """Points of the tile along an iterator; the last tile may have fewer."""
        tile, extent = self.tiles[iterator], self.tiling.extents[iterator]
        if extent % tile == 0:
            return (number(tile + more),)
        return (number(tile + more), number(extent) - self.base(iterator) + more)

    def first_indices(self, operand: Operand) -> list[AffineExpr]:
        """Where in its tensor the window of the current tile begins."""
        dims: list[AffineExpr] = [number(0)] * len(self.tiling.iterators)
        for iterator in range(len(self.tiling.extents)):
            dims[self.tiling.position(iterator)] = self.base(iterator)
        return [index.replace_dims_and_symbols(dims, []) for index in operand.indices]

    def window_sizes(self, operand: Operand) -> list[Size]:
        """Sizes of the operand's window; cut with the last tile where one iterator moves it."""
        if operand.whole:
            return [(number(size),) for size in operand.shape]
        full = operand.window(np.array(self.tiles, np.int64))
        sizes: list[Size] = []
        for axis, row in enumerate(operand.coefficients):
            size: Size = (number(int(full[axis])),)
            cut = [int(i) for i in np.flatnonzero(row) if self.tiling.extents[i] % self.tiles[i]]
            if len(cut) == 1:
                (iterator,) = cut
                factor = int(row[iterator] // operand.steps[axis])
                rest = int(full[axis]) - factor * self.tiles[iterator]
                least = (number(self.tiling.extents[iterator]) - self.base(iterator)) * factor
                size = (*size, least + rest)
            sizes.append(size)
        return sizes

    def depth_of(self, operand: Operand) -> int:
        """How many loops lie around the operand's load."""
        moving = [depth for depth, loop in enumerate(self.loops) if loop in operand.depends]
        return moving[-1] + 1 if moving else 0

    def scope_of(self, operand: Operand) -> int:
        """How many loops reload the operand: those around its load, or those it is kept within."""
        scope = int(scope_of(self.tiling, operand, scopes_of(self.schedule)).item())
        outer = sum(1 for loop in self.order[:scope] if self.trips[loop] > 1)
        return min(self.depth_of(operand), outer)

    def kept_in(self, operand: Operand, depth: int) -> tuple[Sequence[int], Sequence[int]]:
        """Of the loops between scope and load, those that move the operand and those that do not,
        by their depth."""
        between = range(self.scope_of(operand), depth)
        moving = [at for at in between if self.loops[at] in operand.depends]
        return moving, [at for at in between if at not in moving]
