"""How a window of a tensor becomes two-dimensional transfers: columns, rows, and loops around them.

Whole inner dimensions merge with the next outer one, so that columns are as long as they can be.
Rows lie one after the other in the scratchpad, so only the next dimension can be rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineConstantExpr, AffineExpr

from nopt.dialects.affine_math import evaluate
from nopt.hw.config import Config
from nopt.hw.limits import most_padding

Size = tuple[AffineExpr, ...]
Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class TransferError(ValueError):
    """A window that no LOAD or STORE can move."""


@dataclass(frozen=True)
class Extent:
    """One dimension of a window: where it lies in the tensor, at every turn of the loops."""

    offset: AffineExpr
    size: Size
    full: int
    """The size but for last tiles, and the dimension of the buffer."""
    bound: int
    stride: int
    """DRAM elements between two indices of the tensor."""
    step: int
    is_padded: bool
    is_partial: bool
    pad: int
    """The most zeros before, or after, what lies in the tensor."""
    slack: int
    """The most that a window lacks to `full` at its end, by its size and by padding."""

    @property
    def is_whole(self) -> bool:
        """Whether the window always covers the whole dimension."""
        return (
            self.full == self.bound and self.step == 1 and not (self.is_padded or self.is_partial)
        )


def extents_of(
    offsets: Sequence[AffineExpr],
    sizes: Sequence[AffineMapAttr],
    full: Sequence[int],
    shape: Sequence[int],
    steps: Sequence[int],
    trips: Sequence[int],
) -> list[Extent]:
    """The dimensions of a window under loops of `trips` turns (symbol i is loop i)."""
    turns = np.ogrid[tuple(slice(0, count) for count in trips)] if trips else []
    result: list[Extent] = []
    for axis, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
        first = np.asarray(evaluate(offset, [], turns))
        alternatives = [np.asarray(evaluate(expr, [], turns)) for expr in size.data.results]
        counts = alternatives[0]
        for alternative in alternatives[1:]:
            counts = np.minimum(counts, alternative)
        last = first + (counts - 1) * steps[axis]
        least = int(counts.min())
        before = np.maximum(-(first // steps[axis]), 0)
        end = np.minimum((shape[axis] - 1 - first) // steps[axis] + 1, counts)
        # A window wholly in padding is read from zeros instead.
        inside = before < end
        result.append(
            Extent(
                offset,
                size.data.results if least < full[axis] else (AffineConstantExpr(full[axis]),),
                full[axis],
                shape[axis],
                prod(shape[axis + 1 :]),
                steps[axis],
                bool((first < 0).any() or (last >= shape[axis]).any()),
                least < full[axis],
                int(np.where(inside, np.maximum(before, counts - end), 0).max()),
                int(np.where(inside, full[axis] - end, 0).max()),
            )
        )
    return result


@dataclass(frozen=True)
class Split:
    """Which dimensions of a window are columns (from `columns` to the last), rows, and loops.

    Columns are neighbours in DRAM: an innermost dimension that is read by steps is no columns.
    Rows that are also a loop go one by one. Dimensions of size 1 are none of these: they only move
    the transfer's first address.
    """

    columns: int
    rows: int | None
    loops: tuple[int, ...]


def split(extents: Sequence[Extent], config: Config) -> Split:
    """Choose columns, rows and loops. Raises TransferError if padding is needed elsewhere."""
    if not extents:
        return Split(0, None, ())
    limit = most_padding(config)
    columns = len(extents) - (extents[-1].step == 1)
    while columns > 0 and all(extent.is_whole for extent in extents[columns:]):
        outer = extents[columns - 1]
        if outer.is_padded or outer.step != 1:
            break
        columns -= 1
    outer_axes = [
        axis for axis in range(columns) if extents[axis].full > 1 or extents[axis].is_padded
    ]
    padded = [axis for axis in outer_axes if extents[axis].is_padded]
    rows = outer_axes[-1] if outer_axes else None
    if any(axis != rows for axis in padded):
        raise TransferError(
            f"dimension {padded[0]} of a window is padded; only the two innermost can be"
        )
    inner = extents[columns:]
    if inner and inner[0].pad > limit:
        raise TransferError(
            f"a window has {inner[0].pad} columns of padding, expected at most {limit}"
        )
    # Entries to pad at the end of the shortest row, so that all have the buffer's length.
    slack = inner[0].slack * prod(extent.full for extent in inner[1:]) if inner else 0
    one_by_one = rows is not None and (extents[rows].pad > limit or slack > limit)
    loops = tuple(axis for axis in outer_axes if axis != rows or one_by_one)
    return Split(columns, rows, loops)
