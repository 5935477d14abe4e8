"""Which schedules a nest can have: what fits the scratchpads and what loads can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nopt.dialects.affine_math import Ranges, expr_range
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.candidates import Candidates

SCHEDULE = "schedule"
"""Attribute of a nest: its ScheduleAttr."""

_PAD_LIMIT = 15
"""A load pads at most 15 rows or columns on a side: four bits."""


class NoScheduleError(ValueError):
    """No tile of a nest fits the scratchpads, or a schedule does not."""


def check_schedule(tiling: Tiling, schedule: ScheduleAttr, config: Config) -> None:
    """Raises NoScheduleError saying why a schedule, perhaps written by hand, cannot be applied."""
    tiles, order = schedule.tiles, schedule.loop_order
    if len(tiles) != len(tiling.extents) or len(order) != tiling.parallel:
        raise NoScheduleError(
            f"schedule has {len(tiles)} tile sizes and {len(order)} loops, expected "
            f"{len(tiling.extents)} and {tiling.parallel}"
        )
    for index, (tile, extent) in enumerate(zip(tiles, tiling.extents, strict=True)):
        if tile > extent:
            raise NoScheduleError(f"tile of iterator {index} is {tile}, expected at most {extent}")
        if tile > 1 and any(index in operand.opaque for operand in tiling.operands):
            raise NoScheduleError(
                f"tile of iterator {index} is {tile}, expected 1: an index divides the iterator"
            )
    if tiling.inner is not None and not Candidates(tiling, [tiles]).has_whole_windows.all():
        raise NoScheduleError(f"tile {list(tiles)}: windows of a product are compared whole")
    needed = schedule_entries(tiling, schedule)
    limits = {
        Memory.INP: config.inp_entries,
        Memory.WGT: config.wgt_entries,
        Memory.ACC: config.acc_entries,
    }
    for memory, limit in limits.items():
        if needed[memory] > limit:
            raise NoScheduleError(
                f"tile {list(tiles)} needs {needed[memory]} entries of {memory}, "
                f"expected at most {limit}"
            )
    if (reason := illegal_window(tiling, tiles)) is not None:
        raise NoScheduleError(f"tile {list(tiles)}: {reason}")


Scopes = Mapping[Memory, int]
"""How many outermost tile loops reload the product's input, and its weights."""


def tile_loops(tiling: Tiling, order: Sequence[int]) -> list[int]:
    """The iterators of the tile loops, outermost first."""
    return [*order, *range(tiling.parallel, len(tiling.extents))]


def factor(tiling: Tiling, memory: Memory) -> Operand | None:
    """The product's input or weights; None if the nest is no product."""
    if (product := tiling.product) is None:
        return None
    return tiling.operand(product.input if memory is Memory.INP else product.weight)


def scope_of(tiling: Tiling, operand: Operand, scopes: Scopes) -> int:
    """How many outermost tile loops reload an operand where they move it."""
    if operand.resident:
        return 0
    if operand is factor(tiling, operand.memory):
        return scopes[operand.memory]
    return len(tiling.extents)


def buffer_tiles(
    candidates: Candidates,
    operand: Operand,
    order: Sequence[int],
    scopes: Scopes,
    slots: Integers,
) -> Integers:
    """How many of an operand's tiles its buffer holds: those it keeps, in each slot.

    `slots` are those of all memories, [candidates, 3]. What is loaded once has one slot.
    """
    loops = tile_loops(candidates.tiling, order)
    scope = scope_of(candidates.tiling, operand, scopes)
    kept = candidates.turns(operand, loops[scope:])
    if operand.memory is Memory.ACC:
        return kept
    again = candidates.turns(operand, loops[:scope]) > 1
    return kept * np.where(again, slots[:, list(Memory).index(operand.memory)], 1)


def schedule_entries(tiling: Tiling, schedule: ScheduleAttr) -> dict[Memory, int]:
    """Entries of each memory that the kernel of a schedule takes."""
    candidates, slots = Candidates(tiling, [schedule.tiles]), slots_of(schedule)
    needed = entries_needed(candidates, schedule.loop_order, slots, scopes_of(schedule))
    return {memory: int(entries[0]) for memory, entries in needed.items()}


def slots_of(schedule: ScheduleAttr) -> Integers:
    """The slots that a schedule states, [1, 3]."""
    return np.array([schedule.slots.get_values()])


def scopes_of(schedule: ScheduleAttr) -> Scopes:
    """The scopes that a schedule states."""
    return {memory: schedule.scope_of(memory) for memory in (Memory.INP, Memory.WGT)}


