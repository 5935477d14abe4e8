"""Schedules for other objectives, for a part of the port, and those that are timed."""

import json
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import nopt
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.base.placement import is_on_core
from nopt.passes.kernel.legality import SCHEDULE
from nopt.passes.kernel.tiling import tiling_of
from nopt.passes.schedule.measure import measured
from nopt.passes.schedule.objective import OBJECTIVES

RTL = Config.load("rtl")


def network(stride: int) -> nopt.GraphBuilder:
    rng = np.random.default_rng(stride)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 64, 28, 28), "i8")
    weights = rng.integers(-9, 9, (128, 64, 1, 1), np.int8)
    y = g.add(g.conv2d(x, weights, strides=stride), rng.integers(-99, 99, (128, 1, 1), np.int32))
    g.result(g.requantize(g.relu(y), shift=7))
    return g


def scheduled(stride: int, **options) -> ForOp:
    module = nopt.lower(network(stride), until="affine-nest-schedule", **options)
    assert isinstance(module, ModuleOp)
    (nest,) = [op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op)]
    return nest


def taken(nest: ForOp) -> tuple[int, float]:
    schedule = nest.attributes[SCHEDULE]
    assert isinstance(schedule, ScheduleAttr)
    return measured(nest, schedule, RTL)


@pytest.mark.parametrize("stride", [1, 2])
def test_each_objective_is_best_by_itself(stride: int):
    found = {name: taken(scheduled(stride, objective=name)) for name in OBJECTIVES}
    cycles, energy = ({name: each[i] for name, each in found.items()} for i in range(2))
    assert min(energy.values()) == energy["energy"]
    assert cycles["cycles"] <= cycles["energy"]
    # The model orders them; the exact products are within what it is off by.
    assert cycles["edp"] * energy["edp"] <= 1.02 * min(
        cycles[name] * energy[name] for name in OBJECTIVES
    )


def test_what_is_measured_is_the_program():
    nest = scheduled(1)
    program = nopt.compile(network(1))
    cycles, picojoules = taken(nest)
    assert cycles == program.time().cycles
    assert picojoules * 1e-6 == pytest.approx(program.time().microjoules)


@pytest.mark.parametrize("stride", [1, 2])
def test_measuring_takes_no_more_cycles(stride: int, tmp_path: Path):
    log = tmp_path / "log.jsonl"
    plain, best = (scheduled(stride), scheduled(stride, measure=6, tuning_log=str(log)))
    assert taken(best)[0] <= taken(plain)[0]
    (line,) = map(json.loads, log.read_text().splitlines())
    assert line["measured"] is True and line["cycles"] == taken(best)[0]


def test_results_are_the_same():
    image = np.random.default_rng(0).integers(-128, 128, (1, 64, 28, 28), np.int8)
    expected = nopt.run(network(2), image)
    for options in ({"objective": "energy"}, {"objective": "edp"}, {"measure": 3}, {"share": 0.25}):
        assert np.array_equal(nopt.compile(network(2), **options).run(image), expected), options


def test_a_share_of_the_port_counts_loads_dearer():
    """With an eighth of it a core had better load less."""
    narrow = RTL.varied({"bytes_per_cycle": 1})
    shared, whole = scheduled(2, share=0.125), scheduled(2)
    cycles = [measured(each, each.attributes[SCHEDULE], narrow)[0] for each in (shared, whole)]
    assert cycles[0] <= cycles[1]
    assert tiling_of(shared, RTL).signature == tiling_of(whole, RTL).signature


def test_a_log_is_for_one_objective(tmp_path: Path):
    log = tmp_path / "log.jsonl"
    for name in ("cycles", "energy", "cycles", "energy"):
        scheduled(2, objective=name, tuning_log=str(log))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line.get("asked") for line in lines] == [None, {"objective": "energy"}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "power"}, "objective: found 'power', expected one of cycles, energy, edp"),
        ({"measure": -1}, "measure: found -1, expected 0 or more schedules"),
        ({"share": 0.3}, "share: found 0.3, expected a part of its 8 bytes a cycle, a power of"),
        ({"share": 2.0}, "share: found 2.0"),
    ],
)
def test_what_is_no_option(options, message: str):
    with pytest.raises(ValueError, match=message):
        scheduled(1, **options)
