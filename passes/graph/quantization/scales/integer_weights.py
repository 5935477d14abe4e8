"""Integer weights, biases and shifts of a layer, from its scales, with i32 proven to suffice.

The accumulator of output channel c counts steps of s[c] = y[c] * 2^-shift[c], y being the result's
scale: a shift brings it there exactly. With w the weights times the scale of the input that each
is multiplied by, the integer weights are w / s[c]. All that is free is the shift. The larger it
is, the finer are the weights; it is as large as |w| <= 127 * s[c] lets it be, so that at most one
of their 8 bits is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nopt.dialects.constants import Array

LARGEST = 127
_ROUNDED_LARGEST = 127.49
"""What still rounds to the largest weight."""
_INPUT_LARGEST = 128
_ELEMENTS_AT_ONCE = 1 << 21
_SHIFTS = 31
"""The largest shift of `graph.requantize`."""


@dataclass(frozen=True)
class Terms:
    """What an output channel sums: one row of weights for each, and what they are multiplied by."""

    weights: Array
    """[channels, terms], floats: each times the scale of its input."""
    bias: Array
    """[channels], float64."""
    means: Array
    """The mean integer input that each weight is multiplied by; broadcasts to the weights."""
    energy: float
    """The mean sum of the squares of the integer inputs of one result."""

    @property
    def largest(self) -> Array:
        """The largest magnitude in each row."""
        # max(|w|) without making |w|: weights may fill much of the memory.
        largest = np.maximum(self.weights.max(axis=1), -self.weights.min(axis=1))
        return np.abs(largest.astype(np.float64))


@dataclass(frozen=True)
class IntegerLayer:
    """What a layer computes with: (weights @ inputs + bias), shifted, counts steps of `scales`."""

    weights: Array
    """[channels, terms], int8."""
    bias: Array
    """[channels], int32."""
    shifts: Array
    """[channels]."""
    scales: Array
    """The result's, [channels]."""
    multiplier: int | None = None
    """What the sums are multiplied by before the shift, where scales cannot do without."""

    @property
    def shift(self) -> int | Array:
        """One number if all channels agree."""
        return int(self.shifts[0]) if (self.shifts == self.shifts[0]).all() else self.shifts


def quantize_weights(
    terms: Terms,
    y: float,
    *,
    step: float,
    per_channel: bool = True,
    tolerance: float = 0.5,
    floor: bool = False,
    correct: bool = True,
) -> IntegerLayer:
    """The integers of a layer whose shifted result has scale `y`.

    One shift serves all channels if that adds at most `tolerance` dB to the noise of the layer's
    result, which is rounded to steps of `step` at last, or without `per_channel`. With `floor`, the
    shift rounds down: another shift follows, and rounds. With `correct`, the bias makes up for the
    mean error that the rounding of the weights makes."""
    finest = _finest_shifts(terms, y)
    live = terms.largest > 0
    common = np.full_like(finest, finest[live].min() if live.any() else finest.min())
    noise, common_noise = (
        step**2 * len(shifts) + float((np.square(y * np.exp2(-shifts)) * terms.energy).sum())
        for shifts in (finest[live].astype(float), common[live].astype(float))
    )
    lost = 10 * np.log10(common_noise / noise) if noise > 0 else 0.0
    shifts = finest if per_channel and lost > tolerance else common
    return _proven(terms, np.full(len(shifts), y), shifts, floor, correct)


def quantize_weights_freely(terms: Terms, wanted: Array, *, correct: bool = True) -> IntegerLayer:
    """The same where each output channel may have its own scale, at least the wanted one: one
    shift for all, and where the weights need a coarser step than the result, the result has it."""
    shifts = np.arange(_SHIFTS + 1)[:, None]
    needed = terms.largest * np.exp2(shifts) / _ROUNDED_LARGEST
    scales = np.maximum(wanted, needed)
    noise = np.square(scales) * (1 + terms.energy * np.exp2(-2.0 * shifts))
    best = int(noise.sum(axis=1).argmin())
    return _proven(terms, scales[best], np.full(len(wanted), best), False, correct)


def _finest_shifts(terms: Terms, y: float) -> Array:
    """The largest shift of each channel that its weights allow."""
    with np.errstate(divide="ignore"):
        exact = np.log2(_ROUNDED_LARGEST * y / terms.largest)
    return np.clip(np.floor(exact), 0, _SHIFTS).astype(np.int64)


def _proven(terms: Terms, y: Array, shifts: Array, floor: bool, correct: bool) -> IntegerLayer:
    """Integers for these shifts, or smaller ones where i32 could overflow."""
    while True:
        layer = _rounded(terms, y, shifts, floor, correct)
        wrong = accumulator_bounds(layer) >= 1 << 31
        if not wrong.any():
            return replace(layer, bias=layer.bias.astype(np.int32))
        if not shifts[wrong].any():
            # A bias beyond all results: the largest that fits saturates every one of them.
            room = (1 << 31) - 2 - _row_bounds(layer)
            return replace(layer, bias=np.clip(layer.bias, -room, room).astype(np.int32))
        shifts = np.where(wrong, np.maximum(shifts - 1, 0), shifts)


def _rounded(terms: Terms, y: Array, shifts: Array, floor: bool, correct: bool) -> IntegerLayer:
    steps = y * np.exp2(-shifts.astype(np.float64))
    weights = np.empty(terms.weights.shape, np.int8)
    bias = terms.bias.astype(np.float64)
    means = np.broadcast_to(terms.means, terms.weights.shape)
    # Some channels at a time: in floats of 64 bits, all of them may be too many.
    count = max(1, _ELEMENTS_AT_ONCE // terms.weights.shape[1])
    for first in range(0, len(weights), count):
        part = slice(first, first + count)
        exact, step = terms.weights[part].astype(np.float64), steps[part, None]
        whole = np.clip(np.rint(exact / step), -LARGEST, LARGEST)
        weights[part] = whole
        if correct:
            bias[part] -= ((whole * step - exact) * means[part]).sum(axis=1)
    halves = np.where(shifts > 0, np.exp2(shifts - 1.0), 0) if floor else 0
    limit = 1 << 31
    integers = np.clip(np.rint(bias / steps) - halves, -limit, limit - 1).astype(np.int64)
    return IntegerLayer(weights, integers, shifts, y)


def _row_bounds(layer: IntegerLayer) -> Array:
    """The largest magnitude of each channel's sum of products, with what rounding adds."""
    sums = np.abs(layer.weights).sum(axis=1, dtype=np.int64) * _INPUT_LARGEST
    return sums + (np.int64(1) << layer.shifts)


def accumulator_bounds(layer: IntegerLayer) -> Array:
    """A bound on the magnitude of each channel's accumulator, at any time and in any order."""
    return _row_bounds(layer) + np.abs(layer.bias.astype(np.int64))
