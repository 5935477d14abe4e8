"""How a window of a tensor becomes two-dimensional transfers: columns, rows, and loops around them.

Whole inner dimensions merge with the next outer one, so that columns are as long as they can be.
Rows lie one after the other in the scratchpad, so only the next dimension can be rows. What lies
outside of the tensor is clipped off, and padded with zeros. Both rules stand once, for arrays: of
tiles that are compared, of turns of the loops, of a single window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineConstantExpr, AffineExpr

from nopt.dialects.affine_points import evaluate
from nopt.hw.config import Config
from nopt.hw.limits import most_padding, most_stride

Size = tuple[AffineExpr, ...]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]


class TransferError(ValueError):
    """A window that no LOAD or STORE can move."""


@dataclass(frozen=True)
class Clipped:
    """The part of a window's dimension that lies in the tensor, and the padding around it."""

    first: Integers
    """Its first index."""
    count: Integers
    before: Integers
    after: Integers

    @property
    def padding(self) -> Integers:
        """The most on one side; none if nothing lies inside, which is read from zeros instead."""
        return np.where(self.count > 0, np.maximum(self.before, self.after), 0)


def clip(offset: Integers, size: Integers, bound: int, step: int) -> Clipped:
    """Clip `size` indices, `step` apart from `offset` on, to those from 0 to `bound`, exclusive."""
    before = np.clip(-(offset // step), 0, size)
    end = np.clip((bound - 1 - offset) // step + 1, before, size)
    return Clipped(offset + before * step, end - before, before, size - end)


class Parts(NamedTuple):
    """Which dimensions of windows are columns, rows and loops, [windows, dimensions] each.

    Columns are neighbours in DRAM: an innermost dimension that is read by steps is no columns.
    Rows that are loops, too, go one by one: they lie further apart than an instruction can say.
    Dimensions of size 1 are none of these: they only move the transfer's first address.
    """

    columns: Booleans
    rows: Booleans
    loops: Booleans


def parts_of(
    sizes: Integers,
    shape: Sequence[int],
    padded: Sequence[bool],
    steps: Sequence[int],
    config: Config,
    partial: Sequence[bool] | None = None,
    entries: int = 1,
) -> Parts:
    """The parts of windows of `sizes` [windows, dimensions] in a tensor of `shape`.

    By dimension: whether windows reach outside of the tensor (`padded`), whether some have less
    than their size (`partial`). The last one may be the `entries` of a block.
    """
    outside, stepped = np.array(padded, bool), np.array(steps) != 1
    whole = (sizes == np.array(shape)) & ~(outside | stepped)
    if partial is not None:
        whole &= ~np.array(partial, bool)
    joins = ~stepped
    # The columns may be padded, in whole blocks; what merges with them not.
    inner = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    joins[:-1] &= ~outside[:-1] | (np.array(inner[:-1], int) == entries) & (entries > 1)
    inner_whole = np.ones_like(whole)
    inner_whole[:, :-1] = whole[:, 1:]
    columns = np.logical_and.accumulate((joins & inner_whole)[:, ::-1], axis=1)[:, ::-1]
    outer = ~columns & ((sizes > 1) | outside)
    rows = outer & (np.cumsum(outer[:, ::-1], axis=1)[:, ::-1] == 1)
    strides = [prod(shape[axis + 1 :]) * step for axis, step in enumerate(steps)]
    far = (sizes > 1) & (np.array(strides) > most_stride(config))
    return Parts(columns, rows, outer & (~rows | far))


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
        clipped = clip(first, counts, shape[axis], steps[axis])
        lacking = full[axis] - counts + clipped.after
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
                int(clipped.padding.max()),
                int(np.where(clipped.count > 0, lacking, 0).max()),
            )
        )
    return result


@dataclass(frozen=True)
class Split:
    """The parts of one window: columns from `columns` to the last, rows, and loops.

    Rows that are also a loop go one by one.
    """

    columns: int
    rows: int | None
    loops: tuple[int, ...]


def split(extents: Sequence[Extent], config: Config, entries: int = 1) -> Split:
    """Choose columns, rows and loops; the last dimension may be the `entries` of a block.

    Raises TransferError if padding is needed elsewhere.
    """
    if not extents:
        return Split(0, None, ())
    limit = most_padding(config)
    parts = parts_of(
        np.array([[extent.full for extent in extents]]),
        [extent.bound for extent in extents],
        [extent.is_padded for extent in extents],
        [extent.step for extent in extents],
        config,
        [extent.is_partial for extent in extents],
        entries,
    )
    columns, rows, loops = (np.flatnonzero(part[0]).tolist() for part in parts)
    for axis in loops:
        if extents[axis].is_padded and axis not in rows:
            raise TransferError(
                f"dimension {axis} of a window is padded; only the two innermost can be"
            )
    inner = [extents[axis] for axis in columns]
    padding = inner[0].pad * prod(extent.full for extent in inner[1:]) if inner else 0
    if padding > limit:
        raise TransferError(f"a window has {padding} columns of padding, expected at most {limit}")
    # Entries to pad at the end of the shortest row, so that all have the buffer's length.
    slack = inner[0].slack * prod(extent.full for extent in inner[1:]) if inner else 0
    for axis in rows:
        if extents[axis].pad > limit or slack > limit:
            loops.append(axis)
    return Split(len(extents) - len(columns), rows[0] if rows else None, tuple({*loops}))
