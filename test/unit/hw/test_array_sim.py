"""The simulator of arrays of PEs, against DiRAC, arithmetic and numpy."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.array_run import run_array
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.array.sim.bank_ports import network_ends
from nopt.hw.array.sim.nest_result import nest_result
from nopt.hw.array.sim.pass_schedule import ArrayPass, Pieces, Runs, Schedule, ScratchpadPass
from nopt.hw.array.sim.pass_timeline import intervals
from nopt.hw.array.sim.pass_timing import ScheduleTiming, time_schedule
from nopt.hw.config import ConfigError

DIRAC: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "dirac.json").read_text(encoding="utf-8")
)
KEYS = {
    "DMA_init_cycles": "setup",
    "DMA_cycles_per_byte": "cycles_per_byte",
    "accelerator_freq": "mhz",
}


def machine_of(test: str, changes: dict[str, Any] | None = None) -> ArrayMachine:
    has = DIRAC["tests"][test]["machine"] | {KEYS.get(k, k): v for k, v in (changes or {}).items()}
    dma = {"setup": has["setup"], "cycles_per_byte": has["cycles_per_byte"], "mhz": has["dma_mhz"]}
    stages = ("rows", "columns", "multiplier_stages", "adder_stages", "trigger_latency")
    free = {"energy": 0}
    return ArrayMachine.from_json(
        {
            "pes": has["pes"],
            "mhz": has["mhz"],
            "rf": {"bytes": has["rf"], **free},
            "spm": {"bytes": has["spm"], "bank_bytes": has["bank"], **free},
            "network": free,
            "dram": free,
            "dma": dma,
            "mac_energy": 0,
            "pipeline": {key: has[key] for key in stages},
        }
    )


def schedule_of(test: str, least: int | None = None) -> Schedule:
    has = DIRAC["tests"][test]

    def pieces(table: dict[str, list[int]]) -> tuple[Pieces, ...]:
        return tuple(
            tuple((size, 1) for size in table.get(str(x), ())) for x in range(len(has["operands"]))
        )

    pes = has["machine"]["pes"]
    array = Runs.of(
        ArrayPass(pieces(reads), has["compute"], has["sent"], pes) for reads in has["networks"]
    )
    passes = (
        ScratchpadPass(pieces(reads), pieces(writes), array, least or has["total"])
        for reads, writes in zip(has["reads"], has["writes"], strict=True)
    )
    return Schedule(tuple(has["operands"]), has["output"], Runs.of(passes))


def timed(test: str, changes: dict[str, Any] | None = None, least: int | None = None):
    return time_schedule(machine_of(test, changes), schedule_of(test, least))


def adds_up(timing: ScheduleTiming) -> bool:
    by_step = sum(timing.states.values())
    return (
        sum(timing.by_state.values()) == timing.cycles
        and min(timing.by_state.values()) >= 0
        and by_step.tolist() == (timing.starts[1:] - timing.starts[:-1]).tolist()
    )


@pytest.mark.parametrize("row", DIRAC["rows"], ids=lambda row: "-".join(map(str, row)))
def test_runs_of_dirac(row):
    test, changes, least, latency, cycles = row
    timing = timed(test, changes | ({"trigger_latency": latency} if latency else {}), least)
    assert timing.cycles == cycles
    assert adds_up(timing)


def test_timeline():
    """Each transfer by hand: 9 cycles of configuration; DMA takes ceil((291 + 0.24 b) / 6.4)."""
    found = [(each.resource, each.start, each.end) for each in intervals(timed("vector_sum"))]
    assert found == [
        ("DMA A in", 9, 9 + 1 + 47 + 2),
        ("DMA B in", 59, 59 + 1 + 46 + 2),
        # A cycle to see that no partial sums come.
        ("A in", 109, 109 + 12),
        ("B in", 109, 109 + 3),
        ("PEs", 122, 132),
        ("Y out", 133, 133 + 10 + 7),
        ("DMA Y out", 153, 153 + 1 + 46 + 2),
    ]


CONV = "O[N,M,X,Y] += I[N,C,{s}*X+F,{s}*Y+G] * W[M,C,F,G]"
CONV_LOOPS = ("N", "M", "C", "X", "Y", "F", "G")


def conv_of_dirac() -> tuple[Problem, Mapping]:
    """Its convolution: a PE an output, all of a filter in it, inputs kept over filters."""
    extents = dict(zip(CONV_LOOPS, (4, 8, 3, 3, 3, 3, 3), strict=True))
    outer, order = (2, 2, 1, 1, 1, 1, 1), tuple(range(7))
    spatial, rf = (1, 1, 1, 3, 3, 1, 1), (1, 2, 3, 1, 1, 3, 3)
    return Problem.read(CONV.format(s=1), extents), Mapping(spatial, rf, outer, outer, order, order)


def test_tables_of_dirac():
    """The mapping of its convolution gives the tables that it ships, whose operands are I, W, O."""
    test = "convolution_output_stationary"
    tables = array_tables(machine_of(test), *conv_of_dirac())
    has = schedule_of(test)
    place = [has.operands.index(name) for name in tables.schedule.operands]
    for found, expected in zip(tables.schedule.passes, has.passes, strict=True):
        assert found.reads == tuple(expected.reads[x] for x in place)
        assert [sum(n for _, n in each) for each in found.writes] == [2, 0, 0]
        assert found.writes[0] == ((72, 2),)
        assert found.least == expected.least
        for inner, other in zip(found.passes, expected.passes, strict=True):
            assert inner.reads == tuple(other.reads[x] for x in place)
            assert (inner.compute, inner.sent, inner.senders) == (54, 2, 9)
    timing = time_schedule(machine_of(test), tables.schedule)
    assert timing.cycles == 1788
    assert timing.by_state["compute"] == 7776 // 9


def test_data_of_a_convolution():
    """Words of 16 bits wrap around, as DiRAC's do; against loops in Python."""
    problem, mapping = conv_of_dirac()
    random = np.random.default_rng(1)
    image = random.integers(0, 1 << 16, (4, 3, 5, 5), np.uint16)
    filters = random.integers(0, 1 << 16, (8, 3, 3, 3), np.uint16)
    expected = np.zeros((4, 8, 3, 3), object)
    for n, m, c, x, y, f, g in np.ndindex(4, 8, 3, 3, 3, 3, 3):
        expected[n, m, x, y] += int(image[n, c, x + f, y + g]) * int(filters[m, c, f, g])
    tables = array_tables(machine_of("convolution_output_stationary"), problem, mapping)
    inputs = {"I": image, "W": filters}
    assert np.array_equal(run_array(tables, inputs), (expected % (1 << 16)).astype(np.uint16))
    assert np.array_equal(nest_result(problem, inputs), (expected % (1 << 16)).astype(np.uint16))


