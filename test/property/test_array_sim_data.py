"""The simulator of arrays of PEs on random nests, mappings and machines: data as numpy's, cycles as
a plain loop over all passes says."""

from math import ceil, prod

import numpy as np
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from nopt.hw.array.array_estimate import estimate
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Dim, Operand, Problem
from nopt.hw.array.sim.array_run import run_array
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.array.sim.nest_result import nest_result
from nopt.hw.array.sim.pass_schedule import Pieces, Schedule, total
from nopt.hw.array.sim.pass_timing import time_schedule

NESTS = (
    "C[x,y] += A[x,k] * B[k,y]",
    "O[n,m,x] += I[n,c,{s}*x+{d}*f] * W[m,c,f]",
    "O[m,x,y] += I[c,{s}*x+{d}*f,{s}*y+g] * W[m,c,f,g]",
    "O[n,c,x] += I[n,c,{s}*x+f] * W[c,f]",
    "O[g,m,x] += I[g,c,x+{d}*f] * W[g,m,c,f]",
    "O[g,n,x] += A[g,x]",
    "y[{s}*x] += A[x,k] * B[k,k]",
    "O[x,y] += A[x] * B[y] * C[x,y,k] * D[k]",
    "O[x,x] += A[x,k]",
    "C[] += A[x] * B[x]",
    "O[x] += A[x,k] * S[]",
)
LEVELS = 4


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A nest of a few hundred points, which may be larger than it reaches, or go backwards."""
    text = draw(st.sampled_from(NESTS)).format(s=draw(st.integers(1, 3)), d=draw(st.integers(1, 2)))
    loops = sorted({c for c in text[1:] if c.islower()})
    extents = {loop: draw(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8])) for loop in loops}
    assume(prod(extents.values()) <= 400)
    found = Problem.read(text, extents)
    operands = list[Operand]()
    for each in found.operands:
        more, sign = draw(st.integers(0, 1)), draw(st.sampled_from([1, 1, 1, -1]))
        dims = [Dim(d.size + more, tuple(sign * step for step in d.strides)) for d in each.dims]
        operands.append(Operand(each.name, tuple(dims)))
    return Problem(found.loops, found.extents, tuple(operands), found.output)


def factors(draw: st.DrawFn, extent: int) -> list[int]:
    found = [1] * LEVELS
    for prime in (2, 3, 5, 7):
        while extent % prime == 0:
            found[draw(st.integers(0, LEVELS - 1))] *= prime
            extent //= prime
    return found


@st.composite
def mapped(draw: st.DrawFn) -> tuple[ArrayMachine, Problem, Mapping]:
    """Any mapping of a problem, and a machine that has just enough of everything."""
    problem = draw(problems())
    levels = zip(*(factors(draw, extent) for extent in problem.extents), strict=True)
    loops = range(len(problem.loops))
    orders = (tuple(draw(st.permutations(loops))) for _ in range(2))
    packed = frozenset(draw(st.sets(st.integers(0, len(problem.operands) - 1), max_size=2)))
    mapping = Mapping(*levels, *orders, packed)
    held = [s * r for s, r in zip(mapping.spatial, mapping.rf, strict=True)]
    tile = [p * h for p, h in zip(mapping.spm, held, strict=True)]
    bank = draw(st.sampled_from([2, 8, 64]))
    banks = sum(ceil(2 * each.footprint(tile) / bank) for each in problem.operands)
    words = sum(each.footprint(mapping.rf) for each in problem.operands)
    machine = ArrayMachine.load("pe256").varied(
        {
            "pes": prod(mapping.spatial) * draw(st.integers(1, 2)),
            "rf": 2 * words,
            "spm": 2 * bank * banks,
            "spm.bank_bytes": bank,
            "dma.setup": draw(st.sampled_from([0, 3, 291])),
            "network.words_per_cycle": draw(st.sampled_from([1, 1, 2])),
            "pipeline.multiplier_stages": draw(st.integers(1, 4)),
            "pipeline.burst_gap": draw(st.integers(0, 1)),
            "pipeline.trigger_latency": draw(st.sampled_from([None, 400])),
        }
    )
    return machine, problem, mapping


def tensors(problem: Problem, seed: int) -> dict[str, np.ndarray]:
    """Random words of 16 bits, whose sums wrap around."""
    random = np.random.default_rng(seed)
    return {
        each.name: random.integers(-(1 << 15), 1 << 15, [dim.size for dim in each.dims], np.int16)
        for x, each in enumerate(problem.operands)
        if x != problem.output
    }


@examples(400)
@given(mapped(), st.integers(0, 1 << 20))
def test_data(case: tuple[ArrayMachine, Problem, Mapping], seed: int):
    machine, problem, mapping = case
    inputs = tensors(problem, seed)
    found = run_array(array_tables(machine, problem, mapping), inputs)
    assert found.dtype == np.int16
    assert np.array_equal(found, nest_result(problem, inputs))


def looped(machine: ArrayMachine, schedule: Schedule) -> int:
    """Cycles by the closed form of all passes, one after the other."""
    rows, columns = machine.shape
    rate, gap = machine.network.words_per_cycle, machine.pipeline.burst_gap
    passes, y = [*schedule.passes], schedule.output
    delay = 4 + machine.pipeline.multiplier_stages + machine.pipeline.adder_stages

    def dma(p: int) -> int:
        def moved(all_bursts: tuple[Pieces, ...]) -> int:
            sizes = [size for bursts in all_bursts for size, n in bursts for _ in range(n)]
            one = machine.dma
            cycles = [
                ceil((one.setup + one.cycles_per_byte * b) * machine.mhz / one.mhz) for b in sizes
            ]
            return len(schedule.operands) + sum(cycles) + 2 * len(cycles)

        reads = moved(passes[p].reads) if p < len(passes) else 0
        return reads + (moved(passes[p - 2].writes) if p >= 2 else 0)

    def array(p: int) -> int:
        inner, cycles = [*passes[p].passes], 0
        for q in range(len(inner) + 2):
            length = passes[p].least
            back = 0
            if q >= 2 and (left := inner[q - 2]).sent:
                latency = machine.pipeline.trigger_latency or left.sent
                back = 10 + delay + (left.senders - 1) * latency + left.sent - 1
            length = max(length, back)
            if q < len(inner):
                for x, runs in enumerate(inner[q].reads):
                    if runs:
                        words = sum(n * (ceil(size / rate) + gap) for size, n in runs) + 1
                        length = max(length, words + (back if x == y else 0))
            if 1 <= q <= len(inner):
                used = inner[q - 1]
                length = max(length, used.compute + used.reduction, used.least)
            cycles += length + (0 if 2 <= q < len(inner) else 1)
        return cycles

    cycles = 1 + 4 * (rows + rows * columns) + dma(0)
    for p in range(1, len(passes) + 1):
        cycles += max(array(p - 1), dma(p) + 1)
    return cycles + dma(len(passes) + 1) + 4


@examples(200)
@given(mapped())
def test_cycles(case: tuple[ArrayMachine, Problem, Mapping]):
    machine, problem, mapping = case
    schedule = array_tables(machine, problem, mapping).schedule
    timing = time_schedule(machine, schedule)
    assert timing.cycles == looped(machine, schedule)
    states = timing.states
    assert all((each >= 0).all() for each in states.values())
    assert np.array_equal(sum(states.values()), np.diff(timing.starts))
    assert sum(timing.by_state.values()) == timing.cycles
    assert timing.by_state["compute"] == prod(problem.extents) // prod(mapping.spatial)


@examples(200)
@given(mapped())
def test_words(case: tuple[ArrayMachine, Problem, Mapping]):
    """As many words move as the cost model says, but for outputs between the array and the
    scratchpad: it has them come even where sums start from zero."""
    machine, problem, mapping = case
    passes, y = array_tables(machine, problem, mapping).schedule.passes, problem.output
    said = estimate(machine, problem, mapping).words
    for x, each in enumerate(problem.operands):
        moved = sum(total(p.reads[x]) + total(p.writes[x]) for p in passes)
        assert moved == machine.word_bytes * said["dram"][each.name]
        brought = sum(total(inner.reads[x]) for p in passes for inner in p.passes)
        assert brought == said["spm"][each.name] or (x == y and brought < said["spm"][each.name])
    for inner in (inner for p in passes.kinds for inner in p.passes.kinds):
        assert inner.reduction == inner.sent * (prod(mapping.spatial) - inner.senders)


@examples(100)
@given(mapped())
def test_conflicts(case: tuple[ArrayMachine, Problem, Mapping]):
    """Operands that take whole banks do not meet; those that share all banks may wait."""
    machine, problem, mapping = case
    cycles = {}
    for kind in ("none", "blocked", "interleaved"):
        varied = machine.varied({"pipeline.bank_conflicts": kind})
        schedule = array_tables(varied, problem, mapping).schedule
        cycles[kind] = time_schedule(varied, schedule).cycles
    assert min(cycles.values()) == cycles["none"]
    if machine.network.words_per_cycle == 1:
        assert cycles["blocked"] == cycles["none"]
