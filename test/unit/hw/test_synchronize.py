"""Tokens: as few as the conflicts need, where they are expected in well-known patterns."""

from collections import Counter

import numpy as np
import pytest
from hw_streams import alu, finish, gemm, load, store, stream

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, encode_uops, module_of
from nopt.hw.isa.fields import TOKENS
from nopt.hw.sync.synchronize import SynchronizeError, synchronize

RTL = Config.load("rtl")
UOPS = encode_uops([0, 1], [0, 1], [0, 1], RTL)


def tokens(insns):
    """Each instruction's tokens: `<p` pops from prev, `<n` from next, `>p` and `>n` push."""
    marks = dict(zip(TOKENS, ("<p", "<n", ">p", ">n"), strict=True))
    return ["".join(marks[name] for name in TOKENS if insn[name]) for insn in insns]


def sync(*rows, config=RTL):
    return synchronize(stream(*rows), UOPS, config)


def test_load_compute_store_is_a_chain():
    out = sync(load("uop", 0, 0), load("inp", 0, 0), load("wgt", 0, 0), gemm(), store(0, 9))
    assert tokens(out) == ["", "", ">n", "<p>n", "<p>p", "<n"]
    assert out[-1]["opcode"] == Opcode.FINISH


def test_a_second_use_needs_no_second_token():
    out = sync(load("uop", 0, 0), load("inp", 0, 0), load("wgt", 0, 0), gemm(), gemm(), store(0, 9))
    assert tokens(out) == ["", "", ">n", "<p", ">n", "<p>p", "<n"]


def test_single_buffer_waits_both_ways():
    tile = (load("inp", 0, 0), gemm())
    out = sync(load("uop", 0, 0), load("wgt", 0, 0), *tile, *tile, *tile)
    assert tokens(out) == ["", "", ">n", "<p>p", "<n>n", "<p>p", "<n>n", "<p", ""]


def test_double_buffer_waits_two_tiles_back():
    tiles = []
    for i in range(4):
        tiles += [load("inp", i % 2, i), gemm(uops=(i % 2, i % 2 + 1))]
    out = sync(load("uop", 0, 0, x=2), load("wgt", 0, 0, x=2), *tiles)
    assert tokens(out[2:]) == [">n", "<p>p", ">n", "<p>p", "<n>n", "<p", "<n>n", "<p", ""]


def test_output_buffer_is_not_overwritten_before_it_is_stored():
    body = (alu("add", imm=1), store(0, 9))
    out = sync(load("uop", 0, 0), load("acc", 0, 0), *body, *body)
    assert tokens(out) == ["", "", ">n", "<p>p", "<n>n", "<p>p", "<n"]


def test_store_to_load_goes_through_an_empty_compute_instruction():
    out = sync(
        load("uop", 0, 0), load("acc", 0, 0), alu("max", imm=0), store(0, 9), load("inp", 0, 9)
    )
    assert tokens(out) == ["", "", ">n", "<p>p", "<n>p", "<n>n", "<p"]
    assert (out[4]["opcode"], out[4]["x_size"], out[4]["y_size"]) == (Opcode.LOAD, 0, 0)
    assert module_of(out).tolist() == [1, 1, 1, 2, 1, 0, 1]


def test_store_to_load_uses_a_compute_instruction_that_knows():
    again = (alu("max", imm=0), load("inp", 0, 9))
    out = sync(load("uop", 0, 0), load("acc", 0, 0), alu("max", imm=0), store(0, 9), *again)
    assert tokens(out) == ["", "", ">n", "<p>p", "<n>p", "<n>n", "<p"]
    assert out[4]["opcode"] == Opcode.ALU


def test_an_empty_compute_instruction_serves_the_loads_that_follow():
    """Up to the next store: they wait for no compute instruction in between, and need no other."""
    stores = (load("acc", 0, 0, x=2), alu("max", imm=0), store(0, 9), store(1, 10))
    loads = (load("inp", 0, 9), alu("max", imm=1), load("inp", 1, 10))
    out = sync(load("uop", 0, 0), *stores, *loads)
    assert tokens(out) == ["", "", ">n", "<p", ">p", "<n>p", "<n", "", ">n", "<p"]
    assert module_of(out).tolist() == [1, 1, 1, 2, 2, 1, 0, 1, 0, 1]


