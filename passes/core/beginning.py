"""What a tile's accumulators begin with: zero, or what the epilogue adds.

A reset is none of the steps that are needed. Where the tile before has left less than a constant in
the same accumulators, its results being clipped, the maximum with the constant *is* the constant:
one step in place of a reset and an addition. So is the minimum, where it has left more.

A multiple of 256 that is added to the results changes none of their bytes. Where a constant is not
far enough from what tiles leave, so much is added to it that it is: what follows is shifted along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import prod
from typing import TypeAlias

from nopt.dialects.affine_nest import LoadOp, Reduction
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.hw.config import Config
from nopt.hw.limits import Range, immediate
from nopt.passes.core.byte_planes import BITS
from nopt.passes.core.core_nest import CoreNest, Product, Step

_Steps: TypeAlias = tuple[Step, ...]

_ANY = Range(-(1 << 31), (1 << 31) - 1)
"""What accumulators can hold."""
_SUMMANDS = 1 << 16
"""Products of two i8, of which so many cannot overflow, nor with two numbers below `_LARGE`."""
_LARGE = 1 << 29
_OFFSETS = 64
"""How many are tried."""


@dataclass(frozen=True)
class Beginning:
    """`accumulators = kind(what the tile before left, operand + offset)`, which is the latter."""

    kind: AluKind
    operand: LoadOp | int
    offset: int


def beginning(
    core: CoreNest, constants: Sequence[LoadOp], config: Config
) -> tuple[Beginning | None, _Steps]:
    """What a nest's accumulators begin with, None for zero, and the steps that are left then.

    Of what is loaded only the `constants` can be it.
    """
    compares = not isinstance(core.start, Product) and core.start.kind not in (None, Reduction.ADD)
    additions = takewhile(lambda step: step.kind is AluKind.ADD, core.steps)
    for position, step in enumerate(() if compares or core.planes > 1 else additions):
        if isinstance(step.operand, int) or step.operand in constants:
            left = (*core.steps[:position], *core.steps[position + 1 :])
            found = next(_beginnings(core, step.operand, left, config), None)
            if found is not None:
                return found
    return None, core.steps


def _beginnings(
    core: CoreNest, operand: LoadOp | int, steps: _Steps, config: Config
) -> Iterator[tuple[Beginning, _Steps]]:
    """With each offset that is possible, the smallest first."""
    values, limits = _values(operand), immediate(config)
    for offset in _offsets(core, values, steps):
        begin = Range(values.low + offset, values.high + offset)
        moved = _moved(steps, offset)
        numbers = [begin.low] if isinstance(operand, int) else []
        numbers += map(_number, moved) if offset else []
        if any(not limits.low <= number <= limits.high for number in numbers):
            continue
        left = _left(moved)
        # Before the first tile there are zeros.
        if begin.low >= max(left.high, 0):
            yield Beginning(AluKind.MAX, operand, offset), moved
        elif begin.high <= min(left.low, 0):
            yield Beginning(AluKind.MIN, operand, offset), moved


def _values(operand: LoadOp | int) -> Range:
    """The least and the largest number of a constant."""
    if isinstance(operand, int):
        return Range(operand, operand)
    constant = operand.source.owner
    assert isinstance(constant, ConstantOp)
    return Range(int(constant.array.min()), int(constant.array.max()))


def _offsets(core: CoreNest, values: Range, steps: _Steps) -> Iterator[int]:
    """What can be added to the begin of sums that are shifted, then limited, and do not overflow:
    a multiple of 256 when they are shifted."""
    yield 0
    if not steps or steps[0].kind is not AluKind.SHR or not isinstance(steps[0].operand, int):
        return
    limited = all(
        step.kind in (AluKind.MAX, AluKind.MIN) and isinstance(step.operand, int)
        for step in steps[1:]
    )
    small = prod(core.nest.reduction_extents) <= _SUMMANDS and isinstance(core.start, Product)
    if not limited or not small or steps[0].operand < 0:
        return
    unit = 1 << steps[0].operand + BITS
    for count in range(1, _OFFSETS + 1):
        if max(-values.low, values.high, unit * count) < _LARGE:
            yield from (unit * count, -unit * count)


def _moved(steps: _Steps, offset: int) -> _Steps:
    """The steps behind a sum that has an offset."""
    if not offset:
        return steps
    first, *limits = steps
    assert isinstance(first.operand, int)
    by = offset >> first.operand
    moved = (replace(step, operand=_number(step) + by) for step in limits)
    return (first, *moved)


def _number(step: Step) -> int:
    assert isinstance(step.operand, int)
    return step.operand


def _left(steps: _Steps) -> Range:
    """What accumulators can hold behind the steps."""
    low, high = _ANY
    for step in steps:
        if not isinstance(step.operand, int):
            low = low if step.kind is AluKind.MAX else _ANY.low
            high = high if step.kind is AluKind.MIN else _ANY.high
        elif step.kind is AluKind.MIN:
            low, high = min(low, step.operand), min(high, step.operand)
        elif step.kind is AluKind.MAX:
            low, high = max(low, step.operand), max(high, step.operand)
        elif step.kind is AluKind.SHR and step.operand >= 0:
            low, high = low >> step.operand, high >> step.operand
        else:
            low, high = _ANY
    return Range(low, high)
