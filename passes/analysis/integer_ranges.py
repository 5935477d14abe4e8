"""Intervals of the scalars in a nest's body: which clips are idle, which sums cannot wrap."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import RewritePattern

from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of, tensor_of

Interval = tuple[int, int]
"""Smallest and largest value, both included."""


def type_interval(type: Attribute) -> Interval:
    """What a signless integer read as two's complement can hold. Raises ValueError for others."""
    if not isinstance(type, IntegerType):
        raise ValueError(f"expected an integer type, found {type}")
    half = 1 << (type.bitwidth - 1)
    return -half, half - 1


def fits(interval: Interval, type: Attribute) -> bool:
    """Whether a signed integer type holds all of an interval."""
    low, high = type_interval(type)
    return low <= interval[0] and interval[1] <= high


def constant_value(value: SSAValue) -> int | None:
    """The number, if the value is an integer `arith.constant`."""
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    return None


def shift_amount(value: SSAValue) -> int | None:
    """The number that something is shifted by, if it is one below the width; more is poison."""
    amount = constant_value(value)
    assert isinstance(value.type, IntegerType)
    return amount if amount is not None and 0 <= amount < value.type.bitwidth else None


def constant_like(number: int, value: SSAValue) -> arith.ConstantOp:
    """The number as a constant of an integer's type."""
    assert isinstance(value.type, IntegerType)
    return arith.ConstantOp(IntegerAttr(number, value.type))


_LARGEST_READ = 1 << 16
"""Elements of the largest constant whose values are looked at: biases, not weights."""


_DEEPEST = 4
"""How many nests are looked through, one behind the other: enough for a ReLU, a copy and a pool."""


class Intervals:
    """Intervals of scalars in nests, each computed once.

    Exact rewrites leave the values of what stays as they were, so intervals remain true, if not the
    narrowest.
    """

    def __init__(self) -> None:
        self._known: dict[SSAValue, Interval] = {}
        self._tensors: dict[SSAValue, Interval] = {}
        self._depth = 0

    def of(self, value: SSAValue) -> Interval:
        """An interval that holds all the values a scalar takes, in its type."""
        if value not in self._known:
            exact = self._exact(value)
            whole = type_interval(value.type)
            self._known[value] = exact if exact and fits(exact, value.type) else whole
        return self._known[value]

    def of_tensor(self, tensor: SSAValue) -> Interval:
        """An interval that holds all elements of a tensor."""
        if tensor not in self._tensors:
            match tensor.owner:
                case ConstantOp(result=result) as constant if (
                    prod(shape_of(result)) <= _LARGEST_READ
                ):
                    array = constant.array
                    interval = (int(array.min()), int(array.max()))
                case ForOp() as nest if self._depth < _DEEPEST:
                    self._depth += 1
                    interval = self.of(nest.yielded)
                    self._depth -= 1
                    if nest.destination is not None:
                        # What no one has written may be taken to be anything.
                        low, high = self.of_tensor(nest.destination)
                        interval = min(low, interval[0]), max(high, interval[1])
                case _:
                    interval = type_interval(tensor_of(tensor).element_type)
            self._tensors[tensor] = interval
        return self._tensors[tensor]

    def _exact(self, value: SSAValue) -> Interval | None:
        """The interval before wrapping, or None if nothing is known."""
        match value.owner:
            case arith.ConstantOp():
                number = constant_value(value)
                return None if number is None else (number, number)
            case LoadOp() as load:
                low, high = self.of_tensor(load.source)
                pad = load.pad_value
                return (low, high) if pad is None else (min(low, int(pad)), max(high, int(pad)))
            case ReduceOp() as reduction:
                low, high = self.of(reduction.operand)
                nest = reduction.parent_op()
                if reduction.kind.data is not Reduction.ADD or not isinstance(nest, ForOp):
                    return low, high
                count = prod(nest.reduction_extents)
                return low * count, high * count
            case arith.ExtSIOp() | arith.TruncIOp() as cast:
                return self.of(cast.input)
            case arith.AddiOp() as op:
                (a, b), (c, d) = self.of(op.lhs), self.of(op.rhs)
                return a + c, b + d
            case arith.SubiOp() as op:
                (a, b), (c, d) = self.of(op.lhs), self.of(op.rhs)
                return a - d, b - c
            case arith.MuliOp() as op:
                corners = [x * y for x in self.of(op.lhs) for y in self.of(op.rhs)]
                return min(corners), max(corners)
            case arith.MaxSIOp() as op:
                (a, b), (c, d) = self.of(op.lhs), self.of(op.rhs)
                return max(a, c), max(b, d)
            case arith.MinSIOp() as op:
                (a, b), (c, d) = self.of(op.lhs), self.of(op.rhs)
                return min(a, c), min(b, d)
            case arith.ShRSIOp() as op:
                (low, high), (least, most) = self.of(op.lhs), self.of(op.rhs)
                if not 0 <= least <= most < 64:
                    return None
                shifted = [x >> shift for x in (low, high) for shift in (least, most)]
                return min(shifted), max(shifted)
            case _:
                return None


@dataclass
class IntervalPattern(RewritePattern, ABC):
    """An exact rewrite that asks for intervals, which a pass computes once for all its patterns."""

    intervals: Intervals
