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


def test_every_op_has_a_method():
    """Operands, kinds by name, lists from one number, numbers as operands."""
    g = nopt.GraphBuilder()
    x, f = g.argument("x", (1, 16, 8, 8), "i8"), g.argument("f", (2, 6), "f32")
    w = np.ones((16, 16, 3, 3), np.int8)
    made = {
        **{"add": g.add(x, 3), "sub": g.sub(x, x), "mul": g.mul(f, 0.5), "div": g.div(f, 2.0)},
        **{"max": g.max(x, 0), "min": g.min(x, x), "pow": g.pow(f, 2.0)},
        "avg_pool": g.avg_pool(f_image(g), 2, strides=2),
        "broadcast": g.broadcast(f, [3, 2, 6]),
        **{"cast": g.cast(x, "i32"), "clip": g.clip(x, min=-3, max=3)},
        **{"compare": g.compare("lt", f, f), "concat": g.concat([x, x], axis=1)},
        "conv2d": g.conv2d(x, w, pads=1),
        "conv_transpose2d": g.conv_transpose2d(x, w, strides=2),
        **{"quantize": g.quantize(f, scale=0.5), "dequantize": g.dequantize(x, scale=0.5)},
        "gather": g.gather(f, np.array([1, 0], np.int32)),
        **{"global_avg_pool": g.global_avg_pool(f_image(g)), "leaky_relu": g.leaky_relu(f, 0.1)},
        "layer_norm": g.layer_norm(f, np.ones(6, "f4"), np.ones(6, "f4"), axis=1, epsilon=1e-5),
        "lrn": g.lrn(f_image(g), size=3, alpha=1e-4, beta=0.75, bias=1.0),
        "matmul": g.matmul(f, f, transpose_b=True),
        "max_pool": g.max_pool(x, 3, strides=2, pads=1),
        "pad": g.pad(x, low=[0, 0, 1, 1], high=[0, 0, 1, 1]),
        **{"reduce": g.reduce("sum", f, axes=1), "relu": g.relu(x)},
        **{"requantize": g.requantize(g.conv2d(x, w), shift=7), "reshape": g.reshape(f, 12)},
        **{"slice": g.slice(f, starts=[0, 1], shape=[2, 3]), "softmax": g.softmax(f, axis=1)},
        **{"transpose": g.transpose(f, [1, 0]), "unary": g.unary("exp", f)},
        "where": g.where(g.compare("lt", f, f), f, f),
    }
    assert made.keys() == set(dir(g)) - set(dir(object())) - OWN - {"__getattr__"}
    g.result(*made.values())
    inputs = [np.ones((1, 16, 8, 8), np.int8), np.ones((2, 6), np.float32)]
    inputs += [np.ones((1, 2, 4, 4), np.float32)] * 3
    found = dict(zip(made, nopt.run(g, *inputs), strict=True))
    assert (found["add"] == 4).all() and (found["mul"] == 0.5).all()
    assert found["reduce"].tolist() == [6, 6] and found["reshape"].shape == (12,)


OWN = {"argument", "constant", "module", "result", "_add", "_converted", "_made", "_operand"}
OWN |= {"_block", "_function", "_module", "__dict__", "__weakref__", "__module__"}


def f_image(g: nopt.GraphBuilder):
    return g.argument("image", (1, 2, 4, 4), "f32")


@pytest.mark.parametrize("number", [300, 0.5])
def test_a_number_that_the_type_cannot_hold(number: float):
    g = nopt.GraphBuilder()
    with pytest.raises(ValueError, match=f"{number} is no int8"):
        g.add(g.argument("x", (4,), "i8"), number)


def test_names_as_models_have_them():
    """What no identifier may hold stands for itself where inputs are named."""
    g = nopt.GraphBuilder()
    a, b = (g.argument(name, (16,), "i8") for name in ("x_0", "input:1"))
    g.result(g.requantize(g.add(a, b, "i32"), shift=1, name="a sum"))
    program = nopt.compile(g)
    first, second = np.full(16, 4, np.int8), np.full(16, 8, np.int8)
    found = program.run(**{"x_0": first, "input:1": second})
    assert np.array_equal(found, program.run(first, second)) and (np.asarray(found) == 6).all()


def test_a_module_keeps_its_machine():
    wide = nopt.machine("rtl", LOG_BLOCK=5)
    for until in ("attach-machine", "affine-nest-schedule", None):
        lowered = nopt.lower(convolution(), until=until, machine=wide)
        assert nopt.compile(lowered).machine == wide
    assert nopt.compile(lowered_to("attach-machine", wide), machine="default").machine.name == (
        "default"
    )


def lowered_to(until: str, machine: nopt.Config):
    return nopt.lower(convolution(), until=until, machine=machine)


def test_every_level_runs():
    wanted = nopt.run(convolution(), IMAGE)
    for until in ("convert-graph-to-affine-nest", "affine-nest-schedule", None):
        assert np.array_equal(nopt.run(nopt.lower(convolution(), until=until), IMAGE), wanted)


def test_options_are_values(tmp_path: Path):
    """Whatever their text would be: quotes, exponents, nothing, numpy's numbers."""
    log = tmp_path / 'a "log" \\n.jsonl'
    nopt.compile(convolution(), tuning_log=log, energy_mac=1e-7, alu_multiply=np.bool_(False))
    assert log.exists()
    before = set(Path().iterdir())
    nopt.compile(convolution(), tuning_log=None)
    assert set(Path().iterdir()) == before
    with pytest.raises(nopt.UserError, match="has an option 'tuning_lok'"):
        nopt.compile(convolution(), tuning_lok=log)


def test_what_does_not_apply_is_refused(tmp_path: Path):
    nopt.write(convolution().module, tmp_path / "network.mlir")
    for network in (tmp_path / "network.mlir", convolution(), convolution().module):
        with pytest.raises(nopt.UserError, match="found drop_quantization, expected an ONNX"):
            nopt.read(network, drop_quantization=True)
    with pytest.raises(nopt.UserError, match="found target, expected calibration"):
        nopt.compile(convolution(), target=20.0)


def test_samples_of_any_name():
    proto = floats()
    proto.graph.input[0].name = proto.graph.node[0].input[0] = "file"
    assert nopt.compile(proto, calibration={"file": samples(2)}).inputs[0].name == "file"
