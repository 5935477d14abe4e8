"""What integers ruin stays float, and nothing else does; a table says which, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from float_networks import FloatNetwork
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.annotations import HOST_REASON
from nopt.dialects.interpreters.run import run_function
from nopt.passes.base.fidelity import signal_to_noise
from nopt.passes.graph.quantization.mixed_precision import (
    Candidate,
    needed,
    worst_output,
)
from nopt.tools.compiling import run_pipeline


@dataclass
class Mixed:
    """A network with three answers, one of which integers ruin."""

    module: ModuleOp
    samples: list[np.ndarray]
    path: Path

    def quantized(self, options: str = "") -> tuple[ModuleOp, list[float]]:
        """The network with integers, and each answer's signal-to-noise over all samples."""
        module = self.module.clone()
        run_pipeline(module, f'graph-quantize{{calibration="{self.path}" {options}}}')
        wanted, found = (
            [run_function(each, "main", [x]) for x in self.samples]
            for each in (self.module, module)
        )
        ratios = [
            signal_to_noise(np.stack(exact), np.stack(given))
            for exact, given in zip(
                zip(*wanted, strict=True), zip(*found, strict=True), strict=True
            )
        ]
        return module, ratios


@pytest.fixture(params=[False, True], ids=["early", "late"])
def mixed(tmp_path: Path, request: pytest.FixtureRequest) -> Mixed:
    """Of 16 channels one is 3,000 times as large as the others, which `small` reads alone: one
    scale for all leaves it nothing. `large` and the layers before it lose little, and so does
    `tiny`, of few multiplications. `small` has more than any other, and is computed before or
    behind `large`."""
    network = FloatNetwork(3, 1, 16, 12, 12)
    features = network.relu(network.conv(network.input, 32, 3, bias=False))

    def compute_small() -> SSAValue:
        weights = np.random.default_rng(1).normal(size=(16, 32, 1, 1)).astype(np.float32)
        weights[0] *= 3000
        apart = named(network, graph.Conv2dOp(features, network.constant(weights)), "apart")
        readers = np.random.default_rng(2).normal(size=(256, 16, 1, 1)).astype(np.float32)
        readers[:, 0] = 0
        relu = named(network, graph.ReluOp(apart), "positive")
        return named(network, graph.Conv2dOp(relu, network.constant(readers)), "small")

    small = None if request.param else compute_small()
    large = features
    for _ in range(8):
        large = network.relu(network.conv(large, 16, 3, bias=False))
    large.name_hint = "large"
    small = small or compute_small()
    mean = network.add(graph.GlobalAvgPoolOp(features))
    tiny = network.conv(mean, 1, bias=False)
    tiny.name_hint = "tiny"
    module = network.finish(small, large, tiny)
    samples = [x for (x,) in network.samples(8)]
    np.savez(tmp_path / "samples.npz", x=np.stack(samples))
    return Mixed(module, samples, tmp_path / "samples.npz")


def named(network: FloatNetwork, op: graph.GraphOp, name: str) -> SSAValue:
    return network.add(op, name)


def test_what_ruins_an_answer_stays_float(mixed: Mixed, capfd: pytest.CaptureFixture[str]):
    _, (small, *others) = mixed.quantized("target=0.0")
    assert small < 10 and min(others) > 20
    assert not capfd.readouterr().err
    module, ratios = mixed.quantized()
    assert min(ratios) >= 15
    convolutions = {
        op.result.name_hint: op for op in module.walk() if isinstance(op, graph.Conv2dOp)
    }
    floats = [op for op in convolutions.values() if HOST_REASON in op.attributes]
    # The reader of the ruined tensor cannot read it as integers; all else can.
    assert [op.result.name_hint for op in floats] == ["small"]
    for op in floats:
        reason = op.attributes[HOST_REASON]
        assert isinstance(reason, StringAttr) and "as integers, outputs had" in reason.data
    table = capfd.readouterr().err
    assert "for a target of 15 dB: now " in table and "small" in table


def test_a_higher_target_takes_more(mixed: Mixed, capfd: pytest.CaptureFixture[str]):
    counts: list[int] = []
    for target in (5.0, 25.0, 90.0):
        module, ratios = mixed.quantized(f"target={target}")
        assert min(ratios) >= target
        counts.append(sum(isinstance(op, graph.QuantizeOp) for op in module.walk()))
    assert counts[-1] == 0


def test_outputs_of_integers_do_not_count():
    """A class is right or not; no signal-to-noise says how close."""
    numbers = [(np.array([1.0, 2.0]), np.array([3])), (np.array([1.0, 2.0]), np.array([4]))]
    others = [(np.array([1.0, 2.1]), np.array([9])), (np.array([1.0, 2.0]), np.array([9]))]
    assert worst_output(numbers, others) == pytest.approx(30.0)
    assert worst_output([(np.array([3]),)], [(np.array([4]),)]) == np.inf


def test_infinities_that_are_the_same_are_no_noise():
    """As masks give them: what is finite counts, and what becomes infinite ruins."""
    wanted = [(np.array([-np.inf, np.nan, 1.0, 2.0]),)]
    assert worst_output(wanted, [(np.array([-np.inf, np.nan, 1.0, 2.0]),)]) == np.inf
    assert worst_output(wanted, [(np.array([-np.inf, np.nan, 1.0, 2.1]),)]) > 26
    assert worst_output(wanted, [(np.array([-np.inf, np.nan, np.inf, 2.0]),)]) == -np.inf
    assert worst_output(wanted, [(np.array([0.0, np.nan, 1.0, 2.0]),)]) == -np.inf


@pytest.mark.parametrize("wanted", range(11))
def test_what_the_target_does_not_need_is_integer_again(wanted: int):
    """Of eleven candidates that stay float together, the target needs one."""
    floats = [Candidate(str(cost), (cost,), 0.1, cost, 1) for cost in range(11)]
    assert needed(floats, lambda left: floats[wanted] in left) == [floats[wanted]]
