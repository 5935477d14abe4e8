"""The simulator: equal to a plain interpreter, to other implementations, and trapping."""

from itertools import pairwise

import numpy as np
import pytest
from hw_reference import Reference
from hw_strategies import CONFIGS, programs, uop_base
from hw_streams import alu, finish, gemm, load, store, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from vta_programs import DEFAULT, Program, every_output, every_program, needs_programs

from nopt.hw.config import Config
from nopt.hw.isa.encoding import EncodingError, decode, encode, encode_uops
from nopt.hw.sim.memo import Memo
from nopt.hw.sim.simulator import Simulator, Trap
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.program_timing import time_program

RTL = Config.load("rtl")
configs = pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.name)


def lenient(config, memory, **options):
    return Simulator(config, memory, strict=False, check_initialised=False, **options)


@configs
@settings(max_examples=150)
@given(data=st.data())
def test_equals_the_plain_interpreter(config, data):
    insns, _, memory = data.draw(programs(config))
    # In program order, without tokens: one run for each instruction.
    expected, found = Reference(config, memory.copy()), lenient(config, memory.copy())
    for i in range(len(insns)):
        words = encode(insns[i : i + 1], config)
        expected.run(words)
        found.run(words)
    assert (found.memory == expected.memory).all()
    assert (found.core.acc == expected.acc).all()
    assert (found.core.out == expected.out).all()


@configs
@settings(max_examples=150)
@given(data=st.data(), seed=st.integers(0, 1 << 16))
def test_synchronized_streams_have_one_result(config, data, seed):
    """Any order of the modules that respects the tokens gives the result of program order."""
    insns, uops, memory = data.draw(programs(config))
    expected = Reference(config, memory.copy())
    expected.run(encode(insns, config))
    tokens = encode(synchronize(insns, uops, config, uop_base(config)), config)
    rng = np.random.default_rng(seed)
    for choose in (min, max, lambda ready: ready[rng.integers(len(ready))]):
        found = lenient(config, memory.copy(), choose=choose)
        found.run(tokens)
        assert (found.memory == expected.memory).all()
        assert (found.core.acc == expected.acc).all()


@configs
@settings(max_examples=150)
@given(data=st.data(), seed=st.integers(0, 1 << 16))
def test_what_ran_before_runs_the_same_on_other_data(config, data, seed):
    """The first run goes by instructions, the later ones by the operations found in them."""
    insns, uops, memory = data.draw(programs(config))
    words = encode(synchronize(insns, uops, config, uop_base(config)), config)
    expected, found = Reference(config, memory.copy()), lenient(config, memory.copy())
    stepwise = lenient(config, memory.copy())
    operands = len(memory) - uops.nbytes
    rng = np.random.default_rng(seed)
    for _ in range(3):
        expected.run(words)
        found.run(words)
        stepwise.execute(decode(words, config))
        assert (found.memory == expected.memory).all()
        for memory, written in stepwise.core.written.items():
            assert (found.core.written[memory] == written).all(), memory
        for name in ("uop", "inp", "wgt", "acc", "out"):
            assert (getattr(found.core, name) == getattr(expected, name)).all(), name
        expected.memory[:operands] = rng.integers(0, 256, operands, np.uint8)
        found.memory[:] = expected.memory


@configs
@settings(max_examples=150)
@given(data=st.data(), seed=st.integers(0, 1 << 16))
def test_what_ran_before_needs_what_its_instructions_need(config, data, seed):
    """It traps on a core on which they trap, since one of them reads what nothing has written."""
    insns, uops, memory = data.draw(programs(config))
    insns = synchronize(insns, uops, config, uop_base(config))
    words = encode(insns, config)
    rng, memo = np.random.default_rng(seed), Memo(config)

    def core(ready):
        simulator = Simulator(config, memory.copy(), strict=False, memo=memo)
        for written in simulator.core.written.values():
            written[:] = True
            written[rng.integers(len(written), size=0 if ready else 2)] = False
        return simulator

    def traps(run, what):
        try:
            run(what)
        except Trap:
            return True
        return False

    if any(traps(core(ready=True).run, words) for _ in range(3)):
        return
    for _ in range(6):
        found = core(ready=False)
        expected = Simulator(config, memory.copy(), strict=False)
        for memory_, written in found.core.written.items():
            expected.core.written[memory_][:] = written
        assert traps(found.run, words) == traps(expected.execute, insns)


