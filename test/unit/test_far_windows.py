"""Windows that reach far: gaps between taps, wide pads, long steps, pads that are not zero.

Each runs on the core, near the steps that its products take, whatever lies between the taps.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program
from nopt.tools.profile import layer_rows
from nopt.tools.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from workloads import Network


@dataclass(frozen=True)
class Layer:
    """A convolution of 8-bit numbers, and the most cycles that it may take."""

    name: str
    image: tuple[int, int, int]
    weights: tuple[int, int, int]
    """Output channels, rows and columns."""
    most: int
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Top, left, bottom, right."""
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    value: int = 0
    """What it pads with."""

    def __str__(self) -> str:
        return self.name


# One step is a product of 16 by 16; what is above the steps of a layer is its epilogue, of five
# ALU steps a vector, and what nothing hides.
LAYERS = [
    # 33 * 33 positions, 4 blocks by 4, 9 taps: 156,816 steps.
    Layer("rate of 18", (64, 33, 33), (64, 3, 3), 185_000, (18,) * 4, dilations=(18, 18)),
    # 4,096 positions, 2 blocks by 2, 3 taps: 49,152 steps, 40,960 of the epilogue.
    Layer("gaps of 400", (32, 1, 4896), (32, 1, 3), 95_000, dilations=(1, 400)),
    Layer("gaps of 511", (32, 1, 5118), (32, 1, 3), 95_000, dilations=(1, 511)),
    Layer("gaps of 512", (32, 1, 5120), (32, 1, 3), 95_000, dilations=(1, 512)),
    Layer("gaps of 3000", (32, 1, 10096), (32, 1, 3), 95_000, dilations=(1, 3000)),
    Layer("causal", (32, 1, 4096), (32, 1, 3), 95_000, (0, 1024, 0, 0), dilations=(1, 512)),
    # 1,000 positions, 2 blocks by 2, 65 taps: 260,000 steps.
    Layer("65 taps", (32, 1, 1000), (32, 1, 65), 285_000, (0, 32, 0, 32)),
    # 64 positions, 4 blocks by 4.
    Layer("steps of 8", (64, 64, 64), (64, 1, 1), 3_200, strides=(8, 8)),
    # 32 * 32 positions, 2 blocks by 2, 9 taps: 36,864 steps, 10,240 of the epilogue.
    Layer("zero point", (32, 32, 32), (32, 3, 3), 50_000, (1,) * 4, value=-128),
    Layer("uneven", (20, 13, 11), (24, 3, 2), 4_000, (2, 0, 1, 3), (2, 1), (1, 2), value=9),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_windows_that_reach_far(layer: Layer):
    network = Network(layer.name, 1, *layer.image)
    # Behind another layer, so that its input is made on the core.
    x = network.conv(network.input, layer.image[0], 1)
    pads = layer.pads
    if layer.value:
        low, high = [0, 0, *layer.pads[:2]], [0, 0, *layer.pads[2:]]
        x, pads = network.add(graph.PadOp(x, low, high, layer.value), "padded"), (0, 0, 0, 0)
    channels, *kernel = layer.weights
    y = graph.Conv2dOp(
        x,
        network.weights(channels, layer.image[0], *kernel),
        strides=layer.strides,
        pads=pads,
        dilations=layer.dilations,
    )
    y = network.epilogue(network.add(y, "conv"), (channels, 1, 1), relu=False, shift=9)
    module = network.finish(y)
    rng = np.random.default_rng(3)
    inputs = [rng.integers(-128, 128, (1, *layer.image)).astype(np.int8)]
    (wanted,) = run_function(module, "main", inputs)
    program = compile_program(module)
    assert sum(isinstance(step, CoreStep) for step in program.steps) == 1
    runtime = Runtime(program)
    np.testing.assert_array_equal(runtime.run(inputs).outputs[0], wanted)
    assert len(program.layers) == 2
    assert layer_rows(runtime)[-1]["cycles"] < layer.most


def test_weights_are_not_inflated():
    """The host lays out what is given in any case; lanes along rows would spare that, by weights of
    4 MB that are nearly all zeros."""
    network = Network("steps", 1, 64, 64, 64)
    y = graph.Conv2dOp(network.input, network.weights(64, 64, 1, 1), strides=(8, 8))
    y = network.epilogue(network.add(y, "conv"), (64, 1, 1), relu=False, shift=9)
    program = compile_program(network.finish(y))
    assert sum(len(data) for _, data in program.constants) < 16_000
    assert 1_024 < Runtime(program).cycles < 4_000


@pytest.mark.parametrize("channels", [3, 32])
def test_channels_may_be_last(channels: int):
    """What the host gives costs no more if it transposes it, pads or not."""
    cycles: list[int] = []
    x = np.random.default_rng(0).integers(-128, 128, (1, channels, 40, 38)).astype(np.int8)
    for last in (False, True):
        given = (1, 40, 38, channels) if last else x.shape
        network = Network("images", *given)
        image = network.input
        if last:
            image = network.add(graph.TransposeOp(image, [0, 3, 1, 2]), "image")
        module = network.finish(network.conv(image, 32, 7, stride=2, pad=3))
        sample = x.transpose(0, 2, 3, 1).copy() if last else x
        (wanted,) = run_function(module, "main", [sample])
        runtime = Runtime(compile_program(module))
        (found,) = runtime.run([sample]).outputs
        np.testing.assert_array_equal(found, wanted)
        cycles.append(runtime.cycles)
    assert cycles[1] == cycles[0]
