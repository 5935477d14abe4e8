"""`affine-nest-split-iterators`: an iterator that an index divides becomes two.

    %x[(%o floordiv 6) * 4 + %i]        (%o) = (12)
    %x[%o_outer * 4 + %i]               (%o_outer, %o_inner) = (2, 6) into [%o_outer * 6 + %o_inner]

So the groups of a convolution are a loop of their own, and each index is a sum of multiples of
iterators, as mapping on arrays wants it.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from nopt.dialects.affine_math import substitute
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place

_DIVIDE = (AffineBinaryOpKind.FloorDiv, AffineBinaryOpKind.Mod)


@dataclass(frozen=True)
class AffineNestSplitIteratorsPass(ModulePass):
    """Split each iterator that a load takes as its floordiv or mod by a divisor of its extent."""

    name = "affine-nest-split-iterators"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(_Split()).rewrite_module(op)


class _Split(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ForOp, rewriter: PatternRewriter):
        found = _divided(op)
        if found is None:
            return
        dim, divisor = found
        named = [*op.named_parallel, *op.named_reduction]
        name, extent = named[dim]
        split = [(f"{name}_outer", extent // divisor), (f"{name}_inner", divisor)]
        named[dim : dim + 1] = split
        parallel = len(op.parallel_extents) + (dim < len(op.parallel_extents))
        nest = NestBuilder.of(named[:parallel], named[parallel:])
        indices: list[AffineExpr] = [*nest.dims[:dim], *nest.dims[dim + 1 :]]
        indices[dim] = nest.dims[dim] * divisor + nest.dims[dim + 1]
        value = nest.inline(op, indices)
        over_parallel = indices[: len(op.parallel_extents)]
        place = Place(
            substitute(op.places, over_parallel, parallel), op.result.type, op.destination
        )
        rewriter.replace(op, nest.finish(value, op, place))


def _divided(nest: ForOp) -> tuple[int, int] | None:
    """An iterator that a load divides, and by what."""
    for load in nest.loads:
        for result in load.map.data.results:
            for expr in result.dfs():
                match expr:
                    case AffineBinaryOpExpr(
                        kind=kind, lhs=AffineDimExpr(position=dim), rhs=AffineConstantExpr(value=by)
                    ) if kind in _DIVIDE and by > 0 and nest.extents[dim] % by == 0:
                        return dim, by
                    case _:
                        pass
    return None
