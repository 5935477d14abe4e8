"""How scales are chosen: the largest number seen, a percentile, or the least mean square error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.scales.integer_weights import LARGEST
from nopt.passes.graph.quantization.scales.observe import Observations
from nopt.passes.graph.quantization.scales.observed_ranges import Channels, Magnitudes

_FEW = 64
"""So few numbers of a channel say nothing about its largest."""
_MANY = 1024
"""So many make it likely that it is not far above the largest seen."""

Method = Literal["max", "percentile", "mse"]


@dataclass(frozen=True)
class Chooser:
    """A method with what it has seen."""

    method: Method
    percentile: float
    seen: Observations
    fixed: dict[SSAValue, float] = field(default_factory=dict[SSAValue, float])
    """Limits of tensors that are divided by factors, which is not how they were seen."""

    def wanted(self, value: SSAValue) -> float:
        """About what a tensor's limit would be by itself; 0 for one that is all zero."""
        magnitudes = self.seen.magnitudes[value]
        if (fixed := self.fixed.get(value)) is not None:
            return fixed
        if self.method == "percentile":
            return magnitudes.percentile(self.percentile)
        return magnitudes.largest

    def cost(self, value: SSAValue, limits: Array) -> Array:
        """What each limit costs a tensor: its noise relative to its power, or by the other methods
        the square of the step, and infinity for limits below the wanted one."""
        magnitudes = self.seen.magnitudes[value]
        if not magnitudes.largest:
            return np.zeros(limits.shape)
        if self.method == "mse" and value not in self.fixed:
            return magnitudes.noise(limits, LARGEST) / magnitudes.mean_square
        wanted = self.wanted(value) * (1 - 1e-9)
        return np.where(limits >= wanted, np.square(limits / wanted), np.inf)

    def channel_limits(self, value: SSAValue, axis: int) -> Array:
        """What 127 stands for in each channel of a tensor."""
        channels = self.seen.channels[value, axis]
        return channel_limits(channels, self.seen.magnitudes[value])


def channel_limits(channels: Channels, magnitudes: Magnitudes) -> Array:
    """The channels' maxima; where few numbers of each channel were seen, for they may well have
    larger ones, no less than a typical channel's, or than the tensor's."""
    largest = channels.largest.astype(np.float64)
    numbers = magnitudes.total / len(largest)
    if numbers < _FEW:
        least = magnitudes.largest
    else:
        least = float(np.median(largest)) * min(1.0, _MANY / numbers)
    return np.maximum(largest, least or magnitudes.largest or 1.0)
