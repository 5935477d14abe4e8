"""`convert-affine-nest-to-tensor-intrinsic`: apply schedules; a nest becomes a kernel of tiles.

Each operand has a buffer, filled inside the innermost loop that moves its window, in alternating
slots. One tile of the result: reset the accumulators, multiply the chunks of the reduction, run the
ALU steps, store. What can be added by a matrix product is, in one step a vector where the ALU takes
two: an i8 residual by the identity matrix, a bias by a constant input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineSymExpr
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest import ForOp, Reduction
from nopt.dialects.constants import load_resource_dialect
from nopt.dialects.tensor_intrinsic import AluKind, KernelOp, Memory, ScheduleAttr
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.base.places import about
from nopt.passes.core.byte_planes import BITS
from nopt.passes.core.core_nest import DESCRIPTIONS, IMMEDIATE, Product
from nopt.passes.kernel.kernel_builder import Exprs, KernelBuilder, number
from nopt.passes.kernel.kernel_windows import KernelWindows
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.tiling import tiling_of
from nopt.passes.schedule.schedules import (
    SCHEDULE,
    NoScheduleError,
    check_schedule,
)


@dataclass(frozen=True)
class ConvertAffineNestToTensorIntrinsicPass(ModulePass):
    """Turn each scheduled nest into a kernel of tiles in scratchpads."""

    name = "convert-affine-nest-to-tensor-intrinsic"
    level = "tensor_intrinsic"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        config = machine_of(op)
        for nest in [nest for nest in op.walk() if isinstance(nest, ForOp)]:
            schedule = nest.attributes.get(SCHEDULE)
            if isinstance(schedule, ScheduleAttr):
                with about(nest):
                    tiling = tiling_of(nest, config)
                    check_schedule(tiling, schedule, config)
                _Kernel(tiling, schedule, config).replace_nest()
            elif schedule or is_on_core(nest):
                with about(nest):
                    raise NoScheduleError(
                        f"schedule: found {schedule or 'none'}, expected "
                        "#tensor_intrinsic.schedule<…>, as affine-nest-schedule states it"
                    )
        erase_dead_code(op)


class _Kernel(KernelWindows):
    """The kernel of one nest under one schedule: its loops, and what each tile does."""

    def replace_nest(self) -> None:
        nest = self.tiling.nest
        self._collect_inputs()
        stored = MemRefType(nest.result.type.element_type, self.tiling.stored[0])
        sources = [tensor for tensor, _ in self.inputs]
        block = Block(arg_types=[*(memref for _, memref in self.inputs), stored])
        for argument, tensor in zip(block.args, [*sources, nest.result], strict=True):
            argument.name_hint = f"{tensor.name_hint or 'tensor'}_mem"
        self.arguments = dict(zip(self.inputs, block.args[:-1], strict=True))
        self.result = block.args[-1]
        self.build = KernelBuilder(block)
        self._allocate()
        self._open(0)
        kernel = KernelOp(sources, nest.result.type, Region(block), nest.destination)
        kernel.result.name_hint = nest.result.name_hint
        kernel.attributes.update(
            {name: nest.attributes[name] for name in DESCRIPTIONS if name in nest.attributes}
        )
        kernel.location = nest.location
        Builder(InsertPoint.before(nest)).insert(self.constants)
        Rewriter.replace_op(nest, kernel)

    def _open(self, depth: int) -> None:
        """Emit everything inside the `depth` outermost loops."""
        # Weights first: those of the first tile need not wait for what the kernel before stores.
        for operand in sorted(self.tiling.operands, key=lambda each: each.memory is not Memory.WGT):
            if self._depth(operand) == depth and not operand.resident:
                self._load(operand, depth)
        if depth == self.parallel_loops:
            self._begin_tile()
        if depth < len(self.loops):
            iterator = self.loops[depth]
            position = self.tiling.position(iterator)
            name = self.tiling.iterators[position].name_hint or "i"
            self.build.open_loop(self.trips[iterator], name)
            self._open(depth + 1)
            self.build.close_loop()
        else:
            self._chunk()
        if depth == self.parallel_loops:
            self._load_constants()
            self._end_tile()

    def _load_constants(self) -> None:
        """Load what only epilogues use, when a first one does: products need not wait for that."""
        tiling, build = self.tiling, self.build
        loops = range(self.parallel_loops)
        late = bool(tiling.diagonals) and tiling.product is not None
        if tiling.uses_digits or late:
            with build.first_turn(loops):
                if tiling.uses_digits:
                    build.load(self.arguments[self.ones], self.one, [], number(0), [], [])
                if late:
                    self._load_diagonals()
        for operand in tiling.operands:
            if operand.resident:
                self._load(operand, self.parallel_loops)

    def _load(self, operand: Operand, depth: int) -> None:
        build = self.build
        buffer = self.buffers[operand.load]
        scope = self._scope(operand)
        kept = prod(self.trips[i] for i in self.loops[scope:depth] if i in operand.depends)
        slots = self._held(operand) // kept
        slot = build.turn(scope) % slots if slots > 1 else number(0)
        others: list[int] = []
        for position, loop in enumerate(self.loops[scope:depth], scope):
            if loop in operand.depends:
                slot = slot * self.trips[loop] + AffineSymExpr(position)
            else:
                others.append(position)
        buffer.slot = slot
        bases = [self._base(iterator) for iterator in range(len(self.tiling.extents))]
        offsets = self._indices(operand, bases)
        sizes = self._window_sizes(operand)
        source = self.arguments[self.sources[operand.load]]
        # What is kept is loaded in the first turn of the loops that do not move it.
        with build.first_turn(others):
            build.load(source, buffer.memref, offsets, slot, sizes, operand.steps)
            padded = self.tiling.padded
            if padded is not None and operand.load is self.tiling.start.input:
                build.load(
                    self.arguments[self.mask],
                    self.inside,
                    [offsets[axis] for axis in padded.axes],
                    slot,
                    [sizes[axis] for axis in padded.axes],
                    [operand.steps[axis] for axis in padded.axes],
                )

    # --- One tile.

    def _begin_tile(self) -> None:
        if self.windows is not None:
            if self.tiling.inner is not None:
                self._reset_planes(self.windows)
            return
        sizes = self._boxed(self._parallel)
        self.build.reset(sizes, self._tile())
        start = self.tiling.start
        if isinstance(start, Product) or start.kind not in (Reduction.MAX, Reduction.MIN):
            return
        # Below, or above, anything that i8 elements and a pad can give.
        extreme = IMMEDIATE[0] if start.kind is Reduction.MAX else IMMEDIATE[1]
        self.build.alu(AluKind.ADD, sizes, self._tile(), extreme)

    def _chunk(self) -> None:
        """One chunk of the reduction."""
        start = self.tiling.start
        if self.tiling.inner is not None and self.windows is not None:
            self._multiply_in_planes(self.tiling.inner.product, self.windows)
            return
        operand = self.tiling.operand(start.input)
        if isinstance(start, Product):
            weight = self.tiling.operand(start.weight)
            wgt = (self.buffers[start.weight].memref, self._in_buffer(weight, self._locals()))
            self._multiply(operand, wgt)
        elif operand.memory is Memory.ACC:
            self._combine(AluKind.ADD, operand)
        elif self.windows is not None:
            self._bring_to_planes(operand, self.windows)
            self._compare(self.windows)
        elif self.tiling.is_staged(operand):
            self._stage(operand)
            self._fold(operand)
        else:
            self._multiply(operand, self._diagonal(operand))

    def _multiply(self, operand: Operand, wgt: tuple[SSAValue, Exprs]) -> None:
        inp = (self.buffers[operand.load].memref, self._in_buffer(operand, self._locals()))
        sizes = self._boxed(range(len(self.tiling.extents)))
        self.build.gemm(sizes, self._tile(), inp, wgt)

    def _combine(self, kind: AluKind, operand: Operand) -> None:
        """A step with a loaded operand."""
        if operand.digits:
            wgt = (self.buffers[operand.load].memref, self._in_buffer(operand, self._locals()))
            sizes = self._boxed(self._parallel)
            self.build.gemm(sizes, self._tile(), (self.one, [number(0)]), wgt)
            return
        if operand.memory is Memory.INP and not self.tiling.is_staged(operand):
            inp = (self.buffers[operand.load].memref, self._in_buffer(operand, self._locals()))
            sizes = self._boxed(self._parallel)
            self.build.gemm(sizes, self._tile(), inp, self._diagonal(operand))
            return
        if operand.memory is Memory.INP:
            self._stage(operand)
            indices = [number(0), *self._window_indices(operand, self._locals())]
            other = (self.stages[operand.load], indices)
        else:
            memref = self.buffers[operand.load].memref
            other = (memref, self._in_buffer(operand, self._locals()))
        self.build.alu(kind, self._boxed(self._parallel), self._tile(), other)

    def _multiply_by_shifts(self, shifts: Sequence[int]) -> None:
        """Horner's scheme over the factor's one bits, highest first."""
        sizes = self._boxed(self._parallel)
        tile = self._tile()
        copy = (self.multiplicand, [number(0), *tile[1][1:]])
        self.build.reset(sizes, copy)
        self.build.alu(AluKind.ADD, sizes, copy, tile)
        *inner, last = shifts
        for shift in inner:
            self.build.alu(AluKind.SHR, sizes, tile, -shift)
            self.build.alu(AluKind.ADD, sizes, tile, copy)
        if last:
            self.build.alu(AluKind.SHR, sizes, tile, -last)

    def _end_tile(self) -> None:
        sizes = self._boxed(self._parallel)
        if self.tiling.inner is not None and self.windows is not None:
            self._leave_out(self.tiling.inner, self.windows)
            self._compare(self.windows)
        if self.tiling.padded is not None:
            self.build.alu(AluKind.ADD, sizes, self._tile(), self.tiling.padded.pad)
        for step in self.tiling.steps:
            if shifts := step.shifts_to_multiply(self.config):
                self._multiply_by_shifts(shifts)
            elif isinstance(step.operand, int):
                self.build.alu(step.kind, sizes, self._tile(), step.operand)
            else:
                self._combine(step.kind, self.tiling.operand(step.operand))
        memref, (slot, *_) = self._tile()
        first = self.tiling.first_stored
        offsets = [self._base(iterator) + first[iterator] for iterator in self._parallel]
        box = self._sizes(self._parallel)
        if self.tiling.planes == 1:
            self.build.store(memref, self.result, slot, offsets, box)
            return
        for plane in range(self.tiling.planes):
            if plane:
                self.build.alu(AluKind.SHR, sizes, self._tile(), BITS)
            one = (number(1),)
            self.build.store(memref, self.result, slot, [number(plane), *offsets], [one, *box])
