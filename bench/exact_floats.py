"""What exact sums of floats cost: runs of networks of floats, beside numpy's own sums.

    python bench/exact_floats.py [--only NAME…] [--json]

*exact* is the graph interpreter, *numpy* the same with matrix products by BLAS in the tensors' own
type; processor seconds of one run, the least of three.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
from models import make
from networks import NETWORKS
from rich.console import Console
from rich.progress import track
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.constants import Array
from nopt.dialects.interpreters import contraction
from nopt.dialects.interpreters.run import run_function
from nopt.tools.importer import import_model
from nopt.tools.report import Row, print_rows

_RUNS = 3
_USUAL = ("resnet50", "squeezenet", "minilm")


def _seconds(module: ModuleOp, inputs: list[Array]) -> float:
    taken: list[float] = []
    for _ in range(_RUNS):
        start = time.process_time()
        run_function(module, "main", inputs)
        taken.append(time.process_time() - start)
    return min(taken)


def measure(name: str) -> Row:
    with TemporaryDirectory() as folder:
        make(NETWORKS[name], Path(folder))
        with np.load(f"{folder}/run.npz") as arrays:
            inputs = list(arrays.values())
        module = import_model(f"{folder}/model.onnx").module
    exact = _seconds(module, inputs)
    with mock.patch.object(contraction, "product", np.matmul):
        plain = _seconds(module, inputs)
    return {"network": name, "exact": exact, "numpy": plain, "times": exact / plain}


def main() -> None:
    parser = argparse.ArgumentParser(description="Processor seconds of exact sums of floats.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=_USUAL, help="just these")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.only if name not in NETWORKS]:
        sys.exit(f"unknown network '{unknown[0]}', expected one of {', '.join(NETWORKS)}")
    shown = track(arguments.only, "running", console=Console(stderr=True), transient=True)
    print_rows("processor seconds of a run in floats", [*map(measure, shown)], arguments.json)


if __name__ == "__main__":
    main()