PE256 = ArrayMachine.load("pe256")
ONES = (1, 1, 1)
ORDER = (0, 1, 2)


def matmul(*extents: int) -> Problem:
    return Problem.read("C[X,Y] += A[X,K] * B[K,Y]", dict(zip("XYK", extents, strict=True)))


def test_floats_are_added_in_the_order_of_the_hardware():
    """K = 2 (DRAM) x 2 (SPM) x 2 (PEs) x 3 (a PE): PEs add their own terms over all passes that
    keep the output, then the second PE's sum comes to the first one's."""
    machine = PE256.varied({"word_bytes": 4})
    mapping = Mapping((1, 1, 2), (1, 1, 3), (1, 1, 2), (1, 1, 2), ORDER, ORDER)
    random = np.random.default_rng(2)
    a, b = (random.standard_normal(shape).astype(np.float32) for shape in ((1, 24), (24, 1)))
    sums = [np.float32(0), np.float32(0)]
    for outer in range(4):
        for pe in range(2):
            for term in range(3):
                k = (outer * 2 + pe) * 3 + term
                sums[pe] = sums[pe] + a[0, k] * b[k, 0]
    found = run_array(array_tables(machine, matmul(1, 1, 24), mapping), {"A": a, "B": b})
    assert found.tolist() == [[sums[0] + sums[1]]]


