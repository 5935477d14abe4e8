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
    return prod(_covered(dims, loops, [1] * len(dims)) for dims in operand.independent_dims)


def touched(operand: Operand, around: Sequence[NestLoop], tile: Sequence[int]) -> int:
    """How many different words a tile of these extents holds while the loops around it run."""
    return prod(
        _covered(dims, around, [dim.width(tile) for dim in dims])
        for dims in operand.independent_dims
    )


def _shared(operand: Operand, moving: NestLoop, tile: Sequence[int]) -> int:
    """Words of a tile that stay in it when one loop moves it by a step."""
    moved = [dim for dim in operand.dims if dim.strides[moving.loop]]
    if len(moved) > 1:
        return 0
    width = moved[0].width(tile)
    stays = width - abs(moved[0].strides[moving.loop]) * moving.step
    return operand.footprint(tile) // width * max(0, stays)


def _covered(dims: Sequence[Dim], loops: Sequence[NestLoop], widths: Sequence[int]) -> int:
    """How many words of some dimensions boxes of these widths cover together, one at each place
    that the loops move it to."""
    moves = [
        ([dim.strides[each.loop] * each.step for dim in dims], each.factor)
        for each in loops
        if any(dim.strides[each.loop] for dim in dims)
    ]
    if len(dims) > 1:
        return _counted(moves, widths)
    words = reach = widths[0]
    for move, factor in sorted((abs(move[0]), factor) for move, factor in moves):
        if move >= reach:
            words *= factor
        elif words == reach:
            words += (factor - 1) * move
        else:  # What is moved has gaps, which the next place may fill.
            return _counted(moves, widths)
        reach += (factor - 1) * move
    return words


def _counted(moves: list[tuple[list[int], int]], widths: Sequence[int]) -> int:
    """As `_covered`, one word after the other."""
    found = set(each_of(*map(range, widths)))
    for move, factor in moves:
        found = {
            tuple(at + i * by for at, by in zip(word, move, strict=True))
            for word in found
            for i in range(factor)
        }
    return len(found)
