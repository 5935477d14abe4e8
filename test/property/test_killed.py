"""Commands that are killed or interrupted leave outputs as they were or as they should be, never
half, and the next command removes what the killed one could not."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from killed import Moment, Runs
from onnx import helper, numpy_helper

ERRORS = Path(__file__).parents[1] / "errors" / "Inputs"
FUZZ = "NOPT_FUZZ" in os.environ
BEFORE = b"what was there before"
OF_ANOTHER = '{"machine": {}, "nest": "", "tile": [], "order": [], "slots": [], "within": []}\n'
"""A line of a tuning log that stays."""

COMMANDS = {
    "compile": (
        ["nopt", "matmul.mlir", "-p", "vta", "-t", "vta-program", "-o", "{folder}/p.vta"],
        ["p.vta"],
    ),
    "log": (
        ["nopt", "matmul.mlir", "-p", "vta{{tuning_log={folder}/log}}", "-o", "{folder}/out.mlir"],
        ["out.mlir"],
    ),
    "run": (
        [
            "nopt-run",
            "whole.vta",
            "-i",
            "x.npy",
            "-o",
            "{folder}/y.npy",
            "--trace",
            "{folder}/t.json",
        ],
        ["y.npy", "t.json"],
    ),
    "import": (["nopt-import", "m.onnx", "-o", "{folder}/m.mlir"], ["m.mlir"]),
}


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with Runs() as runs:
        yield runs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, runs: Runs) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    shutil.copy(ERRORS / "matmul.mlir", folder)
    command = ["nopt", "matmul.mlir", "-p", "vta", "-t", "vta-program", "-o", "whole.vta"]
    assert runs.run(command, str(folder), Moment()) == 0
    np.save(folder / "x.npy", np.ones((8, 16), np.int8))
    weights = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", 1, None)],
        [weights],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
        folder / "m.onnx",
    )
    return folder


class Case:
    """A command with its inputs and outputs in a folder, all there before."""

    def __init__(self, name: str, runs: Runs, inputs: Path, folder: Path):
        command, outputs = COMMANDS[name]
        self.runs = runs
        self.folder = folder
        self.command = [part.format(folder=folder) for part in command]
        self.outputs = [folder / output for output in outputs]
        shutil.copytree(inputs, folder, dirs_exist_ok=True)
        assert self.run(Moment()) == 0
        self.right = [path.read_bytes() for path in self.outputs]
        self.names = sorted(path.name for path in folder.iterdir())

    def run(self, moment: Moment) -> int:
        for path in self.outputs:
            path.write_bytes(BEFORE)
        (self.folder / "log").write_text(OF_ANOTHER)
        return self.runs.run(self.command, str(self.folder), moment)

    def written(self) -> list[bool]:
        """Which outputs are new; each is whole."""
        found = [path.read_bytes() for path in self.outputs]
        for content, right in zip(found, self.right, strict=True):
            assert content in (BEFORE, right)
        log = (self.folder / "log").read_text()
        assert log.startswith(OF_ANOTHER) and all(map(json.loads, log.splitlines()))
        return [content != BEFORE for content in found]

    def is_tidy(self) -> bool:
        return sorted(path.name for path in self.folder.iterdir()) == self.names

    def check_next(self) -> None:
        assert self.run(Moment()) == 0
        assert all(self.written()) and self.is_tidy()


@pytest.fixture(params=COMMANDS)
def case(request: pytest.FixtureRequest, runs: Runs, inputs: Path, tmp_path: Path) -> Case:
    return Case(request.param, runs, inputs, tmp_path)


def test_killed_at_every_operation_on_files(case: Case):
    event = ended = 0
    while ended != 1:
        status = case.run(Moment(event))
        ended = status == 0
        assert status in (0, -signal.SIGKILL)
        assert any(case.written()) or not ended
        event += 1
    assert event > 3
    case.check_next()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_at_every_operation_on_files(number: signal.Signals, case: Case):
    """Nothing is left behind, and of several outputs all are there or none."""
    event = 0
    while (status := case.run(Moment(event, number=number))) != 0:
        assert status == 128 + number
        assert len(set(case.written())) == 1
        assert case.is_tidy()
        event += 1
    assert event > 3 and all(case.written()) and case.is_tidy()


def test_killed_at_random_moments(case: Case):
    begin = time.perf_counter()
    assert case.run(Moment()) == 0
    lasts = time.perf_counter() - begin
    chance = random.Random(None if FUZZ else 7)
    for _ in range(50 if FUZZ else 3):
        status = case.run(Moment(seconds=max(chance.random() * lasts, 1e-4)))
        assert status in (0, -signal.SIGALRM)
        case.written()
    case.check_next()
