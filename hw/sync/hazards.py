"""What each instruction must wait for: the latest conflicting access by every other module.

Each module runs its own instructions in order, so only conflicts between modules matter. A stream
is right if every implementation gives what it gives in program order; these pairs see to that:

| earlier        | later           | through  | needed by                                       |
|----------------|-----------------|----------|-------------------------------------------------|
| LOAD INP, WGT  | GEMM            | INP, WGT | all: it multiplies what is loaded               |
| GEMM           | LOAD INP, WGT   | INP, WGT | all: the buffer is used again                   |
| GEMM, ALU      | STORE           | OUT, ACC | all: it stores what is computed                 |
| STORE          | GEMM, ALU       | OUT, ACC | all: the buffer is used again                   |
| GEMM reset     | STORE           | OUT, ACC | those where it writes OUT, or that store ACC    |
| STORE          | GEMM reset      | OUT, ACC | the same                                        |
| LOAD ACC       | STORE           | ACC      | those that store ACC, not a copy of it in OUT   |
| STORE          | LOAD ACC        | ACC      | the same                                        |
| STORE          | LOAD            | DRAM     | all: it loads what was stored                   |
| LOAD           | STORE           | DRAM     | all: what was there is loaded first             |

LOAD ACC is that of 8 bits, too; an access touches what `footprint` says. No other pair needs a
token. LOAD UOP, LOAD ACC, GEMM and ALU are of one module, as are two STOREs, and LOADs of INP and
WGT: whatever they share is in order. A GEMM reset reads neither INP nor WGT, empty transfers touch
nothing, and what two modules only read is in no order. A stream whose micro-ops a STORE makes is
refused, since nobody knows what they touch; instructions are fetched long before they run, so that
a STORE of these is right in no order.

Accesses are searched from the newest back, no further than to what is known to be finished:
modules do not run far ahead of each other, so these are few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    Memory,
    Micro,
    Opcode,
    Records,
    element_bytes,
)
from nopt.hw.isa.footprint import MicroOps, loaded_spans, reaches
from nopt.hw.sync.tokens import COMPUTE, LOAD, NONE, STORE

_FACTORS: tuple[int, int] = (Memory.INP, Memory.WGT)
"""Where load brings what GEMM multiplies."""
_NOWHERE = 1 << 62
"""An address behind all others."""

_Span = tuple[int, int]
"""Elements from the first number up to, not including, the second."""


class SynchronizeError(ValueError):
    """A stream that cannot be synchronized; the message names the instruction."""


class Conflicts:
    """The accesses of a stream's instructions, which `needs` is asked about in order.

    `insns`, `memory_uops` and `uop_base` are those of `synchronized`.
    """

    def __init__(self, insns: Records, config: Config, memory_uops: Micro, uop_base: int) -> None:
        self._insns, self._config = insns, config
        self._memory_uops, self._uop_base = memory_uops, uop_base
        self._opcodes: list[int] = insns["opcode"].tolist()
        self._memories: list[int] = insns["memory"].tolist()
        begin, end = loaded_spans(insns)
        self._spans = [*zip(begin.tolist(), end.tolist(), strict=True)]
        self._reaches = reaches(insns)
        self._uop_spans = [
            *zip(insns["uop_begin"].tolist(), insns["uop_end"].tolist(), strict=True)
        ]
        self._multiplies: list[bool] = (
            (insns["opcode"] == Opcode.GEMM) & (insns["reset"] == 0)
        ).tolist()
        self._loaded = {memory: _Accesses() for memory in _FACTORS}
        self._used = {memory: _Accesses() for memory in _FACTORS}
        self._produced, self._stored = _Accesses(), _Accesses()  # in ACC and in OUT, as one
        self._dram = _Dram(insns, config)
        self._uops = np.zeros(config.uop_entries, np.uint32)
        self._micro_ops: dict[_Span, MicroOps] = {}

    def needs(self, row: int, index: int, known: Sequence[int]) -> list[int]:
        """Per module, the latest instruction that this one, number `index` of its own module, must
        follow; NONE if that is not after the last one `known` to be finished."""
        needs = [NONE, NONE, NONE]
        opcode = self._opcodes[row]
        if opcode == Opcode.GEMM or opcode == Opcode.ALU:
            self._compute(row, index, known, needs)
        elif opcode == Opcode.STORE:
            span = self._spans[row]
            needs[COMPUTE] = self._produced.latest(span, known[COMPUTE])
            self._stored.add(span, index)
            self._dram.write(row, known, needs)
        elif opcode == Opcode.LOAD:
            self._load(row, index, known, needs)
        return needs

    def stores_ahead(self, row: int, known: int) -> int:
        """The latest store so far, after number `known`, that loads from `row` on need, up to the
        next store."""
        latest = NONE
        for ahead in range(row, len(self._opcodes)):
            if self._opcodes[ahead] == Opcode.STORE:
                break
            loads = self._opcodes[ahead] == Opcode.LOAD
            if loads and self._memories[ahead] in _FACTORS:
                latest = max(latest, self._dram.written(ahead, known))
        return latest

    def _load(self, row: int, index: int, known: Sequence[int], needs: list[int]) -> None:
        span = self._spans[row]
        needs[STORE] = self._dram.written(row, known[STORE])
        memory = self._memories[row]
        if memory in _FACTORS:
            needs[COMPUTE] = self._used[memory].latest(span, known[COMPUTE])
            self._loaded[memory].add(span, index)
            self._dram.read(row, LOAD, index)
            return
        self._dram.read(row, COMPUTE, index)
        if memory != Memory.UOP:
            needs[STORE] = max(needs[STORE], self._stored.latest(span, known[STORE]))
            self._produced.add(span, index)
        elif span[0] < span[1]:
            self._load_uops(row, span)

    def _load_uops(self, row: int, span: _Span) -> None:
        first = int(self._insns["dram_base"][row]) - self._uop_base
        count = int(self._insns["x_size"][row])
        if span[1] - span[0] != count:
            raise SynchronizeError(
                f"instruction {row}: LOAD UOP: found rows or padding of micro-ops, expected one "
                "plain row"
            )
        if self._dram.written(row, NONE) != NONE:
            raise SynchronizeError(
                f"instruction {row}: LOAD UOP: found micro-ops that a STORE writes, expected known "
                "ones"
            )
        if first < 0 or first + count > len(self._memory_uops):
            raise SynchronizeError(
                f"instruction {row}: LOAD UOP: found micro-ops {first} to "
                f"{first + count}, expected within {len(self._memory_uops)}"
            )
        room = self._uops[span[0] : span[0] + count]
        room[:] = self._memory_uops[first : first + len(room)]
        self._micro_ops.clear()

    def _compute(self, row: int, index: int, known: Sequence[int], needs: list[int]) -> None:
        begin, end = self._uop_spans[row]
        uops = self._micro_ops.get((begin, end))
        if uops is None and len(self._uops[begin:end]):
            uops = MicroOps(self._uops[begin:end], self._config)
            self._micro_ops[begin, end] = uops
        reach = self._reaches[row]
        if uops is None or not reach[0]:
            return
        dst, inp, wgt = uops.touched(reach)
        if self._multiplies[row]:
            for memory, span in zip(_FACTORS, (inp, wgt), strict=True):
                loaded = self._loaded[memory].latest(span, known[LOAD])
                needs[LOAD] = max(needs[LOAD], loaded)
                self._used[memory].add(span, index)
        needs[STORE] = self._stored.latest(dst, known[STORE])
        self._produced.add(dst, index)


class _Accesses:
    """Spans that instructions of one module touched, the latest last."""

    def __init__(self) -> None:
        self._indices: dict[_Span, int] = {}

    def add(self, span: _Span, index: int) -> None:
        if span[0] < span[1]:
            self._indices.pop(span, None)
            self._indices[span] = index

    def latest(self, span: _Span, known: int) -> int:
        """The latest instruction after number `known` that touched some of a span, or NONE."""
        begin, end = span
        for (low, high), index in reversed(self._indices.items()):
            if index <= known or begin == end:
                break
            if low < end and begin < high:
                return index
        return NONE


class _Dram:
    """Stores, and loads of what stores write: the rest of DRAM cannot conflict.

    Addresses count a store's elements; a load touches those of which it reads any part.
    """

    def __init__(self, insns: Records, config: Config) -> None:
        self._insns = insns
        self._granule = config.out_bytes
        self._bytes = np.array(element_bytes(config))[insns["memory"]]
        y_size, x_size, stride = (insns[name] for name in ("y_size", "x_size", "x_stride"))
        self._in_one = (y_size == 1) | (x_size >= stride)
        begin = insns["dram_base"] * self._bytes
        end = begin + ((y_size - 1) * stride + x_size) * self._bytes
        self._begin, self._end = begin // self._granule, -(-end // self._granule)
        moves = (y_size > 0) & (x_size > 0)
        self._begin[~moves], self._end[~moves] = _NOWHERE, -_NOWHERE
        self._stores = np.flatnonzero(insns["opcode"] == Opcode.STORE)
        self._store_begin, self._store_end = self._begin[self._stores], self._end[self._stores]
        low, high = self._store_begin.min(initial=_NOWHERE), self._store_end.max(initial=-_NOWHERE)
        self._matters: list[bool] = ((self._begin < high) & (self._end > low)).tolist()
        self._stored = 0
        self._reads: dict[int, list[tuple[int, int]]] = {LOAD: [], COMPUTE: []}

    def read(self, row: int, module: int, index: int) -> None:
        """LOAD `row`, number `index` of its module, reads."""
        if self._matters[row]:
            self._reads[module].append((index, row))

    def written(self, row: int, known: int) -> int:
        """The latest store after number `known` to what LOAD `row` reads, or NONE."""
        first, end = known + 1, self._stored
        if first >= end or not self._matters[row]:
            return NONE
        around = self._store_begin[first:end] < self._end[row]
        around &= self._store_end[first:end] > self._begin[row]
        for at in np.flatnonzero(around)[::-1].tolist():
            if self._meet(row, int(self._stores[first + at])):
                return first + at
        return NONE

    def write(self, row: int, known: Sequence[int], needs: list[int]) -> None:
        """STORE `row` writes: it must follow the latest reads of what was there."""
        for module, reads in self._reads.items():
            for index, read in reversed(reads):
                if index <= known[module]:
                    break
                if self._meet(row, read):
                    needs[module] = max(needs[module], index)
                    break
        self._stored += 1

    def _meet(self, one: int, other: int) -> bool:
        """Whether two transfers touch a common element."""
        if self._begin[one] >= self._end[other] or self._begin[other] >= self._end[one]:
            return False
        if self._in_one[one] and self._in_one[other]:
            return True
        (begin, end), (low, high) = self._parts(one), self._parts(other)
        return bool(((begin[:, None] < high) & (low < end[:, None])).any())

    def _parts(self, row: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the rows of a transfer begin and end."""
        if self._in_one[row]:
            return self._begin[row : row + 1], self._end[row : row + 1]
        base, rows, columns, stride = (
            int(self._insns[name][row]) for name in ("dram_base", "y_size", "x_size", "x_stride")
        )
        begin = (base + np.arange(rows) * stride) * self._bytes[row]
        end = begin + columns * self._bytes[row]
        return begin // self._granule, -(-end // self._granule)
