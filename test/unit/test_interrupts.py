"""Interrupted tools: exit code 130, one line, and files as they were before."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from nopt.hw.program import program_file as program_module
from nopt.hw.sim.simulator import Simulator
from nopt.passes.isa import vta_targets
from nopt.tools import arrays
from nopt.tools.interrupts import Interruption, interruptible
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


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@pytest.fixture
def signals_arrive() -> Iterator[None]:
    """Tools that a test starts heed the signals that this process may ignore, as `nohup` and `&`
    have it."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, heeded) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def heeded(*_: object) -> NoReturn:
    """What a new program starts with instead is the default."""
    raise KeyboardInterrupt


TOOLS = ["nopt", "nopt_import", "nopt_objdump", "nopt_run"]


def started(tool: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A tool as its console script starts it, with pipes for standard streams."""
    code = f"import sys; sys.argv[0] = {tool!r}; from nopt.tools import start; start.{tool}()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@SIGNALS
@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize("tool", TOOLS)
def test_a_signal_while_it_imports(tool: str, number: signal.Signals, tmp_path: Path):
    """In the place of xDSL or numpy there is something that says so, and waits for ever."""
    for name in ("xdsl", "numpy"):
        (tmp_path / f"{name}.py").write_text("print(flush=True)\nimport sys\nsys.stdin.read()")
    with started(tool, "x", PYTHONPATH=str(tmp_path)) as process:
        assert process.stdout is not None and process.stdout.readline() == "\n"
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (128 + number, "interrupted\n")


@SIGNALS
@pytest.mark.usefixtures("signals_arrive")
def test_a_signal_while_it_waits_for_input(number: signal.Signals, tmp_path: Path):
    """Input that never ends comes through a pipe; the signal, when some of it was read."""
    output, pipe = tmp_path / "out.mlir", tmp_path / "in.mlir"
    output.write_bytes(OLD)
    os.mkfifo(pipe)
    arguments = [str(pipe), "-f", "mlir", "-o", str(output)]
    # The pipe opens when the tool opens its other end.
    with started("nopt", *arguments) as process, pipe.open("wb", buffering=0):
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (128 + number, "interrupted\n")
    assert output.read_bytes() == OLD and set(tmp_path.iterdir()) == {output, pipe}


def test_signals_that_are_ignored_stay_ignored(tmp_path: Path):
    """What `nohup` starts goes on when the terminal goes."""
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from nopt.tools import interrupts; interrupts.raise_interruptions()\n"
        "os.kill(os.getpid(), signal.SIGHUP); print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "went on\n"


def test_what_wraps_an_interruption_is_one():
    """As importing does: exceptions of `__set_name__` become a RuntimeError."""
    with pytest.raises(SystemExit) as end, interruptible():
        try:
            raise Interruption(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise RuntimeError("while importing") from error
    assert end.value.code == 143
    with pytest.raises(ValueError, match="other"), interruptible():
        raise ValueError("other")
