"""What layers must cost: the closed forms of bench/accounting.py, by hand and by other code."""

import sys
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr

from nopt.dialects.graph import MatmulOp

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from accounting import Cost, costs, host_macs
from workloads import LAYERS, Layer, Network, compile_program


def total(module: ModuleOp, field: str) -> int:
    return sum(getattr(cost, field) for cost in costs(module))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_steps_are_those_of_single_layers(layer: Layer):
    module = layer.build()
    assert total(module, "steps") == layer.steps
    assert total(module, "reads") == layer.bytes


def only(module: ModuleOp) -> Cost:
    (cost,) = costs(module)
    return cost


def test_convolution_by_hand():
    network = Network("conv", 1, 40, 10, 12)
    cost = only(network.finish(network.conv(network.input, 24, 3, stride=2, pad=1)))
    # 5x6 results of 24 channels: two blocks, each of 9 taps of three blocks of inputs.
    assert cost.macs == 5 * 6 * 24 * 9 * 40
    assert cost.steps == 5 * 6 * 2 * (9 * 3 + 4)
    assert cost.reads == 10 * 12 * 48 + 9 * 3 * 2 * 256 + 2 * 64
    assert cost.writes == 5 * 6 * 32
    assert cost.limit == cost.reads // 8 > cost.steps


def test_strided_kernels_skip_pixels():
    network = Network("skip", 1, 16, 9, 9)
    cost = only(network.finish(network.conv(network.input, 16, 1, stride=2)))
    assert cost.reads == 5 * 5 * 16 + 256 + 64


def test_few_rows_are_bound_by_their_weights():
    network = Network("dense", 1, 512)
    cost = only(network.finish(network.dense(network.input, 512)))
    assert cost.steps == 32 * (32 + 4)
    assert cost.limit == -(-cost.reads // 8) > cost.steps


def test_grouped_channels_are_rounded_up_by_group():
    network = Network("groups", 1, 96, 8, 8)
    cost = only(network.finish(network.conv(network.input, 96, 3, pad=1, groups=4)))
    assert cost.macs == 64 * 96 * 9 * 24
    assert cost.steps == 64 * 6 * (9 * 2 + 4)


def test_what_the_host_multiplies():
    network = Network("host", 4, 32)
    hidden = network.dense(network.input, 32)
    module = network.finish(network.dense(hidden, 32))
    _, second = (op for op in module.walk() if isinstance(op, MatmulOp))
    second.attributes["placement"] = StringAttr("host")
    assert [cost.quantized for cost in costs(module)] == [True, False]
    assert host_macs(module) == 2 * 4 * 32 * 32
    compile_program(module)
    assert host_macs(module) == 4 * 32 * 32
