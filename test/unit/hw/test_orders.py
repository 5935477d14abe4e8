"""Synchronized streams under every order that their tokens allow, on every kind of implementation.

Where a stream stands is how far each module is. If all that must be ordered is, contents are the
same whichever way led there, and those at the end are those of program order.
"""

from dataclasses import replace

import numpy as np
import pytest
from hw_strategies import CONFIGS, TINY, programs, uop_base
from hw_streams import alu, gemm, load, store, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from nopt.hw.isa.encoding import Opcode, encode_uops, module_of, records
from nopt.hw.isa.footprint import MicroOps
from nopt.hw.sim.simulator import Simulator
from nopt.hw.sim.step_plans import Plans
from nopt.hw.sync.synchronize import synchronize

LOAD, COMPUTE, STORE = range(3)


class Implementation:
    """One that stores from OUT, which GEMM and ALU write and a GEMM reset does not."""

    def __init__(self, config, memory):
        self.core = Simulator(config, memory, strict=False, check_initialised=False).core

    def contents(self):
        core = self.core
        return core.memory, core.uop, core.inp, core.wgt, core.acc, core.out

    def execute(self, insn):
        self.core.execute(insn)


class ResetsOut(Implementation):
    """One whose GEMM reset writes OUT, too."""

    def execute(self, insn):
        super().execute(insn)
        if insn.opcode == Opcode.GEMM and insn.reset:
            uops = MicroOps(self.core.uop[insn.uop_begin : insn.uop_end], self.core.config)
            self.core.out[Plans().destinations(insn, uops)] = 0


class StoresAccumulators(Implementation):
    """One that stores the low bits of ACC."""

    def execute(self, insn):
        super().execute(insn)
        self.core.out[:] = self.core.acc


IMPLEMENTATIONS = (Implementation, ResetsOut, StoresAccumulators)


def follow_every_order(insns, config, machine):
    """Contents at the end; raises AssertionError if an order leads to others or overflows."""
    rows = records(insns)
    modules = module_of(insns).tolist()
    of = [[i for i, m in enumerate(modules) if m == module] for module in range(3)]
    reached = {(0, 0, 0): (copied(machine), (0, 0, 0, 0))}
    end = tuple(map(len, of))
    for total in range(len(rows)):
        for at in [at for at in reached if sum(at) == total]:
            contents, tokens = reached.pop(at)
            ready = [m for m in range(3) if at[m] < end[m]]
            ways = 0
            for module in ready:
                insn = rows[of[module][at[module]]]
                after = pass_tokens(insn, module, tokens)
                if min(after) < 0:
                    continue
                assert max(after) <= config.token_depth
                ways += 1
                for array, before in zip(machine.contents(), contents, strict=True):
                    array[:] = before
                machine.execute(insn)
                then = tuple(n + (m == module) for m, n in enumerate(at))
                found = copied(machine)
                known = reached.setdefault(then, (found, after))[0]
                for one, other in zip(known, found, strict=True):
                    assert (one == other).all(), (at, insn)
            assert ways, f"deadlock at {at}"
    return reached[end][0]


def copied(machine):
    return tuple(array.copy() for array in machine.contents())


def pass_tokens(insn, module, tokens):
    """Tokens held from load to compute, compute to load, compute to store, store to compute."""
    held = list(tokens)
    before, behind = {LOAD: (None, 0), COMPUTE: (0, 2), STORE: (2, None)}[module]
    if before is not None:
        held[before] -= insn.pop_prev
        held[before + 1] += insn.push_prev
    if behind is not None:
        held[behind + 1] -= insn.pop_next
        held[behind] += insn.push_next
    return tuple(held)


def check(insns, uops, memory, config):
    synchronized = synchronize(insns, uops, config, uop_base(config))
    for kind in IMPLEMENTATIONS:
        expected = kind(config, memory.copy())
        for insn in records(insns):
            expected.execute(insn)
        found = follow_every_order(synchronized, config, kind(config, memory.copy()))
        for one, other in zip(expected.contents(), found, strict=True):
            assert (one == other).all(), kind.__name__


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.name)
@settings(max_examples=60)
@given(data=st.data(), depth=st.sampled_from([1, 2, 3, 255]))
def test_every_order_gives_what_program_order_gives(config, data, depth):
    insns, uops, memory = data.draw(programs(config))
    check(insns, uops, memory, replace(config, token_depth=depth))


