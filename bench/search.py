"""The search: how many schedules it compares for a nest, and how fast.

    python bench/search.py [--only NAME…] [--json]

Seconds are of the processor, for all that the search does; *orders* are those of loops and of what
is kept within them, each tried with all tiles that fit.
"""

from __future__ import annotations

import argparse
import time

from schedule import LAYER_SOURCES
from workloads import registered_context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects.affine_nest import ForOp
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.passes.schedule.schedule_search import Search
from nopt.tools.pipeline_text import build_passes
from nopt.tools.report import Row, print_rows


def nests(module: ModuleOp) -> list[Tiling]:
    """The nests of a module that are to be scheduled."""
    context, universe = registered_context(), Universe.get_multiverse()
    for each in build_passes("vta{until=affine-nest-fold-constants}", universe.all_passes):
        each.apply(context, module)
    core = [op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op)]
    return [tiling_of(nest, machine_of(module)) for nest in core]


def measure(name: str) -> list[Row]:
    module = LAYER_SOURCES[name]().module
    rows: list[Row] = []
    for tiling in nests(module):
        start = time.process_time()
        search = Search(tiling, machine_of(module))
        (schedule,) = search.best()
        seconds = time.process_time() - start
        rows.append(
            {
                "name": name,
                "orders": search.orders,
                "candidates": search.compared,
                "search_s": seconds,
                "compared_a_second": round(search.compared / seconds),
                "tile": f"{list(schedule.tiles)}",
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="How many schedules a second are compared.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these layers")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(LAYER_SOURCES)
    if unknown := [name for name in names if name not in LAYER_SOURCES]:
        parser.error(f"unknown layer '{unknown[0]}', expected one of {', '.join(LAYER_SOURCES)}")
    rows = [row for name in names for row in measure(name)]
    print_rows("schedules compared", rows, arguments.json)


if __name__ == "__main__":
    main()
