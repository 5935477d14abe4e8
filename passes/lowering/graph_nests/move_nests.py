"""Elements in another order or shape: copies, which fusion reads through."""

from __future__ import annotations

import numpy as np
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_math import dim_ranges
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.graph.types import NUMBERS
from nopt.dialects.row_major import indices_of, place_of
from nopt.dialects.shaped import shape_of
from nopt.passes.lowering.graph_nests.nest_shapes import parallel


class Reshape(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ReshapeOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        shape = shape_of(op.result)
        nest = NestBuilder(parallel(shape))
        indices = indices_of(place_of(nest.dims, shape), shape_of(op.input), dim_ranges(shape))
        rewriter.replace(op, nest.finish(nest.load(op.input, indices), op))


class Transpose(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.TransposeOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        nest = NestBuilder(parallel(shape_of(op.result)))
        indices = [nest.dims[axis] for axis in np.argsort(op.permutation.get_values())]
        rewriter.replace(op, nest.finish(nest.load(op.input, indices), op))
