"""Running the float network over the samples and keeping what scales are chosen from."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import Array
from nopt.passes.base.places import about
from nopt.passes.graph.quantization.execution import GraphRun
from nopt.passes.graph.quantization.integer_layers import constant_of, has_weights, input_axis
from nopt.passes.graph.quantization.quantization_plan import Plan, constants_of
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.observed_ranges import Channels, Magnitudes
from nopt.passes.graph.quantization.tensor_names import tensor_names


@dataclass
class Observations:
    """What was seen of the tensors that a plan asks about."""

    magnitudes: dict[SSAValue, Magnitudes] = field(default_factory=dict[SSAValue, Magnitudes])
    channels: dict[tuple[SSAValue, int], Channels] = field(
        default_factory=dict[tuple[SSAValue, int], Channels]
    )
    """By tensor and axis."""
    outputs: list[tuple[Array, ...]] = field(default_factory=list[tuple[Array, ...]])
    """What the network gives for the first samples."""

    def add(self, value: SSAValue, array: Array) -> None:
        """Take in a tensor of one sample."""
        if (found := self.magnitudes.get(value)) is not None:
            found.add(array)
        for axis in range(array.ndim):
            if (channels := self.channels.get((value, axis))) is not None:
                channels.add(array)


def observe(run: GraphRun, plan: Plan, samples: Iterable[Sample], kept: int = 0) -> Observations:
    """Run the float network on all samples; keep the outputs for so many.

    Raises ValueError if a tensor gets infinite or NaN."""
    seen = Observations()
    for value in (*plan.ties.values, *plan.exits):
        seen.magnitudes[value] = Magnitudes()
    for layer in plan.layers:
        root = layer.root
        if has_weights(root):
            key = root.operands[0], input_axis(root)
            seen.channels[key] = Channels(key[1])
        if layer.result in plan.exits:
            seen.channels[layer.result, layer.axis] = Channels(layer.axis)
    for key in plan.freedoms.observed:
        seen.channels[key] = Channels(key[1])
    for constant in constants_of(plan):
        array = constant_of(constant)
        assert array is not None
        seen.magnitudes[constant].add(array)

    names = tensor_names(run.function)

    def watch(place: str, value: SSAValue, array: Array) -> None:
        about_value = (
            about(value.owner) if isinstance(value.owner, graph.GraphOp) else nullcontext()
        )
        with about_value:
            try:
                seen.add(value, array)
            except ValueError as error:
                raise ValueError(f"{place}: tensor '{names[value]}': {error}") from error

    for sample in samples:
        outputs = run.run(sample, partial(watch, sample.place), f"{sample.place}: ")
        if len(seen.outputs) < kept:
            seen.outputs.append(outputs)
    return seen
