"""What a kernel computes in a tile: products, comparisons, the steps of the epilogue; in cycles."""

from __future__ import annotations

from math import prod
from typing import TypeAlias

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.core.core_nest import Product, Step
from nopt.passes.core.hardware_loops import most_uops
from nopt.passes.kernel.operands import Integers
from nopt.passes.schedule.candidates import Candidates

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Compute:
    """Cycles of the compute module for candidates, in `turns` tiles of the result each."""

    def __init__(self, candidates: Candidates, config: Config, turns: Integers):
        self.candidates = candidates
        self.tiling = tiling = candidates.tiling
        self.config = config
        self.tiles = candidates.tiles
        self.trips = candidates.trips
        self.chunks = candidates.chunks
        self.turns = turns
        self.instructions = np.zeros(len(candidates), np.int64)
        """Beyond one for each chunk, the reset and each step of a tile."""
        self.chunk = self._chunk() + self._more_instructions(len(tiling.extents))
        """Cycles of one chunk of the reduction, [candidates]."""
        more = self._more_instructions(tiling.parallel)
        self.epilogue = self._epilogue() + (1 + len(tiling.steps)) * more
        """Cycles of a tile's reset and ALU steps, [candidates]."""

    def _chunk(self) -> Floats:
        """Cycles of one chunk of the reduction."""
        tiling = self.tiling
        points = prod(tiling.extents) / (self.turns * self.chunks)
        if tiling.inner is not None:
            steps = prod(tiling.extents[tiling.compared.stop :]) / self.chunks
            planes = self._planes()
            more = self.turns * self.chunks * (len(planes) - 1)
            self.instructions = self.instructions + more
            return sum((cost.gemm_cycles(plane * steps) for plane in planes), 0 * steps)
        if isinstance(tiling.start, Product) or not tiling.is_staged(tiling.operands[0]):
            return cost.gemm_cycles(points)
        # Brought to accumulators, with a mask where it is padded; each point compared by itself.
        staged = cost.gemm_cycles(self.candidates.entries(tiling.operands[0]))
        passes = 2 if tiling.padded is None else 3
        compared = prod(tiling.extents[tiling.parallel :]) / self.chunks
        one_by_one = passes * staged + compared * self._alu(points / compared, two_operands=True)
        if tiling.windows is None:
            return one_by_one
        self.instructions = self.instructions + self.turns * 2 * len(self._planes())
        planes = sum(map(cost.gemm_cycles, self._planes()), np.zeros(len(self.tiles)))
        whole = self.candidates.has_whole_windows
        return np.where(whole, passes * planes + self._folds(), one_by_one)

    def _planes(self) -> list[Floats]:
        """Elements of the planes that windows lie in, the mean over all tiles."""
        windows = self.tiling.windows
        assert windows is not None
        sizes = (np.array(self.tiling.extents) / self.trips)[:, : self.tiling.parallel]
        planes = [(sizes + windows.more(plane)).prod(axis=1) for plane in windows.planes]
        return planes

    def _folds(self) -> Floats:
        """Cycles of comparing a tile's windows."""
        windows = self.tiling.windows
        assert windows is not None
        sizes = (np.array(self.tiling.extents) / self.trips)[:, : self.tiling.parallel]
        folds = [(sizes + fold.more).prod(axis=1) for fold in windows.folds()]
        self.instructions = self.instructions + self.turns * len(folds)
        return sum((self._alu(fold, two_operands=True) for fold in folds), np.zeros(len(sizes)))

    def _alu(self, vectors: Floats, two_operands: bool = False) -> Floats:
        return cost.alu_cycles(vectors, two_operands, self.config)

    def _more_instructions(self, iterators: int) -> Floats:
        """Cycles of instructions beyond one for a box over the first iterators.

        A hardware loop can be shorter in the last tile, micro-ops cannot, and are not many: other
        dimensions with a smaller last tile are loops around the instruction, and as many more as
        leave few micro-ops.
        """
        extents = np.array(self.tiling.extents[:iterators])
        tiles = self.tiles[:, :iterators]
        cut = extents % tiles != 0
        # The hardware loops are those that are cut, then the largest.
        rank = np.argsort(np.argsort(-tiles - (cut << 20), axis=1, kind="stable"), axis=1)
        uops = np.where((rank < 2) | cut, 1, tiles)
        around = np.where((rank >= 2) & cut, tiles, 1).prod(axis=1)
        if self._is_windowed:
            few = uops.prod(axis=1)
            for column in uops.T:
                many = few > most_uops(self.config)
                around = around * np.where(many, column, 1)
                few = np.where(many, few // column, few)
        return (around - 1) * cost.gemm_cycles(0)

    @property
    def _is_windowed(self) -> bool:
        """Whether iterators of the reduction move along with others, so that none of them merge."""
        coefficients = self.tiling.operands[0].coefficients
        return bool((np.count_nonzero(coefficients, axis=1) > 1).any())

    def _epilogue(self) -> Floats:
        """Cycles of a tile's reset and ALU steps."""
        tiling = self.tiling
        vectors = prod(tiling.extents[: tiling.parallel]) / self.turns
        cycles = cost.gemm_cycles(vectors)
        if tiling.inner is not None:
            self.instructions = self.instructions + self.turns * len(self._planes())
            cycles = sum(map(cost.gemm_cycles, self._planes()), self._folds())
        elif tiling.is_staged(tiling.operands[0]):
            # What a maximum begins with, if its windows are not whole.
            whole = self.candidates.has_whole_windows & (tiling.windows is not None)
            cycles = np.where(whole, 0, cycles + self._alu(vectors))
        more = tiling.planes - 1 + (tiling.padded is not None)
        cycles = cycles + more * self._alu(vectors)
        for step in tiling.steps:
            if shifts := step.shifts_to_multiply(self.config):
                # A copy, reset and added to; shifts, an addition after all but the last one.
                shifted = len(shifts) - (shifts[-1] == 0)
                cycles = cycles + cost.gemm_cycles(vectors) + shifted * self._alu(vectors)
                cycles = cycles + len(shifts) * self._alu(vectors, two_operands=True)
            else:
                cycles = cycles + self._step(step, vectors)
        return cycles

    def _step(self, step: Step, vectors: Floats) -> Floats:
        """Cycles of one step on a tile's vectors: a product or an immediate takes one each."""
        if isinstance(step.operand, int):
            return self._alu(vectors)
        operand = self.tiling.operand(step.operand)
        if self.tiling.is_staged(operand):
            staged = self.candidates.entries(operand)
            return 2 * cost.gemm_cycles(staged) + self._alu(vectors, two_operands=True)
        if operand.digits or operand.memory is Memory.INP:
            return cost.gemm_cycles(vectors)
        return self._alu(vectors, two_operands=True)
