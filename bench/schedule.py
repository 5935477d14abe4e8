"""Schedules: how near each layer comes to its limit, where its cycles go, what the model said.

    python bench/schedule.py [--only NAME…] [--json] [--page schedule.html]

The machine is the RTL's preset with memory latency 32. *limit* is the larger of the GEMM steps
(channels rounded up to the block) plus four steps for each output vector, and the bytes that must
be read once at 8 a cycle. The cycles of the timing model are split by what the compute module does
or waits for; *traffic* is the bytes loaded over those that must be; *error* is how far the closed
form that the search uses is from the timing model. `--page` draws the timeline of each layer and
the roofline into one HTML page that needs nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from pathlib import Path

from pictures import page
from workloads import LAYERS, Layer, conv_layer, matmul_layer, registered_context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.universe import Universe

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.breakdown import Breakdown, breakdowns
from nopt.hw.encoding import Records, decode
from nopt.hw.program import Program
from nopt.hw.timing import Timing
from nopt.passes.affine.core_nest import PLACEMENT
from nopt.passes.isa.assemble import assemble
from nopt.passes.machine import machine_of
from nopt.passes.tensor.estimate import estimate_schedule
from nopt.passes.tensor.schedules import SCHEDULE
from nopt.passes.tensor.tiling import tiling_of
from nopt.tools.pipeline_text import build_passes
from nopt.tools.report import Row, print_rows
from nopt.tools.runtime import Runtime

MORE = [
    matmul_layer("GEMM 256", 256, 256, 256),
    matmul_layer("GEMM 512", 512, 512, 512),
    matmul_layer("dense 512-1008", 1, 512, 1008),
    conv_layer("ResNet-50 56x56 256-64 1x1", (56, 56), 256, 64, 1),
    conv_layer("ResNet-50 56x56 64-256 1x1", (56, 56), 64, 256, 1),
    conv_layer("ResNet-50 14x14 1024-256 1x1", (14, 14), 1024, 256, 1),
    conv_layer("ResNet-50 7x7 512-2048 1x1", (7, 7), 512, 2048, 1),
    conv_layer("VGG 14x14 512-512 3x3", (14, 14), 512, 512, 3, 1, 1),
    matmul_layer("MiniLM 128x384x1536", 128, 384, 1536),
    matmul_layer("MiniLM 128x1536x384", 128, 1536, 384),
]
"""Beside the layers of `workloads`."""


@dataclass(frozen=True)
class Measured:
    """A compiled layer: its timing, where the cycles go, and what was expected."""

    layer: Layer
    program: Program
    records: Records
    timing: Timing
    parts: list[Breakdown]
    estimates: list[float]
    schedule_seconds: float

    def total(self, field: str) -> int:
        return sum(getattr(part, field) for part in self.parts)

    @property
    def error(self) -> float:
        """Of the model's cycles against the timing's."""
        return sum(self.estimates) / self.timing.cycles - 1


def measure(layer: Layer) -> Measured:
    """Compile and time one layer, which must be a single step on the core."""
    module = layer.build()
    context, universe = registered_context(), Universe.get_multiverse()
    estimates: list[float] = []
    seconds = 0.0
    for each in build_passes("vta", universe.all_passes):
        start = time.perf_counter()
        each.apply(context, module)
        if each.name == "affine-nest-schedule":
            seconds = time.perf_counter() - start
            estimates = _estimates(module)
    program = assemble(module, context).program
    (timing,) = Runtime(program).timings
    records = decode(program.instructions, program.config)
    parts = breakdowns(records, timing, [part.first for part in program.layers])
    return Measured(layer, program, records, timing, parts, estimates, seconds)


def _estimates(module: ModuleOp) -> list[float]:
    """What the search expected of each nest on the core, in order."""
    config = machine_of(module)
    found: list[float] = []
    for nest in module.walk():
        if isinstance(nest, ForOp) and nest.attributes.get(PLACEMENT) == StringAttr("core"):
            schedule = nest.attributes[SCHEDULE]
            assert isinstance(schedule, ScheduleAttr)
            found.append(estimate_schedule(tiling_of(nest, config), schedule, config))
    return found


def row(measured: Measured) -> Row:
    timing, layer = measured.timing, measured.layer
    loaded = sum(timing.dram_bytes[kind] for kind in ("inp", "wgt", "acc"))
    named = ("gemm", "reset", "alu", "wait_load", "wait_store")
    others = ("compute_load", "fetch", "issue", "drain")
    return {
        "name": layer.name,
        "cycles": timing.cycles,
        "limit": layer.limit,
        "ratio": layer.limit / timing.cycles,
        **{field: measured.total(field) for field in named},
        "other": sum(map(measured.total, others)),
        "traffic": loaded / layer.bytes,
        "insns": len(measured.records),
        "error": measured.error,
        "search_s": measured.schedule_seconds,
    }


def summary(rows: list[Measured]) -> Row:
    """The geometric mean of the ratios, and how well the model predicts cycles and their order."""
    errors = [abs(each.error) for each in rows]
    ratios = [each.layer.limit / each.timing.cycles for each in rows]
    by: Callable[[Measured], float] = lambda each: each.timing.cycles  # noqa: E731
    measured = sorted(rows, key=by)
    expected = sorted(rows, key=lambda each: sum(each.estimates))
    return {
        "geometric_mean_ratio": exp(statistics.fmean(map(log, ratios))),
        "least_ratio": min(ratios),
        "median_error": statistics.median(errors),
        "worst_error": max(errors),
        "order_agrees": measured == expected,
        "search_s": sum(each.schedule_seconds for each in rows),
    }


def main() -> None:
    known = {layer.name: layer for layer in [*LAYERS, *MORE]}
    parser = argparse.ArgumentParser(description="Layers against their limits, cycle by cycle.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these layers")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write pictures to an HTML page")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown layer '{unknown[0]}', expected one of {', '.join(known)}")
    measured = [measure(known[name]) for name in names]
    print_rows("schedules on the RTL preset", [row(each) for each in measured], arguments.json)
    if not arguments.json:
        print_rows("all of them", [summary(measured)], False)
    if arguments.page:
        arguments.page.write_text(page([(each.layer.name, each.timing) for each in measured]))


if __name__ == "__main__":
    main()
