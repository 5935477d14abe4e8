"""Quantizing one function: plan, observe, choose scales, rewrite."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.integer_layers import Layer, has_weights, input_axis, shape_of
from nopt.passes.graph.quantization.integer_rewrite import Rewriter
from nopt.passes.graph.quantization.quantization_plan import (
    Plan,
    bits_between,
    make_plan,
    solve_products,
)
from nopt.passes.graph.quantization.scales.choose_factors import Factors
from nopt.passes.graph.quantization.scales.integer_weights import (
    LARGEST,
    IntegerLayer,
    Terms,
    quantize_weights,
    quantize_weights_freely,
)
from nopt.passes.graph.quantization.scales.observe import Observations
from nopt.passes.graph.quantization.scales.scale_methods import Chooser, Method
from nopt.passes.graph.quantization.scales.weight_rows import input_channels, input_means, to_rows
from nopt.passes.graph.quantization.tensor_names import tensor_names

_WHOLE = 1e-4
"""Scales are f32, so bits between them are whole up to this."""


@dataclass(frozen=True)
class Options:
    """How to quantize."""

    method: Method = "mse"
    percentile: float = 99.99
    per_channel: bool = True
    """Several scales for a layer's weights, and for results that only the host reads."""
    tolerance: float = 0.5
    """dB of a layer's noise that one shift for all channels may cost."""
    correct_bias: bool = True


def quantize(function: FuncOp, look: Callable[[Plan], Observations], options: Options) -> None:
    """Rewrite a function of floats to integers, in place; what has become unused stays. `look` says
    what was seen of what a plan asks for.

    Raises ValueError if a sample gives infinite or NaN tensors."""
    plan = make_plan(function, options.per_channel)
    seen = look(plan)
    chooser = Chooser(options.method, options.percentile, seen)
    factors = Factors(plan.freedoms, chooser.channel_limits, seen.channels)
    chooser = replace(chooser, fixed=factors.limits)
    plan.ties.choose(chooser.cost, chooser.wanted)
    solve_products(plan)
    numbers = _Numbers(plan, chooser, options, factors.factors)
    names = tensor_names(function)
    Rewriter(function, plan, numbers, names).run()


@dataclass(frozen=True)
class _Numbers:
    """Scales and integers of the planned layers."""

    plan: Plan
    chooser: Chooser
    options: Options
    factors: dict[SSAValue, Array]

    @property
    def seen(self) -> Observations:
        return self.chooser.seen

    def scale(self, value: SSAValue) -> float:
        """The scale as an f32, so that the text says exactly what is meant."""
        return float(np.float32(self.plan.ties.limit(value) / LARGEST))

    def scales(self, value: SSAValue) -> tuple[float | Array, int | None] | None:
        """The scale of a tensor, with the axis if it is a vector; None if it is more than that."""
        factors = self.factors.get(value, np.ones(()))
        long = [axis for axis, size in enumerate(factors.shape) if size > 1]
        if len(long) > 1:
            return None
        scales = self.scale(value) * factors.reshape(-1)
        return (scales, long[0]) if len(set(scales.tolist())) > 1 else (float(scales[0]), None)

    def _along(self, value: SSAValue, axis: int) -> Array:
        """The factor for each index along an axis."""
        factors = self.factors.get(value, np.ones(()))
        return np.broadcast_to(factors.reshape(-1), shape_of(value)[axis])

    def layer(self, layer: Layer) -> IntegerLayer:
        """Weights, bias and shifts."""
        if not has_weights(layer.root):
            return self._product(layer)
        x = layer.root.operands[0]
        rows = to_rows(layer.root)
        channels = self.seen.channels[x, input_axis(layer.root)]
        # In units of the input's scales: what the core computes with.
        scales = self.scale(x) * self._along(x, input_axis(layer.root))
        spread = scales[input_channels(layer.root)]
        out = self._along(layer.result, layer.axis)
        weights = rows * spread.astype(np.float32)
        weights /= out[:, None].astype(np.float32)
        terms = Terms(
            weights,
            np.broadcast_to(0.0 if layer.bias is None else layer.bias, len(rows)) / out,
            input_means(layer.root, channels.mean) / spread,
            rows.shape[1] * float((channels.mean_square / scales**2).mean()),
        )
        correct = self.options.correct_bias
        if layer.result in self.plan.exits:
            limits = self.chooser.channel_limits(layer.result, layer.axis)
            return quantize_weights_freely(terms, limits / LARGEST, correct=correct)
        step = self.scale(layer.result)
        inner = step if layer.skip is None else min(step, self.scale(layer.skip))
        return quantize_weights(
            terms,
            inner,
            step=step,
            per_channel=self.options.per_channel,
            tolerance=self.options.tolerance,
            floor=inner < step,
            correct=correct,
        )

    def _product(self, layer: Layer) -> IntegerLayer:
        """A product of two tensors has no weights of its own."""
        a, b = layer.root.operands
        scale, step = self.scale(layer.result), self.scale(a) * self.scale(b)
        bits = bits_between(self.plan.ties, a, b, layer.result)
        multiplier, shift = _multiplier_and_shift(bits)
        channels = shape_of(layer.result)[layer.axis]
        bias = np.zeros(1) if layer.bias is None else layer.bias
        whole = np.clip(np.rint(bias / step), -(1 << 30), 1 << 30).astype(np.int32)
        weights = np.zeros((channels, 0), np.int8)
        shifts, scales = np.full(channels, shift), np.full(channels, scale)
        return IntegerLayer(weights, whole, shifts, scales, multiplier)


def _multiplier_and_shift(bits: float) -> tuple[int | None, int]:
    """The factor 2^-bits: a shift if it can be one, else a multiplier of 31 bits and a shift."""
    if abs(bits - round(bits)) < _WHOLE and 0 <= round(bits) <= 31:
        return None, round(bits)
    shift = min(max(30 + math.floor(bits), 1), 62)
    return max(1, min(round(2 ** (shift - bits)), (1 << 31) - 1)), shift
