"""Standard streams that are closed, full, or whose reader has gone; and what is no file."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MATMUL = Path(__file__).parents[1] / "errors" / "Inputs" / "matmul.mlir"
BIN = os.path.dirname(sys.executable)
OLD = "before"


def shell(line: str, folder: Path) -> tuple[int, str]:
    """Status, and what came on stderr, of a line of bash (pipefail)."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "NOPT_TRACEBACK": ""},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    (folder / "m.mlir").write_bytes(MATMUL.read_bytes())
    np.save(folder / "x.npy", np.ones((8, 16), np.int8))
    assert shell("nopt m.mlir -p vta -t vta-program -o p.vta", folder) == (0, "")
    assert shell("nopt-run p.vta -i x.npy -o right.npy --quiet", folder) == (0, "")
    return folder


CLOSED = "Bad file descriptor"
FULL = "No space left on device"


@pytest.mark.parametrize(
    ("line", "status", "message", "is_written"),
    [
        # Who prints nothing needs no stdout; who does says so, and leaves its files.
        ("nopt m.mlir -o OUT >&-", 0, "", True),
        ("nopt m.mlir >&-", 1, f"error: standard output: {CLOSED}\n", False),
        ("nopt m.mlir > /dev/full", 1, f"error: standard output: {FULL}\n", False),
        ("nopt m.mlir -o /dev/full", 1, f"error: /dev/full: {FULL}\n", False),
        ("nopt <&-", 1, f"error: standard input: {CLOSED}\n", False),
        ("nopt m.mlir -o OUT 2>&-", 0, "", True),
        ("nopt m.mlir -p wrong -o OUT 2>&-", 1, "", False),
        ("nopt m.mlir -p wrong -o OUT 2>/dev/full", 1, "", False),
        ("nopt m.mlir | true", 0, "", False),
        ("nopt-objdump p.vta >&-", 1, f"error: standard output: {CLOSED}\n", False),
        ("nopt-objdump p.vta | true", 0, "", False),
        ("nopt-objdump p.vta -o OUT >&- 2>&- <&-", 0, "", True),
        ("nopt-import - <&-", 1, f"error: standard input: {CLOSED}\n", False),
        ("nopt-run p.vta -i x.npy -o OUT >&-", 1, f"error: standard output: {CLOSED}\n", False),
        (
            "nopt-run p.vta -i x.npy -o OUT >/dev/full",
            1,
            f"error: standard output: {FULL}\n",
            False,
        ),
        ("nopt-run p.vta -i x.npy -o OUT | true", 0, "", True),
        (
            "nopt-run p.vta -i x.npy -o OUT --trace /dev/full",
            1,
            f"error: /dev/full: {FULL}\n",
            False,
        ),
        ("nopt-run p.vta -i x.npy -o OUT --quiet >&- 2>&- <&-", 0, "", True),
        # Limits of the shell count, too.
        ("ulimit -f 0; nopt m.mlir -o OUT", 1, "error: OUT: File too large\n", False),
        # A folder that is gone.
        (
            "mkdir gone && cd gone && rmdir ../gone && nopt ../m.mlir",
            1,
            "error: the working directory: No such file or directory\n",
            False,
        ),
    ],
)
def test_streams(line: str, status: int, message: str, is_written: bool, folder: Path):
    output = folder / "OUT"
    output.write_text(OLD)
    names = set(folder.iterdir())
    assert shell(line, folder) == (status, message)
    assert (output.read_bytes() != OLD.encode()) == is_written
    assert set(folder.iterdir()) == names


def test_standard_streams_in_the_place_of_files(folder: Path):
    line = (
        "cat m.mlir | nopt - -p vta -t vta-program -o - | nopt-run - -i x.npy -o - 2>report "
        "| cmp - right.npy && cat x.npy | nopt-run p.vta -i - -o /dev/stdout --json 2>facts "
        "| cmp - right.npy && nopt-objdump - < p.vta | cmp - <(nopt-objdump p.vta)"
    )
    assert shell(line, folder) == (0, "")
    assert "cycles" in (folder / "report").read_text()
    assert '"cycles"' in (folder / "facts").read_text()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("yes | nopt -o OUT", "standard input"),
        ("nopt-import /dev/zero -o OUT", "/dev/zero"),
        ("nopt m.mlir -p 'vta{config=/dev/zero}' -o OUT", "/dev/zero: cannot be read"),
        ("nopt-run p.vta -i <(cat x.npy /dev/zero) -o OUT", "/dev/fd/63"),
    ],
)
def test_what_never_ends_is_refused_before_memory_runs_out(line: str, named: str, folder: Path):
    status, errors = shell(f"ulimit -v $((3 << 20)); {line}", folder)
    end = f"found no end within {1 << 30} bytes, expected a file for what is longer\n"
    assert status and errors.startswith("error: ") and errors.endswith(f"{named}: {end}")
    assert errors.count("\n") == 1


def test_warnings_are_not_for_users():
    code = (
        "import sys, types, warnings; tool = types.ModuleType('tool')\n"
        "tool.main = lambda: warnings.warn('overflow', RuntimeWarning)\n"
        "sys.modules['nopt.tools.nopt'] = tool; from nopt.tools import start; start.nopt()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
