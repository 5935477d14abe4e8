"""Intervals of scalars hold each value that occurs, and here no other ends."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, i32
from xdsl.ir import Block, SSAValue

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.passes.analysis.integer_ranges import Intervals

LEFT, RIGHT = (-3, 5), (2, 4)


def within(nest: NestBuilder, value: SSAValue, low: int, high: int) -> SSAValue:
    return nest.binary(arith.MinSIOp, nest.binary(arith.MaxSIOp, value, low), high)


@pytest.mark.parametrize(
    ("op", "function"),
    [
        (arith.AddiOp, lambda a, b: a + b),
        (arith.SubiOp, lambda a, b: a - b),
        (arith.MuliOp, lambda a, b: a * b),
        (arith.MaxSIOp, max),
        (arith.MinSIOp, min),
        (arith.ShRSIOp, lambda a, b: a >> b),
    ],
)
def test_intervals_are_exact(op: Any, function: Callable[[int, int], int]):
    block = Block(arg_types=[TensorType(i32, [7])] * 2)
    nest = NestBuilder({"i": 7}, {"k": 3})
    left, right = (nest.load(argument, nest.dims[:1]) for argument in block.args)
    value = nest.binary(op, within(nest, left, *LEFT), within(nest, right, *RIGHT))
    total = nest.reduce(Reduction.ADD, value)
    nest.finish(total)
    values = [function(a, b) for a, b in product(range(-3, 6), range(2, 5))]
    intervals = Intervals()
    assert intervals.of(value) == (min(values), max(values))
    assert intervals.of(total) == (3 * min(values), 3 * max(values))
