"""The cost model of arrays of PEs beside the simulation of the same mappings, in cycles.

    python bench/array_sim.py [--count N] [--seed N] [--small | --best] [--json]

Mappings are random ones that fit the array, of ResNet's layers, or with --small of small nests,
through which data are moved, too; with --best those of least EDP, by search. `model` and `gapless`
are how much the model's cycles differ from the simulation's: with a cycle between runs of words in
the scratchpad, as DiRAC's controller takes, and without.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from array_problems import DATA, layer

from nopt.hw.array.array_estimate import estimate
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import LEVELS, Mapping, violations
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.array_run import run_array
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.array.sim.nest_result import nest_result
from nopt.hw.array.sim.pass_timing import time_schedule
from nopt.passes.mapping.mapping_search import MappingSearch
from nopt.tools.report import Row, print_rows

MACHINE = ArrayMachine.load("pe256")
GAPLESS = MACHINE.varied({"pipeline.burst_gap": 0})
PRIMES = (2, 3, 5, 7)
SMALL = (
    "C[x,y] += A[x,k] * B[k,y]",
    "O[n,m,x,y] += I[n,c,x+i,y+j] * W[m,c,i,j]",
    "O[m,x,y] += I[c,2*x+i,2*y+j] * W[m,c,i,j]",
    "O[m,x] += I[c,x+2*i] * W[m,c,i]",
    "O[n,c,x,y] += I[n,c,x+i,y+j] * W[c,i,j]",
    "O[g,m,x] += I[g,c,x+i] * W[g,m,c,i]",
)
WHY = """The model says less where
- few passes of the array are in one of the scratchpad, which has two steps more to fill and drain,
  each as long as computing at least;
- results leave in a few long steps: PEs send after each other, and after their pipelines;
- partial sums come in the step in which others leave, and after them, or words lie in short runs;
- DMA has many short bursts: 2 cycles each for the controller;
- a nest is small: the networks are configured first, 1,089 cycles for 16 x 16 PEs.
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


def small(draw: random.Random) -> tuple[str, Problem]:
    """A nest of at most some thousand points; extents are primes, too."""
    text = draw.choice(SMALL)
    loops = sorted({letter for letter in text if letter.islower()})
    name = text.translate(str.maketrans("[]", "()"))
    return name, Problem.read(text, {loop: draw.choice((1, 2, 3, 4, 5, 6, 7)) for loop in loops})


def data_of(problem: Problem, mapping: Mapping) -> str:
    """Whether random words come out as numpy has them."""
    words = np.random.default_rng(0)
    inputs = {
        each.name: words.integers(-(1 << 15), 1 << 15, [dim.size for dim in each.dims], np.int16)
        for each in problem.operands[1:]
    }
    found = run_array(array_tables(MACHINE, problem, mapping), inputs)
    return "right" if np.array_equal(found, nest_result(problem, inputs)) else "wrong"


def measure(name: str, problem: Problem, mapping: Mapping, moves: bool) -> Row:
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
        **({"data": data_of(problem, mapping)} if moves else {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--small", action="store_true")
    kinds.add_argument("--best", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    names, draw = [*DATA["layers"]], random.Random(given.seed)
    if given.best:
        nests = [(name, layer(name)) for name in names]
        mappings = [MappingSearch(MACHINE, nest, "edp").run().mappings[0] for _, nest in nests]
    else:
        layers = [(name, layer(name)) for name in names]
        chosen = range(given.count)
        nests = [small(draw) if given.small else layers[i % len(layers)] for i in chosen]
        mappings = [random_mapping(draw, nest) for _, nest in nests]
    rows = [measure(*n, m, given.small) for n, m in zip(nests, mappings, strict=True)]
    print_rows("model and simulation", rows, given.json)
    if given.json:
        return
    for key in ("model", "gapless"):
        errors = [abs(float(str(row[key]))) for row in rows]
        print(f"{key}: median {statistics.median(errors):.1%}, worst {max(errors):.1%}")
    print(WHY)


if __name__ == "__main__":
    main()
