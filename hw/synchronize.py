"""Dependency tokens: one scan over a stream in program order places the fewest that keep it right.

Each module runs its own instructions in order, so only conflicts between modules matter: INP and
WGT between load and compute, OUT between compute and store, and DRAM between stores and whatever
loads. For each instruction the scan finds the latest conflicting access (read after write, write
after read, write after write) in every other module; `tokens` orders the two.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .config import Config
from .encoding import (
    TOKENS,
    Instruction,
    Memory,
    Micro,
    Opcode,
    Records,
    element_bytes,
    module_of,
    records,
)
from .footprint import Windows, dram_end, loaded_span
from .tokens import COMPUTE, LOAD, NONE, STORE, TokenPlacer

Accesses = NDArray[np.int32]


class SynchronizeError(ValueError):
    """A stream that cannot be synchronized; the message names the instruction."""


def synchronize(insns: Records, memory_uops: Micro, config: Config, uop_base: int = 0) -> Records:
    """What `synchronized` gives, the records alone."""
    return synchronized(insns, memory_uops, config, uop_base)[0]


def synchronized(
    insns: Records, memory_uops: Micro, config: Config, uop_base: int = 0
) -> tuple[Records, NDArray[np.int64]]:
    """The stream with dependency tokens, empty compute instructions where needed, and FINISH.

    With it comes the number of each record in `insns`, negative for those inserted.

    `insns` (n,) are records in program order without tokens and without FINISH. `memory_uops` are
    all micro-ops in DRAM, the first at DRAM element address `uop_base`.

    Raises `SynchronizeError` if a record already has tokens or is a FINISH, or if a LOAD UOP
    leaves `memory_uops`.
    """
    for token in TOKENS:
        if insns[token].any():
            at = int(np.flatnonzero(insns[token])[0])
            raise SynchronizeError(f"instruction {at}: {token}: found 1, expected no tokens yet")
    if (insns["opcode"] == Opcode.FINISH).any():
        at = int(np.flatnonzero(insns["opcode"] == Opcode.FINISH)[0])
        raise SynchronizeError(f"instruction {at}: found FINISH, expected it to be added here")
    stream = records(insns)
    conflicts = _Conflicts(stream, config, np.asarray(memory_uops, np.uint32), uop_base)
    placer = TokenPlacer(config.token_depth)
    for row, (insn, module) in enumerate(zip(stream, module_of(insns).tolist(), strict=True)):
        needs = conflicts.needs(row, insn, placer.count(module))
        placer.issue(row, module, needs, lambda row=row: conflicts.stores_ahead(row))
    return placer.finish(insns)


class _Conflicts:
    """Remembers the last accesses by each module, per scratchpad element and DRAM granule.

    Values are the index of an instruction within its module, or -1.
    """

    def __init__(
        self, stream: list[Instruction], config: Config, memory_uops: Micro, uop_base: int
    ) -> None:
        self._loaded = {
            Memory.INP: _untouched(config.inp_entries),
            Memory.WGT: _untouched(config.wgt_entries),
        }
        self._used = {memory: array.copy() for memory, array in self._loaded.items()}
        self._produced = _untouched(config.acc_entries)
        self._stored = _untouched(config.acc_entries)
        self._stream = stream
        self._dram = _Dram(stream, config)
        self._windows = Windows(config)
        self._memory_uops, self._uop_base = memory_uops, uop_base
        self._uops = np.zeros(config.uop_entries, np.uint32)

    def needs(self, row: int, insn: Instruction, index: int) -> list[int]:
        """Per module, the latest instruction that this one must follow; records its accesses."""
        needs = [NONE] * 3
        if insn.opcode == Opcode.LOAD:
            self._load(row, insn, index, needs)
        elif insn.opcode == Opcode.STORE:
            begin, end = loaded_span(insn)
            needs[COMPUTE] = _last(self._produced[begin:end])
            self._stored[begin:end] = index
            self._dram.write(insn, index, needs)
        else:
            self._compute(insn, index, needs)
        return needs

    def stores_ahead(self, row: int) -> int:
        """The latest store so far that loads from `row` on need, up to the next store."""
        latest = NONE
        for insn in islice(self._stream, row, None):
            if insn.opcode == Opcode.STORE:
                break
            if insn.opcode == Opcode.LOAD and insn.memory in (Memory.INP, Memory.WGT):
                latest = max(latest, self._dram.written(insn))
        return latest

    def _load(self, row: int, insn: Instruction, index: int, needs: list[int]) -> None:
        begin, end = loaded_span(insn)
        if begin == end:
            return
        if insn.memory in (Memory.INP, Memory.WGT):
            memory = Memory(insn.memory)
            needs[COMPUTE] = _last(self._used[memory][begin:end])
            self._loaded[memory][begin:end] = index
            self._dram.read(insn, LOAD, index, needs)
            return
        self._dram.read(insn, COMPUTE, index, needs)
        if insn.memory == Memory.UOP:
            first = insn.dram_base - self._uop_base
            if first < 0 or first + insn.x_size > len(self._memory_uops):
                raise SynchronizeError(
                    f"instruction {row}: LOAD UOP: found micro-ops {first} to "
                    f"{first + insn.x_size}, expected within {len(self._memory_uops)}"
                )
            part = self._memory_uops[first : first + insn.x_size]
            room = self._uops[begin : begin + insn.x_size]
            room[:] = part[: len(room)]

    def _compute(self, insn: Instruction, index: int, needs: list[int]) -> None:
        uops = self._uops[insn.uop_begin : insn.uop_end]
        if not len(uops) or not insn.iter_out or not insn.iter_in:
            return
        dst, src, wgt = self._windows.touched(insn, uops)
        if insn.opcode == Opcode.GEMM and not insn.reset:
            needs[LOAD] = max(
                _last(self._loaded[Memory.INP][src.begin : src.end]),
                _last(self._loaded[Memory.WGT][wgt.begin : wgt.end]),
            )
            self._used[Memory.INP][src.begin : src.end] = index
            self._used[Memory.WGT][wgt.begin : wgt.end] = index
        needs[STORE] = _last(self._stored[dst.begin : dst.end])
        self._produced[dst.begin : dst.end] = index


class _Dram:
    """Last accesses to the part of DRAM that the stream stores to; the rest cannot conflict."""

    def __init__(self, stream: list[Instruction], config: Config) -> None:
        self._bytes = element_bytes(config)
        self._granule = config.out_bytes
        stores = [insn for insn in stream if insn.opcode == Opcode.STORE]
        self._first = min((insn.dram_base for insn in stores), default=0)
        size = max((dram_end(insn) for insn in stores), default=0) - self._first
        self._written = _untouched(size)
        self._read = {LOAD: _untouched(size), COMPUTE: _untouched(size)}

    def read(self, insn: Instruction, module: int, index: int, needs: list[int]) -> None:
        needs[STORE] = max(needs[STORE], self.written(insn))
        for part in self._parts(insn):
            self._read[module][part] = index

    def written(self, insn: Instruction) -> int:
        """The latest store to what a LOAD reads."""
        return max((_last(self._written[part]) for part in self._parts(insn)), default=NONE)

    def write(self, insn: Instruction, index: int, needs: list[int]) -> None:
        for part in self._parts(insn):
            for module, read in self._read.items():
                needs[module] = max(needs[module], _last(read[part]))
            self._written[part] = index

    def _parts(self, insn: Instruction) -> list[slice]:
        """Where rows lie in the tracked granules; only what can conflict."""
        size, granule = self._bytes[insn.memory], self._granule
        offset = self._first * granule
        begin = (insn.dram_base * size - offset) // granule
        end = -((offset - dram_end(insn) * size) // granule)
        if end <= 0 or begin >= len(self._written) or begin >= end:
            return []
        if insn.y_size == 1 or insn.x_size >= insn.x_stride:
            return [slice(max(begin, 0), end)]
        starts = range(0, insn.y_size * insn.x_stride * size, insn.x_stride * size)
        first = insn.dram_base * size - offset
        spans = (
            ((first + at) // granule, -((-first - at - insn.x_size * size) // granule))
            for at in starts
        )
        return [slice(max(low, 0), high) for low, high in spans if high > 0]


def _untouched(size: int) -> Accesses:
    return np.full(size, NONE, np.int32)


def _last(accesses: Accesses) -> int:
    return int(np.maximum.reduce(accesses)) if len(accesses) else NONE
