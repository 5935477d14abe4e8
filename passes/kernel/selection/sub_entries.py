"""Blocks as entries: where GEMM is not square, its shorter side takes several for each block.

Selection and its tiles speak of blocks. In the program that comes out each buffer, and the box of
each step, has a dimension more: the parts of a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw.config import Config
from nopt.passes.core.vectors import entries_of
from nopt.passes.kernel.tile_program import (
    Access,
    After,
    Alu,
    Border,
    Box,
    Buffer,
    Buffers,
    Clear,
    ForEach,
    Gemm,
    Reset,
    Step,
    Store,
    Strips,
    TileProgram,
)


def in_entries(program: TileProgram, config: Config) -> TileProgram:
    """The program of a core whose blocks have several parts; itself if they have one."""
    if not entries_of(Memory.WGT, config):
        return program
    divided = _Divided(program.buffers, config)
    parts = (program.once, program.begin, program.chunk, program.end)
    return TileProgram(divided.buffers, *(divided.steps(part) for part in parts))


class _Divided:
    def __init__(self, buffers: Buffers, config: Config) -> None:
        self.config = config
        new = {buffer: self._buffer(buffer) for buffer in buffers}
        self._new = new

        def other(buffer: Buffer | None) -> Buffer | None:
            return None if buffer is None else new[buffer]

        self.buffers = Buffers(
            new[buffers.result],
            {operand: new[buffer] for operand, buffer in buffers.windows.items()},
            {operand: new[buffer] for operand, buffer in buffers.stages.items()},
            {phase: new[buffer] for phase, buffer in buffers.planes.items()},
            other(buffers.copy),
            other(buffers.ones),
            other(buffers.diagonals),
            other(buffers.inside),
            other(buffers.pad),
        )

    def _buffer(self, buffer: Buffer) -> Buffer:
        return replace(buffer, shape=(*buffer.shape, *entries_of(buffer.memory, self.config)))

    def steps(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(map(self._step, steps))

    def _step(self, step: Step) -> Step:
        match step:
            case Reset(box, acc):
                return Reset(self._box(box, Memory.ACC), self._access(acc, box))
            case Clear(buffer):
                return Clear(self._new[buffer])
            case Gemm(box, acc, inp, wgt, is_windowed):
                acc, inp, wgt = (self._access(each, box) for each in (acc, inp, wgt))
                return Gemm(self._box(box, Memory.WGT), acc, inp, wgt, is_windowed)
            case Alu(kind, box, acc, other):
                second = self._access(other, box) if isinstance(other, Access) else other
                return Alu(kind, self._box(box, Memory.ACC), self._access(acc, box), second)
            case Store(acc, plane):
                return Store(self._access(acc, ()), plane)
            case ForEach() | Border() | After() | Strips():
                return replace(step, steps=self.steps(step.steps))

    def _box(self, box: Box, memory: Memory) -> Box:
        return (*box, *entries_of(memory, self.config))

    def _access(self, access: Access, box: Box) -> Access:
        parts = entries_of(access.buffer.memory, self.config)
        part = [AffineDimExpr(len(box)) for _ in parts]
        return Access(self._new[access.buffer], (*access.indices, *part), access.before)
