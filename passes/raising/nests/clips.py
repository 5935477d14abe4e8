"""Maxima, minima and clips written as comparisons: `x < low ? low : x > high ? high : x`."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from nopt.passes.analysis.integer_ranges import constant_value

Extreme = tuple[type[arith.MaxSIOp | arith.MinSIOp], SSAValue, SSAValue]
"""The maximum or minimum of two values, a constant second."""

_LESS = (2, 3)
_GREATER = (4, 5)
"""Predicates of signed comparisons, strict or not: equal values may go either way."""


def extreme_of(op: arith.SelectOp) -> Extreme | None:
    """The maximum or minimum that a comparison chooses, if it is one."""
    compare = op.cond.owner
    if not isinstance(compare, arith.CmpiOp):
        return None
    predicate = compare.predicate.value.data
    if predicate not in (*_LESS, *_GREATER):
        return None
    less = predicate in _LESS
    for value, limit, below in (
        (compare.lhs, compare.rhs, less),
        (compare.rhs, compare.lhs, not less),
    ):
        for bound, rest, is_max in ((op.lhs, op.rhs, below), (op.rhs, op.lhs, not below)):
            kind = arith.MaxSIOp if is_max else arith.MinSIOp
            if _same(bound, limit) and (_same(rest, value) or _is_clip(rest, value, bound, kind)):
                return _constant_last(kind, rest, bound)
    return None


def _constant_last(
    kind: type[arith.MaxSIOp | arith.MinSIOp], left: SSAValue, right: SSAValue
) -> Extreme:
    return (kind, left, right) if constant_value(left) is None else (kind, right, left)


def _is_clip(
    rest: SSAValue, value: SSAValue, bound: SSAValue, kind: type[arith.MaxSIOp | arith.MinSIOp]
) -> bool:
    """Whether `rest` is `value`, clipped on the other side by a number beyond `bound`."""
    match rest.owner:
        case arith.MaxSIOp() | arith.MinSIOp() as op:
            inner, left, right = _constant_last(type(op), op.lhs, op.rhs)
        case arith.SelectOp() as op if (found := extreme_of(op)) is not None:
            inner, left, right = found
        case _:
            return False
    number, other = constant_value(bound), constant_value(right)
    if inner is kind or not _same(left, value) or number is None or other is None:
        return False
    return number <= other if kind is arith.MaxSIOp else number >= other


def _same(left: SSAValue, right: SSAValue) -> bool:
    """Whether two values are one, or equal constants."""
    a, b = left.owner, right.owner
    if isinstance(a, arith.ConstantOp) and isinstance(b, arith.ConstantOp):
        return a.value == b.value
    return left is right