ADD = alu("add", imm=5)
PAIRS = {
    "LOAD INP, GEMM": [load("inp", 0, 3), gemm()],
    "LOAD WGT, GEMM": [load("wgt", 0, 1), gemm()],
    "GEMM, LOAD INP": [load("inp", 0, 3), load("wgt", 0, 1), gemm(), load("inp", 0, 5)],
    "GEMM, LOAD WGT": [load("inp", 0, 3), load("wgt", 0, 1), gemm(), load("wgt", 0, 2)],
    "GEMM, STORE": [load("inp", 0, 3), load("wgt", 0, 1), gemm(), store(0, 0)],
    "ALU, STORE": [ADD, store(0, 0)],
    "STORE, GEMM": [load("inp", 0, 3), load("wgt", 0, 1), store(0, 0), gemm()],
    "STORE, ALU": [store(0, 0), ADD],
    "GEMM reset, STORE": [ADD, gemm(reset=1), store(0, 0)],
    "STORE, GEMM reset": [ADD, store(0, 0), gemm(reset=1)],
    "LOAD ACC, STORE": [load("acc", 0, 1), store(0, 0)],
    "STORE, LOAD ACC": [ADD, store(0, 0), load("acc", 0, 1)],
    "STORE, LOAD ACC of 8 bits": [ADD, store(0, 0), load("acc_8bit", 0, 5)],
    "STORE, LOAD INP": [ADD, store(0, 9), load("inp", 0, 9)],
    "STORE, LOAD ACC of DRAM": [ADD, store(0, 9), load("acc", 3, 2)],
    "LOAD INP, STORE": [load("inp", 0, 9), ADD, store(0, 9)],
    "LOAD ACC, STORE of DRAM": [load("acc", 3, 2), ADD, store(0, 9)],
}
"""One for each row of the table in `hazards`, and the shortest stream in which it matters."""


@pytest.mark.parametrize("rows", PAIRS.values(), ids=PAIRS)
def test_pairs(rows):
    uops = encode_uops(0, 0, 0, TINY)
    memory = np.random.default_rng(1).integers(1, 256, 128 * TINY.acc_bytes, np.uint8)
    memory = np.concatenate([memory, uops.view(np.uint8)])
    check(stream(load("uop", 0, uop_base(TINY)), *rows), uops, memory, TINY)


SECOND = (1, 2)
PARTS = {
    "LOAD INP brings more": [load("inp", 0, 3, x=3), load("wgt", 0, 1), gemm(SECOND)],
    "GEMM reads more": [
        *(load("inp", 0, 3, x=3), load("wgt", 0, 1)),
        *(gemm(outer=(3, 0, 1, 0)), load("inp", 2, 9)),
    ],
    "LOAD ACC fills more": [load("acc", 0, 1, x=3), store(2, 1)],
    "STORE takes more": [ADD, store(0, 1, x=3), load("acc", 2, 5)],
    "ALU works on more": [alu("add", outer=(3, 1, 1, 0), imm=5), store(2, 1)],
    "STORE writes more": [ADD, store(0, 9, x=3), load("inp", 0, 11)],
    "LOAD reads more": [load("inp", 0, 9, x=3), ADD, store(0, 11)],
}
"""Pairs that have one entry in common, the last one that the earlier instruction touches."""


@pytest.mark.parametrize("rows", PARTS.values(), ids=PARTS)
def test_accesses_that_meet_in_part_are_ordered(rows):
    uops = encode_uops([0, 0], [0, 2], 0, TINY)
    memory = np.random.default_rng(1).integers(1, 256, 128 * TINY.acc_bytes, np.uint8)
    memory = np.concatenate([memory, uops.view(np.uint8)])
    check(stream(load("uop", 0, uop_base(TINY), x=2), *rows), uops, memory, TINY)


@pytest.mark.parametrize("earlier", [0, 1])
def test_without_tokens_an_order_is_found_that_differs(earlier):
    rows = [store(0, 0), load("acc", 0, 1)][:: 1 if earlier else -1]
    machine = StoresAccumulators(TINY, np.arange(1024, dtype=np.uint8))
    with pytest.raises(AssertionError):
        follow_every_order(stream(*rows), TINY, machine)
