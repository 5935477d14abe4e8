"""Interrupted tools: exit code 130, one line, and files as they were before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from nopt.hw import program as program_module
from nopt.hw.simulator import Simulator
from nopt.passes.isa import vta_targets
from nopt.tools import arrays
from nopt.tools.nopt import main as nopt
from nopt.tools.nopt_run import main as nopt_run

MATMUL = Path(__file__).parents[1] / "errors" / "Inputs" / "matmul.mlir"
OLD = b"before"


def interrupt(*_: object, **__: object) -> NoReturn:
    raise KeyboardInterrupt


def check(run, output: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The tool says that it was interrupted, and nothing was written over or left behind."""
    output.write_bytes(OLD)
    others = set(output.parent.iterdir())
    capfd.readouterr()
    with pytest.raises(SystemExit) as end:
        run()
    assert end.value.code == 130
    assert capfd.readouterr() == ("", "interrupted\n")
    assert output.read_bytes() == OLD and set(output.parent.iterdir()) == others


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "p.vta"
    nopt([str(MATMUL), "-p", "vta", "-t", "vta-program", "-o", str(path)])
    return path


def test_while_a_pass_runs(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("xdsl.transforms.canonicalize.CanonicalizePass.apply", interrupt)
    output = tmp_path / "out.mlir"
    check(lambda: nopt([str(MATMUL), "-p", "vta", "-o", str(output)]), output, capfd)


def test_while_a_program_is_assembled(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(vta_targets, "assemble", interrupt)
    output = tmp_path / "out.vta"
    arguments = [str(MATMUL), "-p", "vta", "-t", "vta-program", "-o", str(output)]
    check(lambda: nopt(arguments), output, capfd)


def test_while_a_program_is_written(tmp_path, capfd, monkeypatch):
    """Part of the file is there already."""

    def parts(members):
        yield b"PK"
        interrupt()

    monkeypatch.setattr(program_module, "archive_parts", parts)
    output = tmp_path / "out.vta"
    arguments = [str(MATMUL), "-p", "vta", "-t", "vta-program", "-o", str(output)]
    check(lambda: nopt(arguments), output, capfd)


def test_while_the_core_runs(program, capfd, monkeypatch):
    monkeypatch.setattr(Simulator, "run", interrupt)
    x, y = program.with_name("x.npy"), program.with_name("y.npy")
    np.save(x, np.zeros((8, 16), np.int8))
    check(lambda: nopt_run([str(program), "-i", str(x), "-o", str(y)]), y, capfd)


@pytest.mark.parametrize("name", ["y.npy", "y.npz"])
def test_while_results_are_written(name, program, capfd, monkeypatch):
    def write(stream, *_: object, **__: object) -> NoReturn:
        stream.write(b"part")
        interrupt()

    x, y = program.with_name("x.npy"), program.with_name(name)
    np.save(x, np.zeros((8, 16), np.int8))
    monkeypatch.setattr(arrays, "write_npy", write)
    monkeypatch.setattr(arrays, "write_npz", write)
    check(lambda: nopt_run([str(program), "-i", str(x), "-o", str(y)]), y, capfd)


def test_a_signal_while_it_waits_for_input(tmp_path):
    output = tmp_path / "out.mlir"
    output.write_bytes(OLD)
    code = (
        f"from nopt.tools.nopt import main; print(flush=True); main(['-', '-o', {str(output)!r}])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # all is imported
        while len(list(tmp_path.iterdir())) < 2:  # the file that becomes the output
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"interrupted\n")
    assert output.read_bytes() == OLD and list(tmp_path.iterdir()) == [output]
