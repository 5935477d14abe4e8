"""CONTRIBUTING's ways to extend nopt, gone literally: each diff in a copy, with its tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIFFS = ROOT / "test/how_to"
FOLDERS = ("api", "bench", "dialects", "docs", "examples", "hw", "passes", "test", "tools")

CHECKS = {
    "op": [
        "lit test/dialects/graph",
        "pytest test/unit/test_graph_interpreter.py test/unit/test_op_examples.py -k sign",
    ],
    "pass": [
        "lit test/passes/graph/graph_reduce_to_pool.mlir",
        "pytest test/property/test_reduce_to_pool.py test/property/test_all_passes.py",
        "nopt --list-passes",
    ],
    "instruction": [
        "lit test/dialects/isa",
        "pytest test/unit/hw/test_simulator.py -k plain",
        "pytest test/unit/hw/test_encoding.py test/unit/hw/test_assembly.py",
    ],
    "onnx_operator": [
        "pytest test/unit/test_import_operators.py -k Acosh",
        "pytest test/unit/test_docs.py -k operator",
    ],
}
"""What the diff adds, and tests that take it up by themselves."""


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_diff(name: str, tmp_path: Path):
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__*__"))
    for file in filter(Path.is_file, ROOT.glob("*.*")):
        shutil.copy(file, tmp_path)
    run(tmp_path, "git", "apply", "--verbose", str(DIFFS / f"{name}.diff"))
    package = tmp_path / "build/python/nopt"
    package.mkdir(parents=True)
    for each in [*(tmp_path / "api").iterdir(), *map(tmp_path.joinpath, FOLDERS)]:
        (package / each.name).symlink_to(each)
    where = run(tmp_path, "python", "-c", "import nopt.hw as hw; print(hw.__file__)")
    assert str(tmp_path) in where
    for command in CHECKS[name]:
        run(tmp_path, *command.split())
    if name == "op":
        run(tmp_path, "python", "-c", ON_THE_CORE)


ON_THE_CORE = """
import numpy as np, nopt
g = nopt.GraphBuilder()
x = g.argument("x", (1, 16, 5, 7), "i8")
weights, image = (np.random.default_rng(0).integers(-9, 9, shape, np.int8)
                  for shape in ((16, 16, 3, 3), (1, 16, 5, 7)))
g.result(g.requantize(g.sign(g.conv2d(x, weights, pads=1)), shift=0))
program = nopt.compile(g)
found = program.run(image)
assert np.array_equal(found, nopt.run(g, image)) and {*found.flat} == {-1, 0, 1}
assert program.host_steps == 2, "all but the layouts of input and output is the core's"
"""
"""The new op between a convolution and what makes bytes of it."""


def run(folder: Path, *command: str) -> str:
    """What a command of this environment prints, with the folder's nopt in front of all others."""
    commands = Path(sys.executable).parent
    program = commands / command[0]
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "build/python"),
        "PATH": os.pathsep.join([str(commands), os.environ["PATH"]]),
    }
    done = subprocess.run(
        [str(program) if program.exists() else command[0], *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