def test_an_output_that_stays_is_sent_once():
    """Loops that sum, at all levels: one tile of the output, and nothing of it is read."""
    mapping = Mapping((2, 1, 2), (1, 2, 1), (1, 1, 3), (1, 1, 5), ORDER, ORDER)
    tables = array_tables(PE256, matmul(2, 2, 30), mapping)
    passes = [*tables.schedule.passes]
    assert [len(each.passes) for each in passes] == [3] * 5
    assert [bool(each.writes[0]) for each in passes] == [False] * 4 + [True]
    assert not any(each.reads[0] for each in passes)
    inner = [each for outer in passes for each in outer.passes]
    assert [each.sent for each in inner] == [0] * 14 + [2]
    # Two PEs of each output row, of which one adds the other's two words.
    assert inner[-1].reduction == 2 * 2
    assert time_schedule(PE256, tables.schedule).by_state["reduction"] == 4


def test_partial_sums_come_back():
    """The loop that sums is outermost over DRAM: each later visit of a tile reads it first."""
    mapping = Mapping(ONES, (1, 1, 1), ONES, (2, 1, 3), ORDER, (2, 0, 1))
    tables = array_tables(PE256, matmul(2, 1, 3), mapping)
    assert [bool(each.reads[0]) for each in tables.schedule.passes] == [False] * 2 + [True] * 4
    assert all(each.writes[0] for each in tables.schedule.passes)
    a, b = np.arange(6, dtype=np.int16).reshape(2, 3), np.array([[1], [2], [3]], np.int16)
    assert np.array_equal(run_array(tables, {"A": a, "B": b}), a @ b)


def test_a_sum_that_the_next_pass_goes_on_with_must_be_there():
    """A product is fetched, decoded, read, multiplied in 2 cycles, added, and written in cycle 6;
    registers are read 2 cycles after a fetch, so the next one of that sum begins in cycle 4."""
    mapping = Mapping(ONES, ONES, (1, 1, 4), ONES, ORDER, ORDER)
    machine = PE256.varied({"pes": 1, "pipeline.burst_gap": 0})
    (outer,) = array_tables(machine, matmul(1, 1, 4), mapping).schedule.passes.kinds
    assert [each.least for each in outer.passes] == [4, 4, 4, 0]


def test_many_passes_take_no_time():
    """Four million of the scratchpad: kinds are timed, not passes."""
    problem, mapping = (
        matmul(2048, 1, 2048),
        Mapping(ONES, ONES, ONES, (2048, 1, 2048), *[ORDER] * 2),
    )
    timing = time_schedule(PE256, array_tables(PE256, problem, mapping).schedule)
    assert timing.by_state["compute"] == 1 << 22
    assert len(timing.steps.kinds) < 30
    assert len([*intervals(timing, 1 << 20, (1 << 20) + 3)]) < 40
    with pytest.raises(ValueError, match="run: found 4,194,304 passes of the array, expected at"):
        run_array(array_tables(PE256, problem, mapping), {})


def test_banks():
    """Two networks that read the same words of one bank take turns; a third has its own bank."""
    words, machine = (0, 1, 2, 3), PE256.varied({"pipeline.bank_conflicts": "blocked"})
    reads = (((4, 1),), ((4, 1),), ((4, 1),))
    here = ArrayPass(reads, 1, addresses=(words, words, (4096, 4097, 4098, 4099)))
    # A word each cycle and the cycle after a run; the second network gets the bank after the first.
    assert network_ends(machine, here, [0, 0, 0], None) == [5, 9, 5]
    interleaved = PE256.varied({"pipeline.bank_conflicts": "interleaved"})
    # 32 banks: words 4096 and 0 share one, so each waits a cycle for the one before.
    assert network_ends(interleaved, here, [0, 0, 0], None) == [5, 6, 7]
    assert network_ends(PE256, here, [0, 0, 0], None) == [5, 5, 5]
    # Results go first: from cycle 7 + 7 on, a word a cycle.
    back = ArrayPass(((), (), ()), 1, sent=4, senders=1, sent_to=words)
    late = replace(here, reads=(((4, 1),), (), ()), addresses=(words, (), ()))
    assert network_ends(machine, late, [13, 13, 13], back)[0] == 13 + 5 + 4


