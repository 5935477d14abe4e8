"""What a kernel expands to: instructions, before micro-ops are placed and tokens inserted.

Where tensors lie is said last, so kernels that are equal but for that are expanded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, Memory, Opcode

Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Records = np.ndarray[tuple[int, ...], np.dtype[Any]]

NO_KERNEL = NAMELESS = -1


class ExpandError(ValueError):
    """An instruction that the core does not have."""


@dataclass
class UopKernels:
    """The distinct micro-op kernels of a program, in order of first use."""

    kernels: list[np.ndarray[Any, np.dtype[np.uint32]]] = field(default_factory=list[Any])
    _numbers: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def number(self, words: np.ndarray[Any, np.dtype[np.uint32]]) -> int:
        """The number of a kernel, new or known."""
        key = words.tobytes()
        if key not in self._numbers:
            self._numbers[key] = len(self.kernels)
            self.kernels.append(words)
        return self._numbers[key]


@dataclass
class Zeros:
    """Zeros in DRAM, for windows that lie wholly in padding: a LOAD must read something."""

    address: int
    nbytes: int = 0


@dataclass(frozen=True)
class Stream:
    """Instructions in program order; GEMM and ALU ones name a micro-op kernel, not yet placed."""

    records: Records
    kernels: Integers

    @staticmethod
    def concatenate(streams: Sequence[Stream]) -> Stream:
        if not streams:
            return Stream(np.zeros(0, INSTRUCTION), np.zeros(0, np.int64))
        return Stream(
            np.concatenate([stream.records for stream in streams], dtype=INSTRUCTION),
            np.concatenate([stream.kernels for stream in streams]),
        )


@dataclass(frozen=True)
class Relocatable:
    """The instructions of a kernel wherever its tensors lie: places in DRAM count from there."""

    records: Records
    named: Integers
    """The micro-op kernel of a GEMM or an ALU instruction, the body's argument that a LOAD or a
    STORE moves; NAMELESS if there is none, as for a LOAD of zeros."""

    def at(self, addresses: Sequence[int], config: Config) -> Stream:
        """With a byte address in DRAM for each of the body's arguments.

        Raises ExpandError for a LOAD from what does not begin with one of its elements."""
        records = self.records.copy()
        transfers = np.isin(records["opcode"], (Opcode.LOAD, Opcode.STORE))
        moved = np.flatnonzero(transfers & (self.named != NAMELESS))
        base = np.array(addresses, np.int64)[self.named[moved]]
        size = np.array([element_bytes(memory, config) for memory in Memory])[
            records["memory"][moved]
        ]
        for i in np.flatnonzero((base % size != 0) & (records["opcode"][moved] == Opcode.LOAD))[:1]:
            raise ExpandError(f"DRAM address {base[i]} is not a multiple of {size[i]}")
        records["dram_base"][moved] += base // size
        return Stream(records, np.where(transfers, NO_KERNEL, self.named))


def element_bytes(memory: Memory, config: Config) -> int:
    """Of what a transfer to or from a scratchpad counts in DRAM."""
    sizes = {Memory.INP: config.inp_bytes, Memory.WGT: config.wgt_bytes}
    sizes |= {Memory.ACC: config.acc_bytes, Memory.OUT: config.out_bytes}
    return sizes.get(memory, 1)
