"""The same input gives the same bytes, whatever order a process has its sets in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from xdsl.dialects.builtin import Builtin, ModuleOp, i8, i32

from nopt.dialects import graph
from nopt.dialects.constants import scoped_resources
from nopt.dialects.printing import ModulePrinter

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from workloads import Network


def branches() -> ModuleOp:
    """Branches of one tensor, added and concatenated; a part of it only the host can do."""
    network = Network("branches", 1, 16, 12, 12)
    x = network.conv(network.input, 32, 3, pad=1)
    left, middle, right = (network.conv(x, 32, k, pad=k // 2) for k in (1, 3, 5))
    y = network.add(graph.AddOp(left, right, i32), "sum")
    y = network.add(graph.RequantizeOp(y, i8, 1), "y")
    joined = network.add(graph.ConcatOp([y, middle, x], 1), "joined")
    pooled = network.add(graph.MaxPoolOp(joined, (2, 2), strides=(2, 2)), "pooled")
    z = network.conv(pooled, 48, 1)
    scores = network.add(graph.GlobalAvgPoolOp(z), "scores")
    floats = network.add(graph.DequantizeOp(scores, 0.125), "floats")
    return network.finish(network.add(graph.SoftmaxOp(floats, 1), "shares"), middle)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("network") / "branches.mlir"
    with scoped_resources(), path.open("w") as stream:
        module = branches()
        printer = ModulePrinter(stream=stream)
        printer.print_op(module)
        printer.print_metadata([Builtin])
    return path


@pytest.mark.parametrize("target", ["mlir", "vta-program"])
def test_compiling_does_not_depend_on_the_process(source, target):
    """Also hashes by address differ from one process to the next."""
    outputs: list[bytes] = []
    for seed in ("0", "1", "4711"):
        path = source.with_suffix(f".{seed}")
        arguments = [str(source), "-p", "vta", "-t", target, "-o", str(path)]
        code = f"from nopt.tools.nopt import main; main({arguments!r})"
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True
        )
        outputs.append(path.read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]
