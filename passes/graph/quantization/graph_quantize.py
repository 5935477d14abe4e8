"""`graph-quantize`: from a network of floats to one of integers, by what it computes on samples.

If the outputs then are further from those of the floats than a target, some ops stay float, on the
host, and a table says which, why and at what cost.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.console import Console
from rich.progress import track
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.transforms import get_all_passes as get_xdsl_passes

from nopt.dialects.constants import load_resource_dialect
from nopt.passes import get_all_passes
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.fidelity import fidelity_table, worst_first
from nopt.passes.graph.quantization.comparison import compare
from nopt.passes.graph.quantization.execution import network_of
from nopt.passes.graph.quantization.mixed_precision import (
    MixedPrecision,
    place_on_host,
    run_all,
    worst_output,
)
from nopt.passes.graph.quantization.mixed_report import missed, mixed_table
from nopt.passes.graph.quantization.quantization_plan import make_plan
from nopt.passes.graph.quantization.quantize_function import Options, quantize
from nopt.passes.graph.quantization.samples import Sample, load_samples
from nopt.passes.graph.quantization.scales.centring import centre
from nopt.passes.graph.quantization.scales.observe import Observed
from nopt.passes.graph.quantization.scales.scale_methods import Method
from nopt.passes.pipelines import GRAPH_CLEAN

_MEASURED = 4
"""The most samples whose outputs are compared."""


@dataclass(frozen=True)
class GraphQuantizePass(ModulePass):
    """Symmetric int8, with scales chosen from the tensors that the samples in a .npz give."""

    name = "graph-quantize"
    level = "graph"
    shows_progress: ClassVar[bool] = True
    """The driver's own would lie above the bar of the samples."""

    calibration: str
    """The file: one array for each input, with a leading dimension for several samples."""
    method: Method = "mse"
    percentile: float = 99.99
    samples: int | None = None
    """The most samples to use."""
    per_channel: bool = True
    shift_tolerance: float = 0.5
    """dB of noise that a layer may gain by one shift for all channels instead of one for each."""
    correct_bias: bool = True
    centre: bool = True
    """Take the middle of each channel's range from what the host gives to weights."""
    clean: bool = True
    """Run the pipeline `graph-clean` first; a clean network stays as it is."""
    target: float = 15.0
    """The least signal-to-noise of each output, in dB: what costs it stays float. 0: no matter."""
    report: bool = False
    """Print the signal-to-noise of each tensor on the first sample to stderr, worst first."""

    def __post_init__(self) -> None:
        if self.samples is not None and self.samples < 1:
            raise ValueError(f"samples is {self.samples}, expected at least 1")
        if not 0 < self.percentile <= 100:
            raise ValueError(f"percentile is {self.percentile}, expected above 0 and at most 100")
        if self.shift_tolerance < 0:
            raise ValueError(f"shift_tolerance is {self.shift_tolerance}, expected at least 0")
        if self.target < 0:
            raise ValueError(f"target is {self.target}, expected at least 0")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        if self.clean:
            _clean(ctx, op)
        function = network_of(op)
        samples = load_samples(self.calibration, function, self.samples)
        if self.centre:
            centre(function, samples)
        before = op.clone()
        options = Options(
            self.method, self.percentile, self.per_channel, self.shift_tolerance, self.correct_bias
        )
        network = network_of(before)
        plan = make_plan(network, self.per_channel)
        kept = _MEASURED if self.target > 0 else 0
        observed = Observed(network, samples, plan, kept, _shown(samples))
        quantize(function, partial(observed.of, function), options)
        erase_dead_code(op)
        if self.target > 0:
            self._reach(op, before, samples, observed, options)
        if self.report:
            rows = compare(before, op, samples[0])
            print(fidelity_table(worst_first(rows)), file=sys.stderr)

    def _reach(
        self,
        op: ModuleOp,
        before: ModuleOp,
        samples: Sequence[Sample],
        observed: Observed,
        options: Options,
    ) -> None:
        """Quantize less, if the outputs are not close enough, and say what stays float."""
        expected, measured = observed.outputs, samples[:_MEASURED]
        found = worst_output(expected, run_all(op, measured))
        if found >= self.target:
            return
        search = MixedPrecision(before, op, measured, observed, options)
        with _waiting("searching what stays float"):
            floats = search.choose(self.target)
        place_on_host(before, floats, f"it stays float: as integers, outputs had {found:.1f} dB")
        mixed = before.clone()
        quantize(network_of(mixed), partial(observed.of, network_of(mixed)), options)
        erase_dead_code(mixed)
        op.body.detach_block(0)
        op.body.add_block(mixed.body.detach_block(0))
        reached = worst_output(expected, run_all(op, measured))
        print(mixed_table(before, floats, found, reached, self.target), file=sys.stderr)
        if reached < self.target:
            rows = compare(before, op, samples[0])
            print(missed(reached, self.target, rows), file=sys.stderr)


def _clean(ctx: Context, module: ModuleOp) -> None:
    factories = {**get_xdsl_passes(), **get_all_passes()}
    PassPipeline.parse_spec(factories, ",".join(GRAPH_CLEAN.passes)).apply(ctx, module)


def _shown(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The samples, with a progress bar on a terminal."""
    if not sys.stderr.isatty() or len(samples) < 2:
        yield from samples
        return
    yield from track(samples, "calibrating", console=Console(stderr=True), transient=True)


def _waiting(what: str) -> AbstractContextManager[object]:
    """Says on a terminal what takes a while."""
    return Console(stderr=True).status(what) if sys.stderr.isatty() else nullcontext()
