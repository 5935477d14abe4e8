"""Division by a constant as a multiplication and a shift, where that is exact throughout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Reciprocal:
    """(x * multiplier + offset) >> shift, in 32 bits."""

    multiplier: int
    offset: int
    shift: int


@cache
def mean_reciprocal(count: int, lowest: int, highest: int) -> Reciprocal | None:
    """The reciprocal that rounds sums to means: floor((2 sum + count) / (2 count)).

    `lowest` and `highest` bound the sums. The multiplier is 2^shift / count rounded up, whose error
    the offset makes up for at the most negative sum. Nothing is taken on trust: a candidate counts
    if it is right for every sum and no product leaves 32 bits. None if there is none.
    """
    sums = np.arange(lowest, highest + 1, dtype=np.int64)
    means = (2 * sums + count) // (2 * count)
    for shift in range(1, 31):
        multiplier = -(-(1 << shift) // count)
        excess = multiplier * count - (1 << shift)
        offset = (1 << (shift - 1)) - (lowest * excess) // count
        products = sums * multiplier + offset
        if max(abs(int(products[0])), abs(int(products[-1]))) >= 1 << 31:
            return None
        if np.array_equal(products >> shift, means):
            return Reciprocal(multiplier, offset, shift)
    return None


@cache
def floor_reciprocal(divisor: int, lowest: int, highest: int) -> Reciprocal | None:
    """The reciprocal that divides numbers from `lowest` to `highest`, rounding down.

    Checked for every number, as `mean_reciprocal`; None if there is none.
    """
    numbers = np.arange(lowest, highest + 1, dtype=np.int64)
    quotients = numbers // divisor
    for shift in range(1, 31):
        multiplier = -(-(1 << shift) // divisor)
        excess = multiplier * divisor - (1 << shift)
        offset = -((lowest * excess) // divisor)
        products = numbers * multiplier + offset
        if max(abs(int(products[0])), abs(int(products[-1]))) >= 1 << 31:
            return None
        if np.array_equal(products >> shift, quotients):
            return Reciprocal(multiplier, offset, shift)
    return None
