"""nopt-run on a quantized network: samples, archives, profiles, and its float self beside it."""

import json
import re
from math import inf
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import Builtin, ModuleOp, TensorType, f32, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of, scoped_resources
from nopt.dialects.interpreters.affine_nest import evaluate_nest
from nopt.dialects.printing import ModulePrinter
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import Value
from nopt.passes.layout.tensor_layouts import Layout
from nopt.tools.arrays import collect, samples_of
from nopt.tools.compare_run import compare_outputs
from nopt.tools.nopt import main as nopt
from nopt.tools.nopt_run import main as nopt_run
from nopt.tools.profile import layer_rows
from nopt.tools.runtime import Runtime


def network() -> ModuleOp:
    """Three convolutions, one around which the tensor skips; two inputs, two outputs."""
    random = np.random.default_rng(5)
    image, offset = TensorType(f32, (1, 3, 16, 16)), TensorType(f32, (1, 6))
    block = Block(arg_types=[image, offset])
    x, shift = block.args
    x.name_hint, shift.name_hint = "image", "offset"

    def add(op: Operation, name: str) -> SSAValue:
        block.add_op(op)
        op.results[0].name_hint = name
        return op.results[0]

    def constant(*shape: int) -> SSAValue:
        array = (
            random.standard_normal(shape, np.float32) * np.float32(2 / np.prod(shape[1:])) ** 0.5
        )
        return add(graph.ConstantOp(attribute_of(array, "w")), "w")

    def conv(x: SSAValue, outputs: int, name: str) -> SSAValue:
        inputs = x.type.get_shape()[1]
        op = graph.Conv2dOp(x, constant(outputs, inputs, 3, 3), strides=(1, 1), pads=(1,) * 4)
        return add(op, name)

    x = add(graph.ReluOp(conv(x, 16, "first")), "relu")
    y = add(graph.ReluOp(conv(x, 16, "second")), "inner")
    x = add(graph.ReluOp(add(graph.AddOp(conv(y, 16, "third"), x), "sum")), "outer")
    flat = add(graph.ReshapeOp(add(graph.GlobalAvgPoolOp(x), "pooled"), (1, 16)), "flat")
    scores = add(graph.MatmulOp(flat, constant(16, 6)), "scores")
    moved = add(graph.AddOp(scores, shift), "moved")
    block.add_op(ReturnOp(scores, moved))
    types = ([image, offset], [scores.type, moved.type])
    return ModuleOp([FuncOp("main", types, Region(block))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """float.mlir, the program made of it, and five samples."""
    folder = tmp_path_factory.mktemp("network")
    random = np.random.default_rng(6)
    images = random.standard_normal((5, 3, 16, 16), np.float32)
    offsets = random.standard_normal((5, 6), np.float32)
    np.savez(folder / "samples.npz", image=images, offset=offsets)
    np.savez(folder / "ordered.npz", images, offsets)
    np.savez(folder / "others.npz", image=images, offset=offsets, more=offsets)
    np.savez(folder / "uneven.npz", image=images, offset=offsets[:4])
    np.save(folder / "image.npy", images[:1])
    np.save(folder / "offset.npy", offsets[:1])
    with scoped_resources(), (folder / "float.mlir").open("w") as stream:
        module = network()
        printer = ModulePrinter(stream=stream)
        printer.print_op(module)
        printer.print_metadata([Builtin])
    with scoped_resources():
        quantize = f'graph-quantize{{calibration="{folder}/samples.npz"}}'
        source, program = str(folder / "float.mlir"), str(folder / "p.vta")
        nopt([source, "-p", f"{quantize},vta", "-t", "vta-program", "-o", program])
    return folder


@pytest.fixture(autouse=True)
def _own_resources(monkeypatch, folder):
    monkeypatch.chdir(folder)
    with scoped_resources():
        yield


def run(*arguments: str) -> None:
    nopt_run(["p.vta", "--quiet", *arguments])


def refusal(capfd, *arguments: str) -> str:
    capfd.readouterr()
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    out, err = capfd.readouterr()
    assert end.value.code == 1 and out == ""
    return err.strip()


def test_samples_give_what_single_runs_give():
    run("-i", "samples.npz", "-o", "all.npz")
    run("-i", "ordered.npz", "-o", "scores.npy", "-o", "moved.npy")
    run("-i", "image.npy", "-i", "offset.npy", "-o", "one.npz")
    with np.load("all.npz") as whole, np.load("one.npz") as one:
        outputs = [value.name for value in Program.load("p.vta").outputs]
        assert whole.files == one.files == outputs
        for name, path in zip(outputs, ("scores.npy", "moved.npy"), strict=True):
            assert whole[name].shape == (5, 6) and one[name].shape == (1, 6)
            np.testing.assert_array_equal(whole[name], np.load(path))
            np.testing.assert_array_equal(whole[name][:1], one[name])


def test_archives_that_do_not_fit_are_named(capfd):
    message = refusal(capfd, "-i", "others.npz")
    assert message == "error: others.npz: found image, offset, more, expected image, offset"
    message = refusal(capfd, "-i", "uneven.npz")
    assert message == (
        "error: found samples 5 for 'image', 4 for 'offset', expected as many for each input"
    )
    Path("text.npz").write_text("no archive")
    assert "text.npz: found a file that begins with b'no arc', expected a .npy file" in refusal(
        capfd, "-i", "text.npz"
    )
    assert "none.npz: No such file or directory" in refusal(capfd, "-i", "none.npz")


def test_shapes_of_samples():
    values = [Value("x", (2, 3), "int8")]
    plain, more, stacked = np.ones((2, 3)), np.ones((8, 3)), np.ones((7, 2, 3))
    for array, count in ((plain, 1), (more, 4), (stacked, 7), (np.ones((5, 3)), 1)):
        assert len(samples_of([array], values)) == count
    outputs = [[np.ones((2, 5)), np.ones(())]] * 4
    assert [a.shape for a in collect(outputs[:1], [plain], values)] == [(2, 5), ()]
    assert [a.shape for a in collect(outputs, [more], values)] == [(8, 5), (4,)]
    assert [a.shape for a in collect(outputs, [stacked[:4]], values)] == [(4, 2, 5), (4,)]
    assert [a.shape for a in collect(outputs[:1], [stacked[:1]], values)] == [(1, 2, 5), (1,)]


def test_layers_are_compared_with_the_float_network(capfd):
    run("-i", "samples.npz", "--compare", "float.mlir", "--json")
    facts = json.loads(capfd.readouterr().out)
    tensors = {row["name"]: row["signal_to_noise"] for row in facts["tensors"]}
    assert {"image", "relu", "inner", "outer", "scores"} <= tensors.keys()
    assert all(20 < ratio < 60 for ratio in tensors.values())
    assert list(tensors.values()) == sorted(tensors.values())
    assert facts["samples"] == 5
    for output in facts["outputs"]:
        assert output["cosine"] > 0.99 and output["signal_to_noise"] > 20
        assert 0.5 < output["top1"] <= 1
    run("-i", "samples.npz", "--compare", "float.mlir")
    out = capfd.readouterr().out
    assert re.search(r"worst: \w+ \(\d+\.\d dB\)", out) and "top1" in out


def test_results_are_the_same_layer_by_layer():
    program = Program.load("p.vta")
    with np.load("samples.npz") as archive:
        inputs = [archive["image"][:1], archive["offset"][:1]]
    seen: dict[str, np.ndarray] = {}
    runtime = Runtime(program)
    watched = runtime.run(inputs, lambda name, array: seen.update({name: array})).outputs
    for found, expected in zip(watched, Runtime(program).run(inputs).outputs, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert seen["relu"].shape == (1, 16, 16, 16) and seen["image"].shape == (1, 3, 16, 16)


def test_networks_to_compare_with_are_checked(capfd):
    Path("other.mlir").write_text(
        "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
        "  %y = graph.relu %x : tensor<4xf32>\n  func.return %y : tensor<4xf32>\n}"
    )
    message = refusal(capfd, "-i", "samples.npz", "--compare", "other.mlir")
    assert message == (
        "error: other.mlir: found a network of inputs tensor<4xf32>, expected the program's: "
        "tensor<1x3x16x16xf32>, tensor<1x6xf32>"
    )
    assert "none.mlir" in refusal(capfd, "-i", "samples.npz", "--compare", "none.mlir")


def test_agreement_of_outputs():
    value = Value("y", (3,), "float32")
    zero, a, b = np.zeros(3), np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    (same,) = compare_outputs([value], [[a], [zero]], [[a], [zero]])
    assert (same.signal_to_noise, same.cosine, same.top1) == (inf, pytest.approx(1), 1)
    assert same.row()["signal_to_noise"] is None
    (half,) = compare_outputs([value], [[a], [b]], [[a], [a]])
    assert half.top1 == 0.5 and half.cosine == pytest.approx(10 / 14)
    (none,) = compare_outputs([value], [[zero]], [[a]])
    assert none.cosine == 0 and none.signal_to_noise == pytest.approx(0)


def test_a_profile_adds_up():
    runtime = Runtime(Program.load("p.vta"))
    rows = layer_rows(runtime)
    assert [row["name"] for row in rows] == [layer.name for layer in runtime.program.layers]
    parts = ("gemm", "reset", "alu", "load", "wait_load", "wait_store", "other")
    assert all(sum(row[part] for part in parts) == row["cycles"] for row in rows)
    assert sum(row["cycles"] for row in rows) == runtime.cycles
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    moved = sum(sum(timing.dram_bytes.values()) for timing in runtime.timings)
    # What belongs to no layer is the last instruction of each step.
    assert moved - sum(row["read"] + row["written"] for row in rows) == 16 * len(runtime.core_steps)


def test_profile_and_memory_are_printed(capfd):
    nopt_run(["p.vta", "-i", "samples.npz", "--profile"])
    out = capfd.readouterr().out
    assert "wait load" in out and "peak memory" in out and "microjoules" in out


def test_tensors_in_blocks_are_unpacked():
    layer = Layer("y", 0, 1, "y", (1, 20, 2, 3), 1, "t", (0.5,) * 20, 1)
    tensor = np.arange(120, dtype=np.int8).reshape(1, 20, 2, 3)
    blocks = np.pad(tensor, ((0, 0), (0, 12), (0, 0), (0, 0)), constant_values=99)
    stored = np.moveaxis(blocks.reshape(1, 2, 16, 2, 3), 2, -1)
    np.testing.assert_array_equal(layer.unpacked(stored), tensor)
    np.testing.assert_array_equal(layer.real(stored), tensor * np.float32(0.5))


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("rows", [-1, 0, 2])
def test_rows_of_a_batch_are_unpacked(rows: int, parts: int):
    shape = (3, 20, 6, 5)
    tensor = np.random.default_rng(0).integers(-99, 99, shape, np.int8)
    layout = Layout.of_vectors(4, 1, (4, 16), None if rows < 0 else rows, parts)
    (argument,) = Block(arg_types=[TensorType(i8, shape)]).args
    stored = evaluate_nest(layout.pack(argument), {argument: tensor})
    layer = Layer("y", 0, 1, "y", shape, 1, batch=4, rows=rows, parts=parts)
    layer.check(stored.shape)
    np.testing.assert_array_equal(layer.unpacked(stored), tensor)
    for wrong in ((*stored.shape[:-2], 16), (*stored.shape[:-2], 2, 16), (*stored.shape, 16)):
        with pytest.raises(ValueError, match="result: found shape"):
            layer.check(wrong)
