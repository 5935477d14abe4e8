"""Between layers: how long the compute module waits where one layer follows another, and for what.

    python bench/borders.py [--only NAME…] [--layers] [--json]

The machine is the RTL's preset with memory latency 32. Cycles are those that the compute module
waits in the first tile of each layer, summed over a network's: *stored*, for loads of what the
layer before was still to store; *reused*, for scratchpad entries that were still read or stored;
*loads*, for data on their way; *fetch*, for instructions. *share* is all of them over the network's
cycles. `--layers` prints a row for each layer.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from layer_borders import Border, borders
from rich.console import Console
from rich.progress import track
from schedule import NETWORK_SOURCES
from workloads import compile_program

from nopt.tools.report import Row, print_rows
from nopt.tools.runtime import Runtime


def layer_borders(runtime: Runtime) -> list[tuple[str, Border]]:
    """The border at which each layer begins, with the layer's name."""
    found: list[tuple[str, Border]] = []
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        layers = runtime.layers_of(step)
        firsts = [layer.first - step.first for layer in layers]
        names = [layer.name for layer in layers]
        found += zip(names, borders(runtime.part(step), timing, firsts), strict=True)
    return found


def rows(name: str, of_layers: bool) -> list[Row]:
    """Of a network: one row, or one for each of its layers where the compute module waits."""
    runtime = Runtime(compile_program(NETWORK_SOURCES[name]().module))
    found = layer_borders(runtime)
    if of_layers:
        return [{"name": f"{name} {layer}", **asdict(each)} for layer, each in found if each.total]
    causes = [asdict(border) for _, border in found]
    total = {cause: sum(each[cause] for each in causes) for cause in causes[0]}
    waits = sum(total.values())
    return [
        {
            "name": name,
            "layers": len(found),
            "cycles": runtime.cycles,
            **total,
            "share": waits / runtime.cycles,
        }
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Waits of the compute module between layers.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these networks")
    parser.add_argument("--layers", action="store_true", help="a row for each layer that waits")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(NETWORK_SOURCES)
    if unknown := [name for name in names if name not in NETWORK_SOURCES]:
        known = ", ".join(NETWORK_SOURCES)
        parser.error(f"unknown name '{unknown[0]}', expected one of {known}")
    shown = track(names, "measuring", console=Console(stderr=True), transient=True)
    found = [row for name in shown for row in rows(name, arguments.layers)]
    print_rows("waits between layers, memory latency 32", found, arguments.json)


if __name__ == "__main__":
    main()
