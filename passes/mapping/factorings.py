"""Which factors of a nest's loops fit an array: tiles of the scratchpad, and what PEs hold of them.

A loop's extent is a chain of divisors: spatial | held | tile | extent, where `held` is what all PEs
hold in a pass and `tile` what the scratchpad does. Arrays have a row a loop and a column a choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from math import isqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.loop_orders import total
from nopt.hw.array.problem import Problem

Array: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]
Pins: TypeAlias = Mapping[str, Mapping[int, int]]
"""Factors set by hand: by level (spatial, rf, spm, dram), then by loop."""


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    small = [each for each in range(1, isqrt(number) + 1) if number % each == 0]
    return small + [number // each for each in reversed(small) if each * each != number]


@dataclass(frozen=True)
class Factorings:
    """The factors of a problem's loops that fit an array and what is pinned."""

    machine: ArrayMachine
    problem: Problem
    pins: Pins = field(default_factory=dict[str, Mapping[int, int]])

    def tiles(self) -> Array:
        """The tiles that fit the scratchpad."""
        found = np.ones((len(self.problem.loops), 1))
        for i, extent in enumerate(self.problem.extents):
            found = crossed(found, i, np.array(divisors(extent), float))
            found = found[:, self._fit_spm(found)]
        return found

    def tiles_of_dram(self, tiles: Array) -> npt.NDArray[np.bool_]:
        """Which tiles leave the loops over DRAM the trips that are pinned."""
        chosen = np.ones(tiles.shape[1], bool)
        for i, factor in self.pins.get("dram", {}).items():
            chosen &= tiles[i] * factor == self.problem.extents[i]
        return chosen

    def dividing(self, held: Array, tile: Array) -> Indices:
        """The columns of `held` of which a tile is a multiple, as often as is pinned."""
        chosen = (np.remainder(tile[:, None], held) == 0).all(axis=0)
        for i, factor in self.pins.get("spm", {}).items():
            chosen &= held[i] * factor == tile[i]
        return np.flatnonzero(chosen)

    def count(
        self,
        chosen_pairs: Callable[[Array, Array], Array] | None = None,
        chosen_tiles: Callable[[Array], Array] | None = None,
    ) -> int:
        """How many tilings fit: of all factors at all levels, without orders. Optionally only
        those with some spatial and RF factors, given as two arrays, and some tiles."""
        tiles = self.tiles()
        spatial, owner = self.spatial(tiles, np.ones(tiles.shape[1]))
        kept = np.ones(len(owner), bool)
        if chosen_pairs is not None:
            kept &= chosen_pairs(spatial, tiles[:, owner] / spatial)
        pairs = np.bincount(owner[kept], minlength=tiles.shape[1])
        # The number of tiles that are multiples of each: sums over the lattice, a loop at a time.
        lists = [divisors(extent) for extent in self.problem.extents]
        shape = [len(each) for each in lists]
        places = tuple(np.searchsorted(each, row) for each, row in zip(lists, tiles, strict=True))
        above = np.zeros(shape)
        above[places] = 1 if chosen_tiles is None else chosen_tiles(tiles)
        for axis, each in enumerate(lists):
            divides = np.array([[b % a == 0 for b in each] for a in each], float)
            above = np.moveaxis(np.tensordot(divides, above, (1, axis)), 0, axis)
        return round(float((above[places] * pairs).sum()))

    def spatial(self, held: Array, least: Array) -> tuple[Array, Indices]:
        """Spatial factors of each column of `held` that take at least so many PEs, such that the
        rest fits the register files; and the column of each."""
        owner = np.arange(held.shape[1])
        found = np.ones((len(held), len(owner)))
        rest = np.cumprod(held[::-1], axis=0)[::-1]
        for i, row in enumerate(held):
            values, index = np.unique(row, return_inverse=True)
            choices = [self._spatial_choices(i, int(value)) for value in values]
            counts = np.array([len(each) for each in choices], int)
            starts: Indices = np.cumsum(counts) - counts
            flat = np.array([*chain(*choices)], float)
            each = counts[index[owner]]
            columns = np.repeat(np.arange(len(owner)), each)
            places = np.arange(len(columns)) - np.repeat(np.cumsum(each) - each, each)
            found, owner = found[:, columns], owner[columns]
            found[i] = flat[starts[index[owner]] + places]
            pes = found[: i + 1].prod(axis=0)
            most = pes if i + 1 == len(held) else pes * rest[i + 1][owner]
            kept = np.flatnonzero((pes <= self.machine.pes) & (most >= least[owner]))
            found, owner = found[:, kept], owner[kept]
            fits = self._fit_rf(held[: i + 1, owner] / found[: i + 1])
            found, owner = found[:, fits], owner[fits]
        return found, owner

    def _spatial_choices(self, loop: int, held: int) -> list[int]:
        chosen = divisors(held)
        if (pinned := self.pins.get("spatial", {}).get(loop)) is not None:
            chosen = [each for each in chosen if each == pinned]
        if (pinned := self.pins.get("rf", {}).get(loop)) is not None:
            chosen = [each for each in chosen if each * pinned == held]
        return chosen

    def _fit_spm(self, tiles: Array) -> npt.NDArray[np.bool_]:
        bank = self.machine.spm.bank_bytes
        word = self.machine.word_bytes
        operands = self.problem.operands
        rows = list(tiles)
        banks = [np.ceil(word * operand.footprint(rows) / bank) for operand in operands]
        return total(banks) <= self.machine.spm.banks

    def _fit_rf(self, rf: Array) -> npt.NDArray[np.bool_]:
        """Whether these factors of the first loops fit, the others one each."""
        ones = np.ones((len(self.problem.loops) - len(rf), rf.shape[1]))
        extents = [*rf, *ones]
        words = [operand.footprint(extents) for operand in self.problem.operands]
        return total(words) <= self.machine.rf_words


def crossed(found: Array, loop: int, values: Array) -> Array:
    """Each column with each value of a loop."""
    crossed = np.repeat(found, len(values), axis=1)
    crossed[loop] = np.tile(values, found.shape[1])
    return crossed
