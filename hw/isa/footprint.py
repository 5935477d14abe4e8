"""What an instruction touches: ranges of scratchpad elements and of DRAM.

Ranges of GEMM and ALU are bounding ranges of their affine index sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def loaded_spans(insns: Records) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where `loaded_span` of every record begins and ends; without meaning for no transfer."""
    begin = insns["sram_base"]
    rows = insns["y_pad_0"] + insns["y_size"] + insns["y_pad_1"]
    row = insns["x_pad_0"] + insns["x_size"] + insns["x_pad_1"]
    moves = (insns["y_size"] > 0) & (insns["x_size"] > 0)
    return begin, begin + rows * row * moves


def dram_end(insn: Instruction) -> int:
    """One past the last DRAM element that a LOAD or STORE touches."""
    if not transferred(insn):
        return insn.dram_base
    return insn.dram_base + (insn.y_size - 1) * insn.x_stride + insn.x_size


def dram_ends(insns: Records) -> NDArray[np.int64]:
    """`dram_end` of every record; without meaning for no transfer."""
    moves = (insns["y_size"] > 0) & (insns["x_size"] > 0)
    reached = (insns["y_size"] - 1) * insns["x_stride"] + insns["x_size"]
    return insns["dram_base"] + reached * moves


def addresses(insn: Instruction) -> NDArray[np.int64]:
    """The DRAM elements of a LOAD or STORE, (y_size, x_size)."""
    rows = insn.dram_base + np.arange(insn.y_size) * insn.x_stride
    return np.add.outer(rows, np.arange(insn.x_size))


def all_addresses(insns: Records) -> NDArray[np.int64]:
    """`addresses` of every record, one element, row and transfer after the other."""
    rows = insns["y_size"]
    first = insns["dram_base"].repeat(rows)
    first += insns["x_stride"].repeat(rows) * counted_up(rows)
    sizes = insns["x_size"].repeat(rows)
    return first.repeat(sizes) + counted_up(sizes)


def counted_up(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … for each length, one after the other."""
    ends = lengths.cumsum()
    return np.arange(ends[-1] if len(ends) else 0) - (ends - lengths).repeat(lengths)


class MicroOps:
    """The indices of micro-ops: rows dst, src and wgt, and the least and greatest of each.

    There must be one at least.
    """

    def __init__(self, words: Micro, config: Config) -> None:
        self.columns = decode_uops(words, config)
        self.low: list[int] = self.columns.min(axis=1).tolist()
        self.high: list[int] = self.columns.max(axis=1).tolist()

    def touched(self, reach: Sequence[int]) -> Touched:
        """Bounding ranges where the iterations of an instruction reach so far (`reach`)."""
        (dst, src, wgt), (dst_end, src_end, wgt_end) = self.low, self.high
        return Touched(
            Span(dst, dst_end + reach[0]),
            Span(src, src_end + reach[1]),
            Span(wgt, wgt_end + reach[2]),
        )


def reach(insn: Instruction) -> tuple[int, int, int]:
    """How far the indices dst, src and wgt of a GEMM or ALU span over those of one micro-op.

    Without meaning for one without iterations.
    """
    outer, inner = insn.iter_out - 1, insn.iter_in - 1
    return (
        outer * insn.dst_out + inner * insn.dst_in + 1,
        outer * insn.src_out + inner * insn.src_in + 1,
        outer * insn.wgt_out + inner * insn.wgt_in + 1,
    )


def reaches(insns: Records) -> list[tuple[int, int, int]]:
    """`reach` of every record; all 0 without iterations, and without meaning for no GEMM or ALU."""
    outer, inner = insns["iter_out"], insns["iter_in"]
    runs = (outer > 0) & (inner > 0)
    columns = (
        ((outer - 1) * insns[f"{name}_out"] + (inner - 1) * insns[f"{name}_in"] + 1) * runs
        for name in ("dst", "src", "wgt")
    )
    return [*zip(*(column.tolist() for column in columns), strict=True)]
