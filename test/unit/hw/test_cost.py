"""The closed form of an instruction's cycles is what `timing` finds if nothing contends with it."""

from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hw_streams import alu, finish, gemm, load, store, stream
from hypothesis import assume, given
from hypothesis import strategies as st

from nopt.hw import cost
from nopt.hw.config import Config
from nopt.hw.isa.encoding import AluOp, Memory, element_bytes
from nopt.hw.timing.program_timing import time_program
from nopt.hw.timing.read_channel import TAGS, pattern

LOADED = {"uop": Memory.UOP, "inp": Memory.INP, "wgt": Memory.WGT, "acc": Memory.ACC}


@st.composite
def machines(draw):
    """Cores of any shape, ALU and memory."""
    batch, block_in, block_out = (draw(st.integers(0, most)) for most in (3, 6, 6))
    inp, wgt, acc, uop = (draw(st.integers(4, 10)) for _ in range(4))
    return Config(
        log_batch=batch,
        log_block_in=block_in,
        log_block_out=block_out,
        log_uop_buff_size=2 + uop,
        log_inp_buff_size=inp + batch + block_in,
        log_wgt_buff_size=wgt + block_in + block_out,
        log_acc_buff_size=2 + acc + batch + block_out,
        memory_latency=draw(st.integers(0, 4) | st.integers(0, 1000)),
        bytes_per_cycle=1 << draw(st.integers(0, 7)),
        burst_beats=1 << draw(st.integers(0, 7)),
        alu_lanes=draw(st.sampled_from([0, *(1 << i for i in range(batch + block_out + 1))])),
    )


def duration(row, config):
    timing = time_program(stream(row, finish()), config)
    return int(timing.end[0] - timing.begin[0])


LOOPS = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
"""Micro-ops, and iterations of the two hardware loops."""


@given(machines(), LOOPS, st.booleans())
def test_gemm(config, loops, reset):
    uops, outer, inner = loops
    row = gemm((0, uops), (outer, 0, 0, 0), (inner, 0, 0, 0), reset=reset)
    assert duration(row, config) == cost.gemm_cycles(uops * outer * inner)


@given(machines(), LOOPS, st.sampled_from(AluOp), st.booleans())
def test_alu(config, loops, op, two_operands):
    uops, outer, inner = loops
    immediate = None if two_operands else 3
    row = alu(op.name, (0, uops), (outer, 0, 0, 0), (inner, 0, 0, 0), imm=immediate)
    assert duration(row, config) == cost.alu_cycles(uops * outer * inner, two_operands, config)


@st.composite
def transfers(draw, config, entries, entry_bytes, most_rows=64):
    """Rows, vectors of a row, and a stride by which every row begins where a burst may."""
    rows = draw(st.integers(1, min(most_rows, entries)))
    vectors = draw(st.integers(1, entries // rows))
    burst = config.bytes_per_cycle * config.burst_beats
    stride = ceil(vectors * entry_bytes / burst) * burst
    assume(stride % entry_bytes == 0)
    return rows, vectors, stride // entry_bytes


@given(machines(), st.data())
def test_store_of_aligned_rows(config, data):
    size = config.out_bytes
    rows, vectors, stride = data.draw(transfers(config, config.acc_entries, size))
    expected = cost.store_cycles(rows, vectors * size, config)
    assert duration(store(0, 0, vectors, rows, stride), config) == expected


@given(machines(), st.integers(0, 4096), st.integers(1, 64), st.integers(1, 16), st.data())
def test_store_of_any_rows(config, dram, vectors, rows, data):
    """Burst by burst, as the read channel has them."""
    assume(rows * vectors <= config.acc_entries)
    stride, size = vectors + data.draw(st.integers(0, 40)), config.out_bytes
    beat, most = config.bytes_per_cycle, config.burst_beats
    offset = dram * size % (beat * most)
    bursts = pattern(offset, vectors * size, rows, stride * size, beat, most).beats
    vector = max(config.block_out // beat, 1)
    expected = sum(beats + ceil(beats / vector) + 3 for beats in bursts)
    assert duration(store(0, dram, vectors, rows, stride), config) == expected


@given(machines(), st.sampled_from([*LOADED]), st.data())
def test_load_of_aligned_rows(config, memory, data):
    c = config
    entries = {
        "uop": c.uop_entries,
        "inp": c.inp_entries,
        "wgt": c.wgt_entries,
        "acc": c.acc_entries,
    }[memory]
    size = element_bytes(c)[LOADED[memory]]
    most_rows = 1 if memory == "uop" else 64
    rows, vectors, stride = data.draw(transfers(c, entries, size, most_rows))
    expected = int(cost.load_cycles(rows, vectors * size, c)) - (memory == "uop")
    found = duration(load(memory, 0, 0, vectors, rows, stride), c)
    bursts = pattern(0, vectors * size, rows, stride * size, c.bytes_per_cycle, c.burst_beats).beats
    if len(bursts) <= TAGS and min(bursts) >= 4:
        assert found == expected
    elif rows == 1 or len(set(bursts)) == 1:
        assert found <= expected <= found * 3 / 2
    else:
        assert found * 4 / 5 <= expected <= found * 3 / 2


@pytest.mark.parametrize("groups", [2, 5, 20])
@given(machines())
def test_fetch(groups, config):
    """Instructions that nothing keeps wait for fetch alone."""
    deep = replace(config, queue_depth=1 << 10)
    nothing = [store(0, 0, x=0, y=0)] * (cost.FETCH_GROUP * groups - 1)
    whole = time_program(stream(*nothing, finish()), deep).cycles
    half = time_program(stream(*nothing[: -cost.FETCH_GROUP], finish()), deep).cycles
    assert whole - half == cost.fetch_cycles(cost.FETCH_GROUP, deep)


@given(machines(), st.lists(st.tuples(st.integers(1, 90), st.integers(1, 9000)), min_size=1))
def test_arrays_are_costed_as_numbers_are(config, rows):
    count, size = np.array(rows).T
    for of in (cost.load_cycles, cost.store_cycles):
        assert of(count, size, config).tolist() == [int(of(*each, config)) for each in rows]
