"""Which schedules a nest can have: what fits the scratchpads and what loads can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.affine.core_nest import Product
from nopt.passes.tensor.tiling import Integers, Operand, Tiling

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
    if not isinstance(tiling.start, Product):
        return None
    return tiling.operand(tiling.start.input if memory is Memory.INP else tiling.start.weight)


def scope_of(tiling: Tiling, operand: Operand, scopes: Scopes) -> int:
    """How many outermost tile loops reload an operand where they move it."""
    if operand.resident:
        return 0
    if operand is factor(tiling, operand.memory):
        return scopes[operand.memory]
    return len(tiling.extents)


def buffer_tiles(
    tiling: Tiling,
    operand: Operand,
    order: Sequence[int],
    scopes: Scopes,
    trips: Integers,
    slots: Integers,
) -> Integers:
    """How many of an operand's tiles its buffer holds: those it keeps, in each slot.

    `trips` are the turns of each loop, `slots` those of the operand's memory, [candidates, …]. What
    is loaded once has one slot.
    """
    loops = tile_loops(tiling, order)
    scope = scope_of(tiling, operand, scopes)
    if operand.memory is Memory.ACC:
        slots = np.ones_like(slots)
    again = _turns(operand, loops[:scope], trips) > 1
    return _turns(operand, loops[scope:], trips) * np.where(again, slots, 1)


def _turns(operand: Operand, loops: Sequence[int], trips: Integers) -> Integers:
    """Together the turns of those of the loops that move the operand's window."""
    return trips[..., [loop for loop in loops if loop in operand.depends]].prod(axis=-1)


def schedule_entries(tiling: Tiling, schedule: ScheduleAttr) -> dict[Memory, int]:
    """Entries of each memory that the kernel of a schedule takes."""
    tiles, slots = np.array([schedule.tiles]), np.array([schedule.slots.get_values()])
    needed = entries_needed(tiling, tiles, schedule.loop_order, slots, scopes_of(schedule))
    return {memory: int(entries[0]) for memory, entries in needed.items()}


def scopes_of(schedule: ScheduleAttr) -> Scopes:
    """The scopes that a schedule states."""
    return {memory: schedule.scope_of(memory) for memory in (Memory.INP, Memory.WGT)}


def entries_needed(
    tiling: Tiling, tiles: Integers, order: Sequence[int], slots: Integers, scopes: Scopes
) -> dict[Memory, Integers]:
    """Entries of each memory for tiles [candidates, iterators] and slots [candidates, 3]."""
    trips = -(-np.array(tiling.extents) // tiles)
    acc = slots[:, list(Memory).index(Memory.ACC)]
    needed = {
        Memory.INP: np.zeros(len(tiles), np.int64),
        Memory.WGT: np.zeros(len(tiles), np.int64),
        Memory.ACC: tiles[:, : tiling.parallel].prod(axis=1) * acc,
    }
    for operand in tiling.operands:
        column = slots[:, list(Memory).index(operand.memory)]
        held = buffer_tiles(tiling, operand, order, scopes, trips, column)
        entries = operand.entries(tiles)
        needed[operand.memory] += entries * held
        if tiling.is_staged(operand):
            needed[Memory.ACC] += entries
        if tiling.padded is not None and operand.load is tiling.start.input:
            window = operand.window(tiles)[:, list(tiling.padded.axes)]
            needed[Memory.INP] += window.prod(axis=1) * held
    if tiling.multiplications:
        needed[Memory.ACC] += tiles[:, : tiling.parallel].prod(axis=1)
    # The constant input of added constants; diagonal and pad matrices.
    needed[Memory.INP] += int(tiling.uses_digits)
    needed[Memory.WGT] += len(tiling.diagonals) + int(tiling.padded is not None)
    return needed


def illegal_window(tiling: Tiling, tiles: Sequence[int]) -> str | None:
    """Why some tile's window cannot be loaded: too much padding on a side."""
    for operand in tiling.operands:
        if operand.resident:
            continue
        sizes = operand.window(np.array(tiles, np.int64))
        for axis, row in enumerate(operand.coefficients):
            movers = [int(d) for d in np.flatnonzero(row)]
            constant = operand.load.map.data.results[axis].eval(
                [0] * len(operand.load.nest.extents), []
            )
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
                return f"a window reaches {pad} beyond dimension {axis} of its operand"
    return None
