"""`affine-nest-simplify`: the fewest scalar steps after a reduction.

The machine pays every step of an epilogue for every output vector. Clips sink towards the end and
merge; constant additions (rounding) merge into the bias; what ranges prove idle vanishes. Each
rewrite is exact: it is done only where intervals show that no sum wraps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction
from nopt.dialects.constants import attribute_of, load_resource_dialect
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis import access_of
from nopt.passes.analysis.integer_ranges import (
    Interval,
    IntervalPattern,
    Intervals,
    constant_like,
    constant_value,
    fits,
    shift_amount,
)
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.simplify.constant_vectors import (
    AddBeforeShift,
    MergeVectors,
    SinkClipBehindVectors,
)
from nopt.passes.simplify.narrowing import DropDeadCast, MergeCasts, NarrowArithmetic


def _shifted(interval: Interval, by: int) -> Interval:
    return interval[0] + by, interval[1] + by


class ConstantRight(RewritePattern):
    """Commutative operations have their constant on the right, as the patterns below expect."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: arith.AddiOp | arith.MaxSIOp | arith.MinSIOp, rewriter: PatternRewriter
    ):
        if constant_value(op.lhs) is not None and constant_value(op.rhs) is None:
            rewriter.replace(op, type(op)(op.rhs, op.lhs))


class RoundOnce(IntervalPattern):
    """((x >> a) + 1) >> 1 is (x + 2^a) >> (a + 1) where that sum cannot wrap."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.ShRSIOp, rewriter: PatternRewriter):
        add = op.lhs.owner
        if constant_value(op.rhs) != 1 or not isinstance(add, arith.AddiOp):
            return
        halved = add.lhs.owner
        if constant_value(add.rhs) != 1 or not isinstance(halved, arith.ShRSIOp):
            return
        amount = shift_amount(halved.rhs)
        value = halved.lhs
        if amount is None or not fits((0, 1 << amount), value.type):
            return
        if not fits(_shifted(self.intervals.of(value), 1 << amount), value.type):
            return
        half = constant_like(1 << amount, value)
        rounded = arith.AddiOp(value, half)
        shift = constant_like(amount + 1, value)
        rewriter.replace(op, [half, rounded, shift, arith.ShRSIOp(rounded, shift)])


class SinkClip(IntervalPattern):
    """A clip by a constant moves behind a constant addition or shift: both are monotone."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddiOp | arith.ShRSIOp, rewriter: PatternRewriter):
        clip = op.lhs.owner
        shifts = isinstance(op, arith.ShRSIOp)
        amount = shift_amount(op.rhs) if shifts else constant_value(op.rhs)
        if not isinstance(clip, arith.MaxSIOp | arith.MinSIOp) or amount is None:
            return
        bound = constant_value(clip.rhs)
        if bound is None:
            return
        value = clip.lhs
        if isinstance(op, arith.AddiOp):
            moved = bound + amount
            sum_fits = fits(_shifted(self.intervals.of(value), amount), value.type)
            if not sum_fits or not fits((moved, moved), value.type):
                return
        else:
            moved = bound >> amount
        inner = type(op)(value, op.rhs)
        limit = constant_like(moved, value)
        rewriter.replace(op, [inner, limit, type(clip)(inner.result, limit)])


class DropIdleClip(IntervalPattern):
    """A clip that the value's interval never reaches."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.MaxSIOp | arith.MinSIOp, rewriter: PatternRewriter):
        bound = constant_value(op.rhs)
        if bound is None:
            return
        low, high = self.intervals.of(op.lhs)
        idle = low >= bound if isinstance(op, arith.MaxSIOp) else high <= bound
        if idle:
            rewriter.replace(op, [], [op.lhs])


class MergeClips(RewritePattern):
    """Two lower or two upper clips become one; a lower clip goes before an upper one."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.MaxSIOp | arith.MinSIOp, rewriter: PatternRewriter):
        inner = op.lhs.owner
        bound = constant_value(op.rhs)
        if not isinstance(inner, arith.MaxSIOp | arith.MinSIOp) or bound is None:
            return
        inner_bound = constant_value(inner.rhs)
        if inner_bound is None:
            return
        if type(inner) is type(op):
            tightest = max if isinstance(op, arith.MaxSIOp) else min
            limit = constant_like(tightest(bound, inner_bound), op.lhs)
            rewriter.replace(op, [limit, type(op)(inner.lhs, limit)])
        elif isinstance(op, arith.MaxSIOp) and bound <= inner_bound:
            lower = arith.MaxSIOp(inner.lhs, op.rhs)
            rewriter.replace(op, [lower, arith.MinSIOp(lower, inner.rhs)])


