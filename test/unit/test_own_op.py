"""The package of the tutorials on extending nopt: built, installed, and its programs run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nopt

EXAMPLE = Path(__file__).parents[2] / "examples/own_op"
NETWORK = EXAMPLE / "network.mlir"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With the package installed beside those of this environment."""
    folder = tmp_path_factory.mktemp("own_op")
    source, target = folder / "source", folder / "installed"
    shutil.copytree(EXAMPLE, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(target), str(source)], check=True, stdin=subprocess.DEVNULL)
    return {**os.environ, "PYTHONPATH": str(target)}


def run(environment: dict[str, str], *command: str) -> str:
    program = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a.astype(np.int32) + b + 1) >> 1


def expected(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    padded = np.pad(mean(a, b), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    sums = windows.sum((1, 4, 5))[:, None].repeat(16, 1)
    return mean(np.clip((sums + 64) >> 7, -128, 127), a)


def test_programs_compute_the_op(environment: dict[str, str], tmp_path: Path):
    by_command, by_compiler = tmp_path / "command.vta", tmp_path / "compiler.vta"
    passes = ["-p", "convert-own-to-graph,vta", "-t", "vta-program"]
    run(environment, "nopt", str(NETWORK), *passes, "-o", str(by_command))
    run(environment, "python", "-m", "own_op.compiler", str(NETWORK), str(by_compiler))
    assert by_command.read_bytes() == by_compiler.read_bytes()
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-128, 128, (1, 16, 8, 8), np.int8) for _ in range(2))
    program = nopt.load(by_command)
    assert np.array_equal(program.run(a, b), expected(a, b))
    # All but the layout of inputs and output is the core's.
    assert program.host_steps == 2


def test_tools_know_the_package(environment: dict[str, str]):
    assert "convert-own-to-graph: Replace ops" in run(environment, "nopt", "--list-passes=all")
    assert "own.mean" in run(environment, "nopt", str(NETWORK))
    assert "graph.add" in run(environment, "xdsl-opt", str(NETWORK), "-p", "convert-own-to-graph")
