"""What a tile program costs the compute module: its steps, evaluated over arrays of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.core.hardware_loops import Integers, instructions
from nopt.passes.kernel.candidates import Candidates, Floats
from nopt.passes.kernel.tile_program import (
    Access,
    After,
    Alu,
    Border,
    Box,
    ForEach,
    Gemm,
    Pieces,
    Points,
    Reset,
    Step,
    Store,
)


@dataclass(frozen=True)
class StepCost:
    """Cycles of some steps in a tile of mean size, and their instructions, [candidates] each."""

    cycles: Floats
    instructions: Floats

    def __add__(self, other: StepCost) -> StepCost:
        return StepCost(self.cycles + other.cycles, self.instructions + other.instructions)

    def __getitem__(self, positions: Integers) -> StepCost:
        return StepCost(self.cycles[positions], self.instructions[positions])

    def times(self, turns: Floats) -> StepCost:
        return StepCost(self.cycles * turns, self.instructions * turns)


@dataclass(frozen=True)
class TileCost:
    """What the parts of a tile program cost: a tile, without its chunks, and each of these."""

    chunk: StepCost
    rest: StepCost

    def __getitem__(self, positions: Integers) -> TileCost:
        """Of some of the candidates."""
        return TileCost(self.chunk[positions], self.rest[positions])


def tile_cost(candidates: Candidates, config: Config) -> TileCost:
    """The cost of a tile of each candidate."""
    chunk = rest = _nothing(candidates)
    for program, those in candidates.programs:
        share = those.astype(float)
        chunk += _steps(program.chunk, candidates, config).times(share)
        ends = (*program.begin, *program.end)
        rest += _steps(ends, candidates, config).times(share)
    return TileCost(chunk, rest)


def _nothing(candidates: Candidates) -> StepCost:
    none = np.zeros(len(candidates))
    return StepCost(none, none)


def _steps(steps: Sequence[Step], candidates: Candidates, config: Config) -> StepCost:
    return sum((_step(step, candidates, config) for step in steps), _nothing(candidates))


def _step(step: Step, candidates: Candidates, config: Config) -> StepCost:
    match step:
        case Reset(box):
            count, vectors = _instructions(box, True, candidates, config)
            return _issued(count, cost.gemm_cycles(vectors))
        case Gemm(box):
            count, vectors = _instructions(box, not step.is_windowed, candidates, config)
            return _issued(count, cost.gemm_cycles(vectors))
        case Alu(_, box, _, other):
            count, vectors = _instructions(box, True, candidates, config)
            two = isinstance(other, Access)
            return _issued(count, cost.alu_cycles(vectors, two, config))
        case ForEach(iterators, inner):
            turns = _volume(tuple(Points(i) for i in iterators), candidates)
            return _steps(inner, candidates, config).times(turns)
        case Border(axis, _, inner):
            return _steps(inner, candidates, config).times(1 / candidates.trips[:, axis])
        case After(axis, inner):
            return _steps(inner, candidates, config).times(1 - 1 / candidates.trips[:, axis])
        case Pieces(inner):
            whole = _steps(inner, candidates, config)
            tiles = candidates.trips[:, : candidates.tiling.parallel].prod(axis=1)
            more = whole.instructions * (candidates.pieces - 1) / tiles
            return whole + StepCost(more * (cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES), more)
        case Store():
            return _nothing(candidates)


def _issued(count: Floats, cycles: Floats) -> StepCost:
    """The cost of `count` instructions for what takes one instruction so many cycles."""
    more = (count - 1) * cost.PIPELINE_CYCLES + count * cost.ISSUE_CYCLES
    return StepCost(cycles + more, count)


def _volume(box: Box, candidates: Candidates) -> Floats:
    """The elements of a box in a tile of mean size."""
    return prod(map(candidates.mean, box), start=np.ones(len(candidates)))


def _instructions(
    box: Box, merges: bool, candidates: Candidates, config: Config
) -> tuple[Floats, Floats]:
    """The instructions that a box takes, and its elements."""
    sizes = np.stack([np.ones(len(candidates), np.int64), *map(candidates.most, box)], axis=1)
    none = np.zeros(len(candidates), bool)
    varies = np.stack([none, *map(candidates.is_cut, box)], axis=1)
    count = instructions(sizes, varies, merges, config)
    return count.astype(float), _volume(box, candidates)
