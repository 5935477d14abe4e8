"""Layers by themselves: cycles against lower limits, traffic, and seconds to compile and simulate.

    python bench/layers.py [--only NAME…] [--json]

The machine is the RTL's preset with memory latency 32. *limit* is the larger of the GEMM steps
(channels rounded up to the block) plus four steps for each output vector, and the bytes that must
be read once at 8 a cycle. Results are checked against the graph interpreter.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from workloads import LAYERS, Layer, compile_program, random_inputs

from nopt.dialects.interpreters.run import run_function
from nopt.tools.report import Row, print_rows, timing_row
from nopt.tools.runtime import Runtime


def measure(layer: Layer) -> Row:
    """One row. Raises ValueError if the core's result is not the graph interpreter's."""
    module = layer.build()
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    start = time.perf_counter()
    program = compile_program(module)
    compiled = time.perf_counter()
    runtime = Runtime(program)
    result = runtime.run(inputs)
    if not all(map(np.array_equal, expected, result.outputs)):
        raise ValueError(f"{layer.name}: the core's result differs from the graph interpreter's")
    facts = timing_row(runtime.timings)
    return {
        "name": layer.name,
        "cycles": facts["cycles"],
        "limit": layer.limit,
        "ratio": layer.limit / facts["cycles"],
        "compute_limit": layer.steps,
        "dram_limit": -(-layer.bytes // 8),
        "utilisation": facts["utilisation"],
        "dram_bytes": facts["dram_bytes"],
        "instructions": len(program.instructions),
        "compile_s": compiled - start,
        "simulate_s": result.core_seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Cycles, traffic and seconds of single layers.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these layers")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    known = {layer.name: layer for layer in LAYERS}
    names = arguments.only or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown layer '{unknown[0]}', expected one of {', '.join(known)}")
    rows = [measure(known[name]) for name in names]
    print_rows("layers on the RTL preset, memory latency 32", rows, arguments.json)


if __name__ == "__main__":
    main()
