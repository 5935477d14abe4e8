"""Which operands a schedule keeps on chip, within which loops, in how many slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tiling import Tiling

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


def slots_of(schedule: ScheduleAttr) -> Integers:
    """The slots that a schedule states, [1, 3]."""
    return np.array([schedule.slots.get_values()])


def scopes_of(schedule: ScheduleAttr) -> Scopes:
    """The scopes that a schedule states."""
    return {memory: schedule.scope_of(memory) for memory in (Memory.INP, Memory.WGT)}
