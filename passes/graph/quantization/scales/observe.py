"""Running the float network over the samples and keeping what scales are chosen from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import Array
from nopt.passes.base.places import about
from nopt.passes.graph.quantization.execution import GraphRun, live_at, unchanged
from nopt.passes.graph.quantization.integer_layers import (
    constant_of,
    has_weights,
    input_axis,
    is_constant,
)
from nopt.passes.graph.quantization.quantization_plan import Plan, constants_of
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.observed_ranges import Channels, Magnitudes
from nopt.passes.graph.quantization.tensor_names import tensor_names

_PLACES = 32
"""From how many places a network can be run on with tensors that were kept."""


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


def observe(run: GraphRun, samples: Iterable[Sample], plan: Plan, kept: int = 0) -> Observations:
    """What a plan asks for, of the float network on all samples; keep the outputs for so many.

    Raises ValueError if a tensor gets infinite or NaN."""
    seen = Observations()
    for value in (*plan.ties.values, *plan.exits):
        seen.magnitudes[value] = Magnitudes()
    for value, axis in _channels(plan):
        seen.channels[value, axis] = Channels(axis)
    seen.outputs = watch(run, samples, seen.add, kept)
    _add_constants(seen, plan)
    return seen


class Observed:
    """A float network observed once, for all plans that leave some of it to the host.

    Values of functions that are clones of the network are told apart by their numbers."""

    def __init__(self, function: FuncOp, samples: Sequence[Sample], plan: Plan, kept: int = 0):
        """`plan` is that for the whole network. Of so many samples some tensors are kept."""
        self._samples, self._numbers = samples, values_of(function)
        seen = Observations()
        for value in (*plan.ties.values, *plan.exits, *plan.integer):
            seen.magnitudes[value] = Magnitudes()
        results = ((layer.result, layer.axis) for layer in plan.layers)
        for value, axis in (*_channels(plan), *results):
            seen.channels[value, axis] = Channels(axis)
        number = {value: index for index, value in enumerate(self._numbers)}
        step = -(-len(function.body.block.ops) // _PLACES)
        wanted = live_at(function, range(0, len(function.body.block.ops), step))

        def look(value: SSAValue, array: Array) -> None:
            seen.add(value, array)
            if value in wanted:
                self._kept[-1][number[value]] = array

        run, self._kept = GraphRun(function), list[dict[int, Array]]()
        for sample in samples[:kept]:
            self._kept.append({})
            watch(run, [sample], look)
        watch(run, samples[kept:], seen.add)
        self._magnitudes = {number[v]: each for v, each in seen.magnitudes.items()}
        self._channels = {(number[v], axis): each for (v, axis), each in seen.channels.items()}

    def of(self, function: FuncOp, plan: Plan) -> Observations:
        """What a plan for a clone asks for; the clone is run if that is more than was observed."""
        number = {value: index for index, value in enumerate(values_of(function))}
        seen = Observations()
        try:
            for value in (*plan.ties.values, *plan.exits):
                if not is_constant(value):
                    seen.magnitudes[value] = self._magnitudes[number[value]]
            for value, axis in _channels(plan):
                seen.channels[value, axis] = self._channels[number[value], axis]
        except KeyError:
            return observe(GraphRun(function), self._samples, plan)
        _add_constants(seen, plan)
        return seen

    def known(
        self, sample: int, values: Sequence[SSAValue], function: FuncOp
    ) -> dict[SSAValue, Array]:
        """What was kept of a sample and is the same in a rewritten clone, which had `values`."""
        if sample >= len(self._kept):
            return {}
        same = unchanged(function, values)
        kept = ((values[number], array) for number, array in self._kept[sample].items())
        return {value: array for value, array in kept if value in same}


def values_of(function: FuncOp) -> list[SSAValue]:
    """Arguments, then all results in order."""
    block = function.body.block
    return [*block.args, *(result for op in block.ops for result in op.results)]


def _channels(plan: Plan) -> Iterator[tuple[SSAValue, int]]:
    """The tensors whose channels along an axis a plan asks for."""
    for layer in plan.layers:
        if has_weights(layer.root):
            yield layer.root.operands[0], input_axis(layer.root)
        if layer.result in plan.exits:
            yield layer.result, layer.axis
    yield from plan.freedoms.observed


def _add_constants(seen: Observations, plan: Plan) -> None:
    for constant in constants_of(plan):
        array = constant_of(constant)
        assert array is not None
        seen.magnitudes[constant] = Magnitudes()
        seen.magnitudes[constant].add(array)


def watch(
    run: GraphRun,
    samples: Iterable[Sample],
    look: Callable[[SSAValue, Array], None],
    kept: int = 0,
) -> list[tuple[Array, ...]]:
    """Run the float network on samples, of which `look` sees every tensor; the outputs of so many.

    What `look` raises as ValueError names the sample, the tensor and the op then."""
    names, outputs = tensor_names(run.function), list[tuple[Array, ...]]()

    def see(place: str, value: SSAValue, array: Array) -> None:
        about_value = (
            about(value.owner) if isinstance(value.owner, graph.GraphOp) else nullcontext()
        )
        with about_value:
            try:
                look(value, array)
            except ValueError as error:
                raise ValueError(f"{place}: tensor '{names[value]}': {error}") from error

    for sample in samples:
        given = run.run(sample, partial(see, sample.place), f"{sample.place}: ")
        if len(outputs) < kept:
            outputs.append(given)
    return outputs
