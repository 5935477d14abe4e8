"""Schedules: how near layers and networks come to their limits, where their cycles go.

    python bench/schedule.py [--only NAME…] [--layers] [--json] [--page FOLDER]

The machine is the RTL's preset with memory latency 32. *limit* is the larger of the GEMM steps
(channels rounded up to the block) plus four steps for each output vector, and the bytes that must
be read once at 8 a cycle; a network's is the sum over its layers on the core (`accounting`). *best*
is what no schedule of the same nests can beat: as *limit*, with the cycle that resets each vector
and the steps that its epilogue has; *of best* is that over the cycles. The cycles of the timing
model are split by what the compute module does or waits for. *traffic* is the bytes loaded and
stored over those that must be. *error* is how far the cost model is from the timing model, the
median over the layers and the worst of them: of a layer in a network, from the end of what the
layer before computes to the end of its own.

`--layers` prints the same for each layer of a network. Below are the layers that read their weights
more than once, each with what the best schedule costs that does not, and how well the cost model
orders all layers: Kendall's tau, and the farthest apart of two that it swaps. Layers of less than
1,000 cycles are apart: of them it says by how many cycles the model is off at most. `--page`
writes the report of each row's program, as `nopt-report` does.
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

import numpy as np
from accounting import costs
from expected import Expected, expectations
from models import make
from networks import NETWORKS
from rich.console import Console
from rich.progress import track
from workloads import LAYERS, Layer, conv_layer, matmul_layer, registered_context, resnet18
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.hw.isa.encoding import decode
from nopt.hw.program import layer_rows as layers
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep
from nopt.hw.timing.breakdown import Breakdown, breakdowns
from nopt.hw.timing.program_timing import Timing
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.compiling import run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.pipeline_text import build_passes
from nopt.tools.report import Row, print_rows
from nopt.tools.report_page.page import report_page
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


TINY = 1_000
"""Cycles of a layer whose error is counted in cycles: a few transfers that wait for others."""


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
    counted = [cost for cost in costs(module) if cost.quantized]
    limit, reads = (sum(getattr(each, field) for each in counted) for field in ("limit", "reads"))
    return Source(name, module, limit, reads)


def quantized(name: str) -> ModuleOp:
    """One of `networks`, imported and quantized."""
    with TemporaryDirectory() as folder:
        make(NETWORKS[name], Path(folder))
        module = import_model(Path(folder) / "model.onnx").module
        run_pipeline(module, f'graph-quantize{{calibration="{folder}/samples.npz" target=0.0}}')
    return module


LAYER_SOURCES = {layer.name: partial(of_layer, layer) for layer in [*LAYERS, *MORE]}
NETWORK_SOURCES: dict[str, Callable[[], Source]] = {
    "ResNet-18": lambda: of_network("ResNet-18", resnet18()),
    "ResNet-50": lambda: of_network("ResNet-50", quantized("resnet50")),
    "VGG-19": lambda: of_network("VGG-19", quantized("vgg19")),
    "MiniLM": lambda: of_network("MiniLM", quantized("minilm")),
    "DenseNet-121": lambda: of_network("DenseNet-121", quantized("densenet121")),
    "Inception v1": lambda: of_network("Inception v1", quantized("inception_v1")),
    "Inception v2": lambda: of_network("Inception v2", quantized("inception_v2")),
    "SqueezeNet": lambda: of_network("SqueezeNet", quantized("squeezenet")),
    "ShuffleNet": lambda: of_network("ShuffleNet", quantized("shufflenet")),
    "AlexNet": lambda: of_network("AlexNet", quantized("bvlc_alexnet")),
    "ZFNet": lambda: of_network("ZFNet", quantized("zfnet512")),
    "resnet_mnist": lambda: of_network("resnet_mnist", quantized("resnet_mnist")),
}


@dataclass(frozen=True)
class Part:
    """A layer of a program: where its cycles go, and what the cost model said."""

    name: str
    cycles: Breakdown
    expected: Expected
    estimate: float

    @property
    def error(self) -> float:
        return self.estimate / max(self.cycles.total, 1) - 1


@dataclass(frozen=True)
class Measured:
    """A compiled source: its timings, and its layers."""

    source: Source
    program: Program
    timings: Sequence[Timing]
    parts: list[Part]
    schedule_seconds: float
    compile_seconds: float

    @property
    def cycles(self) -> int:
        return sum(timing.cycles for timing in self.timings)

    @property
    def estimate(self) -> float:
        return sum(part.estimate for part in self.parts)

    @property
    def errors(self) -> list[float]:
        return [abs(part.error) for part in self.parts]


def measure(source: Source) -> Measured:
    """Compile and time."""
    module = source.module
    context, universe = registered_context(), Universe.get_multiverse()
    expected: list[Expected] = []
    seconds = apart = 0.0
    began = time.perf_counter()
    for each in build_passes("vta", universe.all_passes):
        start = time.perf_counter()
        each.apply(context, module)
        if each.name == "affine-nest-schedule":
            seconds = time.perf_counter() - start
            expected = expectations(module)
            apart = time.perf_counter() - start - seconds
    program = assemble(module, context).program
    compiled = time.perf_counter() - began - apart
    timings = Runtime(program).timings
    parts = _parts(program, timings, expected)
    return Measured(source, program, timings, parts, seconds, compiled)


def _layers_of(program: Program) -> list[tuple[CoreStep, list[layers.Layer]]]:
    """The core's steps, and the layers of each."""
    steps = [step for step in program.steps if isinstance(step, CoreStep)]
    ends = [(step, step.first + step.count) for step in steps]
    return [
        (step, [each for each in program.layers if step.first <= each.first < end])
        for step, end in ends
    ]


