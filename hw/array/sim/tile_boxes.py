"""Where the words of tiles lie: in DRAM, the scratchpad, on networks, in register files.

A tile of a tensor is a box, its words in the order of the tensor's dimensions. A loop's index is a
number with a digit a level: ((dram * P + spm) * S + spatial) * R + rf. So where a tile begins is a
constant and a multiple of each digit.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Operand
from nopt.hw.array.sim.pass_schedule import Whole


@dataclass(frozen=True)
class Origin:
    """Where a tile begins in what holds it, from digits of loops."""

    constant: int
    factors: dict[int, int]

    def at(self, digits: Table[int, Whole], count: int) -> Whole:
        """So many addresses, from digits of loops; those of other loops are 0."""
        addresses = np.full(count, self.constant, np.int64)
        for loop, each in digits.items():
            addresses += self.factors.get(loop, 0) * each
        return addresses


@dataclass(frozen=True)
class Walk:
    """All passes of a level: what comes, stays and leaves in the order of its loops."""

    order: tuple[int, ...]
    """Outermost first."""
    trips: tuple[int, ...]

    @property
    def count(self) -> int:
        return prod(self.trips)

    def digit(self, loop: int) -> Whole:
        """The index of a loop in each pass."""
        inner = prod(self.trips[i] for i in self.order[self.order.index(loop) + 1 :])
        return np.arange(self.count) // inner % self.trips[loop]

    def digits(self) -> dict[int, Whole]:
        """Of loops with more than one trip."""
        return {loop: self.digit(loop) for loop in self.order if self.trips[loop] > 1}

    def single(self, operand: Operand) -> bool:
        """Whether all passes have the same tile of it."""
        return all(self.trips[loop] == 1 for loop in operand.loops)

    def begins(self, operand: Operand) -> Whole:
        """Whether each pass has another tile than the one before; the first one does."""
        kept = 1
        for loop in reversed(self.order):
            if loop in operand.loops and self.trips[loop] > 1:
                break
            kept *= self.trips[loop]
        return np.arange(self.count) % kept == 0

    def ends(self, operand: Operand) -> Whole:
        """Whether the next pass has another tile; the last one has none."""
        return np.append(self.begins(operand)[1:], True)

    def fresh(self, operand: Operand) -> Whole:
        """Whether no pass before the loops that keep a tile has had it: foreign loops begin."""
        fresh = np.ones(self.count, bool)
        for loop in self.order:
            if loop not in operand.loops and self.trips[loop] > 1:
                fresh &= self.digit(loop) == 0
        return fresh


@dataclass(frozen=True)
class Boxes:
    """Tiles of one operand at all levels of a mapping."""

    operand: Operand
    mapping: Mapping

    @cached_property
    def widths(self) -> dict[str, tuple[int, ...]]:
        """Of the box in a register file, on the network for the whole array, and in the
        scratchpad, by dimension; and the tensor's."""
        mapping, dims = self.mapping, self.operand.dims
        rf = mapping.rf
        held = [s * r for s, r in zip(mapping.spatial, rf, strict=True)]
        tile = [p * h for p, h in zip(mapping.spm, held, strict=True)]
        extents = {"rf": rf, "held": held, "tile": tile}
        widths = {name: tuple(int(d.width(each)) for d in dims) for name, each in extents.items()}
        return {**widths, "tensor": tuple(dim.size for dim in dims)}

    def words(self, level: str) -> int:
        """Of the box at a level of `widths`."""
        return prod(self.widths[level])

    @cached_property
    def in_tensor(self) -> Whole:
        """Addresses in DRAM of the scratchpad's words, from where its tile begins."""
        return _box(self.widths["tile"], _strides(self.widths["tensor"]))

    @cached_property
    def in_tile(self) -> Whole:
        """Addresses in the scratchpad of the words for the array, from where these begin."""
        return _box(self.widths["held"], _strides(self.widths["tile"]))

    @cached_property
    def dram_origin(self) -> Origin:
        """Where the scratchpad's tile begins in the tensor, by digits of the loops over DRAM."""
        weights = [
            s * r * p
            for s, r, p in zip(self.mapping.spatial, self.mapping.rf, self.mapping.spm, strict=True)
        ]
        return self._origin(_strides(self.widths["tensor"]), weights, self.mapping.dram)

    @cached_property
    def spm_origin(self) -> Origin:
        """Where the array's words begin in the scratchpad, by digits of the loops over it."""
        weights = [s * r for s, r in zip(self.mapping.spatial, self.mapping.rf, strict=True)]
        return self._origin(_strides(self.widths["tile"]), weights, self.mapping.spm)

    def wanted(self, digits: Table[int, Whole], pes: int) -> Whole:
        """Which words of the network each PE takes, by the digits of its loops: PEs x words."""
        strides = _strides(self.widths["held"])
        origin = self._origin(strides, self.mapping.rf, self.mapping.spatial)
        return origin.at(digits, pes)[:, None] + _box(self.widths["rf"], strides)

    def registers(self, digits: Table[int, Whole], points: int) -> Whole:
        """The register that each instruction of a PE uses, by the digits of its loops."""
        ones = [1] * len(self.mapping.rf)
        origin = self._origin(_strides(self.widths["rf"]), ones, self.mapping.rf)
        return origin.at(digits, points)

    def _origin(
        self, strides: Sequence[int], weights: Sequence[int], trips: Sequence[int]
    ) -> Origin:
        constant, factors = 0, dict[int, int]()
        for dim, stride in zip(self.operand.dims, strides, strict=True):
            for loop, step in enumerate(dim.strides):
                factor = step * weights[loop] * stride
                factors[loop] = factors.get(loop, 0) + factor
                # Backwards, a tile begins at its last index.
                constant -= min(0, factor) * (trips[loop] - 1)
        return Origin(constant, factors)


def loop_digits(loops: Sequence[int], trips: Sequence[int]) -> dict[int, Whole]:
    """The index of each loop in all points of these loops, the first one outermost."""
    grid = np.indices([trips[loop] for loop in loops]).reshape(len(loops), -1)
    return dict(zip(loops, grid, strict=True))


def _strides(shape: Sequence[int]) -> list[int]:
    return [prod(shape[i + 1 :]) for i in range(len(shape))]


def _box(widths: Sequence[int], strides: Sequence[int]) -> Whole:
    addresses = np.zeros(1, np.int64)
    for width, stride in zip(widths, strides, strict=True):
        addresses = (addresses[:, None] + np.arange(width) * stride).reshape(-1)
    return addresses