@configs
@settings(max_examples=30)
@given(data=st.data())
def test_parts_in_program_order_are_one_right_order(config, data):
    """However a stream is cut, running its parts gives what running it by its tokens gives."""
    rows, uops, memory = data.draw(programs(config))
    insns = synchronize(rows, uops, config, uop_base(config))
    whole, parts = lenient(config, memory.copy()), lenient(config, memory.copy())
    whole.run(encode(insns, config))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(insns)), max_size=4)))
    for begin, end in pairwise([0, *cuts, len(insns)]):
        parts.execute(insns[begin:end])
    assert (parts.memory == whole.memory).all()
    assert (parts.core.acc == whole.core.acc).all()


def test_a_part_traps_at_its_instruction():
    memory = np.zeros(4096, np.uint8)
    rows = stream(load("uop", 0, 0), load("inp", 0, 0), store(1, 1))
    with pytest.raises(Trap, match="which nothing has written") as error:
        Simulator(RTL, memory).execute(rows)
    assert error.value.index == 2 and error.value.state == "done: 2 of 3"


def test_what_ran_before_is_seen_anew_when_its_micro_ops_change():
    rows = stream(load("uop", 0, 0, x=2), load("acc", 0, 4, x=4), alu("add", (0, 2), imm=1))
    words = encode(synchronize(rows, encode_uops([0, 1], [0, 1], 0, RTL), RTL), RTL)
    memo = Memo(RTL)
    for first in (0, 0, 0, 2, 2, 2):
        memory = np.zeros(1024, np.uint8)
        memory[:8] = encode_uops([first, 1], [first, 1], 0, RTL).view(np.uint8)
        simulator = Simulator(RTL, memory, memo=memo)
        simulator.run(words)
        assert np.flatnonzero(simulator.core.acc[:, 0, 0]).tolist() == sorted((first, 1))


def test_what_ran_before_still_traps_on_what_was_never_written():
    rows = stream(load("uop", 0, 0), load("inp", 0, 16), load("wgt", 0, 1), gemm())
    words = encode(synchronize(rows, encode_uops(0, 0, 0, RTL), RTL), RTL)
    acc = encode(stream(load("acc", 0, 16), finish()), RTL)
    memo = Memo(RTL)
    for _ in range(3):
        core = Simulator(RTL, np.zeros(4096, np.uint8), memo=memo)
        core.run(acc)
        core.run(words)
    with pytest.raises(Trap, match="found a read of ACC 0"):
        Simulator(RTL, np.zeros(4096, np.uint8), memo=memo).run(words)


def test_a_memo_is_of_one_core():
    with pytest.raises(ValueError, match="memo: found one of core 'rtl', expected its own"):
        Simulator(CONFIGS[0], np.zeros(64, np.uint8), memo=Memo(RTL))


@needs_programs
@every_output
def test_equals_other_implementations(path):
    program, memo = Program(path), Memo(DEFAULT)
    for _ in range(3):
        memory, out = program.image()
        Simulator(DEFAULT, memory, memo=memo).run(program.words)
        assert (memory[out : out + len(program.expected)] == program.expected).all()


@needs_programs
@every_program
def test_runs_programs_of_other_compilers_without_a_trap(path):
    program = Program(path)
    memory = np.zeros(8 << 20, np.uint8)
    memory[program.uop_address :][: program.uops.nbytes] = program.uops.view(np.uint8)
    Simulator(DEFAULT, memory).run(program.words)


