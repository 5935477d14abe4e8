"""What a kernel works on: tensors, the buffers that hold their windows, and indices into both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineSymExpr

from nopt.dialects.affine_nest import LoadOp
from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.dialects.kernel import memref_of
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.core.bias_digits import input_vector, matrices
from nopt.passes.core.separable_pooling import Phase
from nopt.passes.kernel.kernel_builder import Exprs, KernelBuilder, Size, number
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.candidates import Candidates
from nopt.passes.schedule.schedules import buffer_tiles, scope_of, scopes_of, slots_of, tile_loops

Input: TypeAlias = tuple[SSAValue, MemRefType[Attribute]]
"""A tensor, and the memref that the kernel's body sees of it."""


@dataclass
class Buffer:
    """Where an operand's window lies on chip."""

    memref: SSAValue
    slot: AffineExpr


class KernelOperands:
    """The operands of one nest's kernel under one schedule; `build` makes its body."""

    build: KernelBuilder
    arguments: dict[Input, SSAValue]

    def __init__(self, tiling: Tiling, schedule: ScheduleAttr, config: Config):
        self.tiling = tiling
        self.schedule = schedule
        self.config = config
        self.lanes = config.block_out
        self.tiles = schedule.tiles
        self.candidates = Candidates(tiling, [self.tiles])
        self.trips = [int(turns) for turns in self.candidates.trips[0]]
        order = tile_loops(tiling, schedule.loop_order)
        self.loops = [i for i in order if self.trips[i] > 1]
        self.order = order
        self.parallel_loops = sum(1 for i in self.loops if i < tiling.parallel)
        boxed = [i for i in range(len(self.tiles)) if self.tiles[i] > 1]
        self.box = {iterator: position for position, iterator in enumerate(boxed)}
        self.constants: list[ConstantOp] = []
        self.inputs: list[Input] = []
        self.buffers: dict[LoadOp, Buffer] = {}
        self.stages: dict[LoadOp, SSAValue] = {}

    # --- Tensors and buffers.

    def _constant(self, array: np.ndarray, name: str) -> Input:
        op = ConstantOp(attribute_of(array, name))
        op.result.name_hint = name
        self.constants.append(op)
        self.inputs.append((op.result, memref_of(op.result.type)))
        return self.inputs[-1]

    def _collect_inputs(self) -> None:
        self.sources: dict[LoadOp, Input] = {}
        for operand in self.tiling.operands:
            if operand.digits:
                self.sources[operand.load] = self._digits(operand)
                continue
            element = operand.load.source_type.element_type
            source = (operand.load.source, MemRefType(element, operand.vectors.shape))
            if source not in self.inputs:
                self.inputs.append(source)
            self.sources[operand.load] = source
        if self.tiling.uses_digits:
            self.ones = self._constant(input_vector(self.lanes), "digits")
        if scales := self.tiling.diagonals:
            eye = np.eye(self.lanes, dtype=np.int8)
            diagonals = np.array(scales, np.int8)[:, None, None] * eye
            self.identity = self._constant(diagonals, "identity" if scales == (1,) else "diagonal")
        if (padded := self.tiling.padded) is not None:
            shape = [self.tiling.operands[0].shape[axis] for axis in padded.axes]
            mask = np.zeros((*shape, self.lanes), np.int8)
            mask[..., 0] = -1
            self.mask = self._constant(mask, "inside")
            weights = np.zeros((self.lanes, self.lanes), np.int8)
            weights[:, 0] = padded.pad
            self.pad_weights = self._constant(weights, "pad")

    def _digits(self, operand: Operand) -> Input:
        """The matrices that add a constant tensor."""
        bias = operand.load.source
        constant = bias.owner
        assert isinstance(constant, ConstantOp)
        weights = matrices(constant.array.reshape(operand.vectors.shape), self.lanes)
        assert weights is not None
        return self._constant(weights, bias.name_hint or "bias")

    def _allocate(self) -> None:
        tiling, build, schedule = self.tiling, self.build, self.schedule
        tiles = np.array(self.tiles, np.int64)
        names = {Memory.INP: "inp", Memory.WGT: "wgt", Memory.ACC: "operand"}
        # Planes are stored one after the other, as boxes of one in the result's first dimension.
        self.plane = [1] * (tiling.planes > 1)
        tile = list(self.tiles[: tiling.parallel])
        self.windows = tiling.windows if self._whole_windows else None
        self.planes: dict[Phase, SSAValue] = {}
        if self.windows is not None:
            *others, result = self.windows.planes
            for plane in others:
                shape = np.add(tile, self.windows.more(plane)).tolist()
                self.planes[plane] = build.alloc(Memory.ACC, [1, *shape], self.lanes, "stage")
            tile = np.add(tile, self.windows.more(result)).tolist()
        acc_shape = [schedule.slots_of(Memory.ACC), *self.plane, *tile]
        self.acc = build.alloc(Memory.ACC, acc_shape, self.lanes, "acc")
        for operand in tiling.operands:
            window = [int(size) for size in operand.window(tiles)]
            name = "bias" if operand.digits else names[operand.memory]
            shape = [self._held(operand), *window]
            memref = build.alloc(operand.memory, shape, self.lanes, name)
            self.buffers[operand.load] = Buffer(memref, number(0))
            staged = tiling.is_staged(operand)
            if staged and (self.windows is None or operand.load is not tiling.start.input):
                self.stages[operand.load] = build.alloc(
                    Memory.ACC, [1, *window], self.lanes, "stage"
                )
        if tiling.multiplications:
            shape = [1, *self.plane, *self.tiles[: tiling.parallel]]
            self.multiplicand = build.alloc(Memory.ACC, shape, self.lanes, "multiplicand")
        if tiling.uses_digits:
            self.one = build.alloc(Memory.INP, [1], self.lanes, "digits")
        if count := len(tiling.diagonals):
            self.eye = build.alloc(Memory.WGT, [1, count], self.lanes, "eye")
            if tiling.product is None:
                self._load_diagonals()
        if tiling.padded is not None:
            start = tiling.operand(tiling.start.input)
            window = [int(start.window(tiles)[axis]) for axis in tiling.padded.axes]
            self.inside = build.alloc(
                Memory.INP, [self._held(start), *window], self.lanes, "inside"
            )
            self.pad_matrix = build.alloc(Memory.WGT, [1], self.lanes, "pad")
            build.load(self.arguments[self.pad_weights], self.pad_matrix, [], number(0), [], [])

    @property
    def _whole_windows(self) -> bool:
        """Whether a tile has all points of its windows at once."""
        return bool(self.candidates.has_whole_windows.all())

    # --- Indices.

    def _base(self, iterator: int) -> AffineExpr:
        """The first point of the current tile along an iterator."""
        if iterator not in self.loops or self.loops.index(iterator) >= len(self.build.trips):
            return number(0)
        return AffineSymExpr(self.loops.index(iterator)) * self.tiles[iterator]

    def _local(self, iterator: int) -> AffineExpr:
        """The point of the box along an iterator, counted from the tile's first."""
        return AffineDimExpr(self.box[iterator]) if iterator in self.box else number(0)

    def _size(self, iterator: int) -> Size:
        """Points of the tile along an iterator; the last tile may have fewer."""
        tile, extent = self.tiles[iterator], self.tiling.extents[iterator]
        if extent % tile == 0:
            return (number(tile),)
        return (number(tile), number(extent) - self._base(iterator))

    def _sizes(self, iterators: Sequence[int]) -> list[Size]:
        return [self._size(iterator) for iterator in iterators]

    def _indices(self, operand: Operand, at: Sequence[AffineExpr]) -> list[AffineExpr]:
        """The operand's indices with each block-level iterator at the given expression."""
        dims: list[AffineExpr] = [number(0)] * len(self.tiling.iterators)
        for iterator, expr in enumerate(at):
            dims[self.tiling.position(iterator)] = expr
        return [index.replace_dims_and_symbols(dims, []) for index in operand.indices]

    def _in_buffer(self, operand: Operand, local: Sequence[AffineExpr]) -> Exprs:
        """Slot and indices into the operand's buffer for a point of the tile."""
        return [self.buffers[operand.load].slot, *self._window_indices(operand, local)]

    @staticmethod
    def _window_indices(operand: Operand, local: Sequence[AffineExpr]) -> list[AffineExpr]:
        indices: list[AffineExpr] = []
        for row, step in zip(operand.coefficients, operand.steps, strict=True):
            index = number(0)
            for iterator in np.flatnonzero(row).tolist():
                index = index + local[iterator] * int(row[iterator] // step)
            indices.append(index)
        return indices

    def _window_sizes(self, operand: Operand) -> list[Size]:
        """Sizes of the operand's window; cut with the last tile where one iterator moves it."""
        full = operand.window(np.array(self.tiles, np.int64))
        sizes: list[Size] = []
        for axis, row in enumerate(operand.coefficients):
            size: Size = (number(int(full[axis])),)
            cut = [int(i) for i in np.flatnonzero(row) if self.tiling.extents[i] % self.tiles[i]]
            if len(cut) == 1:
                (iterator,) = cut
                factor = int(row[iterator] // operand.steps[axis])
                rest = int(full[axis]) - factor * self.tiles[iterator]
                least = (number(self.tiling.extents[iterator]) - self._base(iterator)) * factor
                size = (*size, least + rest)
            sizes.append(size)
        return sizes

    # --- The tile.

    @property
    def _parallel(self) -> range:
        return range(self.tiling.parallel)

    def _tile(self) -> tuple[SSAValue, Exprs]:
        """The accumulators of the tile, by the parallel iterators' points."""
        slots = self.schedule.slots_of(Memory.ACC)
        slot = self.build.turn(self.parallel_loops) % slots if slots > 1 else number(0)
        local = [self._local(iterator) for iterator in self._parallel]
        return self.acc, [slot, *(number(0) for _ in self.plane), *local]

    def _boxed(self, iterators: Sequence[int]) -> list[Size]:
        """Sizes of the box over iterators 0 to some other: the box's first dimensions."""
        return [self._size(iterator) for iterator in iterators if iterator in self.box]

    def _locals(self) -> list[AffineExpr]:
        """The point of the box along every iterator."""
        return [self._local(iterator) for iterator in range(len(self.tiling.extents))]

    # --- What is loaded when, and kept for how long.

    def _depth(self, operand: Operand) -> int:
        """How many loops lie around the operand's load."""
        moving = [depth for depth, loop in enumerate(self.loops) if loop in operand.depends]
        return moving[-1] + 1 if moving else 0

    def _scope(self, operand: Operand) -> int:
        """How many loops reload the operand: those around its load, or those it is kept within."""
        scope = scope_of(self.tiling, operand, scopes_of(self.schedule))
        outer = sum(1 for loop in self.order[:scope] if self.trips[loop] > 1)
        return min(self._depth(operand), outer)

    def _held(self, operand: Operand) -> int:
        """Tiles of the operand that its buffer holds."""
        schedule = self.schedule
        slots, scopes = slots_of(schedule), scopes_of(schedule)
        (held,) = buffer_tiles(self.candidates, operand, schedule.loop_order, scopes, slots)
        return int(held)

    def _load_diagonals(self) -> None:
        count = len(self.tiling.diagonals)
        source = self.arguments[self.identity]
        self.build.load(source, self.eye, [number(0)], number(0), [(number(count),)], [1])
