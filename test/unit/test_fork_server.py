"""A command of a RUN line behaves the same, forked from the server or started plainly."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

TEST = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def server() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fork_server", TEST / "fork_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def served(server: ModuleType) -> str:
    folder = server.start()
    if folder is None:  # Windows, or a very long path.
        pytest.skip("this machine cannot fork")
    return folder


def outcome(folder: str, line: str, cwd: Path) -> tuple[int, str, str]:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "NOPT_TRACEBACK": ""}
    result = subprocess.run(
        ["/bin/sh", "-c", line], cwd=cwd, env=environment, capture_output=True, text=True
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "nopt in.mlir -p cse",
        "nopt < in.mlir | filecheck in.mlir",
        "nopt in.mlir | filecheck in.mlir --check-prefix WRONG",
        "nopt in.mlir -p wrong",
        "nopt 'no such file, ä.mlir'",
        "nopt --version; nopt --help",
        "NOPT_TRACEBACK=1 nopt --wrong 2>&1 | grep -c Traceback",
        "nopt in.mlir -o out.mlir && cat out.mlir",
        "xdsl-opt in.mlir -p dce",
        "yes '%x = arith.constant 1 : i32' | head -5000 | sed 's/x/&0/' | nopt | head -1",
    ],
)
def test_served_as_plain(line: str, served: str, tmp_path: Path):
    (tmp_path / "in.mlir").write_text("// CHECK: @f\nfunc.func private @f()\n")
    plain = os.path.dirname(sys.executable)
    assert outcome(served, line, tmp_path) == outcome(plain, line, tmp_path)


def test_ends_with_the_process_that_started_it():
    code = (
        f"import sys; sys.path.insert(0, {str(TEST)!r}); import fork_server as s; print(s.start())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    folder = Path(result.stdout.strip())
    # Removing its folder is the last thing that the server does, however long it takes.
    while folder.exists():
        time.sleep(0.01)