def test_long_sums_of_extreme_values_are_exact():
    """2048 products near 2^14, one of them even: an odd sum, which float32 does not have there."""
    n = 128
    uops = encode_uops(0, np.arange(n), np.arange(n), RTL)
    memory = np.full(1 << 16, 0x81, np.uint8)
    memory[: uops.nbytes] = uops.view(np.uint8)
    memory[-1] = 0x80
    rows = [load("uop", 0, 0, x=n), load("inp", 0, 256, x=n), load("inp", n - 1, 4095)]
    rows += [load("wgt", 0, 16, x=n), gemm((0, n)), store(0, 0)]
    words = encode(synchronize(stream(*rows), uops, RTL), RTL)
    expected = 2047 * 127 * 127 + 127 * 128
    assert int(np.float32(expected)) != expected
    memo = Memo(RTL)
    for _ in range(3):
        core = Simulator(RTL, memory.copy(), check_initialised=False, memo=memo)
        core.run(words)
        assert (core.core.acc[0] == expected).all()


@pytest.mark.parametrize(
    "between",
    [[store(0, 60)], [load("uop", 1, 1), alu("add", (1, 2), imm=1)], [gemm(reset=1)]],
    ids=["STORE", "ALU", "GEMM reset"],
)
def test_what_ran_before_keeps_apart_the_sums_that_are_read_in_between(between):
    """GEMMs that add to the same accumulators are one product, but not across what uses these."""
    uops = encode_uops([0, 0, 1], [0, 0, 0], 0, RTL)
    memory = np.random.default_rng(0).integers(1, 100, 8192, np.uint8)
    memory[: uops.nbytes] = uops.view(np.uint8)
    rows = [load("uop", 0, 0), load("inp", 0, 16), load("wgt", 0, 4), load("acc", 0, 4)]
    rows += [gemm(), *between, load("uop", 0, 0), gemm(), store(0, 64)]
    words = encode(synchronize(stream(*rows), uops, RTL), RTL)
    expected, memo = Reference(RTL, memory.copy()), Memo(RTL)
    expected.run(words)
    for _ in range(3):
        found = Simulator(RTL, memory.copy(), memo=memo)
        found.run(words)
        assert (found.memory == expected.memory).all()
        assert (found.core.acc == expected.acc).all()


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
@settings(max_examples=150)
@given(data=st.data(), config=st.sampled_from([*CONFIGS, RTL]))
def test_random_words_end_in_one_of_three_ways(strict, data, config):
    """They run, they cannot be decoded, or they trap; the timing model says a time or why not."""
    seed, count = data.draw(st.integers(0, 1 << 32)), data.draw(st.integers(1, 12))
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 1 << 64, (count, 2), np.uint64)
    # Bits that are mostly zero make more of them legal.
    for _ in range(data.draw(st.integers(0, 3))):
        words &= rng.integers(0, 1 << 64, (count, 2), np.uint64)
    words[:, 0] -= words[:, 0] & np.uint64(7)
    words[:, 0] |= rng.integers(0, 6 if count > 6 else 5, count, np.uint64)
    memory, memo = rng.integers(0, 256, 1 << 16, np.uint8), Memo(config)
    for _ in range(3):
        try:
            checks = {"strict": strict, "check_initialised": strict}
            Simulator(config, memory, **checks, memo=memo).run(words)
        except (Trap, EncodingError) as error:
            assert str(error).startswith("instruction ")
    try:
        assert time_program(decode(words, config), config).cycles > 0
    except ValueError as error:
        assert str(error).startswith(("instruction ", "deadlock: "))


