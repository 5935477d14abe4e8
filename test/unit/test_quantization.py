"""The parts of `graph-quantize`: histograms, scales that depend on each other, weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import TensorType, f32
from xdsl.ir import Block

from nopt.passes.base.fidelity import fidelity, fidelity_table, signal_to_noise, worst_first
from nopt.passes.graph.quantization.scales.balance import Reader, balance
from nopt.passes.graph.quantization.scales.integer_weights import (
    Terms,
    accumulator_bounds,
    quantize_weights,
    quantize_weights_freely,
)
from nopt.passes.graph.quantization.scales.observed_ranges import Channels, Magnitudes
from nopt.passes.graph.quantization.scales.ties import Ties


def magnitudes(*arrays: np.ndarray) -> Magnitudes:
    found = Magnitudes()
    for array in arrays:
        found.add(array)
    return found


# --- What is observed.


def test_histogram_counts_every_number_once_while_its_range_grows():
    rng = np.random.default_rng(0)
    parts = [rng.normal(0, scale, 1000).astype(np.float32) for scale in (0.1, 1, 30, 2)]
    found = magnitudes(*parts)
    together = np.abs(np.concatenate(parts))
    assert found.total == found.counts.sum() == 4000
    assert found.largest == together.max() <= found.top < 4 * together.max()
    assert found.mean_square == pytest.approx(float((together.astype(float) ** 2).mean()))
    width = found.top / len(found.counts)
    for percent in (50, 90, 99):
        exact = np.percentile(together, percent, method="inverted_cdf")
        assert abs(found.percentile(percent) - exact) <= width
    assert found.percentile(100) == found.largest


def test_zeros_make_no_noise_and_are_no_magnitude():
    found = magnitudes(np.array([0, 0, 0, 1], np.float32))
    (noise,) = found.noise(np.array([127.0]), 127)
    assert noise == pytest.approx(1 / 12 / 4)
    assert magnitudes(np.zeros(3, np.float32)).largest == 0


def test_noise_is_about_that_of_rounding_and_clipping():
    x = np.random.default_rng(1).normal(0, 1, 100_000).astype(np.float32)
    found = magnitudes(x)
    for limit in (0.5, 2.0, 3.5, 8.0):
        step = limit / 127
        exact = np.square(np.clip(np.rint(x / step), -127, 127) * step - x).mean()
        (noise,) = found.noise(np.array([limit]), 127)
        assert noise == pytest.approx(float(exact), rel=0.05)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(wrong: float):
    with pytest.raises(ValueError, match="found NaN or infinite numbers, expected finite ones"):
        magnitudes(np.array([1, wrong], np.float32))


def test_channels_have_maximum_mean_and_mean_square():
    x = np.random.default_rng(2).normal(size=(3, 2, 4, 5)).astype(np.float32)
    channels = Channels(1)
    for part in (x[:1], x[1:2], x[2:]):
        channels.add(part)
    by_channel = x.transpose(1, 0, 2, 3).reshape(2, -1).astype(float)
    assert np.allclose(channels.largest, np.abs(by_channel).max(axis=1))
    assert np.allclose(channels.mean, by_channel.mean(axis=1))
    assert np.allclose(channels.mean_square, np.square(by_channel).mean(axis=1))


# --- Scales that depend on each other.


def values(count: int):
    return Block(arg_types=[TensorType(f32, [1])] * count).args


def chosen(ties: Ties, wanted: dict) -> None:
    """Limits as the method `max` chooses them."""

    def cost(value, limits):
        if not wanted[value]:
            return np.zeros(limits.shape)
        least = wanted[value] * (1 - 1e-9)
        return np.where(limits >= least, np.square(limits / least), np.inf)

    ties.choose(cost, wanted.__getitem__)


def test_a_tensor_alone_has_the_limit_it_wants():
    (a,) = values(1)
    ties = Ties()
    ties.add(a)
    chosen(ties, {a: 0.37})
    assert ties.limit(a) == 0.37


def test_tied_tensors_share_the_largest_limit():
    a, b, c = values(3)
    ties = Ties()
    ties.tie([a, b])
    ties.tie([b, c])
    chosen(ties, {a: 1.0, b: 3.0, c: 2.0})
    assert ties.limit(a) == ties.limit(b) == ties.limit(c) == 3.0


@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=6))
def test_related_limits_are_apart_by_powers_of_two_and_large_enough(sizes: list[float]):
    found = values(len(sizes))
    ties = Ties()
    ties.relate(found)
    chosen(ties, dict(zip(found, sizes, strict=True)))
    # In steps of the finest scale integers of the coarsest have 8 + 16 bits.
    least = max(map(ties.limit, found)) / 2**16
    for value, size in zip(found, sizes, strict=True):
        assert size * (1 - 1e-6) <= ties.limit(value) <= max(2.1 * size, least)
        bits = np.log2(ties.limit(value) / ties.limit(found[0]))
        assert bits == round(bits)


def test_a_tensor_of_zeros_takes_any_scale():
    a, b, c = values(3)
    ties = Ties()
    ties.relate([a, b])
    ties.add(c)
    chosen(ties, {a: 0.0, b: 5.0, c: 0.0})
    # The coarsest of those it is related to, so that none of them must be scaled to meet it.
    assert ties.limit(a) == ties.limit(b)
    assert ties.limit(c) == 1.0
    a, b, c = values(3)
    ties = Ties()
    ties.relate([a, b, c])
    chosen(ties, {a: 0.0, b: 5.0, c: 0.1})
    assert ties.limit(a) == ties.limit(b) > ties.limit(c)


# --- Weights.


def terms(weights: np.ndarray, bias: np.ndarray | float = 0.0, energy: float = 1000.0) -> Terms:
    rows = np.asarray(weights, float)
    return Terms(
        rows, np.broadcast_to(np.asarray(bias, float), len(rows)), np.zeros((1, 1)), energy
    )


@given(
    st.integers(0, 2**32 - 1),
    st.floats(1e-4, 10),
    st.floats(0, 1e9),
    st.booleans(),
    st.booleans(),
)
def test_shifted_sums_are_in_steps_of_the_result(seed, step, largest, per_channel, floor):
    rng = np.random.default_rng(seed)
    rows = rng.normal(0, 1, (5, 12)) * np.exp(rng.normal(0, 1, (5, 1)))
    bias = rng.uniform(-largest, largest, 5)
    layer = quantize_weights(
        terms(rows, bias), step, step=step, per_channel=per_channel, floor=floor
    )
    assert (accumulator_bounds(layer) < 2**31).all()
    worst = np.abs(layer.weights.astype(int)).sum(axis=1) * 128 + np.abs(layer.bias.astype(int))
    assert (worst + 2.0 ** (layer.shifts - 1) < 2**31).all()
    assert np.abs(layer.weights.astype(int)).max() <= 127
    steps = layer.scales * 2.0**-layer.shifts
    fits = np.abs(rows) <= 127 * steps[:, None]
    assert (
        np.abs(layer.weights * steps[:, None] - rows)[fits]
        <= np.broadcast_to(steps[:, None] / 2 * (1 + 1e-9), rows.shape)[fits]
    ).all()


def test_at_most_one_bit_is_lost_with_a_shift_for_each_channel():
    rows = np.diag(np.geomspace(1e-3, 1, 8))
    layer = quantize_weights(terms(rows), 1.0, step=1.0, tolerance=0.0)
    assert np.abs(layer.weights.astype(int)).max(axis=1).min() >= 64
    assert isinstance(layer.shift, np.ndarray)


def test_one_shift_where_it_costs_little():
    rows = np.diag([1.0, 1.0, 0.4, 1.0])
    exact = quantize_weights(terms(rows, energy=1e6), 1.0, step=1.0, tolerance=0.0)
    assert exact.shift.tolist() == [6, 6, 8, 6]
    assert quantize_weights(terms(rows, energy=100.0), 1.0, step=1.0, tolerance=0.5).shift == 6
    assert quantize_weights(terms(rows), 1.0, step=1.0, per_channel=False).shift == 6


def test_a_channel_without_weights_does_not_hold_the_others_back():
    layer = quantize_weights(terms([[0.0], [1.0]], [0.5, 0.5]), 0.01, step=0.01)
    assert layer.shift == 0
    assert layer.bias.tolist() == [50, 50]


def test_the_first_of_two_shifts_rounds_down():
    """Then the last one, of the sum with a skip, rounds as if there were no other."""
    rounding = quantize_weights(terms([[1.0]], [0.3]), 1.0, step=2.0)
    falling = quantize_weights(terms([[1.0]], [0.3]), 1.0, step=2.0, floor=True)
    assert rounding.shift == falling.shift == 6
    assert falling.bias - rounding.bias == -(2**5)


def test_the_bias_makes_up_for_rounded_weights():
    rows, means = np.array([[1.0, 0.3004]]), np.array([[0.0, 100.0]])
    given_terms = Terms(rows, np.zeros(1), means, 1000.0)
    layer = quantize_weights(given_terms, 1.0, step=1.0)
    mean = (layer.weights * means).sum() + layer.bias[0]
    assert mean * 2.0**-layer.shift == pytest.approx(30.04, abs=2.0**-layer.shift)


def test_a_bias_beyond_all_results_is_cut():
    layer = quantize_weights(terms([[1.0]], [1e30]), 1.0, step=1.0)
    assert layer.shift == 0
    assert layer.bias[0] > 2**30
    assert (accumulator_bounds(layer) < 2**31).all()


def test_free_scales_are_those_wanted_unless_weights_need_coarser_ones():
    wanted = np.array([1.0, 0.01])
    layer = quantize_weights_freely(terms([[1.0], [1.0]], energy=100.0), wanted)
    assert isinstance(layer.shift, int)
    assert layer.scales[0] == 1.0
    assert layer.scales[1] >= 0.01
    assert np.abs(layer.weights.astype(int)).max() <= 127


# --- Outliers.


def test_an_outlier_goes_into_the_weights():
    limits, squares = np.array([100.0, 1, 1, 1]), np.array([1000.0, 0.1, 0.1, 0.1])
    reader = Reader(np.ones((3, 4)), np.arange(4)[None, :])
    factors = balance(limits, squares, [reader])
    assert (limits / factors).max() == pytest.approx(100)
    assert factors[0] > 2 * factors[1]


def test_alike_channels_need_no_factors():
    factors = balance(np.ones(4), np.ones(4), [Reader(np.ones((2, 4)), np.arange(4)[None, :])])
    assert (factors == 1).all()


def test_channels_of_zeros_have_finite_factors():
    reader = Reader(np.array([[1.0, 0.0, 2.0]]), np.arange(3)[None, :])
    factors = balance(np.array([0.0, 1.0, 50.0]), np.array([0.0, 0.3, 9.0]), [reader])
    assert np.isfinite(factors).all() and (factors > 0).all()


# --- Signal-to-noise.


def test_signal_to_noise():
    reference = np.array([3.0, 4.0])
    assert signal_to_noise(reference, reference) == np.inf
    assert signal_to_noise(reference, reference + np.array([0, 0.5])) == pytest.approx(20)
    assert signal_to_noise(np.zeros(2), np.ones(2)) == -np.inf
    assert signal_to_noise(reference, np.array([np.nan, 4])) == -np.inf
    with pytest.raises(ValueError, match=r"found shape \[3\], expected \[2\]"):
        signal_to_noise(reference, np.zeros(3))


def test_worst_tensors_are_named_first():
    exact = np.array([1.0, -2.0])
    rows = [
        fidelity(name, exact, exact + error)
        for name, error in (("good", 0.001), ("bad", -0.5), ("equal", 0))
    ]
    assert [row.name for row in worst_first(rows)] == ["bad", "good", "equal"]
    table = fidelity_table(rows).splitlines()
    assert table[-1].startswith("worst: bad (10.0 dB), good (64.0 dB)")
    assert rows[1].bias == -0.5
    assert rows[2].row()["signal_to_noise"] is None