def entries_needed(
    candidates: Candidates, order: Sequence[int], slots: Integers, scopes: Scopes
) -> dict[Memory, Integers]:
    """Entries of each memory that candidates with slots [candidates, 3] take."""
    tiling, tiles = candidates.tiling, candidates.tiles
    acc = slots[:, list(Memory).index(Memory.ACC)]
    planes, result = result_entries(candidates)
    needed = {
        Memory.INP: np.zeros(len(tiles), np.int64),
        Memory.WGT: np.zeros(len(tiles), np.int64),
        Memory.ACC: planes + result * acc,
    }
    for operand in tiling.operands:
        held = buffer_tiles(candidates, operand, order, scopes, slots)
        entries = candidates.entries(operand)
        needed[operand.memory] += entries * held
        if tiling.is_staged(operand):
            in_planes = (operand.load is tiling.start.input) & has_planes(candidates)
            needed[Memory.ACC] += np.where(in_planes, 0, entries)
        if tiling.padded is not None and operand.load is tiling.start.input:
            window = candidates.window(operand)[:, list(tiling.padded.axes)]
            needed[Memory.INP] += window.prod(axis=1) * held
    if tiling.multiplications:
        needed[Memory.ACC] += tiles[:, : tiling.parallel].prod(axis=1)
    # The constant input of added constants; diagonal and pad matrices.
    needed[Memory.INP] += int(tiling.uses_digits)
    needed[Memory.WGT] += len(tiling.diagonals) + int(tiling.padded is not None)
    return needed


def result_entries(candidates: Candidates) -> tuple[Integers, Integers]:
    """Entries of ACC before those of a tile of the result, and of each such tile."""
    tiling = candidates.tiling
    tile = candidates.tiles[:, : tiling.parallel]
    none, alone = np.zeros(len(tile), np.int64), tile.prod(axis=1)
    if tiling.windows is None:
        return none, alone
    more = [tiling.windows.more(plane) for plane in tiling.windows.planes]
    *others, result = [(tile + extra).prod(axis=1) for extra in more]
    whole = has_planes(candidates)
    return np.where(whole, sum(others, none), 0), np.where(whole, result, alone)


def has_planes(candidates: Candidates) -> NDArray[np.bool_]:
    """Whether windows are compared by planes: those that a tile has whole."""
    return (candidates.tiling.windows is not None) & candidates.has_whole_windows


def illegal_window(tiling: Tiling, tiles: Sequence[int]) -> str | None:
    """Why some tile's window cannot be loaded: too much padding on a side."""
    for operand in tiling.operands:
        if operand.resident:
            continue
        sizes = operand.window(np.array(tiles, np.int64))
        if (row := _padded_between(operand, sizes.tolist(), tiling.ranges)) is not None:
            return f"a window is padded in dimension {row}; only the two innermost can be"
        for axis, row in enumerate(operand.coefficients):
            movers = [int(d) for d in np.flatnonzero(row)]
            constant = operand.indices[axis].eval([0] * len(tiling.iterators), [])
            step, bound = operand.steps[axis], operand.shape[axis]
            # Over the tiles of each iterator that moves the window: where it begins, how long.
            grid = np.ogrid[tuple(slice(0, -(-tiling.extents[d] // tiles[d])) for d in movers)]
            offsets = np.int64(constant) + sum(
                turn * tiles[d] * row[d] for turn, d in zip(grid, movers, strict=True)
            )
            size = np.asarray(sizes[axis])
            cut = [
                (t, d) for t, d in zip(grid, movers, strict=True) if tiling.extents[d] % tiles[d]
            ]
            if len(cut) == 1:
                ((turn, d),) = cut
                missing = np.maximum((turn + 1) * tiles[d] - tiling.extents[d], 0)
                size = size - missing * (row[d] // step)
            before = np.maximum(-(offsets // step), 0)
            end = np.minimum((bound - 1 - offsets) // step + 1, size)
            pad = np.where(before < end, np.maximum(before, size - end), 0).max()
            if pad > _PAD_LIMIT:
                return (
                    f"a window reaches {pad} beyond dimension {axis} of its operand; "
                    f"loads pad at most {_PAD_LIMIT}"
                )
    return None


def _padded_between(operand: Operand, sizes: Sequence[int], ranges: Ranges) -> int | None:
    """A padded dimension that is neither the columns of a transfer nor the rows around these."""
    last = len(sizes) - 1
    inside = [
        low >= 0 and high < size
        for (low, high), size in zip(
            (expr_range(expr, ranges) for expr in operand.indices),
            operand.shape,
            strict=True,
        )
    ]
    columns = last
    while columns > 0 and inside[columns] and sizes[columns] == operand.shape[columns]:
        if not inside[columns - 1] or operand.steps[columns - 1] != 1:
            break
        columns -= 1
    rows = [axis for axis in range(columns) if sizes[axis] > 1 or not inside[axis]]
    return next((axis for axis in rows[:-1] if not inside[axis]), None)