@pytest.mark.parametrize("bit", [0, 32, 60, 90, 127])
@needs_programs
@every_output
def test_a_flipped_bit_never_crashes(path, bit):
    program = Program(path)
    rng = np.random.default_rng(bit)
    words = program.words.copy()
    words[rng.integers(len(words)), bit // 64] ^= np.uint64(1 << bit % 64)
    memory, _ = program.image()
    try:
        Simulator(DEFAULT, memory).run(words)
    except (Trap, EncodingError) as error:
        assert str(error).startswith("instruction ")


def trap(*rows, config=RTL, memory=4096, **options):
    with pytest.raises(Trap) as error:
        Simulator(config, np.zeros(memory, np.uint8), **options).run(encode(stream(*rows), config))
    return str(error.value)


READY = (load("uop", 0, 0), load("acc", 0, 0, x=4), gemm(reset=1))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([load("inp", 2040, 0, x=9)], "found INP 2040 to 2049, expected within 2048 entries"),
        ([load("inp", 0, 250, x=9)], "found DRAM bytes 0xfa0 to 0x1030, expected within 0x1000"),
        ([load("wgt", 0, 15, y=2, x=1)], "found DRAM bytes 0xf00 to 0x1100"),
        ([store(0, 0)], "found a read of OUT 0, which nothing has written"),
        ([gemm()], "found a read of UOP 0, which nothing has written"),
        ([load("uop", 0, 0), gemm()], "found a read of INP 0, which nothing has written"),
        ([load("uop", 0, 0), gemm(outer=(2, 2047, 0, 0), inner=(2, 1, 0, 0))], "ACC index 2048"),
        ([load("uop", 0, 0), gemm((0, 2049))], "micro-ops 0 to 2049, expected within 2048"),
        ([*READY, alu("mul", imm=2)], "found MUL, expected a core with alu_multiply"),
        ([load("acc_8bit", 0, 0)], "expected a core with acc_8bit_loads"),
        ([load("out", 0, 0)], "found LOAD into OUT"),
        ([*READY, alu("add", outer=(2, 0, 1, 0), imm=2)], "immediate step to ACC 0 from another"),
        ([*READY, alu("add", outer=(2, 0, 0, 0), imm=2)], "ACC 0 read right after the step"),
        ([*READY, alu("add", outer=(2, 0, 0, 0), inner=(2, 0, 1, 0))], "ACC 0 read right after"),
        ([*READY, alu("shr", imm=32)], "found a shift by more than 31"),
        ([*READY, alu("add", reset=1, imm=0)], "found reset of an ALU instruction"),
        ([*READY, gemm(outer=(0, 0, 0, 0))], "found no steps, expected at least one"),
        ([*READY, gemm(outer=(9999,) + (0,) * 3, inner=(999, 0, 0, 0))], "found 9989001 steps"),
        ([load("uop", 0, 0, y=2, x=1)], "found rows or padding of micro-ops"),
        ([load("inp", 0, 0, x=0, y=0, pad=(1, 0, 0, 0))], "padding (1, 0, 0, 0) of an empty"),
        ([load("inp", 0, 0, push_prev=1)], "found a token to or from beyond LOAD"),
        (
            [finish(), store(0, 0, pop_prev=1)],
            "found FINISH that does not wait for the STORE at 1",
        ),
        ([finish(), load("acc", 0, 0)], "found FINISH that does not wait for the LOAD at 1"),
        ([load("inp", 0, 0), finish()], "found FINISH that does not wait for the LOAD at 0"),
        (
            [
                *(load("inp", 0, 0, push_next=1), load("wgt", 0, 0)),
                *(load("inp", 0, 0, push_next=1), load("inp", 0, 0)),
                *(load("acc", 0, 0, pop_prev=1), finish(pop_prev=1)),
            ],
            "found FINISH that does not wait for the LOAD at 3",
        ),
        ([load("acc", 0, 0)], "found the end, expected FINISH before it"),
        ([load("acc", 0, 0, x=4, y=0)], "found 0 rows of 4 elements, expected both or neither"),
        ([load("inp", 0, 0, x=0, y=4)], "found 4 rows of 0 elements, expected both or neither"),
        ([store(0, 0, x=4, y=0)], "found 0 rows of 4 elements, expected both or neither"),
        ([load("out", 0, 0, x=0, y=0)], "found LOAD into OUT"),
        ([load("acc_8bit", 0, 0, x=0, y=0)], "expected a core with acc_8bit_loads"),
        (
            [*READY, store(0, 0)],
            "found a read of OUT 0, which no GEMM or ALU has written since ACC 0 was loaded or",
        ),
        (
            [*READY, alu("add", imm=0), load("acc", 0, 0), store(0, 0)],
            "found a read of OUT 0, which no GEMM or ALU has written since ACC 0 was loaded or",
        ),
    ],
)
def test_traps_name_the_reason(rows, message):
    assert message in trap(*rows)


