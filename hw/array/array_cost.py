"""Cycles and energy of mappings on an array, of many at once.

The model is dMazeRunner's (Dave et al., ACM TECS 18(5s), 2019; github cmlasu/dMazeRunner), for any
perfect nest instead of three templates. What the array holds (`held`: spatial and RF factors), the
scratchpad's tile, and the orders of the loops over both each say their part; `CostModel.join` puts
the parts together. Numbers are arrays of mappings, or single numbers that all share.

A *pass of the array* computes on one tile in the RFs; a *pass of the scratchpad* is all that its
tile needs. No fill or drain of the pipeline of passes is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.loop_orders import product
from nopt.hw.array.problem import Numbers, Problem


@dataclass(frozen=True)
class HeldTiles:
    """What PEs hold in a pass of the array; lists have an entry an operand."""

    compute: Numbers
    """Cycles that each PE multiplies."""
    reduction: Numbers
    """Cycles in which partial sums of several PEs are added."""
    spm_words: list[Numbers]
    """Words that leave the scratchpad, each once for all PEs that want it."""
    noc_words: list[Numbers]
    """Words that arrive at PEs."""
    network: list[Numbers]
    """Cycles that the operand's network takes."""
    energy: list[Numbers]
    """Picojoules to move the operand once, one way."""
    reduction_energy: Numbers


@dataclass(frozen=True)
class SpmTiles:
    """What the scratchpad holds in a pass of it; lists have an entry an operand."""

    passes: Numbers
    trips: list[Numbers]
    """Of each loop over DRAM."""
    dma: list[Numbers]
    """Cycles to fetch or write the operand's tile."""
    words: list[Numbers]


@dataclass(frozen=True)
class Joined:
    """Cycles of mappings by cause, and how often their tiles are moved."""

    cycles: Numbers
    compute: Numbers
    network: Numbers
    """Waiting for operands at the PEs."""
    output: Numbers
    """Computing that no transfer overlaps, since results leave next."""
    reduction: Numbers
    dma: Numbers
    """Waiting for DRAM."""
    transfers: list[Numbers]
    """How often each operand's tile moves between scratchpad and PEs."""
    reductions: Numbers


