"""`import nopt`: what the package offers, on the networks and machines that a user brings."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_models import model
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

import nopt
from nopt.tools.runtime import RunError

RNG = np.random.default_rng(7)
WEIGHTS = RNG.integers(-8, 8, (20, 13, 3, 3), np.int8)
BIAS = RNG.integers(-500, 500, (20, 1, 1), np.int32)
IMAGE = RNG.integers(-128, 127, (1, 13, 11, 7), np.int8)


def convolution() -> nopt.GraphBuilder:
    """Channels off the block, a stride, an odd image."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 13, 11, 7), "i8")
    y = g.conv2d(x, WEIGHTS, pads=1, strides=2)
    g.result(g.requantize(g.relu(g.add(y, BIAS)), shift=6))
    return g


def floats() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    weights = {"w": RNG.normal(size=(16, 16, 3, 3)).astype(np.float32) / 12}
    return model(nodes, {"x": (1, 16, 6, 6)}, ["y"], weights)


def samples(count: int) -> np.ndarray:
    return RNG.normal(size=(count, 1, 16, 6, 6)).astype(np.float32)


def test_a_built_graph_runs_as_it_says(tmp_path: Path):
    g = convolution()
    program = nopt.compile(g)
    (found, saved) = (program.run(IMAGE), tmp_path / "program.vta")
    wanted = nopt.run(g, IMAGE)
    assert isinstance(found, np.ndarray)
    assert found.any() and np.array_equal(found, wanted)
    assert np.array_equal(program.run(x=IMAGE), wanted)
    program.save(str(saved))
    loaded = nopt.load(str(saved))
    assert np.array_equal(loaded.run(IMAGE), wanted)
    assert loaded.time() == program.time()
    assert (repr(loaded), loaded.machine) == (repr(program), nopt.machine("rtl"))
    assert "(x: int8[1, 13, 11, 7])" in repr(program)


def test_time_is_what_the_layers_take():
    time = nopt.compile(convolution()).time()
    assert 0 < sum(layer.cycles for layer in time.layers) <= time.cycles
    assert time.dram_bytes >= sum(layer.read + layer.written for layer in time.layers) > 0
    assert str(time).startswith(f"{time.cycles:,} cycles")
    for shown in (time, nopt.compile(convolution())):
        html = shown._repr_html_()  # pyright: ignore[reportPrivateUsage]
        assert html.count("<table>") == html.count("</table>") == 1 and "<nopt" not in html


@pytest.mark.parametrize("given", ["array", "list", "names", "path"])
def test_models_and_samples_come_in_any_form(given: str, tmp_path: Path):
    proto, chosen = floats(), samples(4)
    np.save(tmp_path / "samples.npy", chosen)
    onnx.save(proto, tmp_path / "model.onnx")
    forms = {
        "array": (proto, chosen),
        "list": (proto, [chosen]),
        "names": (str(tmp_path / "model.onnx"), {"x": chosen}),
        "path": (tmp_path / "model.onnx", str(tmp_path / "samples.npy")),
    }
    network, calibration = forms[given]
    program = nopt.compile(network, calibration=calibration)
    wanted, found = nopt.run(proto, chosen[0]), program.run(chosen[0])
    noise = np.square(np.asarray(wanted) - np.asarray(found)).sum()
    assert 10 * np.log10(np.square(wanted).sum() / noise) > 30
    assert program.time().macs > 0


def test_lowering_stops_where_it_is_told():
    g = convolution()
    nests = nopt.lower(g, until="affine-nest-schedule")
    text = str(nests)
    assert isinstance(nests, ModuleOp) and "affine_nest.for" in text and "tile" in text
    assert np.array_equal(nopt.run(nests, IMAGE), nopt.run(g, IMAGE))
    assert "isa." in str(nopt.lower(nests)) and str(nests) == text


def test_text_is_read_back(tmp_path: Path):
    path = tmp_path / "network.mlir"
    nopt.write(convolution().module, path)
    assert np.array_equal(nopt.run(path, IMAGE), nopt.compile(str(path)).run(IMAGE))


def test_machines_by_name_and_by_key():
    assert {"rtl", "default"} <= set(nopt.machines())
    wide = nopt.machine("rtl", LOG_BLOCK=5, memory_latency=64)
    assert (wide.block_in, wide.block_out, wide.memory_latency) == (32, 32, 64)
    assert wide.name == "rtl+LOG_BLOCK=5+memory_latency=64"
    assert nopt.machine(wide, LOG_BLOCK_IN=4).block_in == 16
    program = nopt.compile(convolution(), machine=wide)
    assert program.machine == wide
    assert np.array_equal(program.run(IMAGE), nopt.run(convolution(), IMAGE))
    with pytest.raises(ValueError, match="LOG_BLOK: unknown key, did you mean LOG_BLOCK"):
        nopt.machine("rtl", LOG_BLOK=5)
    with pytest.raises(ValueError, match="no such file or preset, expected one of"):
        nopt.machine("rtx")


def test_what_is_wrong_is_said():
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 13, 11, 7), "i8")
    with pytest.raises(AttributeError, match="graph has no op 'conv2'; did you mean 'conv2d'"):
        g.conv2(x, WEIGHTS)
    with pytest.raises(VerifyException):
        g.conv2d(x, WEIGHTS[:, :5])
    with pytest.raises(ValueError, match="unknown element type 'int7'"):
        g.argument("y", (1,), "int7")
    with pytest.raises(ValueError, match="no result yet"):
        nopt.compile(g)
    with pytest.raises(nopt.UserError, match="found int, expected a path"):
        nopt.compile(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(nopt.UserError, match="no pass 'affine-nest-sched'"):
        nopt.lower(convolution(), until="affine-nest-sched")
    program = nopt.compile(convolution())
    with pytest.raises(RunError, match="found 2 inputs, expected 1: x"):
        program.run(IMAGE, IMAGE)
    with pytest.raises(RunError, match="found input 'y', expected x"):
        program.run(y=IMAGE)
    with pytest.raises(RunError, match="input 'x' is given twice"):
        program.run(IMAGE, x=IMAGE)


def test_an_idle_core_is_warned_of():
    with pytest.warns(UserWarning, match="does not run on the core, and nothing else does"):
        nopt.compile(floats())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nopt.compile(convolution())


def test_a_folder_of_that_name_hides_nothing(tmp_path: Path):
    """A clone beside a script."""
    (tmp_path / "nopt/hw").mkdir(parents=True)
    script = "import nopt; print(nopt.__version__, nopt.compile.__module__)"
    run = [sys.executable, "-c", script]
    found = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [nopt.__version__, "nopt.networks"]


def test_importing_it_costs_nothing():
    """Commands pay for what they use: numpy and xDSL are not among it."""
    script = "import sys, nopt; print({'numpy', 'xdsl'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stderr
    assert set(nopt.__all__) <= set(dir(nopt))
    for name in nopt.__all__:
        assert getattr(nopt, name) is not None
