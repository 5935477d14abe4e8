"""Factors for the channels of a tensor that take outliers from it into the weights that read it.

Where only contractions with weights read a tensor, each of its channels may have its own scale:
the weights that multiply the channel are multiplied by it. A channel of large numbers would make
the step of all others coarse; large factors make the steps of the weights coarse. The factors
are the compromise of least noise, in closed form from what was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.scales.integer_weights import LARGEST

_SHARES = np.linspace(0, 1, 11)
"""How much of the balance follows the tensor, the rest follows the weights."""


@dataclass(frozen=True)
class Reader:
    """A contraction's weights, [channels, terms], and which input channel each is multiplied by."""

    weights: Array
    channels: Array


def balance(limits: Array, squares: Array, readers: Sequence[Reader], left: float = 1.0) -> Array:
    """A factor for each channel, given the channels' largest magnitudes and mean squares; 1 for
    all if more than a share of the noise is left.

    The tensor divided by the factors has the largest magnitude that the tensor itself has."""
    reach = np.zeros(len(limits))
    for reader in readers:
        channels = np.broadcast_to(reader.channels, reader.weights.shape)
        np.maximum.at(reach, channels, np.abs(reader.weights))
    live = (limits > 0) & (reach > 0)
    best = np.ones(len(limits))
    least = left * _noise(best, limits, squares, readers)
    if not live.any():
        return best
    for share in _SHARES:
        factors = np.ones(len(limits))
        factors[live] = limits[live] ** share / reach[live] ** (1 - share)
        factors[~live] = factors[live].min()
        factors *= (limits / factors).max() / limits.max()
        noise = _noise(factors, limits, squares, readers)
        if noise < least:
            best, least = factors, noise
    return best


def _noise(factors: Array, limits: Array, squares: Array, readers: Sequence[Reader]) -> float:
    """What rounding tensor and weights adds to each of the readers' results, in its power, but for
    a constant factor."""
    step = (limits / factors).max() / LARGEST
    total = 0.0
    for reader in readers:
        weights = reader.weights * factors[reader.channels]
        power = np.broadcast_to((squares / factors**2)[reader.channels], weights.shape)
        steps = np.abs(weights).max(axis=1) / LARGEST
        noise = step**2 * np.square(weights).sum(axis=1) + np.square(steps) * power.sum(axis=1)
        results = (np.square(weights) * power).sum(axis=1)
        total += float((noise[results > 0] / results[results > 0]).sum())
    return total
