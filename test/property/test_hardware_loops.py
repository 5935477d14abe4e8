"""Boxes as instructions: the points of both, and which of their dimensions become what."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod

import numpy as np
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import RTL
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineConstantExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import dim_ranges
from nopt.hw.config import Config
from nopt.passes.core.hardware_loops import (
    BoxLoop,
    Instruction,
    arrange,
    instructions,
    micro_ops,
    most_uops,
)

MACHINES = st.sampled_from([replace(RTL, log_uop_buff_size=log) for log in (4, 6, 15)])
"""Micro-ops of 4 bytes: room for 4, 16, 8,192."""


@dataclass(frozen=True)
class Dimension:
    """Of a box: its size, what is left of it in the last tile (None: all), and address strides."""

    size: int
    last: int | None
    strides: tuple[int, int]

    @property
    def attribute(self) -> AffineMapAttr:
        """The size as a loop variable `d0` cuts it short."""
        cut = () if self.last is None else (AffineExpr.dimension(0),)
        return AffineMapAttr(AffineMap(1, 0, (AffineExpr.constant(self.size), *cut)))


@st.composite
def boxes(draw: st.DrawFn) -> list[Dimension]:
    """Boxes with dimensions that step as one with the next, some of a size that varies."""
    dimensions: list[Dimension] = []
    varying = draw(st.sampled_from([(), (0,), (1,), (0, 2), (1, 2), (0, 1, 2)]))
    rest = draw(st.integers(1, 3))
    for position in reversed(range(draw(st.integers(1, 4)))):
        size = draw(st.integers(1, 6))
        strides = draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
        if dimensions and draw(st.booleans()):
            inner = dimensions[0]
            evenly = [stride * inner.size for stride in inner.strides]
            # Of one address only, at times.
            strides = (evenly[0], draw(st.sampled_from([evenly[1], strides[1]])))
        last = rest if position in varying and size > rest else None
        dimensions.insert(0, Dimension(size, last, strides))
    return dimensions


def arranged(box: list[Dimension], config: Config) -> Instruction:
    """The instruction of a box whose two addresses begin at 100 and 200."""
    addresses = [
        sum(
            (AffineExpr.dimension(i) * each.strides[operand] for i, each in enumerate(box)),
            AffineExpr.constant(100 + 100 * operand),
        )
        for operand in range(2)
    ]
    ranges = dim_ranges([each.size for each in box])
    return arrange(addresses, [each.attribute for each in box], ranges, config)


def turns(loop: BoxLoop, last: int | None) -> int:
    """Of a loop where `d0` is what is left of the dimension."""
    return min(
        expr.value if isinstance(expr, AffineConstantExpr) else expr.eval([last or 0], [])
        for expr in loop.size
    )


@examples(200)
@given(boxes(), MACHINES)
def test_points_are_the_boxs(box: list[Dimension], config: Config):
    """In whole tiles and in the last one, each point once."""
    instruction = arranged(box, config)
    for last in {None, *(each.last for each in box)}:
        sizes = [each.size if last is None else each.last or each.size for each in box]
        expected = Counter(
            tuple(
                100
                + 100 * operand
                + sum(at * each.strides[operand] for at, each in zip(point, box, strict=True))
                for operand in range(2)
            )
            for point in product(*map(range, sizes))
        )
        loops = [*instruction.around, instruction.outer, instruction.inner]
        most = 6 if last is None else last
        counts = [turns(loop, most) for loop in loops] + [loop.size for loop in instruction.uops]
        factors = [loop.factors for loop in (*loops, *instruction.uops)]
        bases = [base.eval([0] * len(box), []) for base in instruction.bases]
        found = Counter(
            tuple(
                base + sum(at * factor[operand] for at, factor in zip(point, factors, strict=True))
                for operand, base in enumerate(bases)
            )
            for point in product(*map(range, counts))
        )
        assert found == expected


@examples(200)
@given(boxes(), MACHINES)
def test_what_becomes_what(box: list[Dimension], config: Config):
    """A kernel of micro-ops is fixed and fits; of what varies two dimensions are hardware loops,
    so one instruction does unless there are more, or the micro-ops are too many."""
    instruction = arranged(box, config)
    varying = sum(each.last is not None for each in box)
    assert sum(loop.count is None for loop in instruction.around) <= max(varying - 2, 0)
    count = prod(loop.size for loop in instruction.uops)
    assert count <= most_uops(config)
    # What goes around would not have fitted.
    fixed = [loop.most for loop in instruction.around if loop.count is not None]
    if fixed:
        assert fixed[-1] * count > most_uops(config)
    # Loops that step evenly are one, unless the inner one may be cut short.
    loops = [each for each in box if each.size > 1]
    one = all(
        inner.last is None
        and outer.strides == tuple(stride * inner.size for stride in inner.strides)
        for outer, inner in pairwise(loops)
    )
    if one:
        assert not instruction.around and not instruction.uops


@examples(200)
@given(boxes(), MACHINES)
def test_counted_as_printed(box: list[Dimension], config: Config):
    """The counts for many boxes at once are those of the instruction, where nothing merges."""
    # Strides of powers far apart: no two loops step as one.
    box = [replace(each, strides=(7 ** (9 - i), 0)) for i, each in enumerate(box) if each.size > 1]
    if not box:
        return
    instruction = arranged(box, config)
    sizes = np.array([[each.size for each in box]])
    varies = np.array([[each.last is not None for each in box]])
    assert instructions(sizes, varies, False, config).tolist() == [
        prod(loop.most for loop in instruction.around)
    ]
    assert micro_ops(sizes, varies, config).tolist() == [
        prod(loop.most for loop in instruction.around)
        * prod(loop.size for loop in instruction.uops)
    ]