def _parts(program: Program, timings: Sequence[Timing], expected: Sequence[Expected]) -> list[Part]:
    """The layers of all core steps, which are in the order of their nests."""
    records = decode(program.instructions, program.config)
    of_layers = dict(zip([layer.first for layer in program.layers], expected, strict=True))
    parts: list[Part] = []
    for (step, own), timing in zip(_layers_of(program), timings, strict=True):
        firsts = [layer.first - step.first for layer in own]
        cycles = breakdowns(records[step.first : step.first + step.count], timing, firsts)
        for layer, each in zip(own, cycles, strict=True):
            model = of_layers[layer.first]
            estimate = model.alone if layer is own[0] else model.after
            estimate += model.end if layer is own[-1] else 0
            parts.append(Part(layer.name, each, model, estimate))
    return parts


def _split(cycles: Sequence[Breakdown]) -> Row:
    """Where cycles go, summed."""

    def total(*fields: str) -> int:
        return sum(getattr(each, field) for each in cycles for field in fields)

    named = ("gemm", "reset", "alu", "wait_load", "wait_store", "fetch")
    others = ("compute_load", "issue", "drain")
    return {**{field: total(field) for field in named}, "other": total(*others)}


def row(measured: Measured) -> Row:
    source = measured.source
    kinds = [timing.dram_bytes for timing in measured.timings]
    loaded = sum(bytes[kind] for bytes in kinds for kind in ("inp", "wgt", "acc"))
    stored = sum(bytes["out"] for bytes in kinds)
    best = sum(part.expected.floor for part in measured.parts)
    return {
        "name": source.name,
        "cycles": measured.cycles,
        "limit": source.limit,
        "ratio": source.limit / measured.cycles,
        "best": best,
        "of_best": best / measured.cycles,
        **_split([part.cycles for part in measured.parts]),
        "traffic": (loaded + stored) / (source.bytes + stored),
        "insns": len(measured.program.instructions),
        "error": statistics.median(measured.errors),
        "worst": max(measured.errors),
        "search_s": measured.schedule_seconds,
        "compile_s": measured.compile_seconds,
    }


