"""Whole networks: from ONNX to a program, cycles against the lower limit, traffic, and seconds.

    python bench/models.py [--only NAME…] [--json]

Each network is imported, quantized on a few samples, compiled and run once on the modeled core (the
RTL's preset with memory latency 32), in a process of its own, whose largest memory is *peak mb*.
The result must equal the graph interpreter's of the quantized network in every bit.

*limit* sums over layers what `accounting` says no schedule can beat; what runs on the host is not
in it. *unique bytes* are each layer's reads once, and its results once. *core share* is the
share of all multiplications that run on the core; *host between* counts host steps that are neither
the first nor the last.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from accounting import costs, host_macs
from networks import NETWORKS, Workload
from rich.console import Console
from rich.progress import track

from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import Row, print_rows, timing_row
from nopt.tools.runtime import Runtime

COST = (
    "name macs core_share cycles limit ratio "
    "dram_bytes unique_bytes traffic host_steps host_between"
)
MACHINE = "name import_s quantize_s compile_s simulate_s host_s instructions dram_mb peak_mb"
TABLES = {
    "networks on the RTL preset, memory latency 32": COST.split(),
    "seconds and memory of this machine": MACHINE.split(),
}


class _Clock:
    """Seconds since it was last asked."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        last, self._last = self._last, time.perf_counter()
        return self._last - last


def make(workload: Workload, folder: Path) -> None:
    """Write a network and samples for it."""
    model = workload.model()
    samples = workload.samples(model)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "samples.npz", **samples.calibration)
    np.savez(folder / "run.npz", *samples.run)


def measure(workload: Workload, folder: Path) -> Row:
    """One row. Raises ValueError if the core's result is not the graph interpreter's."""
    with np.load(folder / "run.npz") as arrays:
        inputs = list(arrays.values())
    clock = _Clock()
    module = import_model(folder / "model.onnx").module
    import_s = clock.lap()
    run_pipeline(module, f'graph-quantize{{calibration="{folder / "samples.npz"}" target=0.0}}')
    quantize_s = clock.lap()
    layers = list(costs(module))
    on_core = [layer for layer in layers if layer.quantized]
    expected = run_function(module, "main", inputs)
    clock.lap()
    program = compile_program(module)
    compile_s = clock.lap()
    total = sum(layer.macs for layer in layers)
    core_share = 1 - host_macs(module) / total
    runtime = Runtime(program)
    result = runtime.run(inputs)
    _check(workload.name, expected, result.outputs)
    facts = timing_row(runtime.timings)
    limit = sum(layer.limit for layer in on_core)
    unique = sum(layer.reads + layer.writes for layer in on_core)
    return {
        "name": workload.name,
        "macs": total,
        "core_share": core_share,
        "cycles": facts["cycles"],
        "limit": limit,
        "ratio": limit / facts["cycles"],
        "dram_bytes": facts["dram_bytes"],
        "unique_bytes": unique,
        "traffic": facts["dram_bytes"] / unique,
        **_host_steps(program),
        "import_s": import_s,
        "quantize_s": quantize_s,
        "compile_s": compile_s,
        "simulate_s": result.core_seconds,
        "host_s": result.host_seconds,
        "instructions": len(program.instructions),
        "dram_mb": program.dram_bytes / 1e6,
        # Linux counts in KiB.
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }


def _check(name: str, expected: Sequence[Any], found: Sequence[Any]) -> None:
    for index, (a, b) in enumerate(zip(expected, found, strict=True)):
        if not np.array_equal(a, b):
            wrong = int((a != b).sum())
            raise ValueError(f"{name}: {wrong} of {a.size} numbers of output {index} differ")


def _host_steps(program: Program) -> Row:
    kinds = [isinstance(step, CoreStep) for step in program.steps]
    first, last = kinds.index(True), len(kinds) - 1 - kinds[::-1].index(True)
    return {"host_steps": kinds.count(False), "host_between": kinds[first:last].count(False)}


def _measure_apart(name: str) -> Row | None:
    """A network's row, measured in a process of its own; nothing, with a message, if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        for task in ("make", "measure"):
            command = [sys.executable, __file__, "--only", name, "--task", task, folder]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{name} failed:\n{done.stderr}", file=sys.stderr)
                return None
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Cycles, traffic and seconds of whole networks.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these networks")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--task", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.only or list(NETWORKS)
    if unknown := [name for name in names if name not in NETWORKS]:
        parser.error(f"unknown network '{unknown[0]}', expected one of {', '.join(NETWORKS)}")
    if arguments.task:
        _do(*arguments.task, NETWORKS[names[0]])
        return
    shown = track(names, "measuring", console=Console(stderr=True), transient=True)
    found = [_measure_apart(name) for name in shown]
    rows = [row for row in found if row]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        for title, columns in TABLES.items():
            print_rows(title, [{name: row[name] for name in columns} for row in rows])
    if len(rows) < len(found):
        sys.exit(1)


def _do(task: str, folder: str, workload: Workload) -> None:
    """What the processes of `_measure_apart` do."""
    if task == "make":
        make(workload, Path(folder))
    else:
        print(json.dumps(measure(workload, Path(folder))))


if __name__ == "__main__":
    main()
