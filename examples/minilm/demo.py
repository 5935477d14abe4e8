"""Sentences on the core: MiniLM-L6 imported, quantized, compiled and run, against its float self.

    python examples/minilm/demo.py [--length 32] [--method max] [-o minilm.vta]

All 200 sentences and queries of sentences.txt run on the modeled core. The float network is run by
onnxruntime. *cosine* is between the embeddings of one sentence; *same nearest* is the share of
queries for which both networks find the same sentence nearest.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from minilm import INPUTS, Array, build
from onnxruntime import InferenceSession
from rich.console import Console
from rich.progress import track
from sentences import calibration, inputs, read

from nopt.dialects.interpreters.run import run_function
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import print_facts
from nopt.tools.runtime import Runtime

CHECKED = 5
"""Sentences that the graph interpreter runs too; every bit must agree."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--length", type=int, default=32, help="tokens a sentence (default 32)")
    parser.add_argument("--method", default="mse", help="how scales are chosen (default mse)")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("-o", "--output", help="write the program file there")
    arguments = parser.parse_args()
    try:
        model = build(arguments.length)
    except ValueError as error:
        parser.error(str(error))
    lists = read()
    texts = [*lists["sentences"], *lists["queries"]]
    arrays = inputs(texts, arguments.length)
    samples = [[arrays[name][i : i + 1] for name in INPUTS] for i in range(len(texts))]

    with tempfile.TemporaryDirectory() as folder:
        path, chosen = Path(folder) / "minilm.onnx", Path(folder) / "calibration.npz"
        onnx.save(model, path)
        np.savez(chosen, **calibration(arguments.length))
        session = InferenceSession(path)
        floats = [session.run(None, dict(zip(INPUTS, x, strict=True)))[0] for x in samples]
        start = time.perf_counter()
        module = import_model(path).module
        options = f'calibration="{chosen}" method={arguments.method}'
        run_pipeline(module, f"graph-quantize{{{options}}}")
    reference = [run_function(module, "main", x)[0] for x in samples[:CHECKED]]
    program = compile_program(module)
    if arguments.output:
        program.save(arguments.output)
    compiled = time.perf_counter()
    runtime = Runtime(program)
    shown = track(samples, "running", console=Console(stderr=True), transient=True)
    found = [runtime.run(x).outputs[0] for x in shown]
    done = time.perf_counter()

    count = len(lists["sentences"])
    a, b = _directions(floats), _directions(found)
    cosines = (a * b).sum(axis=1)
    same = nearest(a[count:], a[:count]) == nearest(b[count:], b[:count])
    facts = {
        "sentences and queries": len(texts),
        "tokens a sentence": arguments.length,
        "mean cosine": float(cosines[:count].mean()),
        "least cosine": float(cosines.min()),
        "same nearest of 100 queries": int(same.sum()),
        "same bits as the graph interpreter": f"{_equal(reference, found)} of {CHECKED}",
        "cycles a sentence": runtime.cycles,
        "import, quantize and compile seconds": compiled - start,
        "seconds a sentence, simulated": (done - compiled) / len(texts),
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print_facts("MiniLM-L6 on the modeled core", facts)


def _directions(embeddings: list[Array]) -> Array:
    rows = np.concatenate(embeddings)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest(queries: Array, sentences: Array) -> Array:
    """The number of the sentence that is nearest to each query."""
    return (queries @ sentences.T).argmax(axis=1)


def _equal(expected: list[Array], found: list[Array]) -> int:
    return sum(np.array_equal(a, b) for a, b in zip(expected, found, strict=False))


if __name__ == "__main__":
    main()
