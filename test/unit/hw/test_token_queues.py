"""The automaton of dependency tokens: its forms agree with one another and with the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, Memory, Module, Opcode, encode, records
from nopt.hw.isa.fields import TOKENS
from nopt.hw.sim.simulator import Simulator, Trap
from nopt.hw.sync.token_queues import (
    POP_NEXT,
    POP_PREV,
    PUSH_NEXT,
    PUSH_PREV,
    TokenQueues,
    TokenTurns,
    TokenWalk,
)
from nopt.hw.timing.program_timing import time_program

RTL = Config.load("rtl")
KINDS = {
    Module.LOAD: (Opcode.LOAD, Memory.INP),
    Module.COMPUTE: (Opcode.LOAD, Memory.ACC),
    Module.STORE: (Opcode.STORE, Memory.OUT),
}


@st.composite
def streams(draw):
    """Empty transfers with any tokens, and FINISH: nothing but tokens says how far they come."""
    modules = draw(st.lists(st.sampled_from(Module), max_size=14))
    insns = np.zeros(len(modules) + 1, INSTRUCTION)
    for row, module in zip(insns, modules, strict=False):
        row["opcode"], row["memory"] = KINDS[module]
        for token in TOKENS:
            row[token] = draw(st.integers(0, 3)) == 0
    insns[-1]["opcode"] = Opcode.FINISH
    return insns


def taking_turns():
    """Stay with a module as long as it can go, then take the next one in order that can."""
    last = [Module.LOAD]

    def choose(ready):
        last[0] = next(m for m in [*range(last[0], 3), *range(3)] if m in ready)
        return last[0]

    return choose


def followed(walk):
    order = [walk.own[m][at] for m, first, last in walk.turns() for at in range(first, last)]
    return order, walk.waits()


@settings(max_examples=300)
@given(streams())
def test_turns_are_a_walk_that_stays_with_a_module(insns):
    assert followed(TokenTurns(insns)) == followed(TokenWalk(insns, taking_turns()))


@settings(max_examples=300)
@given(streams(), st.randoms(use_true_random=False))
def test_every_order_comes_equally_far(insns, random):
    walk = TokenWalk(insns, random.choice)
    order, waits = followed(walk)
    turns = TokenTurns(insns)
    expected, expected_waits = followed(turns)
    assert (sorted(order), waits, walk.done) == (sorted(expected), expected_waits, turns.done)
    # By the definition: an instruction goes if there are as many tokens as it pops.
    tokens = dict.fromkeys([(0, 1), (1, 0), (1, 2), (2, 1)], 0)
    rows = records(insns)
    module_of = {index: m for m in Module for index in walk.own[m]}
    for index in order:
        insn, module = rows[index], module_of[index]
        for pops, producer in ((insn.pop_prev, module - 1), (insn.pop_next, module + 1)):
            if pops:
                assert tokens[producer, module] > 0
                tokens[producer, module] -= 1
        for pushes, consumer in ((insn.push_prev, module - 1), (insn.push_next, module + 1)):
            if pushes and (module, consumer) in tokens:
                tokens[module, consumer] += 1


@settings(max_examples=300)
@given(streams())
def test_simulator_and_timing_stop_alike(insns):
    """They end, or they say the same of who waits for whom."""
    try:
        Simulator(RTL, np.zeros(64, np.uint8), strict=False).run(encode(insns, RTL))
        expected = ""
    except Trap as trap:
        expected = str(trap).split("): ", 1)[1].split("\n")[0]
    try:
        time_program(insns, RTL)
        found = ""
    except ValueError as error:
        found = str(error)
    assert found == expected


def test_queues_are_first_in_first_out_and_lead_to_neighbours_only():
    queues = TokenQueues()
    assert queues.push(Module.LOAD, PUSH_NEXT | PUSH_PREV, 5) == [Module.COMPUTE]
    assert queues.push(Module.STORE, PUSH_NEXT | PUSH_PREV, 6) == [Module.COMPUTE]
    assert queues.push(Module.LOAD, PUSH_NEXT, 7) == [Module.COMPUTE]
    assert queues.push(Module.COMPUTE, PUSH_NEXT | PUSH_PREV, 8) == [Module.LOAD, Module.STORE]
    assert [queues.held(m) for m in Module] == [(0, 1), (2, 1), (1, 0)]
    assert queues.pop(Module.COMPUTE, POP_PREV | POP_NEXT) == (5, 6)
    assert queues.pop(Module.COMPUTE, POP_PREV) == (7, 0)
    assert not queues.allow(Module.COMPUTE, POP_PREV)
    assert not queues.allow(Module.LOAD, POP_PREV) and queues.allow(Module.LOAD, POP_NEXT)


@pytest.mark.parametrize("form", [TokenTurns, lambda insns: TokenWalk(insns, max)])
def test_a_stream_of_nothing_comes_to_its_end(form):
    assert followed(form(np.zeros(0, INSTRUCTION))) == ([], {})
