"""Rewrites of epilogues whose constants are tensors: biases, per-channel roundings and shifts."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, IntegerType, i32
from xdsl.ir import Attribute, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_points import evaluate
from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis.integer_ranges import IntervalPattern, constant_like, constant_value, fits

_MOST_ELEMENTS = 1 << 16
"""The largest tensor that a rewrite computes: biases, not weights."""


@dataclass(frozen=True)
class ConstantScalar:
    """A scalar of a nest that is constant at each point: how it depends on the iterators.

    `values` has a dimension for each iterator of the nest, of size 1 where it does not vary.
    """

    values: Array

    @classmethod
    def of(cls, value: SSAValue, nest: ForOp) -> ConstantScalar | None:
        """The values of a number or of a load from a constant tensor; None for others."""
        rank = len(nest.extents)
        number = constant_value(value)
        if number is not None:
            return cls(np.full((1,) * rank, number, np.int64))
        load = value.owner
        if not isinstance(load, LoadOp) or not isinstance(load.source.owner, ConstantOp):
            return None
        used = load.map.data.used_dims()
        shape = [extent if i in used else 1 for i, extent in enumerate(nest.extents)]
        if load.pad is not None or prod(shape) > _MOST_ELEMENTS:
            return None
        grid = np.ogrid[tuple(slice(0, size) for size in shape)] if shape else []
        indices: Any = tuple(evaluate(expr, grid) for expr in load.map.data.results)
        values = np.asarray(load.source.owner.array[indices], np.int64)
        return cls(np.broadcast_to(values, shape))

    def is_shift_of(self, type: Attribute) -> bool:
        """Whether all values are amounts to shift an integer by; more, or less, is poison."""
        assert isinstance(type, IntegerType)
        return 0 <= int(self.values.min()) <= int(self.values.max()) < type.bitwidth

    def is_number(self) -> bool:
        return self.values.size == 1


def _scalar(
    values: Array, like: SSAValue, nest: ForOp, rewriter: PatternRewriter
) -> arith.ConstantOp | LoadOp | None:
    """The i32 scalar with these values by iterator, inserted before the op rewritten.

    Its name is that of `like`. None if values do not fit or are many.
    """
    if values.size > _MOST_ELEMENTS or not fits((int(values.min()), int(values.max())), i32):
        return None
    if values.size == 1:
        scalar = arith.ConstantOp(IntegerAttr(int(values.item()), i32))
    else:
        dims = [i for i, size in enumerate(values.shape) if size > 1]
        packed = values.astype(np.int32).reshape([values.shape[i] for i in dims])
        name = like.owner.source.name_hint if isinstance(like.owner, LoadOp) else None
        constant = ConstantOp(attribute_of(packed, name or "vector"))
        constant.result.name_hint = name
        rewriter.insert(constant, InsertPoint.before(nest))
        exprs = tuple(AffineDimExpr(i) for i in dims)
        scalar = LoadOp(constant, AffineMap(values.ndim, 0, exprs))
    scalar.result.name_hint = like.name_hint
    rewriter.insert(scalar)
    return scalar


class MergeVectors(RewritePattern):
    """(x + c) + d is x + (c + d) for constant tensors c and d. Exact modulo 2^32 where they fit."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddiOp, rewriter: PatternRewriter):
        inner, nest = op.lhs.owner, op.parent_op()
        if not isinstance(inner, arith.AddiOp) or not isinstance(nest, ForOp):
            return
        added = ConstantScalar.of(op.rhs, nest)
        if op.result.type != i32 or added is None:
            return
        for vector, other in ((inner.rhs, inner.lhs), (inner.lhs, inner.rhs)):
            first = ConstantScalar.of(vector, nest)
            if first is None or (first.is_number() and added.is_number()):
                continue
            like = op.rhs if first.is_number() else vector
            total = _scalar(first.values + added.values, like, nest, rewriter)
            if total is not None:
                rewriter.replace(op, arith.AddiOp(other, total))
                return


class SinkClipBehindVectors(IntervalPattern):
    """A ReLU moves behind a rounded shift by vectors: min and max commute with what is monotone.

    (max(x, b) + h) >> s is max((x + h) >> s, (b + h) >> s) where neither sum wraps; done where the
    new bound is one number, as it is for b = 0 and h = 2^(s-1).
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.ShRSIOp, rewriter: PatternRewriter):
        nest = op.parent_op()
        add = op.lhs.owner
        rounded = isinstance(add, arith.AddiOp)
        clip = add.lhs.owner if rounded else add
        if not isinstance(nest, ForOp) or not isinstance(clip, arith.MaxSIOp | arith.MinSIOp):
            return
        shift = ConstantScalar.of(op.rhs, nest)
        half = ConstantScalar.of(add.rhs, nest) if rounded else ConstantScalar(np.zeros(1, int))
        bound = constant_value(clip.rhs)
        if shift is None or not shift.is_shift_of(op.result.type) or half is None or bound is None:
            return
        value = clip.lhs
        moved = (bound + half.values) >> shift.values
        if moved.min() != moved.max():
            return
        low, high = self.intervals.of(value)
        # The bound may lie where no value does.
        low, high = min(low, bound), max(high, bound)
        if not fits((low + int(half.values.min()), high + int(half.values.max())), value.type):
            return
        before = [arith.AddiOp(value, add.rhs)] if rounded else []
        inner = arith.ShRSIOp(before[0] if rounded else value, op.rhs)
        limit = constant_like(int(moved.min()), value)
        rewriter.replace(op, [*before, inner, limit, type(clip)(inner.result, limit)])


class AddBeforeShift(IntervalPattern):
    """((x + b) >> s) + y + c is ((x + b + c * 2^s) >> s) + y where no sum wraps.

    So the rounding of what follows a residual is part of the bias, and costs nothing.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddiOp, rewriter: PatternRewriter):
        nest, addition = op.parent_op(), op.lhs.owner
        amount = constant_value(op.rhs)
        if amount is None or op.result.type != i32 or not isinstance(nest, ForOp):
            return
        if not isinstance(addition, arith.AddiOp):
            return
        for shifted, other in (addition.operands, reversed(addition.operands)):
            shift = shifted.owner
            if not isinstance(shift, arith.ShRSIOp):
                continue
            biased = shift.lhs.owner
            by = ConstantScalar.of(shift.rhs, nest)
            if not isinstance(biased, arith.AddiOp) or by is None or not by.is_shift_of(i32):
                continue
            bias = ConstantScalar.of(biased.rhs, nest)
            added = amount << by.values
            low, high = self.intervals.of(shift.lhs)
            safe = fits((low + min(0, int(added.min())), high + max(0, int(added.max()))), i32)
            if bias is None or not safe:
                continue
            moved = _scalar(bias.values + added, biased.rhs, nest, rewriter)
            if moved is not None:
                total = arith.AddiOp(biased.lhs, moved)
                result = arith.ShRSIOp(total, shift.rhs)
                rewriter.replace(op, [total, result, arith.AddiOp(result, other)])
                return
