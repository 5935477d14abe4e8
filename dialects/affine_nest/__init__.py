"""The `affine_nest` dialect: one op is one perfect loop nest over tensors.

A nest names its iterators, split in parallel and reduction ones. Its body loads elements by affine
index maps, computes on scalars with `arith`, reduces, computes on, and yields one scalar: element
`(p0, p1, …)` of the result, one for each point of the parallel iterators. A convolution with bias,
residual, activation and requantization is one nest:

    %y = affine_nest.for (%o, %h, %w) = (64, 56, 56) reduce (%i, %kh, %kw) = (64, 3, 3) {
      %a = affine_nest.load %x[%i, %h + %kh - 1, %w + %kw - 1] pad 0 : tensor<64x56x56xi8>
      %b = affine_nest.load %weights[%o, %i, %kh, %kw] : tensor<64x64x3x3xi8>
      …
      %s = affine_nest.reduce add %p : i32
      …
      affine_nest.yield %v : i8
    } : tensor<64x56x56xi8>

Maps are over the iterators of the enclosing nest, parallel ones first: dimension i is iterator i.

Reading order: `iterators`, `nest` and `body` (the ops), `attributes` with `lanes`, `orders` and
`nest_mapping` (what passes and people write on nests), `nest_problem` and `mapped_nest` (what a
nest and its mapping are to an array of PEs), `combiners`, `arguments`, `builder`.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from nopt.dialects.affine_nest.body import LoadOp, ReduceOp, Reduction, ReductionAttr, YieldOp
from nopt.dialects.affine_nest.iterators import NestOp
from nopt.dialects.affine_nest.lanes import LanesAttr
from nopt.dialects.affine_nest.nest import ForOp
from nopt.dialects.affine_nest.nest_mapping import BypassAttr, LevelAttr, MappingAttr

__all__ = [
    "AffineNest",
    "BypassAttr",
    "ForOp",
    "LanesAttr",
    "LevelAttr",
    "LoadOp",
    "MappingAttr",
    "NestOp",
    "ReduceOp",
    "Reduction",
    "ReductionAttr",
    "YieldOp",
]

AffineNest = Dialect(
    "affine_nest",
    [ForOp, LoadOp, ReduceOp, YieldOp],
    [BypassAttr, LanesAttr, LevelAttr, MappingAttr, ReductionAttr],
)
