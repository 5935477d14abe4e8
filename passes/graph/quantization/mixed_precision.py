"""Mixed precision: what stays float so that the outputs are as close as wanted.

Where integers cost the answer too much, some ops stay on the host, as floats. Candidates are ops
that make an integer tensor, with all that is folded into them. What each costs the outputs is
measured: noises add up, so it is what is gone once it is float like all before it. Parts of the
network are halved where they cost most. The parts that cost most for each multiplication that the
core loses stay float, as few as reach the target; then what the target does not need becomes
integer again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import inf

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue

from nopt.dialects.annotations import HOST_REASON, PLACEMENT
from nopt.dialects.constants import Array
from nopt.passes.base.fidelity import signal_to_noise
from nopt.passes.base.placement import ON_HOST
from nopt.passes.graph.partition.work import macs
from nopt.passes.graph.quantization.comparison import compare
from nopt.passes.graph.quantization.execution import GraphRun, network_of
from nopt.passes.graph.quantization.integer_layers import is_constant, shape_of
from nopt.passes.graph.quantization.quantization_plan import Plan, make_plan, reads_integers
from nopt.passes.graph.quantization.quantize_function import Options, quantize
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.observe import Observed, values_of
from nopt.passes.graph.quantization.tensor_names import tensor_names

_HALVINGS = 16
"""How often a part of the network is halved."""

_MEASURED = 2
"""The most samples that parts are measured on."""

_TRIED_AGAIN = 12
"""How often some candidates are tried to become integer again."""

_LARGE = 10
"""A candidate is large if it costs at least one in so many of what all cost that stay float."""

_ELEMENT = 16
"""Multiplications that an element counts which then crosses between host and core."""

_RUINED = 10.0
"""Noise of a ruined tensor, in its power: more ranks no higher."""


@dataclass(frozen=True)
class Candidate:
    """Ops that stay float together."""

    name: str
    """The tensor that they compute, or read."""
    ops: tuple[int, ...]
    """Their places in the function."""
    tensor_noise: float
    """Of the tensor, as one of integers, in its power."""
    macs: int
    elements: int

    @property
    def cost(self) -> int:
        """Multiplications that the core loses, and elements that cross."""
        return 1 + self.macs + _ELEMENT * self.elements


def run_all(module: ModuleOp, samples: Iterable[Sample]) -> list[tuple[Array, ...]]:
    """What the network gives for each of some samples."""
    run = GraphRun(network_of(module))
    return [run.run(sample, place=f"{sample.place}: ") for sample in samples]


def worst_output(expected: Sequence[Sequence[Array]], found: Sequence[Sequence[Array]]) -> float:
    """The signal-to-noise, in dB, of the output furthest from what is expected over all samples.

    Outputs of integers, which count or name something, do not count, nor do infinite elements and
    no numbers that are the same."""
    ratios: list[float] = []
    for exact, given in zip(zip(*expected, strict=True), zip(*found, strict=True), strict=True):
        if exact[0].dtype.kind == "f":
            wanted, array = np.stack(exact), np.stack(given)
            same = (wanted == array) | (np.isnan(wanted) & np.isnan(array))
            counts = np.isfinite(wanted) | ~same
            ratios.append(signal_to_noise(wanted[counts], array[counts]))
    return min(ratios, default=inf)


def place_on_host(module: ModuleOp, floats: Iterable[Candidate], reason: str) -> None:
    """Say of candidates' ops that they run on the host, as floats."""
    ops = [*network_of(module).body.block.ops]
    for place in {place for each in floats for place in each.ops}:
        ops[place].attributes[PLACEMENT] = ON_HOST
        ops[place].attributes[HOST_REASON] = StringAttr(reason)


