"""What a tile program costs the compute module: its steps, evaluated over arrays of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    Clear,
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

    def times(self, turns: Floats | Integers) -> StepCost:
        return StepCost(self.cycles * turns, self.instructions * turns, self.uops * turns)


@dataclass(frozen=True)
class TileCost:
    """What the parts of a tile program cost: a tile, without its chunks, and each of these."""

    chunk: StepCost
    rest: StepCost

    def __getitem__(self, positions: Integers) -> TileCost:
        """Of some of the candidates."""
        return TileCost(self.chunk[positions], self.rest[positions])

    def of_tile(self, chunks: Integers) -> StepCost:
        """Of a tile with all its chunks."""
        return self.chunk.times(chunks) + self.rest


class TileCosts:
    """What programs cost in tiles of the same candidates: each program once for all orders of
    loops, each box once for all steps."""

    def __init__(self, candidates: Candidates, config: Config):
        self.candidates = candidates
        self.config = config
        self._known: dict[TileProgram, TileCost] = {}
        self._boxes: dict[tuple[Box, Gemm | None], _Boxes] = {}

    def under(self, candidates: Candidates) -> TileCost:
        """Of a tile of each candidate under an order, which says what programs they have."""
        if len(candidates.programs) == 1:
            return self.of(candidates.programs[0][0])
        chunk = rest = self._nothing
        for program, those in candidates.programs:
            share = those.astype(float)
            chunk += self.of(program).chunk.times(share)
            rest += self.of(program).rest.times(share)
        return TileCost(chunk, rest)

    def of(self, program: TileProgram) -> TileCost:
        """Of a tile of each candidate, if it has this program."""
        if program not in self._known:
            rest = self._steps((*program.begin, *program.end))
            rest += self._steps(program.once).times(1 / self.candidates.results)
            self._known[program] = TileCost(self._steps(program.chunk), rest)
        return self._known[program]

    def __getitem__(self, positions: Integers) -> TileCosts:
        """Of some of the candidates."""
        chosen = TileCosts(self.candidates[positions], self.config)
        chosen._known = {program: known[positions] for program, known in self._known.items()}
        return chosen

    @property
    def _nothing(self) -> StepCost:
        none = np.zeros(len(self.candidates))
        return StepCost(none, none, none)

    def _steps(self, steps: Sequence[Step]) -> StepCost:
        return sum(map(self._step, steps), self._nothing)

    def _step(self, step: Step) -> StepCost:
        candidates = self.candidates
        match step:
            case Reset(box):
                boxes = self._box(box)
                return boxes.issued(cost.gemm_cycles(boxes.elements))
            case Clear(buffer):
                held = candidates.held if buffer.is_result else 1
                one = np.ones(len(candidates))
                cycles = cost.gemm_cycles(candidates.volume(buffer.shape) * held)
                return StepCost(cycles + cost.ISSUE_CYCLES, one, one)
            case Gemm(box):
                boxes = self._box(box, step)
                return boxes.issued(cost.gemm_cycles(boxes.elements))
            case Alu(_, box, _, other):
                boxes, two = self._box(box), isinstance(other, Access)
                return boxes.issued(cost.alu_cycles(boxes.elements, two, self.config))
            case ForEach(iterators, inner):
                turns = _volume(tuple(Points(i) for i in iterators), candidates)
                return self._steps(inner).times(turns)
            case Border(axis, _, inner):
                return self._steps(inner).times(1 / candidates.trips[:, axis])
            case After(axis, inner):
                return self._steps(inner).times(1 - 1 / candidates.trips[:, axis])
            case Strips(inner):
                whole = self._steps(inner)
                more = whole.instructions * (candidates.strips - 1) / candidates.results
                cycles = more * (cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES)
                return whole + StepCost(cycles, more, more)
            case Store():
                return self._nothing

    def _box(self, box: Box, gemm: Gemm | None = None) -> _Boxes:
        if (box, gemm) not in self._boxes:
            self._boxes[box, gemm] = _Boxes(box, self.candidates, self.config, gemm)
        return self._boxes[box, gemm]


def tile_cost(candidates: Candidates, config: Config) -> TileCost:
    """The cost of a tile of each candidate."""
    return TileCosts(candidates, config).under(candidates)


def _volume(box: Box, candidates: Candidates) -> Floats:
    """The elements of a box in a tile of mean size."""
    return prod(map(candidates.mean, box), start=np.ones(len(candidates)))


class _Boxes:
    """A step's box in a tile of each candidate."""

    def __init__(self, box: Box, candidates: Candidates, config: Config, gemm: Gemm | None) -> None:
        self.elements = _volume(box, candidates)
        one, none = np.ones(len(candidates), np.int64), np.zeros(len(candidates), bool)
        sizes = [one, *map(candidates.most, box)]
        varies = [none, *map(candidates.is_cut, box)]
        windowed = gemm is not None and gemm.is_windowed
        counts = instructions(_columns(sizes), _columns(varies), not windowed, config)
        self.instructions = self.uops = counts.astype(float)
        if gemm is not None:
            groups = [[i] for i in range(len(sizes))] if windowed else _together(gemm)
            merged = [prod([sizes[i] for i in group], start=one) for group in groups]
            cut = [reduce(or_, [varies[i] for i in group]) for group in groups]
            self.uops = micro_ops(_columns(merged), _columns(cut), config).astype(float)

    def issued(self, cycles: Floats) -> StepCost:
        """Their cost, if one instruction for all elements took so many cycles."""
        count = self.instructions
        more = (count - 1) * cost.PIPELINE_CYCLES + count * cost.ISSUE_CYCLES
        return StepCost(cycles + more, count, self.uops)


def _columns(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """A table with these columns, each together in memory."""
    return np.stack(columns).T


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
