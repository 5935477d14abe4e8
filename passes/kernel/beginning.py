"""What a tile's accumulators begin with: zero, or a constant that the epilogue adds.

A step takes as long as a reset, and a reset is none of the steps that are needed. Where the tile
before has left less than a constant in the same accumulators, its results being clipped, the
maximum with the constant *is* the constant: this one step replaces the reset and the addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.passes.core.core_nest import CoreNest, Step, Window


def beginning(core: CoreNest) -> tuple[int | None, tuple[Step, ...]]:
    """What a nest's accumulators begin with, None for zero, and the steps that are left then."""
    steps = core.steps
    compares = isinstance(core.start, Window) and core.start.kind in (Reduction.MAX, Reduction.MIN)
    if compares or core.planes > 1 or (left := _most_left(steps)) is None:
        return None, steps
    for position, step in enumerate(takewhile(lambda each: each.kind is AluKind.ADD, steps)):
        # Before the first tile there are zeros.
        if isinstance(step.operand, int) and step.operand >= max(left, 0):
            return step.operand, (*steps[:position], *steps[position + 1 :])
    return None, steps


def _most_left(steps: Sequence[Step]) -> int | None:
    """The largest value that steps can leave; None if they do not limit it."""
    most: int | None = None
    for step in steps:
        if not isinstance(step.operand, int):
            most = most if step.kind is AluKind.MIN else None
        elif step.kind is AluKind.MIN:
            most = step.operand if most is None else min(most, step.operand)
        elif most is None:
            continue
        elif step.kind is AluKind.MAX:
            most = max(most, step.operand)
        elif step.kind is AluKind.ADD:
            most += step.operand
        else:
            most = most >> step.operand if step.kind is AluKind.SHR and step.operand >= 0 else None
    return most
