"""How the simulator does all iterations of one GEMM or ALU instruction at once.

Plans are index arrays only. Programs repeat the same few of them at other places of the buffers, so
a plan counts from the least index that it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from nopt.hw.isa.encoding import Instruction
from nopt.hw.isa.footprint import MicroOps
from nopt.hw.sim.product_groups import Group, Indices, grouped

Cells = Indices | slice
"""Distinct elements of a scratchpad, ascending; a slice if they lie together."""

_MOST_PLANS = 512

Plan = TypeVar("Plan")


class Loop(NamedTuple):
    """One of the two hardware loops: iterations, and what each adds to the indices."""

    steps: int
    dst: int
    src: int
    wgt: int


@dataclass(frozen=True)
class Tile:
    """A matrix product: rows `src` (m, k) of INP times columns `wgt` (n, k) into `dst` (m, n)."""

    src: Indices
    wgt: Indices
    dst: Indices
    distinct: bool
    """No destination twice, so that a plain indexed add is right."""
    cells: Cells
    """The destinations."""
    strides: tuple[int, int] | None
    """From one row and one column of `dst` to the next, if these are the same everywhere."""

    def at(self, dst: int, src: int, wgt: int) -> Tile:
        """The same product so much further on in ACC, INP and WGT."""
        cells = shifted(self.cells, dst)
        moved = (self.src + src, self.wgt + wgt, self.dst + dst)
        return Tile(*moved, self.distinct, cells, self.strides)


@dataclass(frozen=True)
class AluPlan:
    """Rounds of independent steps (dst, src), and where the sequence is unsafe on the RTL."""

    rounds: tuple[tuple[Cells, Cells | Indices], ...]
    foreign: int | None
    """A destination whose source is another element, if any."""
    stale: int | None
    """An element that a step reads as its source right after the step before wrote it, if any."""

    def at(self, place: int) -> AluPlan:
        """The same steps so much further on in ACC."""
        return AluPlan(
            tuple((shifted(dst, place), shifted(src, place)) for dst, src in self.rounds),
            None if self.foreign is None else self.foreign + place,
            None if self.stale is None else self.stale + place,
        )


_Key = tuple[bytes, tuple[Loop, Loop]]
"""Micro-op indices, counted from the least ones, and loops."""


class Plans:
    """The plans of a core's instructions, remembered by micro-op contents and loop fields."""

    def __init__(self) -> None:
        self._tiles: dict[_Key, tuple[Tile, ...]] = {}
        self._rounds: dict[_Key, AluPlan] = {}
        self._cells: dict[_Key, Cells] = {}

    def gemm(self, insn: Instruction, uops: MicroOps) -> tuple[Tile, ...]:
        """The matrix products that add up to a GEMM; additions wrap, so their order is free."""
        columns = uops.columns - np.array(uops.low)[:, None]
        key = (columns.tobytes(), _loops(insn))
        tiles = self._tiles.get(key)
        if tiles is None:
            tiles = _remember(self._tiles, key, _gemm_plan(columns, key[1]))
        return tuple(tile.at(*uops.low) for tile in tiles)

    def alu(self, insn: Instruction, uops: MicroOps) -> AluPlan:
        """An ALU instruction as few vector steps with the result of the sequential ones."""
        first = min(uops.low[:2])
        columns = uops.columns - first
        columns[2] = 0
        key = (columns.tobytes(), _loops(insn))
        plan = self._rounds.get(key)
        if plan is None:
            plan = _remember(self._rounds, key, _alu_plan(columns, key[1]))
        return plan.at(first)

    def alu_reads(self, insn: Instruction, uops: MicroOps) -> list[Indices]:
        """What the rounds of an ALU instruction read, each in the order of its steps."""
        dst, src, _ = _sequence(uops.columns, _loops(insn))
        operands = (src,) if insn.use_imm else (src, dst)
        return [each[part] for part in _rounds(dst, src) for each in operands]

    def destinations(self, insn: Instruction, uops: MicroOps) -> Cells:
        """Every distinct destination of a GEMM or ALU, ascending."""
        columns = uops.columns[:1] - uops.low[0]
        key = (columns.tobytes(), _loops(insn))
        cells = self._cells.get(key)
        if cells is None:
            (dst,) = _sequence(columns, key[1])
            cells = _remember(self._cells, key, together(_distinct(dst)))
        return shifted(cells, uops.low[0])


def _remember(plans: dict[_Key, Plan], key: _Key, plan: Plan) -> Plan:
    if len(plans) >= _MOST_PLANS:
        del plans[next(iter(plans))]
    plans[key] = plan
    return plan


def together(cells: Indices) -> Cells:
    """A slice instead of indices, where these ascend by one."""
    first, count = int(cells[0]), len(cells)
    if int(cells[-1]) - first + 1 == count and (cells[1:] - cells[:-1] == 1).all():
        return slice(first, first + count)
    return cells


