"""What other objectives, and measuring, gain: cycles, microjoules and bytes beside the default.

    python bench/measured.py [--measure 8] [--networks]

Each layer, or with `--networks` ResNet-18 and MiniLM, is compiled by the default schedules, for
energy, for the product of both (`edp`), and with the cheapest K schedules of each nest timed
exactly, on the RTL's preset with memory latency 32.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from schedule import quantized
from workloads import RESNET18, compile_program, resnet18
from xdsl.dialects.builtin import ModuleOp

from nopt.tools.profile import energy_row
from nopt.tools.report import Row, print_rows, timing_row
from nopt.tools.runtime import Runtime


def measure(name: str, build: Callable[[], ModuleOp], options: str) -> Row:
    module = build()
    start = time.perf_counter()
    runtime = Runtime(compile_program(module, f"vta{{{options}}}" if options else "vta"))
    seconds = time.perf_counter() - start
    return {
        "name": name,
        "by": options or "cycles",
        "cycles": runtime.cycles,
        "microjoules": energy_row(runtime)["microjoules"],
        "bytes": timing_row(runtime.timings)["dram_bytes"],
        "compile_s": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Objectives of schedules, and measuring.")
    parser.add_argument("--measure", type=int, default=8, metavar="K")
    parser.add_argument("--networks", action="store_true", help="networks in place of layers")
    arguments = parser.parse_args()
    sources: dict[str, Callable[[], ModuleOp]] = {layer.name: layer.build for layer in RESNET18}
    if arguments.networks:
        sources = {"ResNet-18": resnet18, "MiniLM": lambda: quantized("minilm")}
    ways = ("", "objective=energy", "objective=edp", f"measure={arguments.measure}")
    rows = [measure(name, build, way) for name, build in sources.items() for way in ways]
    print_rows("schedules by other objectives", rows)


if __name__ == "__main__":
    main()
