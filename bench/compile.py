"""Compile speed: processor seconds of `nopt` from a quantized network's text to a program file.

    python bench/compile.py [--only NAME…] [--chain LENGTH…] [--json]

Each network is compiled twice, in processes of their own: searching schedules and writing them to
a tuning log, then with that log. *start* is the interpreter, imports and the driver's set-up;
*read* parses the text and its weights; *graph*, *nests*, *tiles* and *instructions* are the passes
by the level they work on, *search* the one that chooses schedules; *verify* is all verification;
*assemble* expands, synchronizes, encodes and writes. *total* is the whole process, its end
included; *mb* its largest memory. `--chain 50 100 200 400` compiles so many convolutions in a row
instead, no two with equal weights.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from models import make
from networks import NETWORKS
from rich.console import Console
from rich.progress import track
from workloads import Network

from nopt.dialects.printing import MlirTarget
from nopt.tools.compiling import every_dialect, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import Row, print_rows

USUAL = ("resnet_mnist", "resnet50", "vgg19", "minilm")
PASSES = ("graph", "nests", "search", "tiles", "instructions")
STAGES = ("start", "read", *PASSES, "verify", "assemble")


def _quantize(name: str, folder: Path) -> None:
    """Write a network's quantized text."""
    make(NETWORKS[name], folder)
    module = import_model(folder / "model.onnx").module
    run_pipeline(module, f'graph-quantize{{calibration="{folder / "samples.npz"}" target=0.0}}')
    with (folder / "quantized.mlir").open("w") as file:
        MlirTarget().emit(every_dialect(), module, file)


def _chain(length: int, folder: Path) -> None:
    """Write so many 3x3 convolutions of 64 channels, each behind the one before."""
    network = Network("chain", 1, 64, 14, 14)
    x = network.input
    for _ in range(length):
        x = network.conv(x, 64, 3, pad=1)
    with (folder / "quantized.mlir").open("w") as file:
        MlirTarget().emit(every_dialect(), network.finish(x), file)


def _run(command: list[str]) -> tuple[str, float, float]:
    """Run a command: what it prints, its processor seconds, its largest memory in MB."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    # Linux counts in KiB.
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def measure(name: str) -> list[Row]:
    """A row without a tuning log, and one with it; of a network, or of a chain of a length."""
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        _run([__file__, "--write", name, folder])
        files = [f"{folder}/quantized.mlir", "-o", f"{folder}/network.vta"]
        pipeline = f'vta{{tuning-log="{folder}/log.jsonl"}}'
        timed = [str(Path(__file__).with_name("timed_nopt.py")), *files, "-p", pipeline]
        for log in ("no", "yes"):
            text, total, megabytes = _run([*timed, "-t", "vta-program"])
            seconds = json.loads(text)
            stages = {stage: seconds.get(stage, 0.0) for stage in STAGES}
            rows.append({"name": name, "log": log, **stages, "total": total, "mb": megabytes})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Processor seconds of compiling, by stage.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=USUAL, help="just these")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--chain", nargs="+", metavar="LENGTH", type=int, help="convolutions")
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        name, folder = arguments.write
        (_quantize(name, Path(folder)) if name in NETWORKS else _chain(int(name), Path(folder)))
        return
    names: list[str] = list(map(str, arguments.chain)) if arguments.chain else [*arguments.only]
    if unknown := [name for name in arguments.only if name not in NETWORKS]:
        parser.error(f"unknown network '{unknown[0]}', expected one of {', '.join(NETWORKS)}")
    shown = track(names, "compiling", console=Console(stderr=True), transient=True)
    rows = [row for name in shown for row in measure(name)]
    print_rows("processor seconds from quantized text to program file", rows, arguments.json)


if __name__ == "__main__":
    main()
