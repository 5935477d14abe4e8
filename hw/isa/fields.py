"""Where the fields of GEMM and ALU instructions lie, as VTA's headers have it.

`hw_spec.h` declares an instruction as a C structure of bit-fields whose widths follow the
configuration. So a field lies right behind the one before, but none crosses bit 64: it then begins
there. Both factors of a loop count accumulators, inputs or weights; those of an ALU step count
accumulators only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WORD = 64
INSTRUCTION_BITS = 2 * WORD

TOKENS = ("pop_prev", "pop_next", "push_prev", "push_next")

Widths = Sequence[tuple[str, int]]
"""Names and bits of fields, least significant first."""

COMMON: Widths = [("opcode", 3), *((token, 1) for token in TOKENS)]


def packed(widths: Iterable[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Name, first bit and bits of each field."""
    placed: list[tuple[str, int, int]] = []
    offset = 0
    for name, width in widths:
        if offset % WORD + width > WORD:
            offset += -offset % WORD
        placed.append((name, offset, width))
        offset += width
    return placed


def end_of(widths: Widths) -> int:
    """The bit behind the last field."""
    _, offset, width = packed(widths)[-1]
    return offset + width


def gemm_widths(uop: int, acc: int, inp: int, wgt: int) -> Widths:
    """A GEMM instruction's, given the bits that index each scratchpad."""
    factors = [("dst_out", acc), ("dst_in", acc), ("src_out", inp), ("src_in", inp)]
    return [*_loops(uop), *factors, ("wgt_out", wgt), ("wgt_in", wgt)]


def alu_widths(uop: int, acc: int) -> Widths:
    """An ALU instruction's, given the bits that index micro-ops and accumulators."""
    factors = [(name, acc) for name in ("dst_out", "dst_in", "src_out", "src_in")]
    return [*_loops(uop), *factors, ("alu_op", 3), ("use_imm", 1), ("imm", 16)]


def uop_widths(acc: int, inp: int, wgt: int) -> Widths:
    """A micro-op's; the source is an input of GEMM, or an accumulator of the ALU."""
    return [("dst", acc), ("src", max(acc, inp)), ("wgt", wgt)]


def _loops(uop: int) -> Widths:
    span = [("reset", 1), ("uop_begin", uop), ("uop_end", uop + 1)]
    return [*COMMON, *span, ("iter_out", 14), ("iter_in", 14)]
