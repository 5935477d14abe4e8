"""Division by a constant as a multiplication and a shift, where that is exact throughout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reciprocal:
    """(x * multiplier + offset) >> shift, in 32 bits."""

    multiplier: int
    offset: int
    shift: int

    def of(self, number: int) -> int:
        """The quotient of a number, if no product leaves 32 bits."""
        return (number * self.multiplier + self.offset) >> self.shift


def mean_reciprocal(count: int, lowest: int, highest: int) -> Reciprocal | None:
    """The reciprocal that rounds sums to means: floor((2 sum + count) / (2 count)).

    `lowest` and `highest` bound the sums. Nothing is taken on trust: a candidate counts if it is
    right for every sum and no product leaves 32 bits. None if there is none.
    """
    return _reciprocal(count, lowest, highest, to_nearest=True)


def floor_reciprocal(divisor: int, lowest: int, highest: int) -> Reciprocal | None:
    """The reciprocal that divides numbers from `lowest` to `highest`, rounding down.

    Right for every number, as `mean_reciprocal`; None if there is none.
    """
    return _reciprocal(divisor, lowest, highest, to_nearest=False)


def _reciprocal(divisor: int, lowest: int, highest: int, *, to_nearest: bool) -> Reciprocal | None:
    """The multiplier is 2^shift / divisor rounded up, whose error the offset makes up for at the
    lowest number."""
    ahead = divisor // 2 if to_nearest else 0
    decisive = _decisive(divisor, ahead, lowest, highest)
    for shift in range(1, 31):
        multiplier = -(-(1 << shift) // divisor)
        excess = multiplier * divisor - (1 << shift)
        half = 1 << (shift - 1) if to_nearest else 0
        found = Reciprocal(multiplier, half - (lowest * excess) // divisor, shift)
        if max(abs(x * multiplier + found.offset) for x in (lowest, highest)) >= 1 << 31:
            return None
        if all(found.of(x) == (x + ahead) // divisor for x in decisive):
            return found
    return None


def _decisive(divisor: int, ahead: int, lowest: int, highest: int) -> list[int]:
    """Numbers x for which a reciprocal is floor((x + ahead) / divisor) only if it is for all.

    Numbers with one quotient are a run. Neither quotients nor what a reciprocal gives decrease, so
    each run is decided by its ends, or by where the range cuts it. From one run to the next the
    error of the multiplier adds up and is never negative: what is not too small at the first start
    is not at a later one, and what is not too large at the last end is not at an earlier one.
    """
    start = -(-(lowest + ahead) // divisor) * divisor - ahead
    end = (highest + ahead + 1) // divisor * divisor - ahead - 1
    return [x for x in (lowest, start, end, highest) if lowest <= x <= highest]
