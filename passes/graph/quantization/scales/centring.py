"""Centring: a tensor that the host gives to weights is lessened by the middle of each channel.

Integers of 8 bits lie on both sides of zero, tensors often on one: behind an activation, half of
the integers stand for nothing. The host takes a constant c from each channel; what the weights make
of it comes back with the bias, which costs nothing:

    conv(x) + b  ==  conv(x - c) + (b + sum of weights * c)

where no window reaches into pads, which would have to be -c. c is chosen by the noise of rounding
and clipping on a few samples, and left out where it saves little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.builder import Builder
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from nopt.dialects import graph
from nopt.dialects.constants import Array, attribute_of
from nopt.passes.graph.quantization.execution import GraphRun
from nopt.passes.graph.quantization.integer_layers import (
    COPIES,
    Layer,
    channel_axis,
    has_weights,
    input_axis,
    is_constant,
    shape_of,
)
from nopt.passes.graph.quantization.quantization_plan import Plan, make_plan, reads_integers
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.channel_factors import Entry
from nopt.passes.graph.quantization.scales.integer_weights import LARGEST
from nopt.passes.graph.quantization.scales.observe import watch
from nopt.passes.graph.quantization.scales.observed_ranges import check_finite
from nopt.passes.graph.quantization.scales.weight_rows import input_channels, to_rows
from nopt.passes.graph.quantization.tensor_names import tensor_names

_SAMPLES = 4
"""The most samples that middles are chosen on."""

_ELEMENTS = 4096
"""About so many elements of a channel in a sample are looked at."""

_SAVES = 0.7
"""The most of the noise that may be left for a tensor to be centred."""

_TAILS = (0.0, 0.001, 0.01)
"""Shares of a channel's elements on each side that its middle does not look at."""

_CLIPPED = (1.0, 0.8, 0.6, 0.45, 0.3)
"""Limits that are tried, as shares of the largest element."""


@dataclass
class _Seen:
    """Elements of a tensor, by channel."""

    axis: int
    parts: list[Array] = field(default_factory=list[Array])

    def add(self, array: Array) -> None:
        rows = np.moveaxis(array, self.axis, 0).reshape(array.shape[self.axis], -1)
        self.parts.append(rows[:, :: -(-rows.shape[1] // _ELEMENTS)].copy())

    def middles(self) -> Array | None:
        """The middle of each channel, None if they save too little."""
        rows = np.concatenate(self.parts, 1).astype(np.float64)
        left = least = _noise(rows)
        chosen = np.zeros(len(rows))
        for tail in _TAILS:
            middle = np.quantile(rows, [tail, 1 - tail], axis=1).mean(0)
            noise = _noise(rows - middle[:, None])
            chosen = np.where(noise < least, middle, chosen)
            least = np.minimum(noise, least)
        # Of a channel that is always the same, nothing is left to round.
        return chosen.astype(np.float32) if least.sum() < _SAVES * left.sum() else None


def _noise(rows: Array) -> Array:
    """The mean square of rounding and clipping of each row, with the best limit of those tried."""
    largest = np.abs(rows).max(1, keepdims=True)
    limits = [share * largest for share in _CLIPPED]
    clipped = [(np.clip(np.abs(rows) - limit, 0, None) ** 2).mean(1) for limit in limits]
    rounded = [((limit / LARGEST) ** 2 / 12)[:, 0] for limit in limits]
    return np.min(np.add(clipped, rounded), axis=0)


def centre(function: FuncOp, samples: Sequence[Sample]) -> None:
    """Centre what the host gives to weights, where that pays, in a function of floats.

    The function computes the same, but for the rounding of floats."""
    plan = make_plan(function, per_channel=True)
    entries = _entries(plan)
    if not entries:
        return
    checked = {*plan.ties.values, *plan.exits}
    seen = {each.value: _Seen(input_axis(each.readers[0].root)) for each in entries}

    def look(value: SSAValue, array: Array) -> None:
        if value in checked:
            # Before ops are added that nobody wrote.
            check_finite(array)
        if value in seen:
            seen[value].add(array)

    run = GraphRun(function)
    for sample in samples[:_SAMPLES]:
        watch(run, sample, look)
    names = tensor_names(function)
    for entry in entries:
        if (middles := seen[entry.value].middles()) is not None:
            _centre(entry, middles, names)
    # Ops were added, so numbers of those without a name would be others.
    for value, name in names.items():
        value.name_hint = name


def _entries(plan: Plan) -> list[Entry]:
    """What the host gives to weights alone, be it moved on the way."""
    readers: dict[SSAValue, list[Layer]] = {}
    for layer in plan.layers:
        value = layer.root.operands[0]
        if has_weights(layer.root) and not is_constant(value) and _is_given(value, plan):
            readers.setdefault(value, []).append(layer)
    return [
        Entry(value, found, True)
        for value, found in readers.items()
        if len({input_axis(layer.root) for layer in found}) == 1
        and all(_is_inside(layer.root) for layer in found)
        and len(found) == sum(reads_integers(use.operation, plan.integer) for use in value.uses)
    ]


def _is_given(value: SSAValue, plan: Plan) -> bool:
    """Whether the host makes a tensor, or may: the core only moves what the host gives."""
    while value in plan.integer:
        op = value.owner
        if not isinstance(op, COPIES) or isinstance(op, graph.ConcatOp) or not value.has_one_use():
            return False
        value = op.input
    return True


def _is_inside(op: Operation) -> bool:
    """Whether no window of a contraction reaches beyond its input."""
    if isinstance(op, graph.Conv2dOp):
        return not any(op.pads.get_values())
    return isinstance(op, graph.MatmulOp)


def _centre(entry: Entry, middles: Array, names: dict[SSAValue, str]) -> None:
    value, axis = entry.value, input_axis(entry.readers[0].root)
    name, rank = names[value], len(shape_of(value))
    owner = value.owner
    point = InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
    build = Builder(point)
    along = _constant(build, middles.reshape([-1 if i == axis else 1 for i in range(rank)]), name)
    centred = build.insert(graph.SubOp(value, along)).result
    centred.owner.location = entry.readers[0].root.location
    centred.name_hint = f"{name}.centred"
    for layer in entry.readers:
        op = layer.root
        assert isinstance(op, graph.Conv2dOp | graph.MatmulOp)
        op.operands[0] = centred
        _add_back(op, (to_rows(op) * middles[input_channels(op)]).sum(1, np.float64), names)


def _add_back(
    op: graph.Conv2dOp | graph.MatmulOp, missing: Array, names: dict[SSAValue, str]
) -> None:
    """Add to each channel what its weights made of the middles; the sum takes the result's name."""
    behind = len(shape_of(op.result)) - 1 - channel_axis(op)
    name = names.pop(op.result)
    build = Builder(InsertPoint.after(op))
    total = graph.AddOp(op.result, _constant(build, missing.reshape(-1, *[1] * behind), name))
    build.insert(total)
    total.location = op.location
    op.result.replace_uses_with_if(total.result, lambda use: use.operation is not total)
    op.result.name_hint, names[total.result] = f"{name}.sums", name


def _constant(build: Builder, array: Array, name: str) -> SSAValue:
    attribute = attribute_of(array.astype(np.float32), f"{name}.middles")
    return build.insert(graph.ConstantOp(attribute)).result
