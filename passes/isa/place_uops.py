"""Placing micro-op kernels in the micro-op buffer: loaded when first needed, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, Memory, Opcode
from nopt.passes.isa.instruction_streams import NO_KERNEL, ExpandError, Stream

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
Records = np.ndarray[tuple[int, ...], np.dtype[Any]]


@dataclass(frozen=True)
class PlacedStream:
    """Instructions with micro-op addresses and LOADs, and the micro-ops in DRAM they read."""

    records: Records
    uops: Words
    counts: tuple[int, ...]
    """Records of each layer."""


def place_uops(
    streams: Sequence[Stream], kernels: Sequence[Words], first_uop: int, config: Config
) -> PlacedStream:
    """One stream from several, one a layer; LOAD UOP instructions inserted.

    A kernel that is absent is loaded together with those that the rest of its layer needs, then
    those of later layers, as far as the buffer holds them, in one transfer. If the rest of the
    layer has no room, all others are given up. `first_uop` is the DRAM element address of the
    micro-ops. Raises ExpandError for a kernel larger than the buffer.
    """
    placement = _Placement(kernels, first_uop, config)
    orders = [[*_in_order(stream.kernels.tolist())] for stream in streams]
    parts = [placement.place(each, orders[i + 1 :]) for i, each in enumerate(streams)]
    records = np.concatenate(parts) if parts else np.zeros(0, INSTRUCTION)
    uops = np.concatenate(placement.image) if placement.image else np.zeros(0, np.uint32)
    return PlacedStream(records, uops, tuple(map(len, parts)))


class _Placement:
    def __init__(self, kernels: Sequence[Words], first_uop: int, config: Config):
        self.kernels = kernels
        self.capacity = config.uop_entries
        self.dram = first_uop
        self.image: list[Words] = []
        self.resident: dict[int, int] = {}
        self.used = 0

    def place(self, stream: Stream, later: Sequence[Sequence[int]]) -> Records:
        """The stream's records with addresses, LOADs before the first that needs them.

        `later` are the kernels of the streams behind it.
        """
        records, numbers = stream.records.copy(), stream.kernels.tolist()
        begins: list[int] = []
        parts: list[Records] = []
        done = 0
        for at, number in enumerate(numbers):
            if number != NO_KERNEL and number not in self.resident:
                parts += records[done:at], self._load(numbers, at, later)
                done = at
            begins.append(self.resident.get(number, 0))
        parts.append(records[done:])
        # With the type that they all have: numpy would work it out for each pair of parts.
        placed = np.concatenate(parts, dtype=INSTRUCTION)
        uses = np.isin(placed["opcode"], (Opcode.GEMM, Opcode.ALU))
        mine = stream.kernels != NO_KERNEL
        lengths = np.array([len(kernel) for kernel in self.kernels] or [0])
        first = np.array(begins, np.int64)[mine]
        placed["uop_begin"][uses] = first
        placed["uop_end"][uses] = first + lengths[stream.kernels[mine]]
        return placed

    def _load(self, numbers: Sequence[int], at: int, later: Sequence[Sequence[int]]) -> Records:
        """A LOAD of what is absent of the kernels from `at` on, then of later ones, as far as the
        buffer holds them."""
        total = self.used
        for number in _in_order(numbers, at):
            total += 0 if number in self.resident else len(self.kernels[number])
            if total > self.capacity:
                self.resident.clear()
                self.used = 0
                break
        first = self.used
        words: list[Words] = []
        for number in chain(_in_order(numbers, at), *later):
            kernel = self.kernels[number]
            if len(kernel) > self.capacity:
                raise ExpandError(
                    f"a micro-op kernel has {len(kernel)} micro-ops, "
                    f"expected at most {self.capacity}"
                )
            if number in self.resident:
                continue
            end = self.used + len(kernel)
            if end > self.capacity:
                break
            self.resident[number] = self.used
            self.used = end
            words.append(kernel)
        count = self.used - first
        # Transfers of micro-ops begin at even addresses: an odd start costs a beat.
        if count % 2:
            words.append(np.zeros(1, np.uint32))
        load = np.zeros(1, INSTRUCTION)
        load["opcode"], load["memory"] = Opcode.LOAD, Memory.UOP
        load["sram_base"], load["dram_base"] = first, self.dram
        load["y_size"], load["x_size"], load["x_stride"] = 1, count, count
        self.image += words
        self.dram += sum(len(word) for word in words)
        return load


def _in_order(numbers: Sequence[int], begin: int = 0) -> Iterator[int]:
    """The distinct kernels from `begin` on, by first use."""
    seen = {NO_KERNEL}
    for at in range(begin, len(numbers)):
        if (number := numbers[at]) not in seen:
            seen.add(number)
            yield number
