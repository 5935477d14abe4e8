"""What a tile that moves over its tensor fetches, and what it has touched in the end.

A tile is the box of words between the least and the largest index in each dimension. A memory keeps
its tile while loops turn that do not index the operand. It keeps the words that two successive
tiles share only while nothing but the innermost loop around it turns, and if that loop moves the
tile along one dimension: as the address generators do that Timeloop assumes (Parashar et al.,
ISPASS 2019; github NVlabs/timeloop before a12fff5 of January 2025, which its reference outputs are
older than; since then such words also stay while loops inside turn that do not index the operand).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from itertools import product as each_of
from math import prod

from nopt.hw.array.levels.level_mapping import NestLoop
from nopt.hw.array.problem import Dim, Operand


def fetched(operand: Operand, around: Sequence[NestLoop], tile: Sequence[int]) -> int:
    """Words that come into a tile of these extents while the loops around it run, from outermost
    to innermost, as the tile is at first and each time it changes."""
    words: int = operand.footprint(tile)
    turning = list(around)
    while turning and turning[-1].loop not in operand.loops:
        turning.pop()
    if not turning:
        return words
    last = turning[-1]
    new = words - _shared(operand, last, tile) if len(turning) == len(around) else words
    return prod(each.factor for each in turning[:-1]) * (words + (last.factor - 1) * new)


def places(operand: Operand, loops: Sequence[NestLoop]) -> int:
    """At how many different places a tile is while these loops run."""
    return prod(len(_starts(dims, loops)) for dims in _independent(operand))


def touched(operand: Operand, around: Sequence[NestLoop], tile: Sequence[int]) -> int:
    """How many different words a tile of these extents holds while the loops around it run."""
    words = 1
    for dims in _independent(operand):
        starts, widths = _starts(dims, around), [dim.width(tile) for dim in dims]
        if len(dims) == 1:
            ordered = sorted(start for (start,) in starts)
            steps = [b - a for a, b in pairwise(ordered)]
            words *= widths[0] + sum(min(step, widths[0]) for step in steps)
        else:
            words *= len({point for start in starts for point in _box(start, widths)})
    return words


def _shared(operand: Operand, moving: NestLoop, tile: Sequence[int]) -> int:
    """Words of a tile that stay in it when one loop moves it by a step."""
    moved = [dim for dim in operand.dims if dim.strides[moving.loop]]
    if len(moved) > 1:
        return 0
    width = moved[0].width(tile)
    stays = width - abs(moved[0].strides[moving.loop]) * moving.step
    return operand.footprint(tile) // width * max(0, stays)


def _starts(dims: tuple[Dim, ...], loops: Sequence[NestLoop]) -> set[tuple[int, ...]]:
    """The first index of a tile in some dimensions, at each place that the loops move it to."""
    found = {(0,) * len(dims)}
    for each in loops:
        move = [dim.strides[each.loop] * each.step for dim in dims]
        if any(move):
            found = {
                tuple(at + i * by for at, by in zip(start, move, strict=True))
                for start in found
                for i in range(each.factor)
            }
    return found


@lru_cache(maxsize=256)
def _independent(operand: Operand) -> tuple[tuple[Dim, ...], ...]:
    """The dimensions of an operand, those together that a loop indexes together."""
    groups: list[tuple[Dim, ...]] = []
    for dim in operand.dims:
        alone = [group for group in groups if not any(_together(dim, each) for each in group)]
        merged = [each for group in groups if group not in alone for each in group]
        groups = [*alone, (*merged, dim)]
    return tuple(groups)


def _together(one: Dim, other: Dim) -> bool:
    return any(a and b for a, b in zip(one.strides, other.strides, strict=True))


def _box(start: tuple[int, ...], widths: list[int]) -> list[tuple[int, ...]]:
    spans = [range(at, at + width) for at, width in zip(start, widths, strict=True)]
    return list(each_of(*spans))
