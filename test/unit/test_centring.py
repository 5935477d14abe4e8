"""What the host gives to weights is centred where that saves noise, and weights share channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from float_networks import FloatNetwork
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.passes.base.fidelity import signal_to_noise
from nopt.passes.graph.quantization.execution import network_of
from nopt.passes.graph.quantization.mixed_precision import worst_output
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.balance import Reader, balance
from nopt.passes.graph.quantization.scales.centring import centre
from nopt.tools.compiling import run_pipeline

SHAPE = 1, 8, 20, 17


def one_sided(network: FloatNetwork, offsets: np.ndarray) -> SSAValue:
    """What the host computes: between 0 and 1, and an offset for each channel."""
    narrow = network.add(graph.UnaryOp(graph.Function.SIGMOID, network.input))
    return network.add(graph.AddOp(narrow, network.constant(offsets.reshape(-1, 1, 1))), "given")


def centred(module: ModuleOp, samples: list[tuple[np.ndarray, ...]]) -> ModuleOp:
    copy = module.clone()
    centre(network_of(copy), [Sample(each) for each in samples])
    copy.verify()
    return copy


def quantized(module: ModuleOp, samples: list[tuple[np.ndarray, ...]], folder: Path, options: str):
    """The network of integers, and its worst output's signal-to-noise on other samples."""
    np.savez(folder / "samples.npz", np.stack([x for (x,) in samples[:8]]))
    copy = module.clone()
    options = f'calibration="{folder / "samples.npz"}" target=0.0 {options}'
    run_pipeline(copy, f"graph-quantize{{{options}}}")
    runs = [
        [run_function(each, "main", list(sample)) for sample in samples[8:]]
        for each in (module, copy)
    ]
    return copy, worst_output(*runs)


@pytest.mark.parametrize("groups", [1, 4])
def test_a_convolution_is_less_noisy_and_computes_the_same(groups: int, tmp_path: Path):
    network = FloatNetwork(1, *SHAPE)
    x = one_sided(network, np.linspace(-20, 20, 8))
    module = network.finish(network.conv(x, 12, groups=groups), network.conv(x, 4, bias=False))
    samples = network.samples(16)
    other = centred(module, samples)
    assert sum(isinstance(op, graph.SubOp) for op in other.walk()) == 1
    for (x,) in samples[:2]:
        for one, two in zip(
            run_function(module, "main", [x]), run_function(other, "main", [x]), strict=True
        ):
            assert signal_to_noise(one, two) > 110
    _, before = quantized(module, samples, tmp_path, "centre=false")
    found, after = quantized(module, samples, tmp_path, "")
    # The results lie on one side as well, and are rounded themselves.
    assert after > before + 2.5
    names = {result.name_hint for op in found.walk() for result in op.results}
    assert "given.centred.i8" in names


def test_a_product_of_matrices(tmp_path: Path):
    network = FloatNetwork(2, 6, 24)
    x = network.add(graph.UnaryOp(graph.Function.SIGMOID, network.input), "given")
    module = network.finish(network.dense(x, 7), network.dense(x, 9))
    samples = network.samples(16)
    _, before = quantized(module, samples, tmp_path, "centre=false")
    _, after = quantized(module, samples, tmp_path, "")
    assert after > before + 0.5


def test_what_is_not_centred():
    """Windows that reach into pads, tensors about zero, what others read as integers, too."""
    network = FloatNetwork(3, *SHAPE)
    x = one_sided(network, np.zeros(8))
    padded = network.conv(x, 8, 3)
    straight = network.conv(network.add(graph.UnaryOp(graph.Function.TANH, network.input)), 4)
    module = network.finish(padded, straight)
    samples = network.samples(4)
    assert str(centred(module, samples)) == str(module)


def test_a_channel_that_never_changes(tmp_path: Path):
    network = FloatNetwork(4, *SHAPE)
    x = one_sided(network, np.full(8, 3.0))
    mask = np.ones((8, 1, 1))
    mask[2] = 0
    x = network.add(graph.MulOp(x, network.constant(mask)))
    x = network.add(graph.AddOp(x, network.constant(1000 * (1 - mask))))
    module = network.finish(network.conv(x, 6))
    _, ratio = quantized(module, network.samples(16), tmp_path, "")
    assert ratio > 50


def test_channels_of_far_ranges_between_weights(tmp_path: Path):
    """A scale for all channels leaves nothing of the small ones, which other weights read alone."""
    # So many numbers of each channel that its largest are known.
    network = FloatNetwork(5, 1, 8, 60, 60)
    x = network.conv(network.input, 16, 3, bias=False)
    ranges = np.logspace(-3, 0, 16).reshape(-1, 1, 1)
    x = network.relu(network.add(graph.MulOp(x, network.constant(ranges))))
    y = network.conv(x, 16, 3, groups=16, bias=False)
    module = network.finish(y)
    samples = network.samples(16)
    found, _ = quantized(module, samples, tmp_path, "")
    wanted, other = (
        np.stack([run_function(each, "main", list(x))[0] for x in samples[8:]])
        for each in (module, found)
    )
    channels = [signal_to_noise(wanted[:, :, c], other[:, :, c]) for c in range(16)]
    assert min(channels) > 25


def test_factors_count_noise_in_the_power_of_each_result():
    """Channels that are read apart get factors as their ranges are, however small a result is."""
    limits = np.array([0.01, 1.0, 30.0])
    weights, channels = np.array([[0.5], [-1.0], [0.9]]), np.arange(3)[:, None]
    factors = balance(limits, limits**2 / 9, [Reader(weights, channels)], left=0.25)
    np.testing.assert_allclose(factors / factors[-1], limits / limits[-1])
    assert (balance(limits, limits**2 / 9, [Reader(weights, channels)], left=0.0) == 1).all()
