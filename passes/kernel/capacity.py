"""What a tile program takes of the scratchpads: its buffers, summed over arrays of candidates."""

from __future__ import annotations

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.reuse import Scopes, scope_of, scopes_of, slots_of
from nopt.passes.kernel.tile_program import Buffer
from nopt.passes.kernel.tiling import Tiling


def buffer_tiles(
    candidates: Candidates,
    operand: Operand,
    scopes: Scopes,
    slots: Integers,
) -> Integers:
    """How many of an operand's tiles its buffer holds: those it keeps, in each slot.

    `slots` are those of all memories, [candidates, 3]. What is loaded once has one slot.
    """
    again = reloads(candidates, operand, scopes)
    kept = candidates.windows_of(operand) // again
    if operand.memory is Memory.ACC:
        return kept
    return kept * np.where(again > 1, slots[:, list(Memory).index(operand.memory)], 1)


def reloads(candidates: Candidates, operand: Operand, scopes: Scopes) -> Integers:
    """How often an operand's buffer is filled."""
    scope = scope_of(candidates.tiling, operand, scopes)
    return candidates.product(candidates.moves(operand) & (candidates.depths < scope))


def schedule_entries(tiling: Tiling, schedule: ScheduleAttr) -> dict[Memory, int]:
    """Entries of each memory that the kernel of a schedule takes."""
    candidates = Candidates.of(tiling, schedule)
    needed = entries_needed(candidates, slots_of(schedule), scopes_of(schedule))
    return {memory: int(entries[0]) for memory, entries in needed.items()}


def entries_needed(
    candidates: Candidates, slots: Integers, scopes: Scopes
) -> dict[Memory, Integers]:
    """Entries of each memory that candidates with slots [candidates, 3] take."""
    needed = {memory: np.zeros(len(candidates), np.int64) for memory in Memory}

    def held(buffer: Buffer) -> Integers | int:
        if buffer.is_result:
            return slots[:, list(Memory).index(Memory.ACC)]
        if buffer.operand is None:
            return 1
        return buffer_tiles(candidates, buffer.operand, scopes, slots)

    for program, those in candidates.programs:
        for buffer in program.buffers:
            needed[buffer.memory] += candidates.volume(buffer.shape) * held(buffer) * those
    return needed


def result_entries(candidates: Candidates) -> tuple[Integers, Integers]:
    """Entries of ACC before those of a tile of the result, and of each such tile."""
    planes = result = np.zeros(len(candidates), np.int64)
    for program, those in candidates.programs:
        buffers = program.buffers
        result = result + candidates.volume(buffers.result.shape) * those
        for plane in buffers.planes.values():
            if not plane.is_result:
                planes = planes + candidates.volume(plane.shape) * those
    return planes, result
