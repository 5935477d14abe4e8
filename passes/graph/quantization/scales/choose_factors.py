"""The factors of all channels that may have some, and the limits of tensors divided by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.integer_layers import Layer, input_axis, shape_of
from nopt.passes.graph.quantization.scales.balance import Reader, balance
from nopt.passes.graph.quantization.scales.channel_factors import Chain, Columns, Freedoms, Heads
from nopt.passes.graph.quantization.scales.observed_ranges import Channels
from nopt.passes.graph.quantization.scales.weight_rows import input_channels, to_rows

Limits = Callable[[SSAValue, int], Array]
"""What 127 would stand for in each channel of a tensor, by tensor and axis."""


_LEFT = 0.25
"""The most of the noise that may be left where factors may cost several shifts in a layer."""


class Factors:
    """Factors by tensor, each of a shape that broadcasts to the tensor's, and limits."""

    def __init__(
        self,
        freedoms: Freedoms,
        limits: Limits,
        channels: dict[tuple[SSAValue, int], Channels],
    ):
        self._limits = limits
        self._channels = channels
        self.factors: dict[SSAValue, Array] = {}
        self.limits: dict[SSAValue, float] = {}
        """The largest magnitudes of the tensors divided by their factors."""
        for entry in freedoms.entries:
            axis = input_axis(entry.readers[0].root)
            left = 1.0 if entry.is_free else _LEFT
            factors = self._balanced(entry.value, axis, entry.readers, left)
            if not entry.is_free and (factors == 1).all():
                continue
            rank = len(shape_of(entry.value))
            along = factors.reshape([-1 if i == axis else 1 for i in range(rank)])
            self._set(entry.value, along, limits(entry.value, axis) / factors)
        for heads in freedoms.heads:
            self._heads(heads)
        for columns in freedoms.columns:
            self._columns(columns)

    def _set(self, value: SSAValue, factors: Array, limits: Array) -> None:
        self.factors[value] = factors
        self.limits[value] = float(limits.max())

    def _balanced(
        self, value: SSAValue, axis: int, layers: Sequence[Layer], left: float = 1.0
    ) -> Array:
        roots = [layer.root for layer in layers]
        readers = [Reader(to_rows(root).astype(np.float64), input_channels(root)) for root in roots]
        squares = self._channels[value, axis].mean_square
        return balance(self._limits(value, axis), squares, readers, left)

    def _heads(self, heads: Heads) -> None:
        """All heads' scores reach as far; what a head's scores are larger by is shared such that
        its queries and keys lose alike."""
        scores = self._limits(heads.scores, heads.axis)
        shape = [-1 if i == heads.axis else 1 for i in range(len(shape_of(heads.scores)))]
        reach = [self._reach(side, len(scores)) for side in heads.sides]
        share = scores / scores.max()
        both = [
            np.sqrt(share * mine / other)
            for mine, other in zip(reach, reversed(reach), strict=True)
        ]
        for side, mine, factors in zip(heads.sides, reach, both, strict=True):
            self._chain(side, factors, mine / factors)
        self._set(heads.scores, (both[0] * both[1]).reshape(shape), scores / (both[0] * both[1]))

    def _reach(self, side: Chain, count: int) -> Array:
        """The largest magnitude of each head's queries, or keys."""
        reach = np.zeros(count)
        heads = side.channels[0].reshape(-1)
        np.maximum.at(reach, heads, self._limits(side.values[0], side.axis))
        return reach

    def _columns(self, columns: Columns) -> None:
        """The balance that the reader's input asks for, in the order of the projection."""
        before, after = columns.before, columns.after
        value, axis = after.values[-1], input_axis(columns.reader.root)
        of = after.channels[-1].reshape(-1)
        factors, limits = np.empty(len(of)), np.empty(len(of))
        factors[of] = self._balanced(value, axis, [columns.reader])
        limits[of] = self._limits(value, axis)
        self._chain(before, factors, self._limits(before.values[0], before.axis) / factors)
        self._chain(after, factors, limits / factors)

    def _chain(self, chain: Chain, factors: Array, limits: Array) -> None:
        for value, channels in zip(chain.values, chain.channels, strict=True):
            self._set(value, factors[channels], limits)
