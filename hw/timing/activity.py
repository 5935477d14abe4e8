"""What a run does over time: when each module works, what DRAM moves, how full scratchpads are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    Memory,
    Micro,
    Module,
    Opcode,
    Records,
    element_bytes,
    records,
)
from nopt.hw.isa.footprint import MicroOps, Span, loaded_span, reach
from nopt.hw.timing.program_timing import Timing

Cycles = NDArray[np.int64]
Shares = NDArray[np.float64]


class Segments(NamedTuple):
    """Times in which something is done, in order: cycles from `begin` to before `end`."""

    begin: Cycles
    end: Cycles

    def joined(self, gap: int) -> Segments:
        """Those that are at most `gap` cycles apart as one."""
        if not len(self.begin):
            return self
        apart = self.begin[1:] - self.end[:-1] > gap
        return Segments(
            self.begin[np.concatenate([[True], apart])], self.end[np.concatenate([apart, [True]])]
        )


def segments(insns: Records, timing: Timing) -> dict[str, Segments]:
    """When instructions of each kind run; a compute load is one of accumulators or micro-ops."""
    opcode, module = insns["opcode"], timing.module
    gemm, compute = opcode == Opcode.GEMM, module == Module.COMPUTE
    chosen = {
        "load": module == Module.LOAD,
        "gemm": gemm & (insns["reset"] == 0),
        "reset": gemm & (insns["reset"] == 1),
        "alu": opcode == Opcode.ALU,
        "compute load": compute & (opcode == Opcode.LOAD),
        "store": module == Module.STORE,
    }
    busy = timing.end > timing.begin
    return {
        kind: Segments(timing.begin[mask & busy], timing.end[mask & busy])
        for kind, mask in chosen.items()
    }


def computing(timing: Timing, firsts: Sequence[int], counts: Sequence[int]) -> Segments:
    """When the compute module works for each part of a run: parts never overlap there, though the
    loads of one begin while another computes. Empty for a part without compute instructions."""
    begin, end = np.zeros(len(firsts), np.int64), np.zeros(len(firsts), np.int64)
    for index, (first, count) in enumerate(zip(firsts, counts, strict=True)):
        part = slice(first, first + count)
        mine = timing.module[part] == Module.COMPUTE
        if mine.any():
            begin[index] = timing.begin[part][mine].min()
            end[index] = timing.end[part][mine].max()
    return Segments(begin, end)


def waits(timing: Timing) -> dict[str, Segments]:
    """When a module is idle before an instruction: for a token of a neighbour, or to fetch."""
    found: dict[str, Segments] = {}
    for module in Module:
        mine = timing.module == module
        begin = timing.begin - sum(timing.waits.values())
        for reason in ("fetch", "prev", "next"):
            length = timing.waits[reason]
            mask = mine & (length > 0)
            found[f"{module.name.lower()} waits for {reason}"] = Segments(
                begin[mask], (begin + length)[mask]
            )
            begin = begin + length
    return found


def traffic(insns: Records, timing: Timing, config: Config, edges: Cycles) -> dict[str, Shares]:
    """Bytes a cycle of each kind of transfer, between each edge and the next."""
    moves = np.isin(insns["opcode"], (Opcode.LOAD, Opcode.STORE))
    sizes = np.array(element_bytes(config))[insns["memory"]]
    moved = insns["y_size"] * insns["x_size"] * sizes * moves
    found: dict[str, Shares] = {}
    for memory in Memory:
        mask = moves & (insns["memory"] == memory) & (moved > 0)
        if mask.any():
            begin, end = timing.begin[mask], np.maximum(timing.end[mask], timing.begin[mask] + 1)
            found[memory.name.lower()] = _rate(moved[mask], begin, end, edges)
    return found


def _rate(amount: Cycles, begin: Cycles, end: Cycles, edges: Cycles) -> Shares:
    """Amounts spread evenly over their times, as a rate between edges."""
    rate = amount / (end - begin)
    times = np.concatenate([begin, end])
    order = np.argsort(times, kind="stable")
    times, change = times[order], np.concatenate([rate, -rate])[order]
    so_far = np.concatenate([[0.0], np.cumsum(np.cumsum(change)[:-1] * np.diff(times))])
    return np.diff(np.interp(edges, times, so_far)) / np.diff(edges)


def occupancy(
    insns: Records, memory: NDArray[np.uint8], timing: Timing, config: Config, edges: Cycles
) -> dict[str, Shares]:
    """The share of each scratchpad's entries that is needed again, between edges.

    An entry is needed from when it is written until it is read for the last time before it is
    written again. `memory` is DRAM before the run, where micro-ops lie. Ranges of GEMM and ALU are
    bounding ones.
    """
    entries = {"inp": config.inp_entries, "wgt": config.wgt_entries, "acc": config.acc_entries}
    pads = {name: _Scratchpad(count) for name, count in entries.items()}
    buffer = _MicroOpBuffer(memory, config)
    for insn, begin, end in zip(
        records(insns), timing.begin.tolist(), timing.end.tolist(), strict=True
    ):
        if insn.opcode == Opcode.LOAD and insn.memory == Memory.UOP:
            buffer.load(insn)
        elif insn.opcode == Opcode.LOAD:
            name = "acc" if insn.memory == Memory.ACC_8BIT else Memory(insn.memory).name.lower()
            pads[name].write(loaded_span(insn), begin)
        elif insn.opcode == Opcode.STORE:
            pads["acc"].read(loaded_span(insn), end)
        elif insn.opcode in (Opcode.GEMM, Opcode.ALU):
            if insn.uop_end <= insn.uop_begin or not insn.iter_out or not insn.iter_in:
                continue
            touched = buffer.micro_ops(insn.uop_begin, insn.uop_end).touched(reach(insn))
            resets = insn.opcode == Opcode.GEMM and insn.reset
            if insn.opcode == Opcode.ALU:
                if not insn.use_imm:
                    pads["acc"].read(touched.src, end)
            elif not resets:
                pads["inp"].read(touched.src, end)
                pads["wgt"].read(touched.wgt, end)
            if resets:
                pads["acc"].write(touched.dst, begin)
            else:
                pads["acc"].read(touched.dst, end)
    return {name: pad.shares(edges) for name, pad in pads.items()}


class _MicroOpBuffer:
    """The core's micro-ops as they are loaded."""

    def __init__(self, memory: NDArray[np.uint8], config: Config):
        self._dram, self._config = memory, config
        self._words: Micro = np.zeros(config.uop_entries, np.uint32)
        self._known: dict[tuple[int, int], MicroOps] = {}

    def load(self, insn: Any) -> None:
        size, at = insn.x_size, 4 * insn.dram_base
        self._words[insn.sram_base : insn.sram_base + size] = self._dram[at : at + 4 * size].view(
            np.uint32
        )
        self._known.clear()

    def micro_ops(self, begin: int, end: int) -> MicroOps:
        if (begin, end) not in self._known:
            self._known[begin, end] = MicroOps(self._words[begin:end], self._config)
        return self._known[begin, end]


class _Scratchpad:
    """When entries are needed."""

    def __init__(self, entries: int):
        self._since = np.full(entries, -1, np.int64)
        self._until = np.zeros(entries, np.int64)
        self._needed: list[tuple[Cycles, Cycles]] = []

    def write(self, span: Span, time: int) -> None:
        since, until = self._since[span.begin : span.end], self._until[span.begin : span.end]
        used = (since >= 0) & (until > since)
        if used.any():
            self._needed.append((since[used], until[used]))
        since[:] = time
        until[:] = 0

    def read(self, span: Span, time: int) -> None:
        since = self._since[span.begin : span.end]
        since[since < 0] = time
        self._until[span.begin : span.end] = time

    def shares(self, edges: Cycles) -> Shares:
        self.write(Span(0, len(self._since)), 0)
        if not self._needed:
            return np.zeros(len(edges) - 1)
        begin = np.concatenate([each for each, _ in self._needed])
        end = np.concatenate([each for _, each in self._needed])
        return _rate(end - begin, begin, end, edges) / len(self._since)
