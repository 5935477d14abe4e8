"""Matrix products of bytes less their zero points, of which what is multiplied stays bytes.

With K products a sum,

    sum of (a - za) * (b - zb)  ==  sum of a * b  -  zb * sum of a  -  za * sum of b  +  K * za * zb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import MulOp, ReduceOp, Statistic, SubOp
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.readers.products import multiply

Zero: TypeAlias = int | SSAValue
"""A zero point for a whole tensor: known, or an i32 that the network computes."""


@dataclass(frozen=True)
class Bytes:
    """Integers `value - zero`, of which `value` is a tensor of i8."""

    value: SSAValue
    zero: Zero


def product_of_bytes(node: Node, a: Bytes, b: Bytes) -> SSAValue:
    """A matrix product, of two tensors of any rank but 0."""
    result = multiply(node, a.value, b.value)
    rank_a, rank_b = len(shape_of(a.value)), len(shape_of(b.value))
    if b.zero != 0:
        keep = rank_b > 1
        sums = node.emit(ReduceOp(Statistic.SUM, a.value, [rank_a - 1], keep_dims=keep))
        result = less(node, result, sums, b.zero)
    if a.zero != 0:
        axis = max(rank_b - 2, 0)
        keep = rank_a > 1 and rank_b > 1
        sums = node.emit(ReduceOp(Statistic.SUM, b.value, [axis], keep_dims=keep))
        result = less(node, result, sums, a.zero)
        if b.zero != 0:
            count = node.splat(-shape_of(a.value)[-1], result)
            both = node.emit(MulOp(_tensor(node, a.zero), count))
            result = less(node, result, both, b.zero)
    return result


def less(node: Node, total: SSAValue, sums: SSAValue, zero: Zero) -> SSAValue:
    """total - sums * zero."""
    return node.emit(SubOp(total, node.emit(MulOp(sums, _tensor(node, zero)))))


def _tensor(node: Node, zero: Zero) -> SSAValue:
    return node.array(np.array(zero, np.int32), "zero_point") if isinstance(zero, int) else zero