@dataclass(frozen=True)
class CostModel:
    """Cost of the mappings of one problem on one array."""

    machine: ArrayMachine
    problem: Problem
    packed: frozenset[int] = frozenset()

    @property
    def fixed_energy(self) -> float:
        """Picojoules that no mapping changes: each MAC, with its reads and its write of RFs."""
        words = len(self.problem.operands) + 1
        return self.problem.points * (self.machine.mac_energy + words * self.machine.rf_energy)

    def held(self, spatial: Sequence[Numbers], rf: Sequence[Numbers]) -> HeldTiles:
        """What these factors of each loop hold on the array."""
        operands, y = self.problem.operands, self.problem.output
        machine, held = self.machine, [s * r for s, r in zip(spatial, rf, strict=True)]
        pes = product(spatial)
        groups = product([spatial[i] for i in sorted(operands[y].loops)])
        in_rf = [operand.footprint(rf) for operand in operands]
        spm_words = [operand.footprint(held) for operand in operands]
        noc_words = [w * (groups if x == y else pes) for x, w in enumerate(in_rf)]
        step = 3 * machine.rf_energy + machine.network.energy + machine.mac_energy
        reduction = in_rf[y] * (pes - groups)
        return HeldTiles(
            compute=product(rf),
            reduction=reduction,
            spm_words=spm_words,
            noc_words=noc_words,
            network=[np.ceil(words / machine.network.words_per_cycle) for words in spm_words],
            energy=[
                noc * machine.network.energy + spm * machine.spm_energy
                for noc, spm in zip(noc_words, spm_words, strict=True)
            ],
            reduction_energy=reduction * step,
        )

    def tiles(self, tile: Sequence[Numbers]) -> SpmTiles:
        """What the scratchpad holds of tiles of these extents. A burst of DMA goes over whole inner
        dimensions of a tensor and the first that the tile does not span."""
        extents, dma = self.problem.extents, self.machine.dma
        trips = [extent / part for extent, part in zip(extents, tile, strict=True)]
        cycles: list[Numbers] = []
        words: list[Numbers] = []
        for x, operand in enumerate(self.problem.operands):
            calls: Numbers = tile[0] * 0.0 + 1.0
            burst, inner = calls, True
            for dim in reversed(operand.dims):
                width = dim.width(tile)
                burst = burst * np.where(inner, width, 1)
                calls = calls * np.where(inner, 1, width)
                inner = inner & ((x in self.packed) | (width == dim.size))
            size = burst * self.machine.word_bytes
            own = np.ceil((dma.setup + dma.cycles_per_byte * size) * self.machine.mhz / dma.mhz)
            cycles.append(calls * own)
            words.append(calls * burst)
        return SpmTiles(product(trips), trips, cycles, words)

    def dram_words(self, tile: SpmTiles, uses: Sequence[Numbers]) -> list[Numbers]:
        """Words of each operand to and from DRAM; results that are not done come back."""
        y = self.problem.output
        moved = [tile.passes / each for each in uses]
        final = product([tile.trips[i] for i in sorted(self.problem.operands[y].loops)])
        moved[y] = moved[y] + np.maximum(0, moved[y] - final)
        return [words * times for words, times in zip(tile.words, moved, strict=True)]

    def join(
        self,
        held: HeldTiles,
        tile: SpmTiles,
        passes: Numbers,
        spm_uses: Sequence[Numbers],
        dram_uses: Sequence[Numbers],
    ) -> Joined:
        """Cycles and transfers, with `passes` of the array a pass of the scratchpad, from how often
        loops over the scratchpad and over DRAM use each operand before it changes."""
        y, operands = self.problem.output, range(len(spm_uses))
        compute, reduction = held.compute, held.reduction
        # An operand that no loop over the scratchpad changes stays for several of its passes.
        stays: list[Any] = [
            False if _is_one(d) else (s == passes) & (d > 1)
            for s, d in zip(spm_uses, dram_uses, strict=True)
        ]
        noc = [_unless(stays[x], held.network[x]) for x in operands]
        each_pass = _and_not(_equal_one(spm_uses[y]), stays[y])
        hidden = _unless(each_pass, compute)
        network, often = self._network(noc, spm_uses, hidden, passes)
        flushes = _unless(stays[y], passes / spm_uses[y])
        output = (compute * flushes) - _unless(~np.asarray(each_pass), compute * passes)
        added = reduction * flushes
        cycles = compute * passes + network + output + added
        fetching, writing = [cycles for _ in operands], [cycles for _ in operands]
        for x in operands:
            if stays[x] is not False:
                extra = np.maximum(0, held.network[x] - often)
                writing[x] = cycles + np.where(stays[x], extra, 0)
        if stays[y] is not False:
            fetching[y] = cycles + np.where(stays[y], reduction + compute, 0)
        total = self.with_dma(tile, dram_uses, fetching, writing, cycles)
        runs: list[Numbers] = []
        for x in operands:
            moving: Numbers = passes / spm_uses[x] * (2 if x == y else 1)
            if stays[x] is not False:
                moving = _choose(stays[x], 1 / dram_uses[x], moving)
            runs.append(tile.passes * moving)
        of_y = passes / spm_uses[y]
        if stays[y] is not False:
            of_y = _choose(stays[y], 1 / dram_uses[y], of_y)
        return Joined(
            cycles=total,
            compute=compute * passes * tile.passes,
            network=network * tile.passes,
            output=output * tile.passes,
            reduction=added * tile.passes,
            dma=total - cycles * tile.passes,
            transfers=runs,
            reductions=tile.passes * of_y,
        )

    def _network(
        self, noc: list[Numbers], uses: Sequence[Numbers], hidden: Numbers, passes: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Cycles of a scratchpad pass in which PEs wait for operands, and those of its network
        that each pass of the array needs. Longest waits hide others that are rarer."""
        always = [x for x in range(len(noc)) if _is_one(uses[x])]
        others = [x for x in range(len(noc)) if not _is_one(uses[x])]
        each: Numbers = 0.0
        for x in always:
            each = np.maximum(each, noc[x])
        waiting: Numbers = np.maximum(0, each - hidden) * passes
        waiting += _beyond(
            np.maximum(each, hidden), [noc[x] for x in others], [uses[x] for x in others], passes
        )
        for x in others:
            each = np.maximum(each, np.where(uses[x] == 1, noc[x], 0))
        return waiting, each

    def with_dma(
        self,
        tile: SpmTiles,
        uses: Sequence[Numbers],
        fetching: Sequence[Numbers] = (),
        writing: Sequence[Numbers] = (),
        cycles: Numbers = 0.0,
    ) -> Numbers:
        """Cycles of all passes of the scratchpad that take so many by themselves, and of those
        that fetch an operand which is kept over several, and write it or follow. Each is as long
        as its transfers from and to DRAM at least. Without cycles: what DMA alone takes."""
        y = self.problem.output
        # Results come and go in each pass, unless they are kept.
        own = [np.where(uses[x] == 1, 2, 1) * d if x == y else d for x, d in enumerate(tile.dma)]

        def sum_where(chosen: Callable[[Numbers], Numbers]) -> Numbers:
            return sum((_choose(chosen(u), d, 0) for u, d in zip(uses, own, strict=True)), 0.0)

        one = np.maximum(sum_where(lambda u: u == 1), cycles)
        kept = [x for x, often in enumerate(uses) if not _is_one(often)]
        often, fetch, write = [uses[x] for x in kept], list[Numbers](), list[Numbers]()
        for x in kept:
            until = sum_where(lambda u, x=x: u <= uses[x])
            before = until - sum_where(lambda u, x=x: u == uses[x]) + (own[x] if x == y else 0)
            single = uses[x] == 1
            fetch.append(_choose(single, 0, np.maximum(until, fetching[x] if fetching else 0)))
            write.append(_choose(single, 0, np.maximum(before, writing[x] if writing else 0)))
        whole = one * tile.passes + _beyond(one, fetch, often, tile.passes)
        return whole + _beyond(one, write, often, tile.passes)

    def energy(self, held: HeldTiles, joined: Joined, dram: Numbers) -> Numbers:
        """Picojoules, with those of DRAM given."""
        moving = sum(n * e for n, e in zip(joined.transfers, held.energy, strict=True))
        return self.fixed_energy + dram + moving + joined.reductions * held.reduction_energy


def _is_one(value: Numbers) -> bool:
    """Whether this is one number for all mappings, and 1."""
    return isinstance(value, float) and value == 1.0


def _equal_one(value: Numbers) -> Any:
    return True if _is_one(value) else value == 1


def _and_not(a: Any, b: Any) -> Any:
    return a if b is False else a & ~b


def _beyond(
    covered: Numbers, needs: list[Numbers], uses: list[Numbers], passes: Numbers
) -> Numbers:
    """What all passes take beyond what is covered, if every so many of them have these needs: the
    rarer hide behind the more frequent."""
    waits: list[Numbers] = []
    for i, need in enumerate(needs):
        before = covered
        for j, other in enumerate(needs):
            if i != j:
                sooner = uses[j] <= uses[i] if j < i else uses[j] < uses[i]
                before = np.maximum(before, np.where(sooner, other, 0))
        waits.append(np.maximum(0, need - before) * (passes / uses[i]))
    total: Numbers = sum(waits, start=0.0)
    return total


def _choose(condition: Any, value: Numbers, other: Numbers) -> Numbers:
    return cast(Numbers, np.where(condition, value, other))


def _unless(condition: Any, value: Numbers) -> Numbers:
    """The value, 0 where the condition holds."""
    if condition is False:
        return value
    return value * 0.0 if condition is True else np.where(condition, 0, value)
