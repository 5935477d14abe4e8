"""Networks whose numbers have very different ranges: integers keep each answer all the same."""

from pathlib import Path

import numpy as np
import pytest
from float_networks import FloatNetwork, shape_of
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.passes.base.fidelity import signal_to_noise
from nopt.tools.compiling import run_pipeline


def answers(
    network: FloatNetwork, y: SSAValue, tmp_path: Path, options: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """The network's result in floats and in integers, on the first of eight samples."""
    module = network.finish(y)
    samples = [x for (x,) in network.samples(8)]
    np.savez(tmp_path / "samples.npz", x=np.stack(samples))
    quantized: ModuleOp = module.clone()
    run_pipeline(quantized, f'graph-quantize{{calibration="{tmp_path / "samples.npz"}" {options}}}')
    wanted, found = (run_function(each, "main", [samples[0]])[0] for each in (module, quantized))
    return wanted, found


@pytest.mark.parametrize("method", ["mse", "max", "percentile"])
def test_boxes_scores_and_classes_of_a_detector(method: str, tmp_path: Path):
    """What is joined for the host alone has a scale for each piece."""
    network = FloatNetwork(0, 1, 16, 26, 26)
    features = network.relu(network.conv(network.input, 32, bias=False))
    boxes = network.conv(features, 4, bias=False)
    scores = network.add(graph.AddOp(network.conv(features, 2, bias=False), network.constant(-9)))
    scores = network.add(graph.UnaryOp(graph.Function.SIGMOID, scores))
    joined = network.add(graph.ConcatOp([boxes, scores], 1))
    rows = network.add(graph.ReshapeOp(joined, (1, 6, 26 * 26)))
    y = network.add(graph.TransposeOp(rows, (0, 2, 1)))
    wanted, found = answers(network, y, tmp_path, f"method={method}")
    for column in range(6):
        # Scores are powers of what is rounded.
        least = 28 if column < 4 else 20
        assert signal_to_noise(wanted[..., column], found[..., column]) >= least


@pytest.mark.parametrize("ratio", [1, 10, 100, 1000])
def test_joined_for_a_convolution(ratio: int, tmp_path: Path):
    """One scale, wide enough for the larger piece: in the sum the smaller one counts little."""
    found: dict[str, float] = {}
    for method in ("mse", "max"):
        with scoped_resources():
            network = FloatNetwork(1, 1, 16, 10, 10)
            pieces = [network.conv(network.input, 32, 3, bias=False) for _ in range(2)]
            pieces[1] = network.add(graph.MulOp(pieces[1], network.constant(ratio)))
            y = network.conv(network.add(graph.ConcatOp(pieces, 1)), 8, bias=False)
            found[method] = signal_to_noise(*answers(network, y, tmp_path, f"method={method}"))
    assert found["mse"] >= 28
    assert found["mse"] >= found["max"] - 1


@pytest.mark.parametrize("fill", [-np.inf, np.finfo(np.float32).min, -1e9, -1e4, -100.0])
def test_pads_that_no_maximum_gives(fill: float, tmp_path: Path):
    """Exporters write infinity as a number; no window is all pad, so it never comes out."""
    network = FloatNetwork(2, 1, 16, 10, 10)
    x = network.conv(network.input, 32, 3, bias=False)
    x = network.add(graph.PadOp(x, [0, 0, 1, 1], [0, 0, 1, 1], float(fill)))
    x = network.add(graph.MaxPoolOp(x, [3, 3], strides=[2, 2]))
    wanted, found = answers(network, network.conv(x, 8, bias=False), tmp_path)
    assert signal_to_noise(wanted, found) >= 32


def test_a_product_between_floats(tmp_path: Path):
    """It rounds nothing: the logarithm of a product that was rounded to zero is infinite."""
    network = FloatNetwork(3, 1, 16, 16, 16)
    x = network.add(graph.UnaryOp(graph.Function.EXP, network.conv(network.input, 32, bias=False)))
    channels = network.rng.uniform(0.5, 2, (shape_of(x)[1], 1, 1))
    x = network.add(graph.MulOp(x, network.constant(channels)))
    y = network.add(graph.UnaryOp(graph.Function.LOG, x))
    wanted, found = answers(network, y, tmp_path)
    assert signal_to_noise(wanted, found) >= 30
