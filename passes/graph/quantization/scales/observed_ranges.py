"""What is observed of a tensor over all samples: magnitudes as a histogram, channels' maxima."""

from __future__ import annotations

from typing import Any

import numpy as np

from nopt.dialects.constants import Array

BINS = 2048
"""As the literature on post-training quantization has it."""


_SMALLEST = 2.0**-100
"""What is smaller counts as zero: its square, or its scale, is soon no normal float32."""


def check_finite(array: Array) -> None:
    """Raise ValueError for a tensor that has an infinity or NaN."""
    if not np.isfinite(array).all():
        raise ValueError("found NaN or infinite numbers, expected finite ones")


class Magnitudes:
    """A running histogram of |x| over equal bins from 0 on, zeros apart.

    The range doubles when larger numbers come, by merging pairs of bins, so the result depends on
    the numbers only and not on how they were cut into batches, but for the first range.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(BINS, np.int64)
        self.top = 0.0
        """Where the last bin ends."""
        self.largest = 0.0
        self.smallest = 0.0
        """The smallest signed number: 0 if none is negative."""
        self.zeros = 0
        self.total = 0
        self.squares = 0.0
        """Sum of all x^2."""

    def add(self, array: Array) -> None:
        """Count the elements of a float array. Raises ValueError if one is not finite."""
        flat = np.abs(array, dtype=np.float32).reshape(-1)
        if not flat.size:
            return
        largest = float(flat.max())
        check_finite(np.asarray(largest))
        if largest < _SMALLEST:
            largest = 0.0
        flat = np.where(flat < _SMALLEST, np.float32(0), flat)
        self.total += flat.size
        self.squares += float(np.square(flat, dtype=np.float64).sum())
        self.largest = max(self.largest, largest)
        self.smallest = min(self.smallest, float(array.min()))
        if largest == 0:
            self.zeros += flat.size
            return
        if self.top == 0:
            self.top = largest
        while self.top < largest:
            self.counts[: BINS // 2] = self.counts[0::2] + self.counts[1::2]
            self.counts[BINS // 2 :] = 0
            self.top *= 2
        self.zeros += flat.size - int(np.count_nonzero(flat))
        place = np.multiply(flat, BINS / self.top, dtype=np.float64)
        bins = np.minimum(place.astype(np.int32), BINS - 1)
        self.counts += np.bincount(bins, minlength=BINS)

    @property
    def mean_square(self) -> float:
        return self.squares / max(self.total, 1)

    def percentile(self, percent: float) -> float:
        """The end of the bin below which at least `percent` of the numbers lie, at most the
        largest."""
        wanted = np.ceil(self.total * percent / 100)
        index = int(np.searchsorted(np.cumsum(self.counts), wanted))
        return min((min(index, BINS - 1) + 1) * self.top / BINS, self.largest)

    def noise(self, limits: Array, steps: int) -> Array:
        """The mean square error of rounding to `steps` steps up to each limit and clipping there.

        Numbers within a limit err by step^2 / 12, exact zeros not at all; a clipped one errs by
        its distance from the limit. Numbers are taken to lie in the middle of their bins."""
        width = self.top / BINS
        centres = (np.arange(BINS) + 0.5) * width
        # The zeros are in the first bin.
        counts = self.counts.astype(np.float64)
        counts[0] -= self.zeros
        moments = [
            np.concatenate([[0.0], np.cumsum(counts * centres**power)]) for power in range(3)
        ]
        place = np.clip(limits / width if width else np.full(limits.shape, BINS), 0, BINS)
        inside = [np.interp(place, np.arange(BINS + 1), moment) for moment in moments]
        count, first, second = (
            moment[-1] - part for moment, part in zip(moments, inside, strict=True)
        )
        clipped = second - 2 * limits * first + limits**2 * count
        rounded = (limits / steps) ** 2 / 12 * inside[0]
        return (np.maximum(clipped, 0) + rounded) / max(self.total, 1)


class Channels:
    """Largest magnitude, mean and mean square of each channel."""

    def __init__(self, axis: int):
        self.axis = axis
        self.largest: Any = np.float32(0)
        self.samples = 0
        self._sum: Any = np.float64(0)
        self._squares: Any = np.float64(0)

    def add(self, array: Array) -> None:
        """Take in an array that has the channels along the axis."""
        others = tuple(i for i in range(array.ndim) if i != self.axis % array.ndim)
        # max(|x|) without making |x|.
        top = np.maximum(array.max(axis=others), -array.min(axis=others))
        self.largest = np.maximum(self.largest, np.where(top < _SMALLEST, 0, top))
        self._sum = self._sum + array.mean(axis=others, dtype=np.float64)
        self._squares = self._squares + np.square(array, dtype=np.float64).mean(axis=others)
        self.samples += 1

    @property
    def mean(self) -> Array:
        return self._sum / max(self.samples, 1)

    @property
    def mean_square(self) -> Array:
        return self._squares / max(self.samples, 1)