def test_a_trap_tells_instruction_text_and_state():
    text = trap(load("uop", 0, 0), load("inp", 0, 0), store(5, 7, y=2, x=3, stride=8))
    assert text == (
        "instruction 2 (store.out sram=5 dram=0x7 y=2 x=3 stride=8): found a read of OUT 5, "
        "which nothing has written\n  done: load 1 of 1, compute 1 of 1, store 0 of 1"
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [load("inp", 0, 0, pop_next=1), gemm(pop_prev=1, pop_next=1), finish()],
            "deadlock: load waits for compute at 0, compute waits for load and store at 1; "
            "cycle of waits: load -> compute -> load",
        ),
        (
            [load("acc", 0, 0, pop_next=1), store(0, 0, pop_prev=1)],
            "deadlock: compute waits for store at 0, store waits for compute at 1; "
            "cycle of waits: compute -> store -> compute",
        ),
        (
            [load("inp", 0, 0), store(0, 0, pop_prev=1)],
            "deadlock: store waits for compute at 1; compute has nothing left to do",
        ),
    ],
)
def test_deadlock_tells_who_waits_for_whom(rows, message):
    assert message in trap(*rows)


def test_deadlock_without_a_neighbour():
    text = trap(load("inp", 0, 0, pop_prev=1), strict=False)
    assert "deadlock: load waits for nobody at 0; load has no such neighbour" in text


def test_tokens_that_could_pile_up():
    """The core counts tokens in eight bits; whether it runs over depends on timing."""
    loads = [load("inp", 0, 0, push_next=1) for _ in range(256)]
    works = [load("acc", 0, 0, pop_prev=1) for _ in range(256)]
    text = trap(*loads, *works, finish())
    assert "instruction 255 (load.inp" in text
    assert (
        "found token 256 from load to compute before any of them is popped for sure (256 pushes, "
        "256 pops), expected at most 255 at a time" in text
    )
    back = [load("acc", 0, 0, push_prev=1) for _ in range(256)]
    assert "found token 256 from compute to load" in trap(
        *back, *(load("inp", 0, 0, pop_next=1) for _ in range(256))
    )
    free = Simulator(RTL, np.zeros(4096, np.uint8), strict=False)
    free.run(encode(stream(*loads, *works), RTL))
    pairs = [row for pair in zip(loads, works, strict=True) for row in pair]
    for row in pairs[::2]:
        row["pop_next"] = 1
    for row in pairs[1::2]:
        row["push_prev"] = 1
    pairs[0]["pop_next"] = 0
    pairs[-1]["push_prev"] = 0
    Simulator(RTL, np.zeros(4096, np.uint8)).run(encode(stream(*pairs, finish()), RTL))


def test_hazards_are_let_through_when_not_strict():
    rows = stream(*READY, alu("add", outer=(3, 0, 0, 0), imm=2))
    core = Simulator(RTL, np.zeros(4096, np.uint8), strict=False)
    core.run(encode(rows, RTL))
    assert (core.core.acc[0] == 6).all()


def test_eight_bit_accumulator_loads_extend_the_sign():
    config = Config.from_json({**RTL.to_json(), "acc_8bit_loads": True})
    memory = np.full(64, 0xFE, np.uint8)
    core = Simulator(config, memory)
    core.execute(load("acc_8bit", 1, 2))
    assert (core.core.acc[1] == -2).all() and (core.core.acc[0] == 0).all()


def test_padding_of_micro_ops_is_zero_when_not_strict():
    memory = np.full(64, 0xFF, np.uint8)
    core = Simulator(RTL, memory, strict=False)
    core.execute(load("uop", 0, 2, pad=(1, 0, 1, 0)))
    assert core.core.uop[:4].tolist() == [0, 0, 0, 0xFFFFFFFF]


def test_memory_must_be_plain_bytes():
    with pytest.raises(ValueError, match="found int32"):
        Simulator(RTL, np.zeros(4, np.int32))
    with pytest.raises(ValueError, match="expected contiguous writable uint8"):
        Simulator(RTL, np.zeros(8, np.uint8)[::2])
