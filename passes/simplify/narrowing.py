"""Arithmetic in 64 bits that 32 bits hold as well: what requantization by vectors leaves behind.

`graph` ops state exact results, in 64 bits where 32 could wrap. Once a nest is whole, intervals
show that most never leave 32 bits, which is what the core computes in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, IntegerType, i32, i64
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import LoadOp
from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis.integer_ranges import IntervalPattern, Intervals, constant_value, fits

Arithmetic = (
    arith.AddiOp | arith.SubiOp | arith.MuliOp | arith.ShRSIOp | arith.MaxSIOp | arith.MinSIOp
)


class NarrowArithmetic(IntervalPattern):
    """An i64 operation becomes an i32 one where its operands and its result fit."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Arithmetic, rewriter: PatternRewriter):
        if op.result.type != i64:
            return
        intervals = self.intervals
        shift = isinstance(op, arith.ShRSIOp)
        low, high = intervals.of(op.rhs)
        if not fits(intervals.of(op.result), i32) or (shift and not 0 <= low <= high < 32):
            return
        if not _is_narrow(op.lhs, intervals) or not _is_narrow(op.rhs, intervals):
            return
        make: Any = type(op)
        narrow = make(_narrow(op.lhs, rewriter), _narrow(op.rhs, rewriter))
        rewriter.replace(op, [narrow, arith.ExtSIOp(narrow.result, i64)])


def _is_narrow(value: SSAValue, intervals: Intervals) -> bool:
    """Whether an i64 value comes from 32 bits, or is a constant that they hold."""
    if isinstance(value.owner, arith.ExtSIOp):
        return True
    constant = constant_value(value) is not None or (
        isinstance(value.owner, LoadOp) and isinstance(value.owner.source.owner, ConstantOp)
    )
    return constant and fits(intervals.of(value), i32)


def _narrow(value: SSAValue, rewriter: PatternRewriter) -> SSAValue:
    """The i32 value behind one that `_is_narrow`."""
    match value.owner:
        case arith.ExtSIOp(input=inner):
            if inner.type == i32:
                return inner
            widened = arith.ExtSIOp(inner, i32)
        case LoadOp() as load:
            constant = load.source.owner
            assert isinstance(constant, ConstantOp)
            name = constant.result.name_hint or "constant"
            copy = ConstantOp(attribute_of(constant.array.astype(np.int32), name))
            copy.result.name_hint = constant.result.name_hint
            rewriter.insert(copy, InsertPoint.before(load.nest))
            pad = None if load.pad_value is None else IntegerAttr(int(load.pad_value), i32)
            widened = LoadOp(copy, load.map.data, pad)
        case _:
            number = constant_value(value)
            assert number is not None
            widened = arith.ConstantOp(IntegerAttr(number, i32))
    widened.result.name_hint = value.name_hint
    rewriter.insert(widened)
    return widened.result


class MergeCasts(RewritePattern):
    """trunci(extsi(x)) and extsi(extsi(x)) are one cast, or none."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.TruncIOp | arith.ExtSIOp, rewriter: PatternRewriter):
        inner = op.input.owner
        if not isinstance(inner, arith.ExtSIOp):
            return
        before, after = inner.input.type, op.result.type
        assert isinstance(before, IntegerType) and isinstance(after, IntegerType)
        if before == after:
            rewriter.replace(op, [], [inner.input])
        else:
            cast = arith.ExtSIOp if before.bitwidth < after.bitwidth else arith.TruncIOp
            rewriter.replace(op, cast(inner.input, after))


class DropDeadCast(RewritePattern):
    """A cast that nobody reads. Dead code elimination leaves casts: they are not marked as pure."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.TruncIOp | arith.ExtSIOp, rewriter: PatternRewriter):
        if op.result.first_use is None:
            rewriter.erase(op)
