"""A program's assembly with notes: what lies at a DRAM address, and when an instruction runs.

Notes are comments, so a listing is assembly text that can be read back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_assembly
from nopt.hw.isa.encoding import Micro, Opcode, Records, element_bytes, records
from nopt.hw.isa.footprint import transferred
from nopt.hw.program.program_parts import Symbol
from nopt.hw.timing.program_timing import Timing


def listing(
    insns: Records,
    uops: Micro,
    config: Config,
    symbols: Sequence[Symbol] = (),
    timings: Sequence[Timing] = (),
) -> str:
    """Assembly text; notes name symbols and, with `timings` of consecutive parts, give cycles."""
    notes = [
        _place(notes, cycles)
        for notes, cycles in zip(
            _names(insns, config, symbols), _cycles(len(insns), timings), strict=True
        )
    ]
    text = format_assembly(insns, uops, config)
    head, _, body = text.partition(".text\n")
    lines = body.splitlines()
    width = max(map(len, lines), default=0)
    lines = [
        f"{line:{width}} # {note}" if note else line
        for line, note in zip(lines, notes, strict=True)
    ]
    legend = "  # begin..end cycles" if timings else ""
    return "\n".join([f"{head}.text{legend}", *lines]) + "\n"


def _place(name: str, cycles: str) -> str:
    return f"{cycles:26} {name}".rstrip() if cycles else name


def _names(insns: Records, config: Config, symbols: Sequence[Symbol]) -> list[str]:
    """For each LOAD and STORE with data, the symbol that its first byte lies in."""
    ordered = sorted(symbols, key=lambda symbol: symbol.address)
    starts = [symbol.address for symbol in ordered]
    sizes = element_bytes(config)
    names: list[str] = []
    for insn in records(insns):
        if insn.opcode > Opcode.STORE or not transferred(insn):
            names.append("")
            continue
        address = insn.dram_base * sizes[insn.memory]
        at = bisect_right(starts, address) - 1
        inside = at >= 0 and address < ordered[at].address + ordered[at].nbytes
        offset = address - starts[at] if inside else 0
        names.append((ordered[at].name + (f"+{offset:#x}" if offset else "")) if inside else "")
    return names


def _cycles(count: int, timings: Sequence[Timing]) -> list[str]:
    texts: list[str] = []
    for timing in timings:
        for begin, end in zip(timing.begin.tolist(), timing.end.tolist(), strict=True):
            texts.append(f"{begin:9}..{end:<9} {end - begin}")
    return texts or [""] * count
