"""Constant vectors, such as biases, added by one step of the matrix product, not two of the ALU.

A constant input vector times a matrix gives any vector of moderate numbers: all lanes but the last
count in steps of 127, the last one in units.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_RADIX = 127
"""The largest 8-bit input: few bits are lost, and weights stay symmetric."""


def input_vector(lanes: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """The constant input that `matrices` are for."""
    vector = np.full(lanes, _RADIX, np.int8)
    vector[-1] = 1
    return vector


def matrices(
    values: np.ndarray[Any, np.dtype[Any]], lanes: int
) -> np.ndarray[Any, np.dtype[np.int8]] | None:
    """Weights [..., output lane, input lane] whose product with `input_vector` is `values`.

    `values` are integers [..., output lane]. None if one is too large: for 16 lanes, beyond about
    241,900.
    """
    wide = values.astype(np.int64)
    if lanes == 1:
        fits = np.abs(wide).max(initial=0) <= _RADIX
        return wide[..., np.newaxis].astype(np.int8) if fits else None
    steps = np.rint(wide / _RADIX).astype(np.int64)
    units = wide - steps * _RADIX
    share, rest = np.divmod(np.abs(steps), lanes - 1)
    weights = share[..., np.newaxis] + (np.arange(lanes - 1) < rest[..., np.newaxis])
    weights = weights * np.sign(steps)[..., np.newaxis]
    if np.abs(weights).max(initial=0) > _RADIX:
        return None
    return np.concatenate([weights, units[..., np.newaxis]], axis=-1).astype(np.int8)
