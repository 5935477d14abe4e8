"""The timing model: single instructions by hand, whole programs against the RTL."""

from dataclasses import replace

import numpy as np
import pytest
from hw_strategies import TINY, programs, uop_base
from hw_streams import alu, finish, gemm, load, store, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from vta_programs import DEFAULT, Program, every_program, needs_programs

from nopt.hw.config import Config
from nopt.hw.isa.encoding import decode, encode_uops
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.program_timing import Roofline, time_program
from nopt.hw.timing.read_channel import ReadChannel

RTL = Config.load("rtl")


def at(latency, **changes):
    return replace(RTL, memory_latency=latency, **changes)


def duration(row, latency=0, config=RTL):
    timing = time_program(stream(row, finish()), replace(config, memory_latency=latency))
    return int(timing.end[0] - timing.begin[0])


@needs_programs
@every_program
def test_every_cycle_agrees_with_the_rtl(path):
    """The total, and begin and end of each instruction, module by module in program order."""
    program = Program(path)
    insns = decode(program.words, DEFAULT)
    for latency, cycles in program.cycles.items():
        timing = time_program(insns, replace(DEFAULT, memory_latency=latency))
        assert timing.cycles == cycles
        trace = program.data[f"trace_lat{latency}"]
        for module in range(3):
            found = timing.module == module
            expected = trace[trace[:, 0] == module]
            assert (timing.begin[found] == expected[:, 1]).all()
            assert (timing.end[found] == expected[:, 2]).all()


@pytest.mark.parametrize(
    ("row", "cycles"),
    [
        (gemm((0, 3), (4, 0, 0, 0), (5, 0, 0, 0)), 66),
        (gemm((0, 3), (4, 0, 0, 0), (5, 0, 0, 0), reset=1), 66),
        (alu("add", (0, 3), (4, 0, 0, 0), imm=1), 18),
        (alu("add", (0, 3), (4, 0, 0, 0)), 30),
        (load("acc", 0, 0, x=0, y=0), 1),
        (load("inp", 0, 0, x=0, y=0), 1),
        (store(0, 0, x=0, y=0), 1),
        (finish(), 1),
        # One burst of 16 beats: 16 + 16/2 - 1 + 4.
        (store(0, 0, x=8), 27),
        # Bursts of 2 and 4 beats around a boundary of 128 bytes: 2 + 0 + 4, 4 + 1 + 4.
        (store(0, 7, x=3), 15),
        # Beats + 5, whatever the number of bursts.
        (load("inp", 0, 0, x=64), 133),
        (load("wgt", 0, 0, x=2), 69),
        (load("acc", 0, 0, x=1), 13),
        # Two micro-ops a beat: an odd start costs one more.
        (load("uop", 0, 0, x=8), 8),
        (load("uop", 0, 1, x=8), 9),
        # Zeros are written in cycles without data: beats + zeros + 2.
        (load("inp", 0, 0, x=4, y=4, stride=4, pad=(1, 1, 1, 1)), 32 + 20 + 2),
        # A row of padding above delays the first command by a cycle.
        (load("inp", 0, 0, x=64, pad=(1, 0, 0, 0)), 130 + 64),
    ],
)
def test_single_instructions(row, cycles):
    assert duration(row) == cycles


def test_fewer_lanes_take_more_cycles():
    config = Config.load("4x16x16-alu16")
    row = alu("add", (0, 3), (4, 0, 0, 0), imm=1)
    assert duration(row, config=config) == 4 * 12 + 6
    assert duration(row, config=replace(config, alu_lanes=0)) == 12 + 6
    row = alu("add", (0, 3), (4, 0, 0, 0))
    assert duration(row, config=config) == 4 * 24 + 6


def test_a_store_reads_each_vector_of_a_batch():
    """16 beats are 8 vectors of 16 lanes, whether of 8 elements or of 4 with two vectors each."""
    assert duration(store(0, 0, x=4), config=replace(RTL, log_batch=1)) == 16 + 8 - 1 + 4
    assert duration(store(0, 0, x=8)) == 16 + 8 - 1 + 4


