"""Quantizing one function: plan, observe, choose scales, rewrite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.balance import Reader, balance
from nopt.passes.graph.quantization.execution import GraphRun
from nopt.passes.graph.quantization.layers import Layer, has_weights, input_axis, shape_of
from nopt.passes.graph.quantization.methods import Chooser, Method
from nopt.passes.graph.quantization.names import tensor_names
from nopt.passes.graph.quantization.observe import Observations, observe
from nopt.passes.graph.quantization.plan import Plan, bits_between, make_plan, solve_products
from nopt.passes.graph.quantization.rewrite import Rewriter
from nopt.passes.graph.quantization.rows import input_channels, input_means, to_rows
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.weights import (
    LARGEST,
    IntegerLayer,
    Terms,
    quantize_weights,
    quantize_weights_freely,
)


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


def quantize(function: FuncOp, samples: Iterable[Sample], options: Options) -> None:
    """Rewrite a function of floats to integers, in place; what has become unused stays.

    Raises ValueError if a sample gives infinite or NaN tensors."""
    plan = make_plan(function, options.per_channel)
    seen = observe(GraphRun(function), plan, samples)
    chooser = Chooser(options.method, options.percentile, seen)
    plan.ties.choose(chooser.cost, chooser.wanted)
    solve_products(plan)
    numbers = _Numbers(plan, chooser, options)
    names = tensor_names(function)
    Rewriter(function, plan, numbers, names).run()


@dataclass(frozen=True)
class _Numbers:
    """Scales and integers of the planned layers."""

    plan: Plan
    chooser: Chooser
    options: Options

    @property
    def seen(self) -> Observations:
        return self.chooser.seen

    def scale(self, value: SSAValue) -> float:
        """The scale as an f32, so that the text says exactly what is meant."""
        return float(np.float32(self.plan.ties.limit(value) / LARGEST))

    @cached_property
    def balances(self) -> dict[SSAValue, Array]:
        """The scales of the channels of tensors that come from the host."""
        return {value: self._balance(value) for value in self.plan.entries}

    def _balance(self, value: SSAValue) -> Array:
        roots = [layer.root for layer in self.plan.entries[value]]
        axis = input_axis(roots[0])
        readers = [Reader(to_rows(root).astype(np.float64), input_channels(root)) for root in roots]
        limits = self.chooser.channel_limits(value, axis)
        factors = balance(limits, self.seen.channels[value, axis].mean_square, readers)
        return factors * np.float64(np.float32(limits.max() / LARGEST))

    def entry(self, value: SSAValue) -> tuple[float | Array, int | None]:
        """The scale of a tensor that comes from the host, and its axis if it is a vector."""
        scales = self.balances.get(value)
        if scales is None:
            return self.scale(value), None
        if (scales == scales[0]).all():
            return float(scales[0]), None
        return scales, input_axis(self.plan.entries[value][0].root)

    def layer(self, layer: Layer) -> IntegerLayer:
        """Weights, bias and shifts."""
        if not has_weights(layer.root):
            return self._product(layer)
        x = layer.root.operands[0]
        rows = to_rows(layer.root).astype(np.float64)
        channels = self.seen.channels[x, input_axis(layer.root)]
        # In units of the input's scales: what the core computes with.
        scales = self.balances.get(x, np.full(len(channels.mean), self.scale(x)))
        spread = scales[input_channels(layer.root)]
        terms = Terms(
            rows * spread,
            np.broadcast_to(0.0 if layer.bias is None else layer.bias, len(rows)),
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
        scale = self.scale(layer.result)
        bits = bits_between(self.plan.ties, a, b, layer.result)
        shift = max(0, int(np.rint(bits)))
        channels = shape_of(layer.result)[layer.axis]
        bias = np.zeros(1) if layer.bias is None else layer.bias
        whole = np.rint(bias / (self.scale(a) * self.scale(b)))
        return IntegerLayer(
            np.zeros((channels, 0), np.int8),
            whole.astype(np.int32),
            np.full(channels, shift),
            np.full(channels, scale),
        )