@pytest.mark.parametrize(
    ("changes", "mapping", "message"),
    [
        (
            {"pes": 1},
            Mapping((2, 1, 1), ONES, ONES, ONES, ORDER, ORDER),
            "spatial: found 2 PEs, expected at most 1",
        ),
        ({"spm.bank_bytes": 3}, None, "spm.bank_bytes: found 3, expected whole words of 2"),
        ({"spm.double_buffered": False}, None, "spm.double_buffered: found false, expected true"),
        (
            {"pipeline.adder_stages": 2},
            None,
            "pipeline.adder_stages: found 2, expected 1 where a PE",
        ),
        ({"pipeline.trigger_latency": 1}, None, "pipeline.trigger_latency: found 1, expected 2 or"),
    ],
)
def test_what_an_array_cannot_do(changes, mapping, message):
    machine = PE256.varied(changes)
    mapping = mapping or Mapping(ONES, (2, 1, 2), ONES, ONES, ORDER, ORDER)
    extents = [s * r for s, r in zip(mapping.spatial, mapping.rf, strict=True)]
    with pytest.raises(ValueError, match=message):
        time_schedule(machine, array_tables(machine, matmul(*extents), mapping).schedule)


def test_outputs_that_overlap():
    problem = Problem.read("O[x+f] += I[x] * W[f]", {"x": 2, "f": 2})
    mapping = Mapping((1, 1), (2, 2), (1, 1), (1, 1), (0, 1), (0, 1))
    with pytest.raises(ValueError, match="operand O: index 0 sums loops x, f, expected one loop"):
        array_tables(PE256, problem, mapping)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"A": np.zeros((2, 2), np.int16)}, "tensors: found A, expected A, B"),
        (
            {"A": np.zeros((2, 2)), "B": np.zeros((2, 2))},
            "found float64, of 8 bytes, expected word_",
        ),
        (
            {"A": np.zeros((2, 2)), "B": np.zeros((2, 2), int)},
            "found types float64, int64, expected",
        ),
        ({"A": np.zeros((2, 3)), "B": np.zeros((2, 2))}, "tensor A: found shape"),
    ],
)
def test_wrong_tensors(inputs, message):
    mapping = Mapping((2, 2, 1), (1, 1, 2), ONES, ONES, ORDER, ORDER)
    with pytest.raises(ValueError, match=message):
        run_array(array_tables(PE256, matmul(2, 2, 2), mapping), inputs)


def test_shapes_of_arrays():
    assert PE256.shape == (16, 16)
    assert PE256.varied({"pes": 12}).shape == (3, 4)
    assert PE256.varied({"pes": 12, "pipeline.columns": 2}).shape == (6, 2)
    assert ArrayMachine.from_json(PE256.to_json()) == PE256
    for changes, message in [
        ({"pipeline.rows": 3}, "pipeline: found 3 rows, 85 columns, expected 256 PEs in them"),
        ({"pipeline.row": 3}, "pipeline.row: unknown key, did you mean rows?"),
        ({"pipeline.bank_conflicts": "all"}, "found all, expected one of none, blocked"),
        ({"pipeline.trigger_latency": 0}, "pipeline.trigger_latency: found 0, expected 1 or more"),
        ({"network.words_per_cycle": 4}, "pipeline.fifo_depth: found 2, expected 4.0 or more"),
    ]:
        with pytest.raises(ConfigError, match=message):
            PE256.varied(changes)


def test_tables_that_move_other_words():
    """A table with a shorter run is told, as one that overlaps would move the wrong words."""
    tables = array_tables(
        PE256, matmul(2, 2, 2), Mapping(ONES, (2, 2, 2), ONES, ONES, *[ORDER] * 2)
    )
    (outer,) = tables.schedule.passes.kinds
    inner = replace(outer.passes[0], reads=((), ((3, 1),), ((4, 1),)))
    wrong = replace(outer, passes=Runs.of([inner]))
    schedule = replace(tables.schedule, passes=Runs.of([wrong]))
    two = np.ones((2, 2), np.int16)
    with pytest.raises(ValueError, match="table: found 3 words, expected 4 of a tile"):
        run_array(replace(tables, schedule=schedule), {"A": two, "B": two})
