"""`convert-tensor-intrinsic-to-isa`: place buffers, and turn each tile op into instructions.

Buffers get scratchpad addresses one after the other. Windows split into two-dimensional transfers,
boxes into hardware loops and micro-ops; what does not fit one instruction gets a loop around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr, IndexType, ModuleOp
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineExpr, AffineMap, AffineSymExpr
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects import isa
from nopt.dialects import tensor_intrinsic as ti
from nopt.dialects.affine_math import simplify
from nopt.dialects.affine_points import Range
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.passes.base.equal_bodies import copy_of, structure
from nopt.passes.base.machine import machine_of
from nopt.passes.base.places import about
from nopt.passes.core.hardware_loops import BoxLoop, Instruction, arrange
from nopt.passes.core.transfers import Extent, extents_of, split
from nopt.passes.core.vectors import entries_of
from nopt.passes.isa.place_buffers import Buffer, place_buffers
from nopt.passes.isa.program.idle_core import warn_if_idle
from nopt.passes.isa.reach import check_indices, check_window


@dataclass(frozen=True)
class ConvertTensorIntrinsicToIsaPass(ModulePass):
    """Turn kernels of tiles into kernels of instructions; buffers get addresses."""

    name = "convert-tensor-intrinsic-to-isa"
    level = "isa"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        taken: dict[Block | None, dict[ti.Memory, range]] = defaultdict(dict)
        bodies: dict[Hashable, Region] = {}
        for kernel in [kernel for kernel in op.walk() if isinstance(kernel, ti.KernelOp)]:
            with about(kernel):
                buffers = place_buffers(kernel, config, taken[kernel.parent])
                bases = tuple(buffer.base for buffer in buffers.values())
                same = structure(kernel.body), bases
                if same not in bodies:
                    _lower_body(kernel, _Lowering(buffers, config))
                    bodies[same] = _replace_kernel(kernel, kernel.detach_region(kernel.body))
                else:
                    _replace_kernel(kernel, copy_of(bodies[same], kernel.body))
        warn_if_idle(op)


def _lower_body(kernel: ti.KernelOp, lowering: _Lowering) -> None:
    for op in list(kernel.body.walk()):
        with about(op):
            match op:
                case ti.LoadOp():
                    lowering.load(op)
                case ti.StoreOp():
                    lowering.store(op)
                case ti.GemmOp() | ti.ResetOp() | ti.AluOp():
                    lowering.box(op)
                case _:
                    pass
    for op in [op for op in kernel.body.block.ops if isinstance(op, ti.AllocOp)]:
        Rewriter.erase_op(op)


def _replace_kernel(kernel: ti.KernelOp, body: Region) -> Region:
    """Put a kernel of instructions in the place of a kernel of tiles; its body."""
    lowered = isa.KernelOp(kernel.inputs, kernel.result.type, body, kernel.destination)
    lowered.result.name_hint = kernel.result.name_hint
    lowered.location = kernel.location
    lowered.attributes.update(kernel.attributes)
    Rewriter.replace_op(kernel, lowered)
    return body


def _trips(variable: SSAValue) -> int:
    """How often the loop of a variable turns."""
    assert isinstance(variable, BlockArgument)
    loop = variable.block.parent_op()
    assert isinstance(loop, affine.ForOp)
    (bound,) = [
        expr.value
        for expr in loop.upperBoundMap.data.results
        if isinstance(expr, AffineConstantExpr)
    ]
    return bound


class _Emitter:
    """Inserts instructions for one op, inside loops of its own where needed."""

    def __init__(self, op: Operation, variables: Sequence[SSAValue]):
        self.op = op
        self.variables = list(variables)
        self.builder = Builder(InsertPoint.before(op))

    @property
    def ranges(self) -> dict[AffineExpr, Range]:
        return {
            AffineSymExpr(i): (0, _trips(variable) - 1) for i, variable in enumerate(self.variables)
        }

    def loop(self, size: tuple[AffineExpr, ...]) -> AffineExpr:
        """Open a loop of `size` turns, the last ones around what follows; its variable."""
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = "j"
        body.add_op(affine.YieldOp.get())
        symbols = len(self.variables)
        bound = AffineMapAttr(AffineMap(0, symbols, size))
        constant = all(isinstance(expr, AffineConstantExpr) for expr in size)
        operands = [] if constant else self.variables
        if constant:
            bound = AffineMapAttr(AffineMap(0, 0, size))
        self.builder.insert(affine.ForOp.from_region([], operands, [], [], 0, bound, Region(body)))
        self.variables.append(body.args[0])
        self.builder = Builder(InsertPoint.at_start(body))
        return AffineSymExpr(symbols)

    def emit(self, make: Callable[[list[SSAValue]], Operation]) -> None:
        self.builder.insert(make(self.variables))


class _Lowering:
    """Ops of one kernel to instructions."""

    def __init__(self, buffers: dict[SSAValue, Buffer], config: Config):
        self.buffers, self.config = buffers, config

    def load(self, op: ti.LoadOp) -> None:
        buffer = self.buffers[op.buffer]
        memory = ti.memory_of(op.buffer.type)
        assert memory is not None
        emitter = _Emitter(op, op.variables)
        self._check_window(op, emitter.ranges)
        shape = shape_of(op.source)[: len(buffer.shape) - 1]
        extents = extents_of(
            op.offsets.data.results,
            op.sizes.data,
            buffer.shape[1:],
            shape,
            op.steps.get_values(),
            [_trips(variable) for variable in op.variables],
        )
        chosen = split(extents, self.config, prod(entries_of(memory, self.config)))
        index, base = self._around(emitter, extents, chosen.loops, chosen.rows, chosen.columns)
        sram = buffer.address([op.slot.data.results[0], *index])
        columns = self._columns(extents[chosen.columns :])
        pitch = prod(extent.full for extent in extents[chosen.columns :])
        rows = isa.Rows(AffineConstantExpr(0), 1, 1, 1)
        if chosen.rows is not None:
            extent = extents[chosen.rows]
            rows = isa.Rows(extent.offset, extent.size, extent.bound, extent.stride, extent.step)
            if chosen.rows in chosen.loops:
                row = extent.offset + index[chosen.rows] * extent.step
                rows = isa.Rows(simplify(row, emitter.ranges), 1, extent.bound, extent.stride)
        ranges = emitter.ranges
        emitter.emit(
            lambda variables: isa.LoadOp(
                isa.LoadMemory(memory.value),
                variables,
                simplify(sram, ranges),
                op.source,
                simplify(base, ranges),
                rows,
                columns,
                pitch,
            )
        )
        Rewriter.erase_op(op)

    def store(self, op: ti.StoreOp) -> None:
        buffer = self.buffers[op.buffer]
        emitter = _Emitter(op, op.variables)
        self._check_window(op, emitter.ranges)
        shape = shape_of(op.destination)[:-1]
        extents = extents_of(
            op.offsets.data.results,
            op.sizes.data,
            buffer.shape[1:],
            shape,
            [1] * len(shape),
            [_trips(variable) for variable in op.variables],
        )
        if any(extent.is_padded for extent in extents):
            raise ValueError("the box leaves 'destination', expected all of it inside")
        chosen = split(extents, self.config)
        rows, loops = chosen.rows, chosen.loops
        skips = any(extent.is_partial for extent in extents[chosen.columns :])
        if rows is not None and (rows in loops or skips):
            # A store cannot skip entries between rows.
            loops, rows = {*loops, rows}, None
        index, base = self._around(emitter, extents, loops, rows, chosen.columns)
        columns = self._columns(extents[chosen.columns :])
        if rows is not None:
            base = base + extents[rows].offset * extents[rows].stride
        base = base + columns.offset
        slot, *first = op.first
        inside = [begin + turn for begin, turn in zip(first, index, strict=True)]
        sram = buffer.address([slot, *inside])
        ranges = emitter.ranges
        emitter.emit(
            lambda variables: isa.StoreOp(
                variables,
                op.destination,
                simplify(base, ranges),
                simplify(sram, ranges),
                1 if rows is None else extents[rows].size,
                1 if rows is None else extents[rows].stride,
                columns.size,
            )
        )
        Rewriter.erase_op(op)

    def _check_window(self, op: ti.LoadOp | ti.StoreOp, loops: dict[AffineExpr, Range]) -> None:
        shape = self.buffers[op.buffer].shape
        check_window("'buffer'", op.slot.data.results, op.sizes.data, loops, shape)

    @staticmethod
    def _around(
        emitter: _Emitter,
        extents: Sequence[Extent],
        loops: Collection[int],
        rows: int | None,
        columns: int,
    ) -> tuple[list[AffineExpr], AffineExpr]:
        """Open the loops; the buffer index and DRAM offset of a transfer's first element."""
        index: list[AffineExpr] = [AffineConstantExpr(0)] * len(extents)
        base: AffineExpr = AffineConstantExpr(0)
        for axis, extent in enumerate(extents[:columns]):
            if axis in loops:
                index[axis] = emitter.loop(extent.size)
            if axis != rows:
                position = extent.offset + index[axis] * extent.step
                base = base + position * extent.stride
        return index, base

    @staticmethod
    def _columns(extents: Sequence[Extent]) -> isa.Columns:
        """Merged inner dimensions as one run of elements."""
        if not extents:
            return isa.Columns(AffineConstantExpr(0), 1, 1)
        first, *inner = extents
        length = prod(extent.full for extent in inner)
        size = tuple(alternative * length for alternative in first.size)
        return isa.Columns(first.offset * length, size, first.bound * length)

    def box(self, op: ti.GemmOp | ti.ResetOp | ti.AluOp) -> None:
        emitter, addresses = _Emitter(op, op.variables), []
        ranges = emitter.ranges
        for memref, map in self._accesses(op):
            buffer, indices = self.buffers[memref], map.data.results
            name = f"'{memref.name_hint or 'buffer'}'"
            check_indices(name, indices, op.sizes.data, ranges, buffer.shape)
            addresses.append(buffer.address(indices))
        arranged = arrange(addresses, op.sizes.data, ranges, self.config)
        bases = list(arranged.bases)
        for loop in arranged.around:
            turn = emitter.loop(loop.size)
            bases = [base + turn * factor for base, factor in zip(bases, loop.factors, strict=True)]
        if arranged.around:
            bases = [simplify(base, emitter.ranges) for base in bases]
        emitter.emit(lambda variables: self._instruction(op, variables, bases, arranged))
        Rewriter.erase_op(op)

    @staticmethod
    def _accesses(op: ti.GemmOp | ti.ResetOp | ti.AluOp) -> list[tuple[SSAValue, AffineMapAttr]]:
        match op:
            case ti.GemmOp():
                return [(op.acc, op.acc_map), (op.inp, op.inp_map), (op.wgt, op.wgt_map)]
            case ti.AluOp() if op.other is not None and op.other_map is not None:
                return [(op.acc, op.acc_map), (op.other, op.other_map)]
            case _:
                return [(op.acc, op.acc_map)]

    @staticmethod
    def _instruction(
        op: ti.GemmOp | ti.ResetOp | ti.AluOp,
        variables: Sequence[SSAValue],
        bases: Sequence[AffineExpr],
        arranged: Instruction,
    ) -> Operation:
        outer, inner = _loop(arranged.outer), _loop(arranged.inner)
        match op:
            case ti.GemmOp():
                return isa.GemmOp(variables, bases, outer, inner, arranged.uops)
            case ti.ResetOp():
                return isa.ResetOp(variables, bases[0], outer, inner, arranged.uops)
            case ti.AluOp():
                immediate = None if op.immediate is None else op.immediate.value.data
                return isa.AluOp(
                    op.kind.data, variables, bases, immediate, outer, inner, arranged.uops
                )


def _loop(loop: BoxLoop) -> isa.Loop:
    return isa.Loop(loop.size, loop.factors)