def layer_rows(measured: Measured) -> list[Row]:
    """Each layer: its cycles, where they go, the cost model's error, how often weights are read."""
    return [
        {
            "name": measured.source.name,
            "layer": part.name,
            "cycles": part.cycles.total,
            "best": part.expected.floor,
            "of_best": part.expected.floor / max(part.cycles.total, 1),
            **_split([part.cycles]),
            "error": part.error,
            "weights": part.expected.weights,
        }
        for part in measured.parts
    ]


def reread_rows(rows: Sequence[Measured]) -> list[Row]:
    """Layers that read their weights more than once, and what reading them once would cost."""
    return [
        {
            "name": each.source.name,
            "layer": part.name,
            "cycles": part.cycles.total,
            "weights": part.expected.weights,
            "once": "fits nowhere"
            if part.expected.once is None
            else "{:+,.0f} cycles, {:+,.0f} bytes".format(*part.expected.once),
        }
        for each in rows
        for part in each.parts
        if part.expected.weights > 1
    ]


def summary(rows: list[Measured]) -> Row:
    """The geometric mean of the ratios, and how well the model predicts cycles and their order."""
    parts = [part for each in rows for part in each.parts]
    tiny = [part for part in parts if part.cycles.total < TINY]
    others = [part for part in parts if part.cycles.total >= TINY]
    worst = max(others or parts, key=lambda part: abs(part.error))
    ratios = [each.source.limit / each.cycles for each in rows]
    tau, swapped = order_agreement(
        [part.cycles.total for part in others], [part.estimate for part in others]
    )
    measured = sorted(rows, key=lambda each: each.cycles)
    return {
        "geometric_mean_ratio": exp(statistics.fmean(map(log, ratios))),
        "least_ratio": min(ratios),
        "layers": len(parts),
        "median_error": statistics.median(abs(part.error) for part in parts),
        "over_10_%": sum(abs(part.error) > 0.1 for part in others),
        "worst_error": worst.error,
        "worst_layer": worst.name,
        "tau": tau,
        "swapped_by": swapped,
        "tiny_layers": len(tiny),
        "tiny_cycles_off": max((abs(p.estimate - p.cycles.total) for p in tiny), default=0.0),
        "rows_in_order": measured == sorted(rows, key=lambda each: each.estimate),
    }


def order_agreement(measured: Sequence[float], expected: Sequence[float]) -> tuple[float, float]:
    """Kendall's tau of two orders, and how much longer than the other, at most, one of two is whose
    order `expected` has the other way."""
    cycles, model = np.array(measured, float), np.array(expected, float)
    longer = np.sign(cycles[:, None] - cycles)
    same = longer * np.sign(model[:, None] - model)
    pairs = np.count_nonzero(longer)
    gaps = np.where(same < 0, cycles[:, None] / np.maximum(cycles, 1) - 1, 0)
    return float(same.sum() / max(pairs, 1)), float(gaps.max(initial=0))


def main() -> None:
    known = {**LAYER_SOURCES, **NETWORK_SOURCES}
    parser = argparse.ArgumentParser(description="Against the limits, cycle by cycle.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these")
    parser.add_argument("--layers", action="store_true", help="print each layer of networks, too")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--page", type=Path, metavar="FOLDER", help="write reports there")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown name '{unknown[0]}', expected one of {', '.join(known)}")
    shown = track(names, "measuring", console=Console(stderr=True), transient=True)
    measured = [measure(known[name]()) for name in shown]
    title = "schedules on the RTL preset, memory latency 32"
    if arguments.json:
        print_rows(title, [{**row(each), "layers": layer_rows(each)} for each in measured], True)
    else:
        print_rows(title, [row(each) for each in measured])
        if arguments.layers:
            print_rows("layers", [each for one in measured for each in layer_rows(one)])
        if rereads := reread_rows(measured):
            print_rows("weights read more than once, and the best schedule that does not", rereads)
        print_rows("all of them", [summary(measured)])
    if arguments.page:
        arguments.page.mkdir(parents=True, exist_ok=True)
        for each in measured:
            name = each.source.name
            page = report_page(Runtime(each.program), name)
            (arguments.page / f"{name.replace(' ', '_')}.html").write_text(page)


if __name__ == "__main__":
    main()
