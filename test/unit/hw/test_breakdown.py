"""Where cycles go: every cycle of a run belongs to one part of it and has one reason."""

from dataclasses import asdict

from hw_strategies import TINY, programs, uop_base
from hw_streams import alu, finish, gemm, load, store, stream
from hypothesis import given
from hypothesis import strategies as st

from nopt.hw.isa.encoding import Opcode
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.breakdown import breakdowns
from nopt.hw.timing.program_timing import time_program


@given(st.data())
def test_parts_make_up_the_run(data):
    insns, uops, _ = data.draw(programs(TINY))
    insns = synchronize(insns, uops, TINY, uop_base(TINY))
    timing = time_program(insns, TINY)
    firsts = [0, *sorted(data.draw(st.sets(st.integers(1, len(insns)), max_size=4)))]
    parts = breakdowns(insns, timing, firsts)
    assert len(parts) == len(firsts)
    assert sum(part.total for part in parts) == timing.cycles
    assert all(cycles >= 0 for part in parts for cycles in asdict(part).values()), parts
    steps = (insns["opcode"] == Opcode.ALU) | (insns["opcode"] == Opcode.GEMM)
    busy = int((timing.end - timing.begin)[steps].sum())
    assert sum(part.gemm + part.reset + part.alu for part in parts) == busy


def test_reasons():
    insns = stream(
        load("uop", 0, 0),
        load("inp", 0, 0, push_next=1),
        gemm(reset=1),
        gemm(pop_prev=1),
        alu("max", imm=0, push_next=1),
        store(0, 0, pop_prev=1, push_prev=1),
        finish(pop_next=1),
    )
    timing = time_program(insns, TINY)
    (part,) = breakdowns(insns, timing, [0])
    begin, end = timing.begin, timing.end
    assert part.gemm == end[3] - begin[3]
    assert part.reset == end[2] - begin[2]
    assert part.alu == end[4] - begin[4]
    assert part.compute_load == end[0] - begin[0]
    assert part.wait_load == max(begin[3] - end[2] - 1, 0)
    assert part.wait_store == begin[6] - end[4] - 1
    assert part.drain == 0
    assert part.total == timing.cycles
