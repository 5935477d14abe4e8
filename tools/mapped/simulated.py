"""Layers simulated pass by pass: exact cycles beside the model's, and data that must be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nopt.dialects.affine_nest.mapped_nest import whole_mapping
from nopt.hw.array.any_machine import load_any
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.array_run import run_array
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.array.sim.nest_result import nest_result
from nopt.hw.array.sim.pass_timing import ScheduleTiming, time_schedule
from nopt.tools.errors import UserError
from nopt.tools.mapped.mapped_networks import Layer
from nopt.tools.report import Row

RIGHT = "right"
"""The words that a run moved are what numpy computes."""


@dataclass(frozen=True)
class Simulated:
    """What an array does for a layer."""

    layer: Layer
    timing: ScheduleTiming
    data: str
    """RIGHT, or why no data were moved."""

    @property
    def row(self) -> Row:
        """As printed; PEs are in one state in each cycle."""
        model = self.layer.said.cycles
        return {
            "name": self.layer.name,
            "simulated": self.timing.cycles,
            "model": model,
            "model_over_simulated": model / self.timing.cycles,
            **self.timing.by_state,
            "data": self.data,
        }


def simulate(layer: Layer) -> Simulated:
    """Time a layer's mapping pass by pass, and move random data through it.

    Raises UserError for a machine of levels, whose passes nothing says, else as `simulate_mapping`.
    """
    machine = load_any(layer.mapping.machine.data)
    if not isinstance(machine, ArrayMachine):
        raise UserError(f"--simulate: found {machine.name}, a machine of levels, expected an array")
    mapping = whole_mapping(layer.problem, layer.mapping)
    return Simulated(layer, *simulate_mapping(machine, layer.problem, mapping, layer.name))


def simulate_mapping(
    machine: ArrayMachine, problem: Problem, mapping: Mapping, name: str
) -> tuple[ScheduleTiming, str]:
    """The timing of a mapping's passes, and RIGHT, or why no data were moved.

    Raises UserError if the data are wrong, which is a fault; ValueError for what no array can do.
    """
    tables = array_tables(machine, problem, mapping)
    timing = time_schedule(machine, tables.schedule)
    random, kind = np.random.default_rng(0), np.dtype(f"int{8 * machine.word_bytes}")
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    inputs = {
        each.name: random.integers(low, high, [dim.size for dim in each.dims], kind, endpoint=True)
        for x, each in enumerate(problem.operands)
        if x != problem.output
    }
    try:
        found = run_array(tables, inputs)
    except ValueError as reason:
        return timing, f"not moved: {reason}"
    if not np.array_equal(found, nest_result(problem, inputs)):
        raise UserError(f"{name} on {machine.name}: wrong data, which is a fault of nopt")
    return timing, RIGHT
