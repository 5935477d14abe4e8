"""Compile the digits network, run every held-out image on the modeled core, and count.

Run by `make demo`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import parse_file
from nopt.hw.program.program_file import Program
from nopt.tools.errors import UserError
from nopt.tools.nopt import main as nopt
from nopt.tools.report import print_facts, timing_row
from nopt.tools.report_page.page import report_page
from nopt.tools.runtime import Runtime

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("-o", "--output", default="build/digits.vta", help="the program file")
    arguments = parser.parse_args()
    images, labels = np.load(HERE / "images.npy"), np.load(HERE / "labels.npy")

    Path(arguments.output).parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    source = str(HERE / "digits.mlir")
    nopt([source, "-p", "vta", "-t", "vta-program", "-o", arguments.output])
    compiled = time.perf_counter()
    runtime = Runtime(Program.load(arguments.output))
    scores = [runtime.run([image[np.newaxis]]).outputs[0] for image in images]
    answers = np.concatenate(scores).argmax(axis=1)
    done = time.perf_counter()

    facts = {
        "held-out images": len(images),
        "accuracy": float((answers == labels).mean()),
        "same label as the integer reference": int((answers == _reference(images)).sum()),
        **{f"{name} an image": value for name, value in timing_row(runtime.timings).items()},
        "compile seconds": compiled - start,
        "run seconds": done - compiled,
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print_facts("digits on the modeled core", facts)
        _report(runtime, Path(arguments.output).with_suffix(".html"))


def _report(runtime: Runtime, path: Path) -> None:
    """Write the program's report, and say where it is."""
    try:
        path.write_text(report_page(runtime, "digits", _network()), encoding="utf-8")
    except UserError as error:
        print(f"no report: {error.message}")
        return
    print(f"report of the run: {path} (open it in a browser: {path.resolve().as_uri()})")


def _network() -> ModuleOp:
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return parse_file(context, HERE / "digits.mlir")


def _reference(images: np.ndarray) -> np.ndarray:
    """The labels that the graph interpreter gives."""
    module = _network()
    results = [run_function(module, "main", [image[np.newaxis]])[0] for image in images]
    return np.concatenate(results).argmax(axis=1)


if __name__ == "__main__":
    main()
