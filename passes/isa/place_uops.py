"""Placing micro-op kernels in the micro-op buffer: loaded when first needed, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, Memory, Opcode
from nopt.passes.isa.expand import NO_KERNEL, ExpandError, Integers, Stream

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
    orders = [_in_order(stream.kernels) for stream in streams]
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
        records = stream.records.copy()
        begins = np.zeros(len(records), np.int64)
        parts: list[Records] = []
        done = 0
        while True:
            known = [NO_KERNEL, *self.resident]
            waiting = np.flatnonzero(~np.isin(stream.kernels[done:], known))
            end = done + int(waiting[0]) if len(waiting) else len(records)
            self._address(stream, begins, done, end)
            parts.append(records[done:end])
            if not len(waiting):
                break
            # The first instruction now finds its kernel, so every turn makes progress.
            parts.append(self._load(_in_order(stream.kernels[end:]), later))
            done = end
        placed = np.concatenate(parts)
        uses = np.isin(placed["opcode"], (Opcode.GEMM, Opcode.ALU))
        mine = stream.kernels != NO_KERNEL
        lengths = np.array([len(kernel) for kernel in self.kernels] or [0])
        placed["uop_begin"][uses] = begins[mine]
        placed["uop_end"][uses] = begins[mine] + lengths[stream.kernels[mine]]
        return placed

    def _address(self, stream: Stream, begins: np.ndarray[Any, Any], first: int, end: int) -> None:
        numbers, inverse = np.unique(stream.kernels[first:end], return_inverse=True)
        where = np.array([self.resident.get(int(number), 0) for number in numbers], np.int64)
        begins[first:end] = where[inverse.reshape(-1)] if len(numbers) else 0

    def _load(self, needed: Sequence[int], later: Sequence[Sequence[int]]) -> Records:
        """A LOAD of the absent ones of the needed kernels, then of later ones, as many as fit."""
        wanted = [number for number in needed if number not in self.resident]
        if self.used + sum(len(self.kernels[number]) for number in wanted) > self.capacity:
            self.resident.clear()
            self.used = 0
            wanted = needed
        first = self.used
        words: list[Words] = []
        for number in chain(wanted, *later):
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


def _in_order(kernels: Integers) -> list[int]:
    """The distinct kernels by first use."""
    _, first_use = np.unique(kernels, return_index=True)
    return [int(kernels[i]) for i in np.sort(first_use) if kernels[i] != NO_KERNEL]