def _distinct(values: Indices) -> Indices:
    """Every value once, ascending."""
    ordered = np.sort(values, axis=None)
    differs = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=differs[1:])
    return ordered if differs.all() else ordered[differs]


def shifted(cells: Cells, by: int) -> Cells:
    """Cells so much further on."""
    if isinstance(cells, slice):
        return slice(cells.start + by, cells.stop + by)
    return cells + by


def _loops(insn: Instruction) -> tuple[Loop, Loop]:
    return (
        Loop(insn.iter_out, insn.dst_out, insn.src_out, insn.wgt_out),
        Loop(insn.iter_in, insn.dst_in, insn.src_in, insn.wgt_in),
    )


def _sequence(columns: Indices, loops: Sequence[Loop]) -> Indices:
    """Indices of every step in the order of execution: outer loop, inner loop, micro-op.

    `columns` are rows of dst, src and wgt, or the first ones of these.
    """
    for loop in reversed(loops):
        steps = np.arange(loop.steps)
        factors = np.array(loop[1 : 1 + len(columns)])
        adds = factors[:, None] * steps
        columns = (adds[:, :, None] + columns[:, None]).reshape(len(columns), -1)
    return columns


def _gemm_plan(columns: Indices, loops: tuple[Loop, Loop]) -> tuple[Tile, ...]:
    """Loops that move dst but not wgt make rows; the steps of the others are sorted into groups.

    A group is all steps into one destination.
    """
    across = [loop for loop in loops if loop.dst and not loop.wgt]
    rest = [loop for loop in loops if loop not in across]
    row_dst, row_src, _ = _sequence(np.zeros((3, 1), np.int64), across)
    dst, src, wgt = _sequence(columns, rest)
    order = np.lexsort((src, wgt, dst))
    dst, src, wgt = dst[order], src[order][None], wgt[order][None]
    starts: list[int] = np.flatnonzero(np.diff(dst, prepend=-1)).tolist()
    spans = sorted(pairwise([*starts, len(dst)]), key=lambda span: span[1] - span[0])
    groups = grouped(
        Group(src[:, begin:end], wgt[:, begin:end], (dst[begin : begin + 1, None],))
        for begin, end in spans
    )
    return tuple(_tile(group, row_dst, row_src) for group in groups)


def _tile(group: Group, row_dst: Indices, row_src: Indices) -> Tile:
    dst = (row_dst[:, None, None] + group.results[0]).reshape(-1, len(group.wgt))
    src = (row_src[:, None, None] + group.src).reshape(len(dst), -1)
    cells = _distinct(dst)
    return Tile(src, group.wgt, dst, len(cells) == dst.size, together(cells), _strides(dst))


def _strides(cells: Indices) -> tuple[int, int] | None:
    rows, columns = len(cells), len(cells[0])
    down = int(cells[1, 0] - cells[0, 0]) if rows > 1 else 0
    across = int(cells[0, 1] - cells[0, 0]) if columns > 1 else 0
    row, column = np.arange(rows)[:, None], np.arange(columns)
    expected = cells[0, 0] + row * down + column * across
    return (down, across) if (cells == expected).all() else None


def _alu_plan(columns: Indices, loops: tuple[Loop, Loop]) -> AluPlan:
    dst, src, _ = _sequence(columns, loops)
    other = src != dst
    foreign = int(dst[other][0]) if other.any() else None
    after = np.flatnonzero(src[1:] == dst[:-1])
    stale = int(src[after[0] + 1]) if len(after) else None
    rounds: list[tuple[Cells, Cells | Indices]] = []
    for part in _rounds(dst, src):
        part = part[np.argsort(dst[part])]
        rounds.append((together(dst[part]), together(src[part])))
    return AluPlan(tuple(rounds), foreign, stale)


def _rounds(dst: Indices, src: Indices) -> list[Indices]:
    """Steps by round, in each in the order of execution."""
    other = src != dst
    if np.isin(src[other], dst).any():
        level = _levels(dst.tolist(), src.tolist())
    else:
        level = _occurrences(dst)
    order = np.argsort(level, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(level[order])) + 1)


def _occurrences(values: Indices) -> Indices:
    """How often each value occurred before."""
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=-1))
    rank = np.arange(len(values)) - np.repeat(starts, np.diff(starts, append=len(values)))
    result = np.empty_like(order)
    result[order] = rank
    return result


def _levels(dst: list[int], src: list[int]) -> Indices:
    """The earliest round for each step; in a round all reads come before all writes."""
    written: dict[int, int] = {}
    read: dict[int, int] = {}
    levels = np.empty(len(dst), np.int64)
    for i, (d, s) in enumerate(zip(dst, src, strict=True)):
        level = max(written.get(d, -1) + 1, written.get(s, -1) + 1, read.get(d, 0))
        levels[i] = written[d] = level
        for element in (d, s):
            read[element] = max(read.get(element, 0), level)
    return levels
