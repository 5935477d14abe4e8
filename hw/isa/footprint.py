"""What an instruction touches: ranges of scratchpad elements and of DRAM.

Ranges of GEMM and ALU are bounding ranges of their affine index sets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Instruction, Memory, Micro, Opcode, Records, decode_uops


class Span(NamedTuple):
    """Elements `begin` to `end - 1`."""

    begin: int
    end: int


class Touched(NamedTuple):
    """The bounding ranges of a GEMM's or ALU's indices; `wgt` has no meaning for an ALU."""

    dst: Span
    src: Span
    wgt: Span


def transferred(insn: Instruction) -> int:
    """Elements that a LOAD or STORE moves between DRAM and scratchpad."""
    return insn.y_size * insn.x_size


def never_ends(insn: Instruction, config: Config) -> str:
    """Why the RTL would wait for ever in a LOAD or STORE; empty if it does not."""
    loads, y, x = insn.opcode == Opcode.LOAD, insn.y_size, insn.x_size
    if loads and insn.memory == Memory.OUT:
        return "found LOAD into OUT, expected another memory"
    if loads and insn.memory == Memory.ACC_8BIT and not config.acc_8bit_loads:
        return "found an 8-bit load, expected a core with acc_8bit_loads"
    if (y == 0) != (x == 0):
        return f"found {y} rows of {x} elements, expected both or neither to be zero"
    return ""


def loaded_span(insn: Instruction) -> Span:
    """Scratchpad elements that a LOAD writes or a STORE reads, padding included.

    A transfer of no elements only carries tokens: it touches nothing.
    """
    if not insn.y_size or not insn.x_size:
        return Span(insn.sram_base, insn.sram_base)
    rows = insn.y_pad_0 + insn.y_size + insn.y_pad_1
    row = insn.x_pad_0 + insn.x_size + insn.x_pad_1
    return Span(insn.sram_base, insn.sram_base + rows * row)


def loaded_spans(insns: Records) -> list[tuple[int, int]]:
    """`loaded_span` of every record; without meaning for those that are no transfer."""
    begin = insns["sram_base"]
    rows = insns["y_pad_0"] + insns["y_size"] + insns["y_pad_1"]
    row = insns["x_pad_0"] + insns["x_size"] + insns["x_pad_1"]
    moves = (insns["y_size"] > 0) & (insns["x_size"] > 0)
    return [*zip(begin.tolist(), (begin + rows * row * moves).tolist(), strict=True)]


def dram_end(insn: Instruction) -> int:
    """One past the last DRAM element that a LOAD or STORE touches."""
    if not transferred(insn):
        return insn.dram_base
    return insn.dram_base + (insn.y_size - 1) * insn.x_stride + insn.x_size


def reaches(insns: Records) -> list[tuple[int, int, int]]:
    """How far the indices dst, src and wgt of a GEMM or ALU span over those of one micro-op.

    All 0 for one without iterations; without meaning for other records."""
    outer, inner = insns["iter_out"], insns["iter_in"]
    runs = (outer > 0) & (inner > 0)
    columns = (
        ((outer - 1) * insns[f"{name}_out"] + (inner - 1) * insns[f"{name}_in"] + 1) * runs
        for name in ("dst", "src", "wgt")
    )
    return [*zip(*(column.tolist() for column in columns), strict=True)]


class Windows:
    """Bounding ranges of GEMM and ALU instructions, remembered by micro-op contents."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._extremes: dict[bytes, tuple[int, int, int, int, int, int]] = {}

    def touched(self, insn: Instruction, uops: Micro) -> Touched:
        """Ranges over all iterations of the micro-ops `uops`, which must not be empty."""
        key = uops.tobytes()
        extremes = self._extremes.get(key)
        if extremes is None:
            columns = decode_uops(uops, self._config)
            low, high = (tuple(int(f(c)) for c in columns) for f in (np.min, np.max))
            extremes = self._extremes[key] = (low[0], high[0], low[1], high[1], low[2], high[2])
        outer, inner = insn.iter_out - 1, insn.iter_in - 1
        dst = outer * insn.dst_out + inner * insn.dst_in + 1
        src = outer * insn.src_out + inner * insn.src_in + 1
        wgt = outer * insn.wgt_out + inner * insn.wgt_in + 1
        return Touched(
            Span(extremes[0], extremes[1] + dst),
            Span(extremes[2], extremes[3] + src),
            Span(extremes[4], extremes[5] + wgt),
        )
