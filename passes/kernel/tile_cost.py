"""What a tile program costs the compute module: its steps, evaluated over arrays of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.core.hardware_loops import Integers, instructions, micro_ops
from nopt.passes.kernel.candidates import Candidates, Floats
from nopt.passes.kernel.tile_program import (
    Access,
    After,
    Alu,
    Border,
    Box,
    ForEach,
    Gemm,
    Points,
    Reset,
    Step,
    Store,
    Strips,
    TileProgram,
)


@dataclass(frozen=True)
class StepCost:
    """Cycles of some steps in a tile of mean size, their instructions, and the micro-ops of these,
    [candidates] each."""

    cycles: Floats
    instructions: Floats
    uops: Floats

    def __add__(self, other: StepCost) -> StepCost:
        return StepCost(
            self.cycles + other.cycles,
            self.instructions + other.instructions,
            self.uops + other.uops,
        )

    def __getitem__(self, positions: Integers) -> StepCost:
        return StepCost(self.cycles[positions], self.instructions[positions], self.uops[positions])

    def times(self, turns: Floats) -> StepCost:
        return StepCost(self.cycles * turns, self.instructions * turns, self.uops * turns)


@dataclass(frozen=True)
class TileCost:
    """What the parts of a tile program cost: a tile, without its chunks, and each of these."""

    chunk: StepCost
    rest: StepCost

    def __getitem__(self, positions: Integers) -> TileCost:
        """Of some of the candidates."""
        return TileCost(self.chunk[positions], self.rest[positions])


KnownCosts: TypeAlias = dict[TileProgram, TileCost]
"""What programs cost in tiles of the same candidates, which does not depend on the order."""


def tile_cost(candidates: Candidates, config: Config, known: KnownCosts | None = None) -> TileCost:
    """The cost of a tile of each candidate; `known` are those of programs, and gets more."""
    known = {} if known is None else known
    chunk = rest = _nothing(candidates)
    for program, those in candidates.programs:
        if program not in known:
            ends = (*program.begin, *program.end)
            known[program] = TileCost(
                _steps(program.chunk, candidates, config), _steps(ends, candidates, config)
            )
        share = those.astype(float)
        chunk += known[program].chunk.times(share)
        rest += known[program].rest.times(share)
    return TileCost(chunk, rest)


def _nothing(candidates: Candidates) -> StepCost:
    none = np.zeros(len(candidates))
    return StepCost(none, none, none)


def _steps(steps: Sequence[Step], candidates: Candidates, config: Config) -> StepCost:
    return sum((_step(step, candidates, config) for step in steps), _nothing(candidates))


def _step(step: Step, candidates: Candidates, config: Config) -> StepCost:
    match step:
        case Reset(box):
            boxes = _Boxes(box, candidates, config)
            return boxes.issued(cost.gemm_cycles(boxes.elements))
        case Gemm(box):
            boxes = _Boxes(box, candidates, config, step)
            return boxes.issued(cost.gemm_cycles(boxes.elements))
        case Alu(_, box, _, other):
            boxes, two = _Boxes(box, candidates, config), isinstance(other, Access)
            return boxes.issued(cost.alu_cycles(boxes.elements, two, config))
        case ForEach(iterators, inner):
            turns = _volume(tuple(Points(i) for i in iterators), candidates)
            return _steps(inner, candidates, config).times(turns)
        case Border(axis, _, inner):
            return _steps(inner, candidates, config).times(1 / candidates.trips[:, axis])
        case After(axis, inner):
            return _steps(inner, candidates, config).times(1 - 1 / candidates.trips[:, axis])
        case Strips(inner):
            whole = _steps(inner, candidates, config)
            tiles = candidates.trips[:, : candidates.tiling.parallel].prod(axis=1)
            more = whole.instructions * (candidates.strips - 1) / tiles
            return whole + StepCost(more * (cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES), more, more)
        case Store():
            return _nothing(candidates)


def _volume(box: Box, candidates: Candidates) -> Floats:
    """The elements of a box in a tile of mean size."""
    return prod(map(candidates.mean, box), start=np.ones(len(candidates)))


class _Boxes:
    """A step's box in a tile of each candidate."""

    def __init__(
        self, box: Box, candidates: Candidates, config: Config, gemm: Gemm | None = None
    ) -> None:
        self.elements = _volume(box, candidates)
        sizes = np.stack([np.ones(len(candidates), np.int64), *map(candidates.most, box)], axis=1)
        none = np.zeros(len(candidates), bool)
        varies = np.stack([none, *map(candidates.is_cut, box)], axis=1)
        windowed = gemm is not None and gemm.is_windowed
        self.instructions = instructions(sizes, varies, not windowed, config).astype(float)
        self.uops = self.instructions
        if gemm is not None:
            groups = [[i] for i in range(sizes.shape[1])] if windowed else _together(gemm)
            merged = [sizes[:, group].prod(axis=1) for group in groups]
            cut = [varies[:, group].any(axis=1) for group in groups]
            uops = micro_ops(np.stack(merged, axis=1), np.stack(cut, axis=1), config)
            self.uops = uops.astype(float)

    def issued(self, cycles: Floats) -> StepCost:
        """Their cost, if one instruction for all elements took so many cycles."""
        count = self.instructions
        more = (count - 1) * cost.PIPELINE_CYCLES + count * cost.ISSUE_CYCLES
        return StepCost(cycles + more, count, self.uops)


def _together(gemm: Gemm) -> list[list[int]]:
    """Dimensions of a product's box, behind a first one of one element, that step as one: those
    that move the same operands."""
    groups: dict[tuple[bool, ...], list[int]] = {(): [0]}
    for dim in range(len(gemm.box)):
        moved = tuple(
            any(dim in index.used_dims() for index in access.indices)
            for access in (gemm.acc, gemm.inp, gemm.wgt)
        )
        groups.setdefault(moved, []).append(dim + 1)
    return list(groups.values())
