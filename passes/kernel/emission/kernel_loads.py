"""The buffers of a kernel in scratchpads, and the loads that fill them.

Each operand has a buffer, filled inside the innermost loop that moves its window, in alternating
slots; or inside of the loops that it is kept within, each tile in a place of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr, AffineSymExpr

from nopt.dialects.tensor_intrinsic import Memory
from nopt.passes.core.vectors import entries_of, lanes_of
from nopt.passes.kernel.capacity import buffer_tiles
from nopt.passes.kernel.emission.kernel_builder import number
from nopt.passes.kernel.emission.tile_loops import TileLoops
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.reuse import scopes_of, slots_of
from nopt.passes.kernel.tile_program import Access, Buffer, Buffers


class KernelLoads:
    """Where each buffer lies, which slot of it is in use, and what is loaded to it."""

    def __init__(self, loops: TileLoops, buffers: Buffers, sources: Mapping[Buffer, SSAValue]):
        self.loops, self.buffers, self.sources = loops, buffers, sources
        self.build, self.tiling = loops.build, loops.tiling
        self.memrefs: dict[Buffer, SSAValue] = {}
        self.slots: dict[Buffer, AffineExpr] = {}
        for buffer in buffers:
            shape = [self.held(buffer), *(int(loops.candidates.most(s)[0]) for s in buffer.shape)]
            lanes = lanes_of(buffer.memory, self.tiling.config)
            memref = self.build.alloc(buffer.memory, shape, lanes, buffer.name)
            self.memrefs[buffer], self.slots[buffer] = memref, number(0)
        if self.tiling.product is None and buffers.diagonals is not None:
            self._load_constant(buffers.diagonals)
        if buffers.pad is not None:
            self._load_constant(buffers.pad)

    def held(self, buffer: Buffer) -> int:
        """Tiles that a buffer holds."""
        schedule = self.loops.schedule
        if buffer.is_result:
            return schedule.slots_of(Memory.ACC)
        if buffer.operand is None:
            return 1
        slots, scopes = slots_of(schedule), scopes_of(schedule)
        (held,) = buffer_tiles(self.loops.candidates, buffer.operand, scopes, slots)
        return int(held)

    def entry(self, access: Access) -> tuple[SSAValue, list[AffineExpr]]:
        """A buffer, and slot and indices of an entry of its tile in use."""
        buffer = access.buffer
        slot = self.slots[buffer]
        if buffer.is_result and (slots := self.held(buffer)) > 1:
            turn = self.build.turn(self.loops.parallel)
            slot = (turn + (slots - 1) if access.before else turn) % slots
        return self.memrefs[buffer], [slot, *access.indices]

    def first(self, buffer: Buffer) -> list[AffineExpr]:
        """Where in a buffer the current tile begins, if it holds a whole tensor."""
        operand = buffer.operand
        first = [] if operand is None or not operand.whole else self.loops.first_indices(operand)
        return [*first, *[number(0)] * (len(buffer.shape) - len(first))]

    def at_depth(self, depth: int) -> None:
        """Load what is moved by the loop at this depth, and by none inside."""
        # Weights first: those of the first tile need not wait for what the kernel before stores.
        operands = sorted(
            self.tiling.operands, key=lambda each: (not each.whole, each.memory is not Memory.WGT)
        )
        for operand in operands:
            late = operand.resident or self._is_late(operand)
            if self.loops.depth_of(operand) == depth and not late:
                self._load(operand, depth)

    def before_last_chunk(self) -> None:
        """Load what each epilogue needs anew: behind what products wait for, but not so late that
        it cannot run beside the last of them."""
        late = [operand for operand in self.tiling.operands if self._is_late(operand)]
        if late:
            with self.build.last_turn(range(self.loops.parallel, len(self.loops.loops))):
                for operand in late:
                    self._load(operand, self.loops.parallel)

    def _is_late(self, operand: Operand) -> bool:
        """Whether only epilogues read an operand, each of them other elements, after products of
        several chunks."""
        if operand.memory is Memory.ACC or operand.resident:
            return False
        if operand not in self.tiling.of_epilogue:
            return False
        return self.loops.depth_of(operand) == self.loops.parallel < len(self.loops.loops)

    def before_epilogue(self) -> None:
        """Load what only epilogues use, when a first one does: products need not wait for that."""
        diagonals = self.buffers.diagonals if self.tiling.product is not None else None
        late = [buffer for buffer in (self.buffers.ones, diagonals) if buffer is not None]
        if late:
            with self.build.first_turn(range(self.loops.parallel)):
                for buffer in late:
                    self._load_constant(buffer)
        for operand in self.tiling.operands:
            if operand.resident:
                self._load(operand, self.loops.parallel)

    def _load_constant(self, buffer: Buffer) -> None:
        sizes = [(number(int(self.loops.candidates.most(size)[0])),) for size in buffer.shape]
        first, steps = [number(0)] * len(sizes), [1] * len(sizes)
        memref = self.memrefs[buffer]
        self.build.load(self.sources[buffer], memref, first, number(0), sizes, steps)

    def _load(self, operand: Operand, depth: int) -> None:
        loops, build, window = self.loops, self.build, self.buffers.windows[operand]
        moving, others = loops.kept_in(operand, depth)
        kept = prod(loops.trips[loops.loops[at]] for at in moving)
        slots = self.held(window) // kept
        slot = build.turn(loops.scope_of(operand)) % slots if slots > 1 else number(0)
        for at in moving:
            slot = slot * loops.trips[loops.loops[at]] + AffineSymExpr(at)
        first, sizes = loops.first_indices(operand), loops.window_sizes(operand)
        if operand.whole:
            first = [number(0)] * len(first)
        loaded: dict[Buffer, Sequence[int]] = {window: range(len(sizes))}
        padded, inside = self.tiling.padded, self.buffers.inside
        if padded is not None and inside is not None and inside.operand is operand:
            loaded[inside] = padded.axes
        # What is kept is loaded in the first turn of the loops that do not move it.
        with build.first_turn(others):
            for buffer, axes in loaded.items():
                self.slots[buffer] = slot
                entries = entries_of(buffer.memory, self.tiling.config)
                build.load(
                    self.sources[buffer],
                    self.memrefs[buffer],
                    [*(first[axis] for axis in axes), *(number(0) for _ in entries)],
                    slot,
                    [*(sizes[axis] for axis in axes), *((number(count),) for count in entries)],
                    [*(operand.steps[axis] for axis in axes), *(1 for _ in entries)],
                )
