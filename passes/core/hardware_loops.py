"""How a box becomes one instruction: two hardware loops, a micro-op kernel, loops around.

The rule stands once, in `divide`: over arrays for the boxes of many candidates (`instructions`),
over one row for the box that is printed (`arrange`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.access import constant_size
from nopt.dialects.affine_math import to_sum
from nopt.dialects.affine_points import Ranges
from nopt.dialects.isa import Loop
from nopt.hw.config import Config

_MOST_UOPS = 256

Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]

ONE: tuple[AffineExpr, ...] = (AffineConstantExpr(1),)


@dataclass(frozen=True)
class BoxLoop:
    """A dimension of the box: its size, and how far each address moves a step."""

    size: tuple[AffineExpr, ...]
    factors: tuple[int, ...]

    @property
    def count(self) -> int | None:
        """The size if it is a number."""
        return None if len(self.size) > 1 else self.most

    @property
    def most(self) -> int:
        """The size but for the last tile, which may have less."""
        return min(expr.value for expr in self.size if isinstance(expr, AffineConstantExpr))


@dataclass(frozen=True)
class Instruction:
    """Base addresses and loops of one instruction, inside `around`."""

    bases: tuple[AffineExpr, ...]
    around: tuple[BoxLoop, ...]
    outer: BoxLoop
    inner: BoxLoop
    uops: tuple[Loop, ...]


def most_uops(config: Config) -> int:
    """Micro-ops of one kernel at most; larger boxes get a loop around the instruction."""
    return min(_MOST_UOPS, config.uop_entries)


def divide(sizes: Integers, varies: Booleans, config: Config) -> tuple[Booleans, Booleans]:
    """Which dimensions of boxes [boxes, dimensions] are hardware loops, which loops around.

    The hardware loops are the two dimensions whose size varies (a micro-op kernel is fixed), then
    the largest. Others that vary are loops around the instruction. The rest is enumerated in
    micro-ops, which are few that way; of more than `most_uops` the outermost go around, too.
    """
    weights = sizes + (varies * (1 << 40))
    hardware = np.zeros(sizes.shape, bool)
    boxes = np.arange(len(sizes))
    for _ in range(min(2, sizes.shape[1])):
        chosen = weights.argmax(axis=1)
        hardware[boxes, chosen] = True
        weights[boxes, chosen] = -1
    around = ~hardware & varies
    uops = np.where(hardware | around, 1, sizes)
    # From each dimension inwards: it goes around if these are too many.
    inwards = uops[:, ::-1].cumprod(axis=1)[:, ::-1]
    return hardware, around | ((inwards > most_uops(config)) & ~hardware)


def instructions(sizes: Integers, varies: Booleans, merges: bool, config: Config) -> Integers:
    """How many instructions boxes [boxes, dimensions] take.

    If a box `merges`, its dimensions of fixed size step as one, and few micro-ops are left.
    """
    if sizes.shape[1] < 3:
        return np.ones(len(sizes), np.int64)
    _, around = divide(sizes, varies, config)
    return np.where(around & (varies if merges else True), sizes, 1).prod(axis=1)


def micro_ops(sizes: Integers, varies: Booleans, config: Config) -> Integers:
    """How many micro-ops the instructions of boxes [boxes, dimensions] have, none merged."""
    hardware, _ = divide(sizes, varies, config)
    return np.where(hardware, 1, sizes).prod(axis=1)


def arrange(
    addresses: Sequence[AffineExpr],
    sizes: Sequence[AffineMapAttr],
    ranges: Ranges,
    config: Config,
) -> Instruction:
    """One instruction for a box whose `addresses` are affine in its dimensions.

    Dimensions that move all addresses as one longer loop would are merged, then divided into
    hardware loops, micro-ops and loops around; loops keep the order that they have in the box.
    """
    sums = [to_sum(address, ranges) for address in addresses]
    dims = [AffineDimExpr(position) for position in range(len(sizes))]
    factors = [tuple(total.terms.pop(dim, 0) for total in sums) for dim in dims]
    bases = tuple(total.expr() for total in sums)
    loops = [
        BoxLoop(size.data.results, factor)
        for size, factor in zip(sizes, factors, strict=True)
        if constant_size(size) != 1
    ]
    loops = _merged(loops)
    counts = np.array([[loop.most for loop in loops]], np.int64)
    varies = np.array([[loop.count is None for loop in loops]], bool)
    (hardware,), (around,) = divide(counts, varies, config)
    unit = BoxLoop(ONE, (0,) * len(addresses))
    chosen = [loop for loop, chosen in zip(loops, hardware, strict=True) if chosen]
    outer, inner = [*[unit] * (2 - len(chosen)), *chosen]
    return Instruction(
        bases,
        tuple(loop for loop, chosen in zip(loops, around, strict=True) if chosen),
        outer,
        inner,
        tuple(
            Loop(loop.most, loop.factors)
            for loop, chosen in zip(loops, hardware | around, strict=True)
            if not chosen
        ),
    )


def _merged(loops: list[BoxLoop]) -> list[BoxLoop]:
    """Merge an outer loop with the next inner one where both together step evenly."""
    result: list[BoxLoop] = []
    for loop in reversed(loops):
        inner = result[0] if result else None
        count = inner.count if inner is not None else None
        if (
            inner is not None
            and count is not None
            and loop.factors == tuple(factor * count for factor in inner.factors)
        ):
            size = tuple(alternative * count for alternative in loop.size)
            result[0] = BoxLoop(size, inner.factors)
        else:
            result.insert(0, loop)
    return result
