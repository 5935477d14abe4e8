"""Mappings on an array of PEs: proven optima of ResNet's layers and of a sweep of memories.

    python bench/mapping.py [--only NAME…] [--objective edp|energy|cycles|pareto]
                            [--sweep | --levels] [--json]

Seconds are of the processor. dMazeRunner's EDP and seconds are those of its own search of the same
layers on the same array; `costed` is how many mappings a second the cost model takes when it takes
them all. `--levels` maps the layer of Timeloop's reference outputs on the machines of these, beside
the mappings that these have, which keep constraints of their own
(Accelergy-Project/timeloop-accelergy-exercises @2d55108).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from array_problems import DATA, layer

from nopt.hw.array.array_cost import CostModel
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.loop_orders import product
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import Factorings
from nopt.passes.mapping.mapping_search import MappingSearch
from nopt.passes.mapping.nest_search import NestSearch
from nopt.passes.mapping.wanted import OBJECTIVES
from nopt.tools.report import Row, print_rows

MACHINE = ArrayMachine.load("pe256")
TIMELOOP = json.loads(
    (Path(__file__).parents[1] / "test" / "data" / "timeloop.json").read_text(encoding="utf-8")
)["designs"]
COSTED = 1 << 20
BLOCK = 1 << 14


def costed_a_second(problem: Problem) -> int:
    """Mappings a second of the cost model, in blocks of what fits, one order each."""
    model, fit = CostModel(MACHINE, problem), Factorings(MACHINE, problem)
    held = fit.tiles()[:, ::7]
    spatial, owner = fit.spatial(held, np.ones(held.shape[1]))
    rounds = -(-COSTED // (spatial.shape[1] or 1))
    start, done = time.process_time(), 0
    for _ in range(rounds):
        for at in range(0, spatial.shape[1], BLOCK):
            part, whose = spatial[:, at : at + BLOCK], owner[at : at + BLOCK]
            factors = list(held[:, whose])
            tiles, spm = model.held(list(part), list(held[:, whose] / part)), model.tiles(factors)
            uses = [1.0, 1.0, product([spm.trips[i] for i in (0, 3, 4)])]
            joined = model.join(tiles, spm, np.ones(len(whose)), [1.0] * 3, uses)
            model.energy(tiles, joined, sum(model.dram_words(spm, uses)) * 200)
            done += len(whose)
    return round(done / (time.process_time() - start))


def measure(name: str, objective: str) -> Row:
    problem, data = layer(name), DATA["layers"][name]
    start = time.process_time()
    found = MappingSearch(MACHINE, problem, objective).run()
    seconds = time.process_time() - start
    said = found.estimates[0]
    return {
        "name": name,
        "edp": f"{said.edp:.4e}",
        "cycles": said.cycles,
        "energy_pj": said.energy,
        "points": len(found.mappings),
        "proven": found.proven,
        "seconds": round(seconds, 2),
        "evaluated": found.evaluated,
        "tilings": data["tilings"],
        "costed_a_second": costed_a_second(problem),
        "dmazerunner_edp": f"{data['dmazerunner']['edp']:.4e}",
        "dmazerunner_seconds": data["dmazerunner"]["seconds"],
    }


def sweep() -> list[Row]:
    """conv5_2 with 7 sizes of the scratchpad and 7 of the register files."""
    rows: list[Row] = []
    for kilobytes, rf, expected in DATA["sweep"]:
        machine = MACHINE.varied({"spm": kilobytes << 10, "rf": rf})
        start = time.process_time()
        found = MappingSearch(machine, layer("conv5_2")).run()
        seconds = time.process_time() - start
        rows.append(
            {
                "name": f"spm={kilobytes}k rf={rf}",
                "edp": f"{found.estimates[0].edp:.6e}",
                "published_edp": f"{expected:.6e}",
                "ratio": round(found.estimates[0].edp / expected, 6),
                "proven": found.proven,
                "seconds": round(seconds, 3),
            }
        )
    return rows


def levels(objective: str) -> list[Row]:
    """Timeloop's example layer on its example designs, and on a core of the VTA family."""
    problem = Problem.read(
        "O[P,Q,M] += I[2*P+R,2*Q+S,C] * W[R,S,C,M]",
        {"C": 3, "M": 32, "P": 112, "Q": 112, "R": 3, "S": 3},
    )
    rows: list[Row] = []
    for name in (*TIMELOOP, "vta:rtl"):
        start = time.process_time()
        found = NestSearch(name, objective).search(problem)
        seconds = time.process_time() - start
        said = found.estimates[found.best]
        row: Row = {
            "name": name,
            "edp": f"{said.edp:.4e}",
            "cycles": said.cycles,
            "energy_uj": round(said.energy / 1e6, 2),
            "proven": found.proven,
            "seconds": round(seconds, 1),
        }
        if name in TIMELOOP:
            cycles, energy = (TIMELOOP[name]["summary"][key] for key in ("cycles", "energy_uj"))
            row["reference_edp"] = f"{cycles * energy * 1e6:.4e}"
            row |= {"reference_cycles": cycles, "reference_energy_uj": energy}
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Proven mappings on an array of PEs.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these layers")
    parser.add_argument("--objective", choices=OBJECTIVES, default="edp")
    parser.add_argument("--sweep", action="store_true", help="memories of many sizes instead")
    parser.add_argument("--levels", action="store_true", help="machines of levels instead")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    names: list[str] = arguments.only or list(DATA["layers"])
    if unknown := [name for name in names if name not in DATA["layers"]]:
        known = ", ".join(DATA["layers"])
        parser.error(f"unknown layer '{unknown[0]}', expected one of {known}")
    if arguments.levels:
        rows = levels(arguments.objective)
    elif arguments.sweep:
        rows = sweep()
    else:
        rows = [measure(name, arguments.objective) for name in names]
    total = sum(float(row["seconds"]) for row in rows)
    print_rows(f"mappings, {total:.2f} s", rows, arguments.json)


if __name__ == "__main__":
    main()
