"""Tile sizes that a search tries: for each iterator a few, and all combinations of these."""

from __future__ import annotations

from itertools import pairwise
from math import prod, sqrt

import numpy as np

from nopt.passes.kernel.operands import Integers
from nopt.passes.kernel.tiling import Tiling

_MOST_CANDIDATES = 6_000
_GAP = 4
"""Sizes further apart, as a factor, are a gap."""


def tile_sizes(tiling: Tiling) -> Integers:
    """Tile sizes [candidates, iterators] that are worth a try, larger tiles first."""
    choices = [_sizes(tiling, index) for index in range(len(tiling.extents))]
    keep = 64
    while prod(len(sizes) for sizes in choices) > _MOST_CANDIDATES:
        keep = keep * 7 // 8
        choices = [_thinned(sizes, keep) for sizes in choices]
    grid = np.meshgrid(*(np.array(sizes) for sizes in choices), indexing="ij")
    return np.stack([axis.reshape(-1) for axis in grid], axis=1)


def _thinned(sizes: list[int], keep: int) -> list[int]:
    """At most `keep` sizes: those that divide the largest first, then some in wide gaps, as
    primes leave them, then large ones."""
    whole = [size for size in sizes if sizes[0] % size == 0]
    chosen = {*whole[: max(keep - 1, 1)], sizes[-1]}
    rest = [size for size in sizes if size not in chosen]
    while rest and len(chosen) < keep:
        ratio, above, below = max((a / b, a, b) for a, b in pairwise(sorted(chosen, reverse=True)))
        between = [size for size in rest if below < size < above]
        size = rest[0]
        if ratio > _GAP and between:
            middle = sqrt(above * below)
            size = min(between, key=lambda each: max(each / middle, middle / each))
        chosen.add(size)
        rest.remove(size)
    return sorted(chosen, reverse=True)


def _sizes(tiling: Tiling, index: int) -> list[int]:
    """Tile sizes of an iterator, largest first: for each number of tiles the balanced size,
    and for parallel ones one that leaves the last tile, which nothing overlaps, half as big.

    A window is loaded whole; that of a product whose taps have gaps between them, maybe tap by
    tap."""
    extent = tiling.extents[index]
    if any(index in operand.opaque for operand in tiling.operands):
        return [1]
    if index >= tiling.parallel and _shares_a_dimension(tiling, index):
        is_product = tiling.product is not None and tiling.inner is None
        apart = extent > 1 and is_product and _has_gaps(tiling, index)
        return [extent, 1] if apart else [extent]
    if tiling.inner is not None and index in tiling.compared:
        return [extent]
    sizes = {-(-extent // count) for count in range(1, extent + 1)}
    if index < tiling.parallel:
        larger = {2 * extent // (2 * count - 1) for count in range(2, extent + 1)}
        sizes |= {size for size in larger if 8 * size > extent}
    return sorted(sizes, reverse=True)


def _shares_a_dimension(tiling: Tiling, index: int) -> bool:
    """Whether a window dimension moves with this iterator and another: a kernel's row, say."""
    return any(
        row[index] and np.count_nonzero(row) > 1
        for operand in tiling.operands
        for row in operand.coefficients
    )


def _has_gaps(tiling: Tiling, index: int) -> bool:
    """Whether taps along this iterator are further apart than the windows."""
    return any(
        row[index] > np.delete(row, index).max(initial=0) > 0
        for operand in tiling.operands
        for row in operand.coefficients
    )