def needed(
    floats: Sequence[Candidate], is_enough: Callable[[Sequence[Candidate]], bool]
) -> list[Candidate]:
    """What is left of some candidates once as much as can be is integer again: the large ones, one
    by one; then the others by halves, quarters and so on."""
    left = sorted(floats, key=lambda each: -each.cost)
    least, tries = sum(each.cost for each in left) / _LARGE, _TRIED_AGAIN

    def try_without(size: int, first: int, end: int) -> None:
        nonlocal left, tries
        while first < end and tries:
            rest, tries = left[:first] + left[first + size :], tries - 1
            if rest and is_enough(rest):
                left, end = rest, end - size
            else:
                first += size

    def large() -> int:
        return sum(each.cost >= least for each in left)

    try_without(1, 0, large())
    size = -(-(len(left) - large()) // 2)
    while size:
        try_without(size, large(), len(left))
        size //= 2
    return left


class MixedPrecision:
    """The search for one network: `module` is the one of floats, `quantized` all in integers.

    The outputs for the samples are among what was observed."""

    def __init__(
        self,
        module: ModuleOp,
        quantized: ModuleOp,
        samples: Sequence[Sample],
        observed: Observed,
        options: Options,
    ):
        self.module, self.samples, self.options = module, samples, options
        self.observed, self.expected = observed, observed.outputs
        function = network_of(module)
        plan = make_plan(function, options.per_channel)
        self.places = {op: place for place, op in enumerate(function.body.block.ops)}
        self.names = tensor_names(function)
        self.noises: dict[str, float] = {}
        rows = [compare(module, quantized, each) for each in samples[:_MEASURED]]
        for row in chain.from_iterable(rows):
            noise = 10 ** (-row.signal_to_noise / 10) if row.signal_to_noise > -inf else _RUINED
            self.noises[row.name] = min(max(noise, self.noises.get(row.name, 0.0)), _RUINED)
        found: dict[tuple[int, ...], Candidate] = {}
        for each in self._candidates(plan):
            found.setdefault(each.ops, each)
        self.candidates = sorted(found.values(), key=lambda each: each.ops[-1])

    def choose(self, target: float) -> list[Candidate]:
        """The fewest candidates found that reach a target, in dB; in program order."""
        ranked = [each for part in self._ranked() for each in part]
        low, high = 0, len(ranked)
        while high - low > 1:
            middle = (low + high) // 2
            if self.trial(ranked[:middle], target) >= target:
                high = middle
            else:
                low = middle
        floats = needed(ranked[:high], lambda rest: self.trial(rest, target) >= target)
        return sorted(floats, key=lambda each: each.ops)

    def _ranked(self) -> list[list[Candidate]]:
        """Parts of the network, those first that cost the outputs most for what the core loses."""
        count = len(self.candidates)
        noises = {0: self._noise_behind(0), count: 0.0}

        def costs(part: tuple[int, int]) -> float:
            return max(noises[part[0]] - noises[part[1]], 0.0)

        def rank(part: tuple[int, int]) -> float:
            return costs(part) / sum(each.cost for each in self.candidates[slice(*part)])

        parts = [(0, count)]
        for _ in range(_HALVINGS):
            start, end = max(parts, key=lambda part: costs(part) * (part[1] - part[0] > 1))
            if end - start == 1:
                break
            middle = (start + end) // 2
            noises[middle] = self._noise_behind(middle)
            parts.remove((start, end))
            parts += [(start, middle), (middle, end)]
        return [self.candidates[slice(*part)] for part in sorted(parts, key=rank, reverse=True)]

    def _noise_behind(self, place: int) -> float:
        """The noise of the worst output, in its power, if so many candidates stay float."""
        ratio = self.trial(self.candidates[:place], samples=_MEASURED)
        return _RUINED if ratio == -inf else min(10 ** (-ratio / 10), _RUINED)

    def trial(
        self, floats: Sequence[Candidate], target: float = -inf, samples: int | None = None
    ) -> float:
        """The signal-to-noise of the outputs if these stay float; less than a target may be less
        still, as then not all samples are run."""
        module = self.module.clone()
        function = network_of(module)
        place_on_host(module, floats, "")
        values = values_of(function)
        quantize(function, partial(self.observed.of, function), self.options)
        run, found = GraphRun(function), list[tuple[Array, ...]]()
        reached = inf
        expected = self.expected[:samples]
        for index, sample in enumerate(self.samples[:samples]):
            # What is float up to its first integers gives what it gave before.
            known = self.observed.known(index, values, function)
            found.append(run.run(sample, known=known))
            # What is not run yet has no noise: it can only get worse.
            if (reached := worst_output(expected, [*found, *expected[len(found) :]])) < target:
                break
        return reached

    def _candidates(self, plan: Plan) -> list[Candidate]:
        """What makes an integer tensor, or reads one that the host gives."""
        found: list[Candidate] = []
        layer_of = {op: layer for layer in plan.layers for op in layer.ops}
        for op in self.places:
            if (layer := layer_of.get(op)) is not None:
                if op is not layer.ops[-1]:
                    continue
                found.append(self._candidate(layer.result, layer.ops))
            elif op.results and op.results[0] in plan.integer:
                found.append(self._candidate(op.results[0], (op,)))
        given = [value for value in plan.ties.values if value not in plan.integer]
        for value in given:
            ops: set[Operation] = set()
            for reader in (use.operation for use in value.uses):
                if reads_integers(reader, plan.integer):
                    layer = layer_of.get(reader)
                    ops |= {reader} if layer is None else {*layer.ops}
            if not is_constant(value) and ops:
                found.append(self._candidate(value, tuple(ops)))
        return found

    def _candidate(self, value: SSAValue, ops: Iterable[Operation]) -> Candidate:
        return Candidate(
            self.names[value],
            tuple(sorted(self.places[op] for op in ops)),
            self.noises.get(self.names[value], 0.0),
            sum(map(macs, ops)),
            int(np.prod(shape_of(value))),
        )
