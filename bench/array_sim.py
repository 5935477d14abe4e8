"""The cost model of arrays of PEs beside the simulation of the same mappings, in cycles.

    python bench/array_sim.py [--count N] [--seed N] [--best] [--json]

Mappings are random ones that fit the array, of ResNet's layers; with --best those of least EDP, by
search. `model` and `gapless` are how much the model's cycles differ from the simulation's: with a
cycle between runs of words in the scratchpad, as DiRAC's controller takes, and without.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from array_problems import DATA, layer

from nopt.hw.array.array_estimate import estimate
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import LEVELS, Mapping, violations
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.array.sim.pass_timing import time_schedule
from nopt.passes.mapping.mapping_search import MappingSearch
from nopt.tools.report import Row, print_rows

MACHINE = ArrayMachine.load("pe256")
GAPLESS = MACHINE.varied({"pipeline.burst_gap": 0})
PRIMES = (2, 3, 5, 7)
WHY = """The model says less where
- few passes of the array are in one of the scratchpad, which has two steps more to fill and drain,
  each as long as computing at least;
- results leave in a few long steps: PEs send after each other, and after their pipelines;
- partial sums come in the step in which others leave, and after them, or words lie in short runs;
- DMA has many short bursts: 2 cycles each for the controller.
It says more where results leave in each pass: the array computes meanwhile."""


def random_mapping(draw: random.Random, problem: Problem) -> Mapping:
    """One that fits."""
    loops = range(len(problem.loops))
    while True:
        factors = [[1] * len(loops) for _ in LEVELS]
        for i, extent in enumerate(problem.extents):
            for prime in PRIMES:
                while extent % prime == 0:
                    draw.choice(factors)[i] *= prime
                    extent //= prime
        orders = (tuple(draw.sample(loops, len(loops))) for _ in range(2))
        found = Mapping(*map(tuple, factors), *orders)
        if not violations(MACHINE, problem, found):
            return found


def measure(name: str, mapping: Mapping) -> Row:
    problem = layer(name)
    said = estimate(MACHINE, problem, mapping)
    start = time.process_time()
    timing = time_schedule(MACHINE, array_tables(MACHINE, problem, mapping).schedule)
    seconds = time.process_time() - start
    gapless = time_schedule(GAPLESS, array_tables(GAPLESS, problem, mapping).schedule)
    return {
        "layer": name,
        "simulated": timing.cycles,
        "model": round(said.cycles / timing.cycles - 1, 4),
        "gapless": round(said.cycles / gapless.cycles - 1, 4),
        **{state: round(cycles / timing.cycles, 3) for state, cycles in timing.by_state.items()},
        "seconds": round(seconds, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--best", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    names = [*DATA["layers"]]
    if given.best:
        cases = [(n, MappingSearch(MACHINE, layer(n), "edp").run().mappings[0]) for n in names]
    else:
        draw = random.Random(given.seed)
        chosen = [names[i % len(names)] for i in range(given.count)]
        cases = [(name, random_mapping(draw, layer(name))) for name in chosen]
    rows = [measure(*case) for case in cases]
    print_rows("model and simulation", rows, given.json)
    if given.json:
        return
    for key in ("model", "gapless"):
        errors = [abs(float(str(row[key]))) for row in rows]
        print(f"{key}: median {statistics.median(errors):.1%}, worst {max(errors):.1%}")
    print(WHY)


if __name__ == "__main__":
    main()
