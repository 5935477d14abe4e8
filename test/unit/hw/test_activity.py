"""What happens when: by hand on a few instructions, and as the timing counts it."""

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.assembly import parse_assembly
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.activity import Segments, occupancy, segments, traffic, waits
from nopt.hw.timing.program_timing import time_program

CONFIG = Config.load("rtl")
TEXT = """
.uop  # dst src wgt
    0: 0 0 0
.text
    0: load.uop   sram=0 dram=0x80 x=1
    1: load.inp   sram=0 dram=0 x=8
    2: load.wgt   sram=0 dram=1 x=1
    3: gemm.reset uop=0:1 loop=1,8 dst=0,1
    4: gemm       uop=0:1 loop=1,8 dst=0,1 src=0,1
    5: alu.shr    uop=0:1 loop=1,8 dst=0,1 src=0,1 imm=6
    6: store.out  sram=0 dram=64 x=8
    7: load.inp   sram=4 dram=8 x=8
"""


def run(text: str = TEXT):
    program, uops = parse_assembly(text, CONFIG)
    program = synchronize(program, uops, CONFIG, uop_base=0x80)
    memory = np.zeros(2048, np.uint8)
    memory[512 : 512 + 4 * len(uops)] = uops.view(np.uint8)
    return program, memory, time_program(program, CONFIG)


def length(found: Segments) -> int:
    return int((found.end - found.begin).sum())


def test_segments_are_what_modules_do():
    program, _, timing = run()
    found = segments(program, timing)
    assert {kind: len(each.begin) for kind, each in found.items()} == {
        **{"load": 3, "gemm": 1, "reset": 1, "alu": 1, "compute load": 1, "store": 1}
    }
    compute = sum(length(found[kind]) for kind in ("gemm", "reset", "alu", "compute load"))
    busy = {"load": length(found["load"]), "compute": compute, "store": length(found["store"])}
    # FINISH is nothing that the compute module does.
    assert busy["load"] == timing.busy["load"] and busy["store"] == timing.busy["store"]
    assert 0 <= timing.busy["compute"] - compute <= 1


def test_waits_are_those_that_the_timing_counts():
    _, _, timing = run()
    found = waits(timing)
    for module, reasons in timing.stalls.items():
        tokens = sum(length(found[f"{module} waits for {side}"]) for side in ("prev", "next"))
        assert tokens == sum(count for why, count in reasons.items() if why not in _NO_TOKENS)
        assert length(found[f"{module} waits for fetch"]) == reasons["fetch"]


_NO_TOKENS = ("fetch", "memory")


def test_traffic_adds_up_to_the_bytes_moved():
    program, _, timing = run()
    edges = np.unique(np.linspace(0, timing.end.max(), 37).astype(np.int64))
    found = traffic(program, timing, CONFIG, edges)
    moved = {kind: float((rate * np.diff(edges)).sum()) for kind, rate in found.items()}
    expected = {"uop": 4, "inp": 2 * 8 * 16, "wgt": 256, "out": 8 * 16}
    assert {kind: round(amount, 6) for kind, amount in moved.items()} == expected
    # A bus gives at most so many bytes a cycle.
    reads = sum(rate for kind, rate in found.items() if kind != "out")
    assert np.max(reads) <= CONFIG.bytes_per_cycle + 1e-9


def test_entries_are_needed_from_writing_to_the_last_reading():
    """Eight vectors and a block until the product is done, eight sums until they are stored; the
    second vectors, which nobody reads, never."""
    program, memory, timing = run()
    edges = np.arange(timing.end.max() + 1)
    found = occupancy(program, memory, timing, CONFIG, edges)
    load_inp, load_wgt, reset, gemm, store = (
        (int(timing.begin[i]), int(timing.end[i])) for i in (1, 2, 3, 4, 6)
    )
    wanted = {name: np.zeros(len(edges) - 1) for name in found}
    wanted["inp"][load_inp[0] : gemm[1]] = 8 / CONFIG.inp_entries
    wanted["wgt"][load_wgt[0] : gemm[1]] = 1 / CONFIG.wgt_entries
    wanted["acc"][reset[0] : store[1]] = 8 / CONFIG.acc_entries
    for name, shares in found.items():
        assert np.allclose(shares, wanted[name]), name


def test_near_segments_are_one():
    found = Segments(np.array([0, 10, 30, 33]), np.array([8, 20, 31, 40]))
    begin, end = found.joined(2)
    assert (begin.tolist(), end.tolist()) == ([0, 30], [20, 40])
    assert np.array_equal(found.joined(0), found)
    nothing = Segments(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert len(nothing.joined(5).begin) == 0


def test_what_steps_add_to_is_needed_until_they_end():
    """Though nothing stores it."""
    kept = [line for line in TEXT.splitlines() if "store" not in line and "7:" not in line]
    program, memory, timing = run("\n".join(kept))
    edges = np.arange(timing.end.max() + 1)
    found = occupancy(program, memory, timing, CONFIG, edges)["acc"]
    wanted = np.zeros(len(edges) - 1)
    wanted[int(timing.begin[3]) : int(timing.end[5])] = 8 / CONFIG.acc_entries
    assert np.allclose(found, wanted)


def test_micro_ops_are_those_loaded_last():
    """The same place of the buffer says other accumulators after another load."""
    program, memory, timing = run("""
.uop
    0: 0 0 0
    1: 100 0 0
.text
    0: load.uop   sram=0 dram=0x80 x=1
    1: gemm.reset uop=0:1 loop=1,8 dst=0,1
    2: store.out  sram=0 dram=64 x=8
    3: load.uop   sram=0 dram=0x81 x=1
    4: gemm.reset uop=0:1 loop=1,4 dst=0,1
    5: store.out  sram=100 dram=64 x=4
""")
    edges = np.arange(timing.end.max() + 1)
    found = occupancy(program, memory, timing, CONFIG, edges)["acc"] * CONFIG.acc_entries
    wanted = np.zeros(len(edges) - 1)
    wanted[int(timing.begin[1]) : int(timing.end[2])] += 8
    wanted[int(timing.begin[4]) : int(timing.end[5])] += 4
    assert np.allclose(found, wanted)


def test_instructions_are_fetched_before_tokens_are_waited_for():
    _, _, timing = run()
    found = waits(timing)
    fetched, popped = found["store waits for fetch"], found["store waits for prev"]
    assert fetched.end[0] == popped.begin[0] and popped.end[0] == timing.begin[6]