def test_of_two_tokens_that_come_at_once_the_first_is_waited_for():
    none = {"x": 0, "y": 0}
    rows = [store(0, 0, **none), store(0, 0, **none, push_prev=1)]
    rows += [load("inp", 0, 0, **none, push_next=1)]
    timing = time_program(stream(*rows, finish(pop_prev=1, pop_next=1)), RTL)
    assert timing.end[1] == timing.end[2]
    assert (timing.waits["prev"][3], timing.waits["next"][3]) == (1, 0)


def test_latency_is_paid_once_by_a_load():
    row = load("inp", 0, 0, x=64)
    assert [duration(row, latency) for latency in (0, 1, 2, 32)] == [133, 133, 134, 164]
    row = load("uop", 0, 0, x=8)
    assert [duration(row, latency) for latency in (0, 32)] == [8, 39]


def test_no_more_than_sixteen_reads_are_outstanding():
    """Bursts of two beats follow one another, but the 17th waits until the first is there."""
    rows = [load("inp", 0, 0, y=y, stride=8) for y in (1, 15, 16, 17)]
    one, fifteen, sixteen, seventeen = (duration(row, latency=300) for row in rows)
    assert (fifteen, sixteen) == (one + 2 * 14, one + 2 * 15)
    assert seventeen == one + 2 + 300


def test_fetch_hands_on_eight_at_a_time():
    """28 cycles for each group at latency 0, 59 at 32; the first is there in 28."""
    rows = stream(*[alu("add", imm=0)] * 16, finish())
    for latency, group in ((0, 28), (32, 59)):
        timing = time_program(rows, at(latency))
        first = [int(timing.begin[i]) for i in (0, 8, 16)]
        assert first[1] - first[0] >= group
        assert timing.dram_bytes["fetch"] == 17 * 16
    empty = stream(*[load("inp", 0, 0, x=0, y=0), store(0, 0, x=0, y=0), finish()] * 8)
    begin = time_program(empty, at(0)).begin
    assert (begin[8] - begin[0], begin[16] - begin[8]) == (28, 28)


def test_modules_overlap_and_tokens_order_them():
    uops = encode_uops([0, 1], [0, 1], [0, 1], RTL)
    tiles = []
    for i in range(6):
        tiles += [load("inp", i % 2, i * 64, x=1), load("wgt", i % 2, i, x=1)]
        tiles += [gemm((i % 2, i % 2 + 1), (1000, 0, 0, 0))]
    insns = synchronize(stream(load("uop", 0, 0, x=2), *tiles), uops, RTL)
    timing = time_program(insns, at(32))
    gemms = np.flatnonzero(insns["opcode"] == 2)
    assert (np.diff(timing.begin[gemms]) == 1007).all()  # loads hide behind GEMM
    assert timing.gemm_steps == 6000 and timing.macs == 6000 * 256
    assert timing.utilisation == 6000 / timing.cycles
    assert timing.roofline.macs == timing.macs and timing.roofline.peak == 256
    assert timing.roofline.traffic == sum(timing.dram_bytes.values())  # it stores nothing
    assert timing.dram_bytes == {
        "inp": 96,
        "wgt": 6 * 256,
        "acc": 0,
        "uop": 8,
        "fetch": len(insns) * 16,
        "out": 0,
    }
    assert timing.stalls["load"]["compute"] > 3000
    assert timing.busy["compute"] == int((timing.end - timing.begin)[timing.module == 1].sum())


def test_stalls_name_their_reason():
    uops = encode_uops(0, 0, 0, RTL)
    rows = [load("uop", 0, 0), load("inp", 0, 0, x=64), load("wgt", 0, 0), gemm()]
    insns = synchronize(stream(*rows), uops, RTL)
    timing = time_program(insns, at(32))
    fetched = 2 + 1 + 32 + 2 * len(insns) + 1 + 1  # launch, request, latency, beats, two to hand on
    assert timing.waits["fetch"][0] == timing.begin[0] == timing.begin[1] - 1 == fetched
    # A LOAD's cycles without data: 5, and the latency less one.
    assert timing.stalls["load"]["memory"] == 2 * (5 + 31)
    assert timing.stalls["load"].keys() == {"fetch", "compute", "memory"}
    assert timing.stalls["compute"].keys() == {"fetch", "load", "store", "memory"}
    assert timing.stalls["compute"]["load"] == timing.waits["prev"][3] > 100
    for module, name in enumerate(("load", "compute", "store")):
        rows = np.flatnonzero(timing.module == module)
        waited = sum(cycles[rows].sum() for cycles in timing.waits.values())
        last = timing.end[rows].max(initial=0)
        assert timing.busy[name] + waited + max(len(rows) - 1, 0) == last


