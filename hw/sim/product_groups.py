"""Few large matrix products of many small ones: the one place that says which go together.

Products with the same weights become rows of one product, those with the same rows columns of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

_Key = tuple[tuple[int, ...], bytes]
"""An array's shape and contents."""


class Group(NamedTuple):
    """Rows `src` (m, k) times columns `wgt` (n, k), and what goes with each of the results."""

    src: Indices
    wgt: Indices
    results: tuple[Indices, ...]
    """Arrays (m, n), such as where the sums go; as many for each group."""


def grouped(groups: Iterable[Group]) -> list[Group]:
    """The same products as few groups."""
    by_weights: dict[_Key, list[Group]] = {}
    for group in groups:
        by_weights.setdefault(_key(group.wgt), []).append(group)
    by_rows: dict[_Key, list[Group]] = {}
    for alike in by_weights.values():
        src = _joined([group.src for group in alike], axis=0)
        group = Group(src, alike[0].wgt, _joined_results(alike, axis=0))
        by_rows.setdefault(_key(src), []).append(group)
    return [
        Group(
            alike[0].src,
            _joined([group.wgt for group in alike], axis=0),
            _joined_results(alike, axis=1),
        )
        for alike in by_rows.values()
    ]


def _key(array: Indices) -> _Key:
    return array.shape, array.tobytes()


def _joined(parts: list[Indices], axis: int) -> Indices:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=axis)


def _joined_results(groups: list[Group], axis: int) -> tuple[Indices, ...]:
    columns = zip(*(group.results for group in groups), strict=True)
    return tuple(_joined(list(column), axis) for column in columns)
