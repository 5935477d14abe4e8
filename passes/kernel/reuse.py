"""Which operands a schedule keeps on chip, within which loops, in how many slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tiling import Tiling

Scopes = Mapping[Memory, Integers]
"""How many outermost tile loops reload the product's input, and its weights: [candidates], or [1]
for all."""


def tile_loops(tiling: Tiling, order: Sequence[int]) -> list[int]:
    """The iterators of the tile loops, outermost first."""
    return [*order, *range(tiling.parallel, len(tiling.extents))]


def factor(tiling: Tiling, memory: Memory) -> Operand | None:
    """The product's input or weights; None if the nest is no product."""
    if (product := tiling.product) is None:
        return None
    return tiling.operand(product.input if memory is Memory.INP else product.weight)


def scope_of(tiling: Tiling, operand: Operand, scopes: Scopes) -> Integers:
    """How many outermost tile loops reload an operand where they move it; as `scopes`."""
    if operand.resident:
        return np.array([0])
    if operand is factor(tiling, operand.memory):
        return scopes[operand.memory]
    return np.array([len(tiling.extents)])


def slots_of(schedule: ScheduleAttr) -> Integers:
    """The slots that a schedule states, [1, 3]."""
    return np.array([schedule.slots.get_values()])


def scopes_of(schedule: ScheduleAttr) -> Scopes:
    """The scopes that a schedule states, [1] each."""
    return {memory: np.array([schedule.scope_of(memory)]) for memory in (Memory.INP, Memory.WGT)}
