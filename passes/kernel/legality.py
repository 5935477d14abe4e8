"""Which schedules a nest can have: what fits the scratchpads and what loads can do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.limits import entries, most_padding
from nopt.passes.core.transfers import clip, parts_of
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.capacity import schedule_entries
from nopt.passes.kernel.last_tile import last_tile
from nopt.passes.kernel.tiling import Tiling

SCHEDULE = "schedule"
"""Attribute of a nest: its ScheduleAttr."""


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
    if (count := schedule.strip_count) > 1:
        last = last_tile(tiling, np.array([tiles]))
        length = int(last.length[0])
        if not tiling.goes_in_strips:
            raise NoScheduleError(f"strips is {count}, expected 1: its epilogue needs whole tiles")
        if length % count:
            raise NoScheduleError(
                f"strips is {count}, expected a divisor of {length}, the last tile's size of "
                f"iterator {last.axis[0]}"
            )
    needed = schedule_entries(tiling, schedule)
    for memory in Memory:
        limit = entries(config)[memory]
        if needed[memory] > limit:
            raise NoScheduleError(
                f"tile {list(tiles)} needs {needed[memory]} entries of {memory}, "
                f"expected at most {limit}"
            )
    if (reason := illegal_window(tiling, tiles)) is not None:
        raise NoScheduleError(f"tile {list(tiles)}: {reason}")


def illegal_window(tiling: Tiling, tiles: Sequence[int]) -> str | None:
    """Why some tile's window cannot be loaded: too much padding on a side."""
    limit = most_padding(tiling.config)
    for operand in tiling.operands:
        if operand.resident or operand.whole:
            continue
        sizes = operand.window(np.array(tiles, np.int64))
        window, config = sizes[np.newaxis], tiling.config
        parts = parts_of(window, operand.shape, operand.padded, operand.steps, config)
        loops = np.flatnonzero(parts.loops[0] & ~parts.rows[0])
        beyond = [axis for axis in loops if operand.padded[axis]]
        if beyond:
            return f"a window is padded in dimension {beyond[0]}; only the two innermost can be"
        for axis, row in enumerate(operand.coefficients):
            movers = [int(d) for d in np.flatnonzero(row)]
            cut = [d for d in movers if tiling.extents[d] % tiles[d]]
            if not operand.padded[axis] and len(cut) < 2:
                # Last tiles are known to end where the nest does, which is inside.
                continue
            constant = operand.indices[axis].eval([0] * len(tiling.iterators), [])
            step = operand.steps[axis]
            # Over the tiles of each iterator that moves the window: where it begins, how long.
            grid = np.ogrid[tuple(slice(0, -(-tiling.extents[d] // tiles[d])) for d in movers)]
            turns = dict(zip(movers, grid, strict=True))
            offsets = np.int64(constant) + sum(turns[d] * tiles[d] * row[d] for d in movers)
            size = np.asarray(sizes[axis])
            if len(cut) == 1:
                (d,) = cut
                missing = np.maximum((turns[d] + 1) * tiles[d] - tiling.extents[d], 0)
                size = size - missing * (row[d] // step)
            pad = clip(np.asarray(offsets), size, operand.shape[axis], step).padding.max()
            # Rows are padded at their ends, entry by entry.
            entries = tiling.config.inp_parts if axis == len(operand.shape) - 1 else 1
            if pad * entries > limit:
                return (
                    f"a window reaches {pad} beyond dimension {axis} of its operand; "
                    f"loads pad at most {limit // entries}"
                )
    return None