def test_the_roofline_has_a_ridge():
    compute = Roofline(macs=256_000, traffic=800, cycles=2000, peak=256, bandwidth=8)
    assert (compute.attainable, compute.bound) == (256, "compute")
    assert (compute.intensity, compute.achieved, compute.share) == (320, 128, 0.5)
    memory = Roofline(macs=16_000, traffic=16_000, cycles=4000, peak=256, bandwidth=8)
    assert (memory.attainable, memory.bound, memory.share) == (8, "memory", 0.5)
    idle = Roofline(macs=0, traffic=0, cycles=0, peak=256, bandwidth=8)
    assert (idle.attainable, idle.achieved, idle.share) == (0, 0, 0)


def test_full_queues_hold_fetch_back():
    uops = encode_uops(0, 0, 0, RTL)
    rows = [gemm((0, 1), (400, 0, 0, 0))] * 64 + [load("inp", 5, 0)]
    insns = synchronize(stream(load("uop", 0, 0), *rows), uops, RTL)
    free, held = (time_program(insns, at(0, queue_depth=depth)) for depth in (512, 2))
    assert held.begin[-2] > free.begin[-2] + 20000
    assert held.cycles >= free.cycles


@settings(max_examples=100)
@given(data=st.data(), latency=st.sampled_from([0, 3, 32]))
def test_transfers_alone_are_as_burst_by_burst(data, latency):
    """The short cut for a transfer that has the channel to itself changes nothing."""
    insns, uops, _ = data.draw(programs(TINY))
    config = replace(TINY, memory_latency=latency, bytes_per_cycle=1)
    insns = synchronize(insns, uops, config, uop_base(config))
    found = time_program(insns, config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReadChannel, "_is_quiet", lambda self, time: False)
        expected = time_program(insns, config)
    assert (found.begin == expected.begin).all() and (found.end == expected.end).all()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (load("out", 0, 0), "instruction 1: found LOAD into OUT"),
        (load("out", 0, 0, x=0, y=0), "instruction 1: found LOAD into OUT"),
        (load("acc_8bit", 0, 0), "instruction 1: found an 8-bit load"),
        (load("acc_8bit", 0, 0, x=0, y=0), "instruction 1: found an 8-bit load"),
        (load("acc", 0, 0, x=4, y=0), "instruction 1: found 0 rows of 4 elements"),
        (load("wgt", 0, 0, x=0, y=2), "instruction 1: found 2 rows of 0 elements"),
        (store(0, 0, x=1, y=0), "instruction 1: found 0 rows of 1 elements"),
        (gemm(), "instruction 1: found the end, expected FINISH before it"),
    ],
)
def test_what_never_ends_has_no_time(row, reason):
    rows = [load("acc", 0, 0), row, *([] if "FINISH" in reason else [finish()])]
    with pytest.raises(ValueError, match=reason):
        time_program(stream(*rows), RTL)


def test_time_ends_with_finish():
    """What comes after it, or goes on beside it, does not count: the core says that it is done."""
    rows = [load("inp", 0, 0, x=999), finish(), gemm((0, 1), (9999, 0, 0, 0))]
    timing = time_program(stream(*rows), RTL)
    assert timing.cycles == timing.end[1] - 1 < timing.end[0] < timing.end[2]


def test_deadlock_is_reported():
    with pytest.raises(ValueError, match="cycle of waits: load -> compute -> load"):
        time_program(stream(load("inp", 0, 0, pop_next=1), gemm(pop_prev=1)), RTL)


def test_nothing_takes_no_time():
    timing = time_program(stream(), RTL)
    assert timing.cycles == 0 and timing.utilisation == 0.0
