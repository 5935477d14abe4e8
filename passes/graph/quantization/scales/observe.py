"""Running the float network over the samples and keeping what scales are chosen from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from math import prod

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
    shape_of,
)
from nopt.passes.graph.quantization.quantization_plan import Plan, constants_of
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.observed_ranges import Channels, Magnitudes
from nopt.passes.graph.quantization.tensor_names import tensor_names

_PLACES = 32
"""From how many places a network can be run on with tensors that were kept."""
_KEPT_BYTES = 1 << 26
"""The most that they take, of a sample."""


@dataclass
class Observations:
    """What was seen of the tensors that a plan asks about."""

    magnitudes: dict[SSAValue, Magnitudes] = field(default_factory=dict[SSAValue, Magnitudes])
    channels: dict[tuple[SSAValue, int], Channels] = field(
        default_factory=dict[tuple[SSAValue, int], Channels]
    )
    """By tensor and axis."""

    def add(self, value: SSAValue, array: Array) -> None:
        """Take in a tensor of one sample."""
        if (found := self.magnitudes.get(value)) is not None:
            found.add(array)
        for axis in range(array.ndim):
            if (channels := self.channels.get((value, axis))) is not None:
                channels.add(array)


def observe(run: GraphRun, samples: Iterable[Sample], plan: Plan) -> Observations:
    """What a plan asks for, of the float network on all samples.

    Raises ValueError if a tensor gets infinite or NaN."""
    seen = Observations()
    for value in (*plan.ties.values, *plan.exits):
        seen.magnitudes[value] = Magnitudes()
    for value, axis in _channels(plan):
        seen.channels[value, axis] = Channels(axis)
    for sample in samples:
        watch(run, sample, seen.add)
    _add_constants(seen, plan)
    return seen


class Observed:
    """A float network observed once, for all plans that leave some of it to the host.

    Values of functions that are clones of the network are told apart by their numbers."""

    def __init__(
        self,
        function: FuncOp,
        samples: Sequence[Sample],
        plan: Plan,
        kept: int = 0,
        shown: Iterable[Sample] | None = None,
    ):
        """`plan` is that for the whole network. Of so many samples outputs and some tensors are
        kept. The samples may be `shown` as they are taken, by a progress bar."""
        self._samples = samples
        number = {value: index for index, value in enumerate(values_of(function))}
        seen = Observations()
        for value in (*plan.ties.values, *plan.exits, *plan.integer):
            seen.magnitudes[value] = Magnitudes()
        results = ((layer.result, layer.axis) for layer in plan.layers)
        for value, axis in (*_channels(plan), *results):
            seen.channels[value, axis] = Channels(axis)
        wanted = _worth_keeping(function)
        self.outputs: list[tuple[Array, ...]] = []
        self._kept: list[dict[int, Array]] = []

        def look(value: SSAValue, array: Array) -> None:
            seen.add(value, array)
            if value in wanted:
                self._kept[-1][number[value]] = array

        run = GraphRun(function)
        for sample in samples if shown is None else shown:
            if len(self._kept) < kept:
                self._kept.append({})
                self.outputs.append(watch(run, sample, look))
            else:
                watch(run, sample, seen.add)
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


def _worth_keeping(function: FuncOp) -> set[SSAValue]:
    """The smaller ones of what is needed to run on from some places: in most networks, the later
    ones, which save most."""
    count, left = len(function.body.block.ops), _KEPT_BYTES
    live = live_at(function, range(0, count, -(-count // _PLACES)))
    kept = set[SSAValue]()
    for value in sorted(live, key=_bytes):
        if (left := left - _bytes(value)) >= 0:
            kept.add(value)
    return kept


def _bytes(value: SSAValue) -> int:
    """As 32-bit numbers, which most are."""
    return 4 * prod(shape_of(value))


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
    run: GraphRun, sample: Sample, look: Callable[[SSAValue, Array], None]
) -> tuple[Array, ...]:
    """Run the float network on a sample, of which `look` sees every tensor; the outputs.

    What `look` raises as ValueError names the sample, the tensor and the op then."""

    def see(value: SSAValue, array: Array) -> None:
        try:
            look(value, array)
        except ValueError as error:
            name = tensor_names(run.function)[value]
            op = value.owner
            with about(op) if isinstance(op, graph.GraphOp) else nullcontext():
                raise ValueError(f"{sample.place}: tensor '{name}': {error}") from error

    return run.run(sample, see, f"{sample.place}: ")
