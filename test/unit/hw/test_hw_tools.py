"""nopt-objdump, nopt-run --raw and traces, on a small program in every form."""

import json
import resource
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import pytest
from hw_streams import alu, finish, load, store, stream
from perfetto_traces import Traced
from vta_programs import FILES, each, needs_programs

from nopt.hw.config import Config
from nopt.hw.isa.assembly import parse_assembly
from nopt.hw.isa.encoding import decode, encode, encode_uops
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep, HostStep, Symbol
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.program_timing import time_program
from nopt.tools.nopt_objdump import main as objdump
from nopt.tools.nopt_run import main as run
from nopt.tools.raw import load_raw

RTL = Config.load("rtl")
UOPS = encode_uops([0, 1], [0, 1], 0, RTL)
ROWS = stream(
    load("uop", 0, 256, x=2), load("acc", 0, 9, x=2), alu("add", (0, 2), imm=3), store(0, 1, x=2)
)
INSNS = synchronize(ROWS, UOPS, RTL, 256)
WORDS = encode(INSNS, RTL)
BIAS = np.arange(32, dtype=np.int32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "insns.bin").write_bytes(WORDS.tobytes())
    (tmp_path / "uops.bin").write_bytes(UOPS.tobytes())
    np.save(tmp_path / "bias.npy", BIAS)
    Program(
        RTL,
        np.concatenate([WORDS, WORDS]),
        constants=[(1024, UOPS.tobytes()), (512, bytes(64) + BIAS.tobytes())],
        dram_bytes=2048,
        symbols=[
            Symbol("y", 0, (3, 16), "int8", "buffer"),
            Symbol("b", 512, (3, 16), "int32", "constant"),
            Symbol("micro_ops", 1024, (2,), "uint32", "uop"),
        ],
        steps=[CoreStep(0, len(WORDS)), HostStep("f", ("y",), ("z",)), CoreStep(len(WORDS), 5)],
        host="builtin.module {}",
    ).save(tmp_path / "p.vta")
    return tmp_path


def test_objdump_of_a_program_file(folder, capsys):
    objdump(["p.vta"])
    out, _ = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:7] == [
        "# core rtl, 2048 bytes of DRAM: 192 constant, 48 buffer, 8 uop",
        "#        0x0 buffer   y: 3x16xint8",
        "#      0x200 constant b: 3x16xint32",
        "#      0x400 uop      micro_ops: 2xuint32",
        "# core 0 to 4",
        "# host f(y) -> z",
        "# core 5 to 9",
    ]
    assert [line.split("#")[1] for line in lines if "load.acc" in line] == [" b+0x40"] * 2
    assert next(line for line in lines if "store.out" in line).endswith("# y+0x10")
    insns, uops = parse_assembly(out, RTL)
    assert (encode(insns, RTL) == np.concatenate([WORDS, WORDS])).all() and (uops == UOPS).all()


def test_objdump_with_cycles(folder, capsys):
    objdump(["p.vta", "--trace", "--latency", "7"])
    out, _ = capsys.readouterr()
    timing = time_program(INSNS, Config.from_json({**RTL.to_json(), "memory_latency": 7}))
    lines = [line.split("# ")[1] for line in out.split(".text")[1].splitlines()[1:]]
    assert len(lines) == 10 and lines[:5] == lines[5:]  # each core step starts at 0
    for line, begin, end in zip(lines[:5], timing.begin, timing.end, strict=True):
        assert line.split()[:2] == [f"{begin}..{end}", str(end - begin)]
    parse_assembly(out, RTL)


def test_objdump_of_binaries(folder, capsys):
    objdump(["insns.bin", "--uops", "uops.bin", "--config", "rtl"])
    insns, uops = parse_assembly(capsys.readouterr().out, RTL)
    assert (encode(insns, RTL) == WORDS).all() and (uops == UOPS).all()
    objdump(["insns.bin", "-o", "out.txt"])
    assert "alu.add" in (folder / "out.txt").read_text()


