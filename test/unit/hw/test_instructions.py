"""What single instructions do: each rule by the smallest example."""

import numpy as np
import pytest
from hw_streams import alu, gemm, load, store, stream

from nopt.hw.config import Config
from nopt.hw.isa.encoding import encode_uops
from nopt.hw.sim.simulator import Simulator

RTL = Config.load("rtl")


def core_of(memory, uops=((0, 0, 0),)):
    """A core that skips no check but those of order, its micro-ops loaded from behind `memory`."""
    words = encode_uops(*zip(*uops, strict=True), RTL)
    whole = np.concatenate([memory, words.view(np.uint8)])
    simulator = Simulator(RTL, whole, strict=False)
    simulator.execute(load("uop", 0, len(memory) // 4, x=len(words)))
    return simulator


@pytest.mark.parametrize("cells", [(0, 3, 6), (0, 5, 6)], ids=["regular", "irregular"])
def test_out_holds_the_low_bits_of_the_accumulators(cells):
    """Of a GEMM, whatever its destinations, and of an ALU; a STORE takes them from there."""
    simulator = core_of(np.full(1 << 13, 100, np.uint8), [(cell, 0, 0) for cell in cells])
    rows = [load("inp", 0, 0), load("wgt", 0, 0), load("acc", 0, 8, x=8)]
    simulator.execute(stream(*rows, gemm((0, 3)), store(0, 500)))
    start = 100 * 0x01010101
    for cell in cells:
        assert (simulator.core.acc[cell] == start + 16 * 100 * 100).all()
        assert (simulator.core.out[cell] == np.int32(start + 160000).astype(np.int8)).all()
    assert (simulator.memory[8000:8016].view(np.int8) == simulator.core.out[0, 0]).all()
    simulator.execute(alu("add", imm=300))
    assert (simulator.core.out[0] == np.int32(start + 160300).astype(np.int8)).all()


@pytest.mark.parametrize("memory", ["inp", "wgt", "acc"])
def test_zeros_lie_around_a_window(memory):
    """Rows above and below, elements left and right, whatever lay there before."""
    simulator = core_of(np.full(1 << 14, 1, np.uint8))
    simulator.execute(load(memory, 0, 0, x=24))
    simulator.execute(load(memory, 0, 0, x=2, y=1, pad=(1, 2, 3, 1)))
    found = getattr(simulator.core, memory)[:24].reshape(4, 6, -1)
    expected = np.zeros((4, 6), np.bool_)
    expected[1, 3:5] = True
    assert ((found != 0) == expected[..., None]).all()


def test_rows_of_a_window_lie_a_stride_apart():
    memory = np.arange(64).repeat(16).astype(np.uint8)
    simulator = core_of(memory)
    simulator.execute(load("inp", 1, 3, x=2, y=3, stride=10))
    assert simulator.core.inp[1:7, 0, 0].tolist() == [3, 4, 13, 14, 23, 24]


def test_steps_go_by_outer_loop_inner_loop_and_micro_op():
    """A running sum comes out only in this order."""
    simulator = core_of(np.full(1 << 10, 1, np.uint8), [(1, 0, 0), (2, 1, 0)])
    simulator.execute(load("acc", 0, 0, x=9))
    simulator.core.acc[:9] = 1
    simulator.execute(alu("add", (0, 2), outer=(2, 4, 4, 0), inner=(2, 2, 2, 0)))
    assert simulator.core.acc[:9, 0, 0].tolist() == list(range(1, 10))


def test_both_loops_move_each_index_of_a_gemm():
    """Destination, input and weight of step (i, j) are i and j times their factors further on."""
    random = np.random.default_rng(0)
    memory = random.integers(0, 256, 1 << 14, np.uint8)
    simulator = core_of(memory, [(1, 2, 3)])
    rows = [load("inp", 0, 0, x=40), load("wgt", 0, 0, x=40), load("acc", 0, 0, x=40)]
    simulator.execute(stream(*rows))
    core = simulator.core
    expected = core.acc.astype(np.int64)
    for i in range(3):
        for j in range(2):
            product = core.inp[2 + 2 * i + j, 0] @ core.wgt[3 + i + 5 * j].T
            expected[1 + 7 * i + 4 * j, 0] += product.astype(np.int64)
    simulator.execute(gemm(outer=(3, 7, 2, 1), inner=(2, 4, 1, 5)))
    assert (core.acc == expected.astype(np.int32)).all()
