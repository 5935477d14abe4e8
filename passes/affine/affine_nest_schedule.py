"""`affine-nest-schedule`: choose tile sizes, loop order and buffer slots for each nest on the core.

All combinations of balanced tile sizes and loop orders are costed at once in numpy by a closed
form: compute, loads and stores overlap (operands that are loaded more than once get two slots), so
the slowest of them counts, plus what fills and drains the pipeline. The choice is written to the
nest as an attribute; a nest that has one keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.affine.core_nest import PLACEMENT, Product
from nopt.passes.machine import machine_of
from nopt.passes.places import about
from nopt.passes.tensor.schedules import (
    SCHEDULE,
    NoScheduleError,
    entries_needed,
    illegal_window,
)
from nopt.passes.tensor.tiling import Integers, Operand, Tiling, tiling_of

_MOST_CANDIDATES = 400_000
_MOST_ORDERS = 24


@dataclass(frozen=True)
class AffineNestSchedulePass(ModulePass):
    """Choose tiles, loop order and buffer slots by a cost model; keep what is pinned."""

    name = "affine-nest-schedule"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        for nest in op.walk():
            if not isinstance(nest, ForOp) or SCHEDULE in nest.attributes:
                continue
            if nest.attributes.get(PLACEMENT) == StringAttr("core"):
                with about(nest):
                    nest.attributes[SCHEDULE] = _Search(tiling_of(nest, config), config).best()


class _Search:
    """The candidates of one nest and their costs."""

    def __init__(self, tiling: Tiling, config: Config):
        self.tiling = tiling
        self.config = config

    def best(self) -> ScheduleAttr:
        """The cheapest legal schedule. Raises NoScheduleError if none fits."""
        tiles = self._candidates()
        trips = -(-np.array(self.tiling.extents) // tiles)
        best: list[tuple[float, int, tuple[int, ...], tuple[int, int, int]]] = []
        for order in self._orders():
            slots = self._slots(tiles, trips, order)
            needed = entries_needed(self.tiling, tiles, slots)
            fits = (
                (needed[Memory.INP] <= self.config.inp_entries)
                & (needed[Memory.WGT] <= self.config.wgt_entries)
                & (needed[Memory.ACC] <= self.config.acc_entries)
            )
            (fitting,) = np.nonzero(fits)
            if not len(fitting):
                continue
            cycles = self._cycles(tiles[fitting], trips[fitting], order, slots[fitting])
            for position in np.argsort(cycles, kind="stable")[:64]:
                index = int(fitting[position])
                best.append((float(cycles[position]), index, order, tuple(slots[index])))
        # Ties go to the larger tile, which comes first; then to the plainer order.
        for _, index, order, slots in sorted(best, key=lambda entry: (entry[0], entry[1])):
            chosen = [int(size) for size in tiles[index]]
            if illegal_window(self.tiling, chosen) is None:
                return ScheduleAttr.of(chosen, order, [int(count) for count in slots])
        raise NoScheduleError(
            f"no tile of the nest over {list(self.tiling.extents)} fits the scratchpads of "
            f"'{self.config.name}': {self.config.inp_entries} INP, {self.config.wgt_entries} WGT, "
            f"{self.config.acc_entries} ACC entries"
        )

    def _candidates(self) -> Integers:
        """Tile sizes [candidates, iterators], larger tiles first."""
        choices = [self._sizes(index) for index in range(len(self.tiling.extents))]
        keep = 64
        while prod(len(sizes) for sizes in choices) > _MOST_CANDIDATES:
            keep = keep * 2 // 3
            choices = [self._thinned(sizes, keep) for sizes in choices]
        grid = np.meshgrid(*(np.array(sizes) for sizes in choices), indexing="ij")
        return np.stack([axis.reshape(-1) for axis in grid], axis=1)

    @staticmethod
    def _thinned(sizes: list[int], keep: int) -> list[int]:
        """At most `keep` sizes, evenly chosen, the largest and smallest among them."""
        if len(sizes) <= keep:
            return sizes
        positions = np.unique(np.linspace(0, len(sizes) - 1, max(keep, 2)).astype(int))
        return [sizes[position] for position in positions]

    def _sizes(self, index: int) -> list[int]:
        """Balanced tile sizes of an iterator, largest first."""
        extent = self.tiling.extents[index]
        if any(index in operand.opaque for operand in self.tiling.operands):
            return [1]
        if index >= self.tiling.parallel and self._shares_a_dimension(index):
            return [extent]
        return sorted({-(-extent // count) for count in range(1, extent + 1)}, reverse=True)

    def _shares_a_dimension(self, index: int) -> bool:
        """Whether a window dimension moves with this iterator and another: a kernel's row, say."""
        return any(
            row[index] and np.count_nonzero(row) > 1
            for operand in self.tiling.operands
            for row in operand.coefficients
        )

    def _orders(self) -> Iterator[tuple[int, ...]]:
        """Orders of the parallel loops; unit extents keep their place outside."""
        fixed = [i for i in range(self.tiling.parallel) if self.tiling.extents[i] == 1]
        moving = [i for i in range(self.tiling.parallel) if self.tiling.extents[i] > 1]
        for count, order in enumerate(permutations(moving)):
            if count >= _MOST_ORDERS:
                return
            yield (*fixed, *order)

    def _loads(self, operand: Operand, trips: Integers, order: Sequence[int]) -> Integers:
        """How often each candidate loads an operand: once per turn of the loops around its load.

        A load stands inside the innermost loop that moves its window.
        """
        loops = [*order, *range(self.tiling.parallel, len(self.tiling.extents))]
        count = np.ones(len(trips), np.int64)
        below = np.ones(len(trips), bool)
        for loop in reversed(loops):
            turns = trips[:, loop]
            if loop in operand.depends:
                below &= turns == 1
            count *= np.where(below, 1, turns)
        return count

    def _slots(self, tiles: Integers, trips: Integers, order: Sequence[int]) -> Integers:
        """Two slots for what is loaded again, so that loads run ahead; one for the rest."""
        slots = np.ones((len(tiles), len(Memory)), np.int64)
        for operand in self.tiling.operands:
            if operand.memory is not Memory.ACC:
                column = list(Memory).index(operand.memory)
                again = self._loads(operand, trips, order) > 1
                slots[:, column] = np.maximum(slots[:, column], np.where(again, 2, 1))
        many = trips[:, : self.tiling.parallel].prod(axis=1) > 1
        slots[:, list(Memory).index(Memory.ACC)] = np.where(many, 2, 1)
        return slots

    def _cycles(
        self, tiles: Integers, trips: Integers, order: Sequence[int], slots: Integers
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Estimated cycles of each candidate."""
        tiling, config = self.tiling, self.config
        turns = trips[:, : tiling.parallel].prod(axis=1)
        chunks = turns * trips[:, tiling.parallel :].prod(axis=1)
        load = np.zeros(len(tiles))
        first_load = np.zeros(len(tiles))
        compute = self._compute(tiles, turns, chunks).astype(float)
        instructions = chunks + turns * (2 + len(tiling.steps))
        for operand in tiling.operands:
            events = self._loads(operand, trips, order)
            rows, row_entries, pieces = _transfers(operand, tiles)
            entry_bytes = {
                Memory.INP: config.inp_bytes,
                Memory.WGT: config.wgt_bytes,
                Memory.ACC: config.acc_bytes,
            }[operand.memory]
            cycles = pieces * cost.load_cycles(rows, row_entries * entry_bytes, config)
            if operand.memory is Memory.ACC:
                compute += events * cycles
            else:
                load += events * cycles
                first_load += cycles
            instructions = instructions + events * pieces
        rows, row_entries, pieces = self._stores(tiles)
        one_store = pieces * cost.store_cycles(rows, row_entries * config.out_bytes, config)
        fetch = cost.fetch_cycles(instructions + turns * pieces, config)
        busiest = np.maximum.reduce([compute, load, turns * one_store, fetch])
        # Less traffic and fewer instructions break ties between what overlap hides.
        return busiest + first_load + one_store + 0.02 * (load + turns * one_store + fetch)

    def _compute(self, tiles: Integers, turns: Integers, chunks: Integers) -> Integers:
        """Cycles of the compute module without its loads."""
        tiling = self.tiling
        vectors = prod(tiling.extents[: tiling.parallel])
        points = prod(tiling.extents)
        each = cost.gemm_cycles(0)
        total = vectors + each * turns  # reset
        if isinstance(tiling.start, Product) or not tiling.is_staged(tiling.operands[0]):
            total = total + points + each * chunks
        else:
            staged = tiling.operands[0].entries(tiles)
            total = total + 2 * (staged + each) * chunks + 2 * points + each * chunks
        for step in tiling.steps:
            if shifts := step.shifts_to_multiply(self.config):
                # A copy, then a shift and an addition each.
                total = total + 3 * len(shifts) * (vectors + each * turns)
                continue
            one = isinstance(step.operand, int) or tiling.operand(step.operand).digits
            total = total + (1 if one else 2) * vectors + each * turns
        return total

    def _stores(self, tiles: Integers) -> tuple[Integers, Integers, Integers]:
        shape = self.tiling.extents[: self.tiling.parallel]
        return _rows(
            tiles[:, : self.tiling.parallel], shape, [False] * len(shape), [1] * len(shape)
        )


def _transfers(operand: Operand, tiles: Integers) -> tuple[Integers, Integers, Integers]:
    """Rows, entries a row, and LOAD instructions of an operand's window."""
    padded = operand.load.pad_value is not None
    return _rows(operand.window(tiles), operand.shape, [padded] * len(operand.shape), operand.steps)


def _rows(
    window: Integers, shape: Sequence[int], padded: Sequence[bool], steps: Sequence[int]
) -> tuple[Integers, Integers, Integers]:
    """How a window becomes two-dimensional transfers: whole inner dimensions merge to long rows."""
    count = len(window)
    entries = np.ones(count, np.int64)
    rows = np.ones(count, np.int64)
    pieces = np.ones(count, np.int64)
    merging = np.ones(count, bool)
    has_rows = np.zeros(count, bool)
    for axis in reversed(range(len(shape))):
        size = window[:, axis]
        innermost = axis == len(shape) - 1
        merge = merging & (innermost or (not padded[axis] and steps[axis] == 1))
        entries *= np.where(merge, size, 1)
        starts_rows = ~merge & ~has_rows & (size > 1)
        rows *= np.where(starts_rows, size, 1)
        pieces *= np.where(~merge & ~starts_rows, size, 1)
        has_rows |= starts_rows
        merging = merge & (size == shape[axis]) & (not padded[axis])
    return rows, entries, pieces
