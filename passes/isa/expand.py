"""Expanding a kernel: every op yields its instructions for its whole iteration space at once.

An op under loops of n, m turns gives an array of n x m records. A sequence of ops is a
concatenation along the last axis, a loop's end a reshape: no Python loop runs over iterations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineExpr

from nopt.dialects import isa
from nopt.dialects.affine_points import evaluate
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, AluOp, Memory, Opcode, encode_uops
from nopt.hw.limits import field_range
from nopt.passes.core.transfers import clip
from nopt.passes.isa.instruction_streams import (
    NAMELESS,
    ExpandError,
    Integers,
    Records,
    Relocatable,
    Stream,
    UopKernels,
    Zeros,
    element_bytes,
)

_MEMORIES = {
    isa.LoadMemory.INP: Memory.INP,
    isa.LoadMemory.WGT: Memory.WGT,
    isa.LoadMemory.ACC: Memory.ACC,
}
_ALU = {
    AluKind.ADD: AluOp.ADD,
    AluKind.MAX: AluOp.MAX,
    AluKind.MIN: AluOp.MIN,
    AluKind.SHR: AluOp.SHR,
    AluKind.MUL: AluOp.MUL,
}


def expand(
    kernel: isa.KernelOp,
    addresses: Mapping[SSAValue, int],
    uops: UopKernels,
    zeros: Zeros,
    config: Config,
) -> Stream:
    """All instructions of a kernel.

    `addresses` are the byte addresses in DRAM of the body's memrefs; `uops` and `zeros` grow by
    what the kernel needs. Raises ExpandError for transfers or micro-ops that no instruction can do.
    """
    arguments = kernel.body.block.args
    expanded = expand_relocatable(kernel, uops, zeros, config)
    return expanded.at([addresses[memref] for memref in arguments], config)


def expand_relocatable(
    kernel: isa.KernelOp, uops: UopKernels, zeros: Zeros, config: Config
) -> Relocatable:
    """The same before it is known where tensors lie."""
    expansion = _Expansion(kernel.body.block.args, uops, zeros, config)
    records, named, valid = expansion.block(kernel.body.block, [], {})
    return Relocatable(records[valid], named[valid])


_Parts = tuple[Records, Integers, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]


class _Expansion:
    def __init__(
        self, arguments: Sequence[SSAValue], uops: UopKernels, zeros: Zeros, config: Config
    ):
        self.positions = {memref: i for i, memref in enumerate(arguments)}
        self.uops = uops
        self.zeros = zeros
        self.config = config

    def block(self, block: Block, trips: list[int], axes: Mapping[SSAValue, int]) -> _Parts:
        """Records, what they name, and validity of [*trips, instructions]."""
        parts: list[_Parts] = []
        for op in block.ops:
            if isinstance(op, affine.ForOp):
                parts.append(self._loop(op, trips, axes))
            elif not isinstance(op, affine.YieldOp):
                parts.append(self._instruction(op, trips, axes))
        if not parts:
            empty = (*trips, 0)
            return np.zeros(empty, INSTRUCTION), np.zeros(empty, np.int64), np.zeros(empty, bool)
        if len(parts) == 1:
            return parts[0]
        records, named, valid = zip(*parts, strict=True)
        return (
            # With the type that they all have: numpy would work it out for each pair of parts.
            np.concatenate(records, axis=-1, dtype=INSTRUCTION),
            np.concatenate(named, axis=-1),
            np.concatenate(valid, axis=-1),
        )

    def _loop(self, op: affine.ForOp, trips: list[int], axes: Mapping[SSAValue, int]) -> _Parts:
        bounds = op.upperBoundMap.data.results
        (turns,) = [expr.value for expr in bounds if isinstance(expr, AffineConstantExpr)]
        (low,) = op.lowerBoundMap.data.results
        if low != AffineConstantExpr(0) or op.step.value.data != 1:
            raise ExpandError("a loop in a kernel runs from 0 by steps of 1")
        inner = {**axes, op.body.block.args[0]: len(trips)}
        records, named, valid = self.block(op.body.block, [*trips, turns], inner)
        if len(bounds) > 1:
            limit = self._points(op.upperBoundOperands, trips, axes).least(bounds)
            running = np.arange(turns) < limit[..., np.newaxis]
            valid = valid & running[..., np.newaxis]
        shape = (*trips, turns * records.shape[-1])
        return records.reshape(shape), named.reshape(shape), valid.reshape(shape)

    def _points(
        self, variables: Sequence[SSAValue], trips: list[int], axes: Mapping[SSAValue, int]
    ) -> _Points:
        symbols: list[Any] = []
        for variable in variables:
            axis = axes[variable]
            symbols.append(np.arange(trips[axis]).reshape([-1] + [1] * (len(trips) - axis - 1)))
        return _Points(tuple(trips), symbols)

    def _instruction(self, op: Operation, trips: list[int], axes: Mapping[SSAValue, int]) -> _Parts:
        records = np.zeros(tuple(trips), INSTRUCTION)
        named = np.full(tuple(trips), NAMELESS, np.int64)
        valid = np.ones(tuple(trips), bool)
        points = self._points(getattr(op, "variables", ()), trips, axes)

        def value(map: AffineMapAttr) -> Integers:
            return points.least(map.data.results)

        match op:
            case isa.LoadOp():
                named[...] = self.positions[op.source]
                valid = self._load(op, records, named, value)
            case isa.StoreOp():
                named[...] = self.positions[op.destination]
                valid = self._store(op, records, value)
            case isa.GemmOp() | isa.ResetOp() | isa.AluOp():
                bases = [points.least([expr]) for expr in op.bases.data.results]
                valid = self._steps(op, records, named, bases, value)
            case _:
                raise ExpandError(f"'{op.name}' is not an instruction")
        return records[..., np.newaxis], named[..., np.newaxis], valid[..., np.newaxis]

    def _load(self, op: isa.LoadOp, records: Records, named: Integers, value: Any) -> Any:
        row_bound, stride, step, column_bound, pitch = op.geometry.get_values()
        memory = _MEMORIES[op.memory.data]
        row_size, column_size = value(op.row_size), value(op.column_size)
        rows = clip(value(op.row_offset), row_size, row_bound, step)
        columns = clip(value(op.column_offset), column_size, column_bound, 1)
        valid = (row_size > 0) & (column_size > 0)
        inside = (rows.count > 0) & (columns.count > 0)
        pad_right = columns.after + np.where(row_size > 1, pitch - column_size, 0)
        first = rows.first * stride + columns.first
        records["opcode"] = Opcode.LOAD
        records["memory"] = memory
        records["sram_base"] = value(op.sram)
        records["dram_base"] = value(op.base) + first
        records["y_size"] = rows.count
        records["x_size"] = columns.count
        records["x_stride"] = np.where(rows.count > 1, stride * step, columns.count)
        for name, pad in (
            ("y_pad_0", rows.before),
            ("y_pad_1", rows.after),
            ("x_pad_0", columns.before),
            ("x_pad_1", pad_right),
        ):
            records[name] = self._pad(name, np.where(valid & inside, pad, 0))
        if (outside := valid & ~inside).any():
            width = np.where(row_size > 1, pitch, column_size)
            named[outside] = NAMELESS
            self._load_zeros(records, outside, memory, row_size, width)
        return valid

    def _pad(self, name: str, pad: Integers) -> Integers:
        """The field's values. Raises ExpandError if one does not fit."""
        worst, most = int(pad.max(initial=0)), field_range(Opcode.LOAD, name, self.config).high
        if worst > most:
            raise ExpandError(f"{name} of a load is {worst}, expected at most {most}")
        return pad

    def _load_zeros(
        self, records: Records, where: Any, memory: Memory, rows: Integers, width: Integers
    ) -> None:
        """Load `rows` times `width` zeros at the iterations `where`."""
        size = element_bytes(memory, self.config)
        most = int((rows * width)[where].max()) * size
        self.zeros.nbytes = max(self.zeros.nbytes, most)
        zeros = {"dram_base": self.zeros.address // size, "y_size": rows}
        for name, content in (zeros | {"x_size": width, "x_stride": width}).items():
            records[name] = np.where(where, content, records[name])

    def _store(self, op: isa.StoreOp, records: Records, value: Any) -> Any:
        rows, columns = value(op.rows), value(op.columns)
        records["opcode"] = Opcode.STORE
        records["memory"] = Memory.OUT
        records["sram_base"] = value(op.sram)
        records["dram_base"] = value(op.base)
        records["y_size"] = rows
        records["x_size"] = columns
        records["x_stride"] = np.where(rows > 1, op.stride.value.data, columns)
        return (rows > 0) & (columns > 0)

    def _steps(
        self,
        op: isa.GemmOp | isa.ResetOp | isa.AluOp,
        records: Records,
        kernels: Integers,
        bases: list[Integers],
        value: Any,
    ) -> Any:
        outer, inner = op.outer.get_values(), op.inner.get_values()
        records["iter_out"], records["iter_in"] = value(op.outer_size), value(op.inner_size)
        names = ("dst", "src", "wgt")
        for name, out, each in zip(names, outer, inner, strict=False):
            records[f"{name}_out"], records[f"{name}_in"] = out, each
        match op:
            case isa.AluOp():
                records["opcode"] = Opcode.ALU
                records["alu_op"] = _ALU[op.kind.data]
                if op.immediate is not None:
                    records["use_imm"] = 1
                    records["imm"] = op.immediate.value.data
                    # Implementations read either source or destination: make them the same.
                    records["src_out"], records["src_in"] = outer[0], inner[0]
                    bases = [bases[0], bases[0]]
            case _:
                records["opcode"] = Opcode.GEMM
                records["reset"] = isinstance(op, isa.ResetOp)
        self._number_kernels(op, kernels, bases)
        return (records["iter_out"] > 0) & (records["iter_in"] > 0)

    def _number_kernels(
        self,
        op: isa.GemmOp | isa.ResetOp | isa.AluOp,
        kernels: Integers,
        bases: list[Integers],
    ) -> None:
        """One kernel for each distinct set of base addresses."""
        sizes = op.uop_sizes.get_values()
        points = np.indices(sizes).reshape(len(sizes), -1) if sizes else np.zeros((0, 1), np.int64)
        count = points.shape[1]
        factors = np.zeros((len(sizes), 3), np.int64)
        for row, dense in enumerate(op.uop_factors.data):
            values = dense.get_values()
            factors[row, : len(values)] = values
            if isinstance(op, isa.AluOp) and op.immediate is not None:
                factors[row, 1] = values[0]
        offsets = (points.T @ factors).reshape(count, 3)
        columns = [*bases, *[np.zeros_like(bases[0])] * (3 - len(bases))]
        flat = np.stack([column.reshape(-1) for column in columns])
        if not flat.size:
            return
        low = flat.min(axis=1, keepdims=True)
        keys = np.ravel_multi_index(tuple(flat - low), tuple((flat - low).max(axis=1) + 1))
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        dst, src, wgt = flat[:, first, np.newaxis] + offsets.T[:, np.newaxis]
        words = encode_uops(dst, src, wgt, self.config).reshape(-1, count)
        numbers = np.empty(len(first), np.int64)
        # In order of first use, so that kernels used together lie together.
        for i in np.argsort(first):
            numbers[i] = self.uops.number(words[i])
        kernels[...] = numbers[inverse.reshape(-1)].reshape(kernels.shape)


@dataclass(frozen=True)
class _Points:
    """Loop iterations of shape `trips`; `symbols` has each variable's values, to be broadcast."""

    trips: tuple[int, ...]
    symbols: list[Any]

    def least(self, exprs: Sequence[AffineExpr]) -> Integers:
        """The least of some expressions at each iteration."""
        values = [evaluate(expr, self.symbols, self.symbols) for expr in exprs]
        least = values[0]
        for value in values[1:]:
            least = np.minimum(least, value)
        return np.broadcast_to(np.asarray(least, np.int64), self.trips)
