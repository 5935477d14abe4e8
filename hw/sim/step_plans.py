"""How the simulator does all iterations of one GEMM or ALU instruction at once.

Plans are index arrays only, so they are remembered by micro-op contents and loop fields: programs
repeat the same few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Instruction, Micro, decode_uops

Indices = NDArray[np.int64]


class Loop(NamedTuple):
    """One of the two hardware loops: iterations, and what each adds to the indices."""

    steps: int
    dst: int
    src: int
    wgt: int


@dataclass(frozen=True)
class Tile:
    """A matrix product: rows `src` (m, k) of INP times columns `wgt` (k, n) into `dst` (m, n)."""

    src: Indices
    wgt: Indices
    dst: Indices
    distinct: bool
    """No destination twice, so that a plain indexed add is right."""


@dataclass(frozen=True)
class AluPlan:
    """Rounds of independent steps (dst, src), and where the sequence is unsafe on the RTL."""

    rounds: tuple[tuple[Indices, Indices], ...]
    foreign: int
    """A destination whose source is another element, or -1."""
    stale: int
    """An element that a step reads as its source right after the step before wrote it, or -1."""


def gemm_plan(insn: Instruction, uops: Micro, config: Config) -> tuple[Tile, ...]:
    """The matrix products that add up to a GEMM; additions wrap, so their order is free."""
    return _gemm_plan(uops.tobytes(), _loops(insn), config)


def alu_plan(insn: Instruction, uops: Micro, config: Config) -> AluPlan:
    """An ALU instruction as few vector steps with the result of the sequential ones."""
    return _alu_plan(uops.tobytes(), _loops(insn), config)


def destinations(insn: Instruction, uops: Micro, config: Config) -> Indices:
    """Every distinct destination of a GEMM or ALU, ascending."""
    dst, _, _ = _sequence(uops.tobytes(), _loops(insn), config)
    return np.unique(dst)


def _loops(insn: Instruction) -> tuple[Loop, Loop]:
    return (
        Loop(insn.iter_out, insn.dst_out, insn.src_out, insn.wgt_out),
        Loop(insn.iter_in, insn.dst_in, insn.src_in, insn.wgt_in),
    )


def _sequence(
    uops: bytes, loops: tuple[Loop, ...], config: Config
) -> tuple[Indices, Indices, Indices]:
    """Indices of every step in the order of execution: outer loop, inner loop, micro-op."""
    columns = decode_uops(np.frombuffer(uops, np.uint32), config)
    dst, src, wgt = columns
    for loop in reversed(loops):
        step = np.arange(loop.steps)[:, None]
        dst = (step * loop.dst + dst).ravel()
        src = (step * loop.src + src).ravel()
        wgt = (step * loop.wgt + wgt).ravel()
    return dst, src, wgt


@lru_cache(maxsize=512)
def _gemm_plan(uops: bytes, loops: tuple[Loop, Loop], config: Config) -> tuple[Tile, ...]:
    """Loops that move dst but not wgt make rows; the steps of the others are sorted into groups.

    A group is all steps into one destination. Groups with the same weights are rows of one product,
    and products of the same rows are columns of one.
    """
    across = [loop for loop in loops if loop.dst and not loop.wgt]
    rest = tuple(loop for loop in loops if loop not in across)
    row_dst, row_src = np.zeros(1, np.int64), np.zeros(1, np.int64)
    for loop in across:
        step = np.arange(loop.steps)
        row_dst = np.add.outer(row_dst, step * loop.dst).ravel()
        row_src = np.add.outer(row_src, step * loop.src).ravel()
    dst, src, wgt = _sequence(uops, rest, config)
    order = np.lexsort((src, wgt, dst))
    dst, src, wgt = dst[order], src[order], wgt[order]
    starts: Indices = np.flatnonzero(np.diff(dst, prepend=-1))
    counts: Indices = np.diff(starts, append=len(dst))
    columns: dict[tuple[bytes, int], list[tuple[Indices, Indices, Indices]]] = {}
    sizes: list[int] = counts.tolist()
    for count in sorted(set(sizes)):
        groups: Indices = np.flatnonzero(counts == count)
        at: Indices = np.add.outer(starts[groups], np.arange(count))
        clusters: dict[bytes, list[int]] = {}
        for number, weights in enumerate(wgt[at]):
            clusters.setdefault(weights.tobytes(), []).append(number)
        for numbers in clusters.values():
            members = at[numbers]
            sources = src[members]
            column = (dst[members[:, 0]], sources, wgt[members[0]])
            columns.setdefault((sources.tobytes(), count), []).append(column)
    return tuple(_tile(parts, row_dst, row_src) for parts in columns.values())


def _tile(
    parts: list[tuple[Indices, Indices, Indices]], row_dst: Indices, row_src: Indices
) -> Tile:
    dst = np.stack([part[0] for part in parts], axis=1)
    src = parts[0][1]
    wgt = np.stack([part[2] for part in parts], axis=1)
    dst = (row_dst[:, None, None] + dst).reshape(-1, dst.shape[1])
    src = (row_src[:, None, None] + src).reshape(-1, src.shape[1])
    return Tile(src, wgt, dst, _are_distinct(dst))


def _are_distinct(values: Indices) -> bool:
    ordered = np.sort(values, axis=None)
    return bool((ordered[1:] != ordered[:-1]).all())


@lru_cache(maxsize=512)
def _alu_plan(uops: bytes, loops: tuple[Loop, Loop], config: Config) -> AluPlan:
    dst, src, _ = _sequence(uops, loops, config)
    other = src != dst
    foreign = int(dst[other][0]) if other.any() else -1
    after = np.flatnonzero(src[1:] == dst[:-1])
    stale = int(src[after[0] + 1]) if len(after) else -1
    if np.isin(src[other], dst).any():
        level = _levels(dst.tolist(), src.tolist())
    else:
        level = _occurrences(dst)
    order = np.argsort(level, kind="stable")
    bounds = np.flatnonzero(np.diff(level[order])) + 1
    rounds = tuple((dst[part], src[part]) for part in np.split(order, bounds))
    return AluPlan(rounds, foreign, stale)


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
