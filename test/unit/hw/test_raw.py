"""Programs of other tools: both file forms, with whatever of them is there."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hw_streams import alu, load, store, stream
from vta_programs import FILES, FOLDER, needs_programs

from nopt.hw.config import Config
from nopt.hw.isa.encoding import encode, encode_uops
from nopt.hw.program.program_parts import ProgramError
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.program_timing import time_program
from nopt.tools.raw import load_raw, read_bytes, read_words

BENCH = Path(__file__).parents[3] / "bench" / "rtl_agreement.py"
RTL = Config.load("default")
UOPS = encode_uops([0, 1], [0, 1], 0, RTL)
ROWS = stream(
    load("uop", 0, 256, x=2), load("acc", 0, 8, x=2), alu("add", (0, 2), imm=3), store(0, 0, x=2)
)
INSNS = synchronize(ROWS, UOPS, RTL, 256)
WORDS = encode(INSNS, RTL)
BIAS = np.arange(32, dtype=np.int32)
EXPECTED = (BIAS + 3).astype(np.int8)


def write(path, meta, **arrays):
    np.savez(path, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
    return path


@pytest.fixture
def folder(tmp_path):
    figures = {"cycles": time_program(INSNS, RTL).cycles, "compute_busy": 1000}
    write(
        tmp_path / "segments.npz",
        {
            "segments": {"accumulator": 512, "uop": 1024, "instructions": 2048},
            "out_base": 0,
            "cycles": {"lat32": figures},
        },
        seg_accumulator=BIAS.view(np.uint8),
        seg_uop=UOPS.view(np.uint8),
        seg_instructions=WORDS.view(np.uint8).ravel(),
        expected_out=EXPECTED.view(np.uint8),
    )
    timing = time_program(INSNS, RTL)
    trace = np.stack([timing.module, timing.begin, timing.end], axis=1).astype(np.int32)
    write(
        tmp_path / "timing only.npz",
        {"uop_base": 1024},
        insns=WORDS.view(np.uint8).reshape(-1, 16),
        uops=UOPS,
        trace_lat17=trace,
    )
    return tmp_path


def test_segments(folder):
    program = load_raw(folder / "segments.npz")
    assert (program.words == WORDS).all() and (program.uops == UOPS).all()
    assert (program.memory()[512:640] == BIAS.view(np.uint8)).all()
    assert program.output == 0 and program.has_memory
    assert list(program.runs) == [32] and program.runs[32].busy == {"compute": 1000}


def test_a_program_without_memory_or_figures(folder):
    program = load_raw(folder / "timing only.npz")
    assert not program.has_memory and program.expected is None
    assert (program.memory(2000)[1024:1032].view(np.uint32) == UOPS).all()
    timing = time_program(INSNS, RTL)
    assert program.runs[17].cycles == timing.cycles and program.runs[17].busy == timing.busy


def agreement(folder):
    command = [sys.executable, str(BENCH), str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout), done


def test_rows_of_the_comparison(folder):
    rows, done = agreement(folder)
    assert done.returncode == 0, done.stderr
    first, second = rows
    assert first["name"] == "segments" and first["latency"] == 32 and first["error"] == 0
    assert first["output_correct"] is True
    assert first["compute_busy_rtl_cycles"] == 1000 > first["compute_busy_cycles"]
    share = (first["compute_busy_cycles"] - 1000) / 1000
    assert first["compute_busy_error"] == pytest.approx(share)
    assert second["latency"] == 17 and "output_correct" not in second
    assert second["instructions"] == len(INSNS)


def test_a_wrong_output_is_seen(folder):
    data = dict(np.load(folder / "segments.npz"))
    data["expected_out"] = data["expected_out"] + 1
    np.savez(folder / "segments.npz", **data)
    assert agreement(folder)[0][0]["output_correct"] is False


def test_a_broken_file_is_named_and_the_others_compared(folder):
    (folder / "broken.npz").write_bytes(b"PK")
    np.savez(folder / "empty.npz")
    rows, done = agreement(folder)
    assert len(rows) == 2 and done.returncode == 1
    assert "broken.npz: not a readable .npz file" in done.stderr
    assert "empty.npz: found no seg_instructions, expected it in the file" in done.stderr


@needs_programs
def test_every_known_program_agrees():
    rows, done = agreement(FOLDER)
    assert done.returncode == 0, done.stderr
    assert {row["name"] for row in rows} == {path.stem for path in FILES}
    for row in rows:
        assert row["error"] == 0 and row["exact"] == row["instructions"]
        assert row.get("output_correct", True)
        assert all(row[f"{m}_busy_error"] == 0 for m in ("load", "compute", "store"))


def test_binaries(tmp_path):
    path = tmp_path / "insns.bin"
    path.write_bytes(WORDS.tobytes())
    assert (read_words(path) == WORDS).all()
    path.write_bytes(b"123")
    with pytest.raises(ProgramError, match=r"insns\.bin: found 3 bytes, expected 16 for each"):
        read_words(path)
    np.save(tmp_path / "x.npy", BIAS)
    assert (read_bytes(tmp_path / "x.npy") == BIAS.view(np.uint8)).all()
