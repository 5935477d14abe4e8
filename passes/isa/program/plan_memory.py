"""Addresses for tensors in DRAM: those that are not needed at the same time may share a place.

Greedy: one buffer after the other goes into the smallest gap that fits between those placed before
which live at the same time. Of two orders, the largest first and the earliest first, the one that
needs less is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Lifetime:
    """`size` bytes that must stay from step `first` to step `last`, both included."""

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """The byte address of each buffer, and one past the last byte of any."""

    addresses: tuple[int, ...]
    size: int


def plan_memory(lifetimes: Sequence[Lifetime], alignment: int = 1) -> MemoryPlan:
    """A place for each buffer, at multiples of `alignment`. Equal arguments give equal plans."""
    size = np.array([-(-life.size // alignment) for life in lifetimes], np.int64)
    first = np.array([life.first for life in lifetimes], np.int64)
    last = np.array([life.last for life in lifetimes], np.int64)
    orders = (np.lexsort((first, -size)), np.lexsort((-size, first)))
    plans = [_place(order, size, first, last) for order in orders]
    addresses = min(plans, key=lambda addresses: int((addresses + size).max(initial=0)))
    ends = [a * alignment + life.size for a, life in zip(addresses, lifetimes, strict=True)]
    return MemoryPlan(tuple((addresses * alignment).tolist()), int(max(ends, default=0)))


def least_bytes(lifetimes: Sequence[Lifetime]) -> int:
    """What no plan can be below: the most bytes that must stay at the same time."""
    return max(
        (
            sum(life.size for life in lifetimes if life.first <= start.first <= life.last)
            for start in lifetimes
        ),
        default=0,
    )


def _place(order: Integers, size: Integers, first: Integers, last: Integers) -> Integers:
    """Addresses, in units of the alignment, if buffers are placed in that order."""
    addresses = np.zeros(len(size), np.int64)
    for turn, buffer in enumerate(order):
        placed = order[:turn]
        meets = (first[placed] <= last[buffer]) & (last[placed] >= first[buffer])
        others = placed[meets & (size[placed] > 0)]
        others = others[np.argsort(addresses[others], kind="stable")]
        ends = np.maximum.accumulate(addresses[others] + size[others])
        starts = np.concatenate([[0], ends])
        gaps = addresses[others] - starts[:-1]
        fits = np.flatnonzero(gaps >= size[buffer])
        gap = fits[np.argmin(gaps[fits])] if len(fits) else len(others)
        addresses[buffer] = starts[gap]
    return addresses
