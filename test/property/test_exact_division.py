"""Reciprocals against division, for every number of the range."""

import numpy as np
from fuzzing import examples
from hypothesis import example, given
from hypothesis import strategies as st

from nopt.passes.lowering.exact_division import Reciprocal, floor_reciprocal, mean_reciprocal


def first_right(divisor: int, numbers: np.ndarray, quotients: np.ndarray, half: int):
    """The one of the least shift that is right for all numbers, tried one after the other."""
    for shift in range(1, 31):
        multiplier = -(-(1 << shift) // divisor)
        excess = multiplier * divisor - (1 << shift)
        offset = (half << shift >> 1) - (int(numbers[0]) * excess) // divisor
        products = numbers * multiplier + offset
        if np.abs(products).max() >= 1 << 31:
            return None
        if (products >> shift == quotients).all():
            return Reciprocal(multiplier, offset, shift)
    return None


@examples(500)
@given(st.integers(1, 3000), st.integers(-40_000, 40_000), st.integers(0, 80_000))
@example(49, -49 * 128, 2 * 49 * 128)
@example(3, 0, 0)
def test_equals_enumeration(divisor: int, lowest: int, more: int):
    numbers = np.arange(lowest, lowest + more + 1)
    found = mean_reciprocal(divisor, lowest, lowest + more)
    assert found == first_right(divisor, numbers, (2 * numbers + divisor) // (2 * divisor), 1)
    found = floor_reciprocal(divisor, lowest, lowest + more)
    assert found == first_right(divisor, numbers, numbers // divisor, 0)


def test_many_numbers():
    """A billion and more are one question."""
    assert floor_reciprocal(1 << 20, 0, 1 << 30) == Reciprocal(1, 0, 20)
    assert mean_reciprocal(1 << 20, 0, 1 << 30) == Reciprocal(1, 1 << 19, 20)
    assert mean_reciprocal(700 * 700, -(700 * 700 << 7), 700 * 700 << 7) is None
