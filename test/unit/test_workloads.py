"""Every layer that is measured is right, small at every level, and the same each time."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import parse_file
from nopt.hw.isa.encoding import decode
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.pipeline_text import build_passes
from nopt.tools.runtime import Runtime

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits"
sys.path.insert(0, str(ROOT / "bench"))

from workloads import LAYERS, Layer, compile_program, conv_layer, random_inputs  # noqa: E402


def digits() -> ModuleOp:
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return parse_file(context, DIGITS / "digits.mlir")


def check_tokens(program: Program) -> None:
    """What a module pushes, its neighbour pops, in every step."""
    records = decode(program.instructions, program.config)
    for step in program.steps:
        if isinstance(step, CoreStep):
            stream = records[step.first : step.first + step.count]
            for push, pop in (("push_next", "pop_prev"), ("push_prev", "pop_next")):
                assert stream[push].sum() == stream[pop].sum()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_core_equals_reference(layer: Layer):
    module = layer.build()
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    program = compile_program(module)
    check_tokens(program)
    runtime = Runtime(program)
    found = runtime.run(inputs).outputs
    assert all(map(np.array_equal, found, expected))
    # On the core: the host only lays out the input and the result, where that is not plain order.
    plain = layer.name == "BERT projection"
    steps = [isinstance(step, CoreStep) for step in program.steps]
    assert steps == ([True] if plain else [False, True, False])
    # Steps count channels in whole blocks; three in a block leave room for a stride's four pixels.
    if not layer.name.startswith("conv 3->"):
        assert runtime.cycles >= layer.steps


@pytest.mark.parametrize(
    "size, channels, kernel", [((30, 2999), 64, 1), ((2, 40_001), 64, 1), ((3, 30_001), 32, 3)]
)
def test_rows_further_apart_than_an_instruction_says(
    size: tuple[int, int], channels: int, kernel: int
):
    """Blocks of channels of a spectrogram, say."""
    module = conv_layer("far", size, channels, channels, kernel, 1, kernel // 2).build()
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    found = Runtime(compile_program(module)).run(inputs).outputs
    assert all(map(np.array_equal, found, expected))


def test_loads_of_a_first_tile_have_no_epilogue_to_hide_behind():
    """Tiles of two chunks take 2,958 cycles; of four smaller ones, each behind its loads, more."""
    (layer,) = (layer for layer in LAYERS if layer.name == "matmul 37x53x71")
    module = layer.build()
    inputs = random_inputs(module)
    runtime = Runtime(compile_program(module))
    runtime.run(inputs)
    assert runtime.cycles <= 2_958


def test_digits_on_the_core():
    images, labels = np.load(DIGITS / "images.npy"), np.load(DIGITS / "labels.npy")
    module = digits()
    expected = [run_function(module, "main", [image[None]])[0] for image in images]
    program = compile_program(module)
    check_tokens(program)
    runtime = Runtime(program)
    found = [runtime.run([image[None]]).outputs[0] for image in images]
    np.testing.assert_array_equal(found, expected)
    assert (np.concatenate(found).argmax(axis=1) == labels).mean() >= 0.97


@pytest.mark.parametrize("build", [digits, LAYERS[6].build, LAYERS[10].build])
def test_same_bytes_twice(build: Callable[[], ModuleOp]):
    with scoped_resources():
        first = compile_program(build()).to_bytes()
    with scoped_resources():
        assert compile_program(build()).to_bytes() == first


def op_counts(size: int, channels: int, kernel: int, stride: int) -> list[int]:
    """Ops of a convolution's module after each pass."""
    layer = conv_layer("size", (size, size), channels, channels, kernel, stride, kernel // 2)
    module = layer.build()
    counts: list[int] = []
    for each in build_passes("vta", Universe.get_multiverse().all_passes):
        each.apply(Context(), module)
        counts.append(sum(1 for _ in module.walk()))
    return counts


@pytest.mark.parametrize(
    "channels, kernel, stride", [(16, 3, 1), (64, 3, 1), (64, 3, 2), (128, 1, 1)]
)
def test_op_counts_do_not_grow(channels: int, kernel: int, stride: int):
    """Schedules differ in which dimensions need a loop, and which loads one around them that turns
    once (an op and its end each), in no more. The epilogue stands there twice: for tiles, and for
    the strips of the last one. The smallest layer may be one tile, which needs neither."""
    sizes = [14, 28, 56, 112, 224]
    counts = np.array([op_counts(size, channels, kernel, stride) for size in sizes])
    assert counts.max() < 60
    before_schedules = counts[:, :8]
    assert (before_schedules == before_schedules[0]).all()
    smallest, larger = counts[0], counts[1:]
    assert (smallest <= larger.max(axis=0)).all()
    assert (larger.max(axis=0) - larger.min(axis=0) <= 2 * (4 + 4)).all()
