"""Relu, clips, minima and maxima with constants: all are limits to a range."""

from math import inf
from typing import TypeAlias

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph.binary import BinaryOp, MaxOp, MinOp
from nopt.dialects.graph.elementwise import ClipOp, ReluOp
from nopt.dialects.graph.queries import splat_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import INTEGERS, Tensor, value_range
from nopt.dialects.shaped import tensor_of

Range: TypeAlias = tuple[float, float]


def _whole(type: Tensor) -> Range:
    """The range of all values of a tensor's type."""
    element = type.element_type
    return value_range(element) if element in INTEGERS else (-inf, inf)


def limited(value: SSAValue) -> tuple[SSAValue, Range] | None:
    """What the op behind `value` limits to which range."""
    whole = _whole(tensor_of(value))
    match value.owner:
        case ReluOp(input=input):
            return input, (0, whole[1])
        case ClipOp(input=input) as clip:
            return input, clip.bounds
        case MinOp(lhs=input) | MaxOp(lhs=input) as limit:
            bound = splat_of(limit.rhs)
            if bound is None or input.type != value.type or not _is_f32(bound):
                return None
            return input, (whole[0], bound) if isinstance(limit, MinOp) else (bound, whole[1])
        case _:
            return None


def _is_f32(number: float) -> bool:
    """A clip's bounds are f32."""
    return isinstance(number, int) or (np.isfinite(number) and float(np.float32(number)) == number)


def _kind(type: Tensor, bounds: Range) -> type[ReluOp] | type[ClipOp] | None:
    """The op that limits to a range, if there is one."""
    if bounds == (0, _whole(type)[1]):
        return ReluOp
    return ClipOp if np.isfinite(bounds).all() else None


def _limit(value: SSAValue, bounds: Range) -> Replacement:
    """The op that limits a value to a range, if there is one."""
    low, high = bounds
    match _kind(tensor_of(value), bounds):
        case None:
            return None
        case kind if kind is ReluOp:
            return [ReluOp(value)]
        case _ if tensor_of(value).element_type in INTEGERS:
            return [ClipOp(value, int(low), int(high))]
        case _:
            return [ClipOp(value, float(low), float(high))]


def merge_limits(op: ReluOp | ClipOp | BinaryOp) -> Replacement:
    """A limit is a clip or a relu, and so are two in sequence."""
    if (outer := limited(op.result)) is None:
        return None
    value, (low, high) = outer
    if (inner := limited(value)) is not None:
        source, bounds = inner
        within = (min(max(bounds[0], low), high), min(max(bounds[1], low), high))
        if within == bounds:
            return value
        if (merged := _limit(source, within)) is not None:
            return merged
    is_plain = _kind(op.result.type, (low, high)) is type(op)
    return None if is_plain else _limit(value, (low, high))


RULES = (
    Rule(ReluOp, merge_limits),
    Rule(ClipOp, merge_limits),
    Rule(MinOp, merge_limits),
    Rule(MaxOp, merge_limits),
)