class MergeAdditions(RewritePattern):
    """(x + c) + d is x + (c + d), for numbers and for a constant tensor c. Exact modulo 2^w."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddiOp, rewriter: PatternRewriter):
        amount = constant_value(op.rhs)
        inner = op.lhs.owner
        if amount is None or not isinstance(inner, arith.AddiOp):
            return
        number = constant_value(inner.rhs)
        if number is not None:
            total = number + amount
            if not fits((total, total), op.result.type):
                return
            constant = constant_like(total, op.lhs)
            rewriter.replace(op, [constant, arith.AddiOp(inner.lhs, constant)])
            return
        for load, other in ((inner.rhs, inner.lhs), (inner.lhs, inner.rhs)):
            if (moved := self._biased(load, amount, rewriter)) is not None:
                rewriter.replace(op, [moved, arith.AddiOp(other, moved)])
                return

    @staticmethod
    def _biased(value: SSAValue, amount: int, rewriter: PatternRewriter) -> LoadOp | None:
        """The load of a constant tensor, from the same tensor plus `amount`; None for others."""
        load = value.owner
        if not isinstance(load, LoadOp) or not isinstance(load.source.owner, ConstantOp):
            return None
        if load.pad is not None or load.result.type != value.type:
            return None
        array = load.source.owner.array
        biased = (array.astype(np.int64) + amount).astype(array.dtype)
        name = load.source.name_hint or "bias"
        constant = ConstantOp(attribute_of(biased, name))
        constant.result.name_hint = load.source.name_hint
        rewriter.insert(constant, InsertPoint.before(load.nest))
        return LoadOp(constant, load.map.data)


class DropCastPair(IntervalPattern):
    """extsi(trunci(x)) is x where x fits the narrow type."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.ExtSIOp, rewriter: PatternRewriter):
        narrow = op.input.owner
        if not isinstance(narrow, arith.TruncIOp) or narrow.input.type != op.result.type:
            return
        if fits(self.intervals.of(narrow.input), narrow.result.type):
            rewriter.replace(op, [], [narrow.input])


class PadWithZero(IntervalPattern):
    """The pad of a maximum is 0 if that cannot win either: the core's loads pad with zeros.

    So it is where all elements are at least 0, as after a ReLU; each window has an element inside.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReduceOp, rewriter: PatternRewriter):
        load = op.operand.owner
        if not isinstance(load, LoadOp) or not load.pad_value or not load.result.has_one_use():
            return
        low, high = self.intervals.of_tensor(load.source)
        pad = load.pad_value
        never_wins = (op.kind.data is Reduction.MAX and pad <= 0 <= low) or (
            op.kind.data is Reduction.MIN and pad >= 0 >= high
        )
        if never_wins and isinstance(load.pad, IntegerAttr) and _has_element_in_window(load):
            load.pad = IntegerAttr(0, load.pad.type)
            rewriter.notify_op_modified(load)


def _has_element_in_window(load: LoadOp) -> bool:
    """Whether each point of the parallel iterators has one of the reduction that reads inside."""
    return access_of(load).meets(load.source_shape, len(load.nest.parallel_extents))


@dataclass(frozen=True)
class AffineNestSimplifyPass(ModulePass):
    """Merge roundings into biases, sink and merge clips, drop what ranges prove idle."""

    name = "affine-nest-simplify"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        intervals = Intervals()
        patterns = _InNest(
            [
                ConstantRight(),
                RoundOnce(intervals),
                SinkClip(intervals),
                DropIdleClip(intervals),
                MergeClips(),
                MergeAdditions(),
                MergeVectors(),
                SinkClipBehindVectors(intervals),
                AddBeforeShift(intervals),
                NarrowArithmetic(intervals),
                MergeCasts(),
                DropDeadCast(),
                DropCastPair(intervals),
                PadWithZero(intervals),
            ]
        )
        PatternRewriteWalker(patterns).rewrite_module(op)
        erase_dead_code(op)


class _InNest(GreedyRewritePatternApplier):
    """Only the ops of a nest's body."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if isinstance(op.parent_op(), ForOp):
            super().match_and_rewrite(op, rewriter)
