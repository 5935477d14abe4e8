"""What an array does, pass by pass: the tables that a compiler writes for it.

A *pass of the scratchpad* is all that its tiles need: they come in one step, are computed on in the
next, and leave in the one after. Within a step, *passes of the array* do the same between the
scratchpad and the PEs. The passes and their skew are DiRAC's (github cmlasu/DiRAC).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast

import numpy as np

Whole: TypeAlias = Any
"""An array of whole numbers."""

T = TypeVar("T")
Pieces: TypeAlias = tuple[tuple[int, int], ...]
"""Transfers one after the other: a size, and how many of that size follow each other."""


_COUNTED = 1 << 16


@dataclass(frozen=True, eq=False)
class Runs(Generic[T]):
    """A long sequence of few kinds, each stored once."""

    kinds: tuple[T, ...]
    order: Whole
    """The position in `kinds` of each item."""

    @staticmethod
    def of(items: Iterable[T]) -> Runs[T]:
        """The sequence of these items; equal ones are one kind."""
        kinds: dict[T, int] = {}
        order = [kinds.setdefault(item, len(kinds)) for item in items]
        return Runs(tuple(kinds), np.array(order, np.int64))

    @staticmethod
    def coded(codes: Whole) -> tuple[Whole, Whole]:
        """The distinct codes of items, sorted, and the position among them of each; none is
        negative."""
        if codes.max() >= _COUNTED + len(codes):
            distinct, order = np.unique(codes, return_inverse=True)
            return distinct, order.reshape(-1)
        # Counting small codes is faster than sorting them.
        found = np.bincount(codes) > 0
        return np.flatnonzero(found), (np.cumsum(found) - 1)[codes]

    def times(self) -> list[int]:
        """How often each kind occurs."""
        return np.bincount(self.order, minlength=len(self.kinds)).tolist()

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, i: int) -> T:
        return self.kinds[int(self.order[i])]

    def __iter__(self) -> Iterator[T]:
        return (self.kinds[i] for i in cast(list[int], self.order.tolist()))


@dataclass(frozen=True)
class ArrayPass:
    """One pass of the array."""

    reads: tuple[Pieces, ...]
    """Words that each operand's network brings, in runs of consecutive ones; none if the PEs have
    them already."""
    compute: int
    """Cycles that PEs multiply."""
    sent: int = 0
    """Words of results that each sending PE writes back; 0 if they stay."""
    senders: int = 0
    """PEs that write back, the first ones by rows."""
    reduction: int = 0
    """Cycles after computing in which partial sums of several PEs are added."""
    least: int = 0
    """Cycles that its step takes at least, as the next pass needs its results."""
    addresses: tuple[tuple[int, ...], ...] = ()
    """In the scratchpad, of each word that a network brings; only bank conflicts depend on them."""
    sent_to: tuple[int, ...] = ()
    """The same for words that are written back, PE by PE."""


@dataclass(frozen=True, eq=False)
class ScratchpadPass:
    """One pass of the scratchpad."""

    reads: tuple[Pieces, ...]
    """Bytes of the bursts that bring each operand's tile; none if it is there already."""
    writes: tuple[Pieces, ...]
    """Bytes of the bursts that write it back."""
    passes: Runs[ArrayPass]
    least: int = 0
    """Cycles that each step of the array takes at least: a counter of the controller."""


@dataclass(frozen=True)
class Schedule:
    """All that an array does. Raises ValueError for passes that have other operands."""

    operands: tuple[str, ...]
    output: int
    """The position of the operand that is written back."""
    passes: Runs[ScratchpadPass]

    def __post_init__(self) -> None:
        if not len(self.passes):
            raise ValueError("schedule: found no pass, expected one or more")
        for outer in self.passes.kinds:
            for found in (outer.reads, outer.writes, *(each.reads for each in outer.passes.kinds)):
                if len(found) != len(self.operands):
                    expected = ", ".join(self.operands)
                    raise ValueError(f"pass: found {len(found)} operands, expected {expected}")
            if not len(outer.passes):
                raise ValueError("pass of the scratchpad: found no pass of the array in it")


def total(pieces: Pieces) -> int:
    """The sum of all sizes."""
    return sum(size * count for size, count in pieces)


def pieces_of(addresses: Whole) -> Pieces:
    """The runs of consecutive addresses, in their order."""
    ends = np.flatnonzero(np.diff(addresses) != 1) + 1
    sizes = np.diff(ends, prepend=0, append=len(addresses))
    changes = np.flatnonzero(np.diff(sizes)) + 1
    starts = [0, *changes.tolist()]
    counts = np.diff(changes, prepend=0, append=len(sizes)).tolist()
    return tuple((int(sizes[at]), count) for at, count in zip(starts, counts, strict=True))
