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

PAD_LIMIT = 15
"""Rows or columns of zeros that a LOAD adds on one side: four bits."""

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
    shortfall: int
    """The most by which a size is less than `full`."""

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
                full[axis] - least,
            )
        )
    return result


@dataclass(frozen=True)
class Split:
    """Which dimensions of a window are columns (from `columns` to the last), rows, and loops.

    Dimensions of size 1 are none of these: they only move the transfer's first address.
    """

    columns: int
    rows: int | None
    loops: tuple[int, ...]


def split(extents: Sequence[Extent]) -> Split:
    """Choose columns, rows and loops. Raises TransferError if padding is needed elsewhere."""
    if not extents:
        return Split(0, None, ())
    columns = len(extents) - 1
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
    # Columns shorter than the buffer's rows are padded to their length, if that is possible.
    short = any(extent.shortfall for extent in extents[columns:])
    width = prod(extent.full for extent in extents[columns:])
    if rows is not None and short and _shortfall(extents[columns:], width) > PAD_LIMIT:
        if extents[rows].is_padded:
            raise TransferError("rows of a window are both padded and too short to stay aligned")
        rows = None
    return Split(columns, rows, tuple(axis for axis in outer_axes if axis != rows))


def _shortfall(columns: Sequence[Extent], width: int) -> int:
    """Entries that the shortest row lacks."""
    first, *inner = columns
    return width - (first.full - first.shortfall) * prod(extent.full for extent in inner)