def test_load_to_store_write_after_read():
    out = sync(
        load("uop", 0, 0), load("inp", 0, 9), load("acc", 0, 0), alu("max", imm=0), store(0, 9)
    )
    assert tokens(out) == ["", ">n", "", "", "<p>n", "<p>p", "<n"]


def test_other_dram_does_not_conflict():
    body = (alu("max", imm=0), store(0, 9, y=2, x=1, stride=4), load("inp", 0, 10, x=3))
    out = sync(load("uop", 0, 0), load("acc", 0, 0), *body)
    assert tokens(out) == ["", "", ">n", "<p>p", ">n", "<p<n"]
    out = sync(load("uop", 0, 0), load("acc", 0, 0), *body, load("inp", 4, 13))
    assert tokens(out) == ["", "", ">n", "<p>p", "", "<n>p", "<n>n", "<p"]


def test_compute_loads_follow_stores():
    out = sync(
        load("uop", 0, 0), load("acc", 0, 0), alu("max", imm=0), store(0, 4), load("acc", 0, 1)
    )
    assert tokens(out) == ["", "", ">n", "<p>p", "<n", ""]


def most_tokens(insns, producer, consumer):
    """The most tokens the queue between two modules ever holds when the consumer is slowest."""
    modules = module_of(insns)
    waiting = [list(insns[modules == module]) for module in range(3)]
    held = Counter()
    most = 0
    while any(waiting):
        for module in sorted(range(3), key=lambda m: m == consumer):
            insn = waiting[module][0] if waiting[module] else dict.fromkeys(TOKENS, 1)
            pops = [(module - 1, module)] * insn["pop_prev"]
            pops += [(module + 1, module)] * insn["pop_next"]
            if waiting[module] and all(held[queue] for queue in pops):
                break
        else:
            raise AssertionError("deadlock")
        held.subtract(pops)
        held.update([(module, module - 1)] * insn["push_prev"])
        held.update([(module, module + 1)] * insn["push_next"])
        most = max(most, held[producer, consumer])
        del waiting[module][0]
    assert not any(held.values())
    return most


@pytest.mark.parametrize("depth", [1, 2, 5, 255])
def test_queues_never_exceed_their_depth(depth):
    config = Config.from_json({**RTL.to_json(), "token_depth": depth})
    n = 600
    uops = encode_uops(np.arange(n), np.arange(n), 0, config)
    first = [load("inp", i, i) for i in range(n)]
    work = [gemm(uops=(i, i + 1)) for i in range(n)]
    second = [load("inp", i, i) for i in range(n)]
    stores = [store(i, i) for i in range(n)]
    setup = (load("uop", 0, 0, x=n), load("wgt", 0, 0))
    # All of a kind at once; and in turn, where nothing else keeps loads from running ahead.
    for steps in (
        (*first, *work, *second, *stores, *work),
        (step for pair in zip(first, work, strict=True) for step in pair),
    ):
        out = synchronize(stream(*setup, *steps), uops, config)
        for queue in ((0, 1), (1, 0), (1, 2), (2, 1)):
            assert most_tokens(out, *queue) <= depth


@pytest.mark.parametrize("depth", [1, 2, 5, 8, 255])
def test_a_producer_runs_ahead_by_half_a_queue(depth):
    """Further could overflow, less would make it wait for nothing."""
    config = Config.from_json({**RTL.to_json(), "token_depth": depth})
    n = 300
    uops = encode_uops(np.arange(n), np.arange(n), 0, config)
    steps = [row for i in range(n) for row in (load("inp", i, i), gemm(uops=(i, i + 1)))]
    setup = (load("uop", 0, 0, x=n), load("wgt", 0, 0))
    out = synchronize(stream(*setup, *steps), uops, config)
    assert most_tokens(out, 0, 1) == (depth + 1) // 2


def test_bad_streams_are_named():
    with pytest.raises(SynchronizeError, match="instruction 1: push_next: found 1"):
        sync(gemm(), load("inp", 0, 0, push_next=1))
    with pytest.raises(SynchronizeError, match="instruction 1: found FINISH"):
        sync(gemm(), finish())
    with pytest.raises(SynchronizeError, match="instruction 0: LOAD UOP: found micro-ops 1 to 3"):
        sync(load("uop", 0, 1, x=2))
