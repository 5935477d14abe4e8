"""Schedules: how near layers and networks come to their limits, where their cycles go.

    python bench/schedule.py [--only NAME…] [--json] [--page schedule.html]

The machine is the RTL's preset with memory latency 32. *limit* is the larger of the GEMM steps
(channels rounded up to the block) plus four steps for each output vector, and the bytes that must
be read once at 8 a cycle. The cycles of the timing model are split by what the compute module does
or waits for; *traffic* is the bytes loaded over those that must be; *error* is how far the closed
form that the search uses is from the timing model. A network's limit is the
sum over its layers on the core (`accounting`); its error is the median over its layers, its search
all of them. `--page` draws each timeline and the roofline into one HTML page that needs nothing
else.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log
from pathlib import Path
from tempfile import TemporaryDirectory

from accounting import costs
from models import make
from networks import NETWORKS
from pictures import page
from rich.console import Console
from rich.progress import track
from workloads import LAYERS, Layer, conv_layer, matmul_layer, registered_context, resnet18
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.universe import Universe

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.breakdown import Breakdown, breakdowns
from nopt.hw.encoding import decode
from nopt.hw.program import CoreStep, Program
from nopt.hw.timing import Timing
from nopt.passes.affine.core_nest import PLACEMENT
from nopt.passes.isa.assemble import assemble
from nopt.passes.machine import machine_of
from nopt.passes.tensor.estimate import estimate_schedule
from nopt.passes.tensor.schedules import SCHEDULE
from nopt.passes.tensor.tiling import tiling_of
from nopt.tools.compiling import run_pipeline
from nopt.tools.importer import import_model
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
class Source:
    """What is measured: a quantized module, its least cycles, the bytes it must read."""

    name: str
    module: ModuleOp
    limit: int
    bytes: int


def of_layer(layer: Layer) -> Source:
    return Source(layer.name, layer.build(), layer.limit, layer.bytes)


def of_network(name: str, module: ModuleOp) -> Source:
    layers = [cost for cost in costs(module) if cost.quantized]
    limit, reads = (sum(getattr(each, field) for each in layers) for field in ("limit", "reads"))
    return Source(name, module, limit, reads)


def quantized(name: str) -> ModuleOp:
    """One of `networks`, imported and quantized."""
    with TemporaryDirectory() as folder:
        make(NETWORKS[name], Path(folder))
        module = import_model(Path(folder) / "model.onnx").module
        run_pipeline(module, f'graph-quantize{{calibration="{folder}/samples.npz"}}')
    return module


LAYER_SOURCES = {layer.name: partial(of_layer, layer) for layer in [*LAYERS, *MORE]}
NETWORK_SOURCES: dict[str, Callable[[], Source]] = {
    "ResNet-18": lambda: of_network("ResNet-18", resnet18()),
    "ResNet-50": lambda: of_network("ResNet-50", quantized("resnet50")),
    "VGG-19": lambda: of_network("VGG-19", quantized("vgg19")),
    "MiniLM": lambda: of_network("MiniLM", quantized("minilm")),
}


@dataclass(frozen=True)
class Measured:
    """A compiled source: its timings, where the cycles go, and what was expected."""

    source: Source
    program: Program
    timings: Sequence[Timing]
    parts: list[Breakdown]
    estimates: list[float]
    schedule_seconds: float
    compile_seconds: float

    @property
    def cycles(self) -> int:
        return sum(timing.cycles for timing in self.timings)

    def total(self, field: str) -> int:
        return sum(getattr(part, field) for part in self.parts)

    @property
    def errors(self) -> list[float]:
        """Of the model's cycles against the timing's, for each part."""
        pairs = zip(self.estimates, self.parts, strict=True)
        return [expected / max(part.total, 1) - 1 for expected, part in pairs]

    @property
    def error(self) -> float:
        return statistics.median(self.errors)


def measure(source: Source) -> Measured:
    """Compile and time."""
    module = source.module
    context, universe = registered_context(), Universe.get_multiverse()
    estimates: list[float] = []
    seconds = 0.0
    began = time.perf_counter()
    for each in build_passes("vta", universe.all_passes):
        start = time.perf_counter()
        each.apply(context, module)
        if each.name == "affine-nest-schedule":
            seconds = time.perf_counter() - start
            estimates = _estimates(module)
    program = assemble(module, context).program
    compiled = time.perf_counter() - began
    timings = Runtime(program).timings
    parts = _parts(program, timings)
    return Measured(source, program, timings, parts, estimates, seconds, compiled)


def _parts(program: Program, timings: Sequence[Timing]) -> list[Breakdown]:
    """The breakdown of each layer of each core step."""
    records = decode(program.instructions, program.config)
    parts: list[Breakdown] = []
    steps = [step for step in program.steps if isinstance(step, CoreStep)]
    for step, timing in zip(steps, timings, strict=True):
        end = step.first + step.count
        firsts = [
            part.first - step.first for part in program.layers if step.first <= part.first < end
        ]
        parts += breakdowns(records[step.first : end], timing, firsts)
    return parts


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
    source = measured.source
    kinds = [timing.dram_bytes for timing in measured.timings]
    loaded = sum(bytes[kind] for bytes in kinds for kind in ("inp", "wgt", "acc"))
    named = ("gemm", "reset", "alu", "wait_load", "wait_store")
    others = ("compute_load", "fetch", "issue", "drain")
    return {
        "name": source.name,
        "cycles": measured.cycles,
        "limit": source.limit,
        "ratio": source.limit / measured.cycles,
        **{field: measured.total(field) for field in named},
        "other": sum(map(measured.total, others)),
        "traffic": loaded / source.bytes,
        "insns": len(measured.program.instructions),
        "error": measured.error,
        "search_s": measured.schedule_seconds,
        "compile_s": measured.compile_seconds,
    }


def summary(rows: list[Measured]) -> Row:
    """The geometric mean of the ratios, and how well the model predicts cycles and their order."""
    errors = [abs(error) for each in rows for error in each.errors]
    ratios = [each.source.limit / each.cycles for each in rows]
    measured = sorted(rows, key=lambda each: each.cycles)
    expected = sorted(rows, key=lambda each: sum(each.estimates))
    return {
        "geometric_mean_ratio": exp(statistics.fmean(map(log, ratios))),
        "least_ratio": min(ratios),
        "median_error": statistics.median(errors),
        "worst_error": max(errors),
        "order_agrees": measured == expected,
    }


def main() -> None:
    known = {**LAYER_SOURCES, **NETWORK_SOURCES}
    parser = argparse.ArgumentParser(description="Against the limits, cycle by cycle.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write pictures to an HTML page")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown name '{unknown[0]}', expected one of {', '.join(known)}")
    shown = track(names, "measuring", console=Console(stderr=True), transient=True)
    measured = [measure(known[name]()) for name in shown]
    title = "schedules on the RTL preset, memory latency 32"
    print_rows(title, [row(each) for each in measured], arguments.json)
    if not arguments.json:
        print_rows("all of them", [summary(measured)], False)
    if arguments.page:
        runs = [(each.source.name, timing) for each in measured for timing in each.timings]
        arguments.page.write_text(page(runs))


if __name__ == "__main__":
    main()