@needs_programs
@each(FILES)
def test_objdump_of_other_tools_programs(path, capsys):
    objdump([str(path), "--trace"])
    config, program = Config.load("default"), load_raw(path)
    insns, uops = parse_assembly(capsys.readouterr().out, config)
    assert (encode(insns, config) == program.words).all() and (uops == program.uops).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.vta"], "none.vta: No such file or directory"),
        (["odd.bin"], "odd.bin: found 3 bytes, expected 16 for each instruction"),
        (["bad.bin"], "instruction 0: opcode: found 7"),
        (["insns.bin", "--uops", "odd.bin"], "odd.bin: found 3 bytes, expected 4 for each micro"),
    ],
)
def test_objdump_says_what_is_wrong(folder, capsys, arguments, message):
    (folder / "odd.bin").write_bytes(b"123")
    (folder / "bad.bin").write_bytes(b"\xff" * 16)
    with pytest.raises(SystemExit) as error:
        objdump(arguments)
    assert error.value.code == 1 and message in capsys.readouterr().err


RAW = ["--raw", "insns.bin", "--uops", "uops.bin@1024", "--memory", "bias.npy@0x240"]


def test_raw_run(folder, capsys):
    run([*RAW, "-o", "y.npy@0x10:32", "-o", "y.bin@16:32", "--json"])
    expected = (BIAS + 3).astype(np.int8)
    assert (np.load(folder / "y.npy").view(np.int8) == expected).all()
    assert (folder / "y.bin").read_bytes() == expected.tobytes()
    facts = json.loads(capsys.readouterr().out)
    assert facts["cycles"] == time_program(INSNS, RTL).cycles
    assert facts["compute_waits_for_memory"] > 30 and facts["bound"] == "memory"


@needs_programs
def test_raw_run_of_a_program_with_its_memory(capsys):
    path = next(path for path in FILES if path.stem == "mm64")
    run(["--raw", str(path), "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert facts["cycles"] == 5730 and facts["output_correct"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--raw", "insns.bin"], "found DRAM bytes 0x400 to 0x408, expected within"),
        (["insns.bin", "--memory", "bias.npy@0"], "expected --raw with it"),
        (["--raw", "insns.bin", "--memory", "bias.npy"], "found 'bias.npy', expected FILE@ADDRESS"),
        ([*RAW, "-o", "y.bin@4"], "found 'y.bin@4', expected FILE@ADDRESS:BYTES"),
        ([*RAW, "-o", "y.bin@4:x"], "found 'y.bin@4:x', expected FILE@ADDRESS:BYTES"),
        ([*RAW, "--memory", "no.bin@0"], "no.bin: No such file or directory"),
        ([*RAW, "--config", "rtm"], "rtm: no such file or preset"),
    ],
)
def test_raw_run_says_what_is_wrong(folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        run(arguments)
    # What is wrong is an argument, or what it names.
    status = 2 if "expected --raw" in message or "expected FILE" in message else 1
    assert error.value.code == status and message in capsys.readouterr().err


def test_stores_anywhere_on_the_bus_take_no_more_memory(folder, capsys):
    """The last 16 bytes that 32-bit addresses reach, and those behind them."""
    for element, message in (((1 << 28) - 1, ""), (1 << 28, "high.bin: error: found 4294967312")):
        words = encode(stream(store(0, element), finish()), RTL)
        (folder / "high.bin").write_bytes(words.astype("<u8").tobytes())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(SystemExit) if message else nullcontext():
            run(["--raw", "high.bin", "--no-strict"])
        assert message in capsys.readouterr().err
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 17  # KiB


def test_trace_for_perfetto(folder):
    run([*RAW, "--trace", "t.pftrace", "--quiet"])
    trace = Traced((folder / "t.pftrace").read_bytes())
    assert trace.threads == ["load", "compute", "store"]
    timing = time_program(decode(WORDS, RTL), RTL)
    insns = [each for each in trace.slices if "text" in each.said]
    assert sorted((each.begin, each.end) for each in insns) == sorted(
        zip(timing.begin.tolist(), timing.end.tolist(), strict=True)
    )
    insns.sort(key=lambda each: each.said["number"])
    named = [each.name for each in insns]
    assert named == ["load.uop", "load.acc", "alu.add", "store.out", "finish"]
    assert insns[1].said == {"number": 1, "text": "load.acc sram=0 dram=0x9 x=2"}
    waits = {each.name for each in trace.slices} - set(named)
    assert waits == {"wait: fetch", "wait: token of compute", "wait: token of store"}
    for thread in trace.threads:
        times = sorted((each.begin, each.end) for each in trace.slices if each.thread == thread)
        assert all(a[1] <= b[0] for a, b in pairwise(times))
