"""What combines two values of a reduction, as an operation of `arith`."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from nopt.dialects.affine_nest import Reduction

COMBINE: dict[tuple[Reduction, bool], Callable[[SSAValue, SSAValue], Operation]] = {
    (Reduction.ADD, True): arith.AddiOp,
    (Reduction.MAX, True): arith.MaxSIOp,
    (Reduction.MIN, True): arith.MinSIOp,
    (Reduction.ADD, False): arith.AddfOp,
    (Reduction.MAX, False): arith.MaximumfOp,
    (Reduction.MIN, False): arith.MinimumfOp,
}
"""By kind and whether the values are integers."""
