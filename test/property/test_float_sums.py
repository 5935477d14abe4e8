"""Sums of floats are exact and rounded once, so nothing but their terms decides their bits."""

from fractions import Fraction
from itertools import product as pairs
from typing import Any

import numpy as np
import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp

from nopt.dialects import graph
from nopt.dialects.constants import Array, tensor_type
from nopt.dialects.interpreters import float_sums, results
from nopt.dialects.interpreters.float_sums import product, total, total_of_windows
from nopt.dialects.interpreters.run import run_function

_DTYPES = st.sampled_from([np.float32, np.float64])
_KINDS = ("any", "near", "whole", "sparse")


@st.composite
def _arrays(draw: st.DrawFn, shape: tuple[int, ...], dtype: Any) -> Array:
    """Floats whose sums are hard: of all magnitudes, of few bits (ties), that cancel, or zero."""
    random = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    kind = draw(st.sampled_from(_KINDS))
    values = random.standard_normal(shape)
    match kind:
        case "any":
            values = np.ldexp(values, random.integers(-60, 60, shape))
        case "near":
            values = np.sign(values) * (1 + np.ldexp(values, -20))
        case "whole":
            values = np.rint(values * 4) * 2.0 ** draw(st.integers(-30, 30))
        case _:
            values = np.where(random.random(shape) < 0.7, 0, values)
    return values.astype(dtype)


def _rounded(terms: Any, dtype: Any) -> Any:
    """By the definition, in fractions: to float64, then to the type; +0 for 0."""
    return dtype(float(sum(terms, Fraction(0)))) + dtype(0)


def _same_bits(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_array_equal(
        np.ascontiguousarray(found).view(np.uint8), np.ascontiguousarray(expected).view(np.uint8)
    )


@examples(100)
@given(st.data(), _DTYPES)
def test_products_are_exact_sums_rounded_once(data: st.DataObject, dtype: Any):
    m, k, n = (data.draw(st.integers(1, top)) for top in (4, 40, 4))
    a, b = data.draw(_arrays((m, k), dtype)), data.draw(_arrays((k, n), dtype))
    expected = np.empty((m, n), dtype)
    for i, j in pairs(range(m), range(n)):
        terms = [
            Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a[i], b[:, j], strict=True)
        ]
        expected[i, j] = _rounded(terms, dtype)
    order = data.draw(st.permutations(range(k)))
    _same_bits(product(a, b), expected)
    _same_bits(product(a[:, order], np.asfortranarray(b[order])), expected)


@examples(100)
@given(st.data(), _DTYPES)
def test_totals_are_exact_sums_rounded_once(data: st.DataObject, dtype: Any):
    x = data.draw(_arrays((3, 5, 7), dtype))
    axes = sorted(data.draw(st.sets(st.integers(0, 2), min_size=1)))
    kept = [axis for axis in range(3) if axis not in axes]
    rows = x.transpose(*kept, *axes).reshape([x.shape[a] for a in kept] + [-1])
    expected = np.empty(rows.shape[:-1], dtype)
    for place in np.ndindex(*expected.shape):
        expected[place] = _rounded(map(Fraction, rows[place].tolist()), dtype)
    _same_bits(total(x, axes), expected)
    if 1 in axes:
        _same_bits(total(np.asfortranarray(x)[:, ::-1], axes), expected)


@examples(60)
@given(st.data(), _DTYPES)
def test_windows_are_exact_sums_rounded_once(data: st.DataObject, dtype: Any):
    x, weights = data.draw(_arrays((4, 3, 3), dtype)), data.draw(_arrays((3, 3), dtype))
    plain, weighted = np.empty(4, dtype), np.empty(4, dtype)
    for i, window in enumerate(x.reshape(4, 9).tolist()):
        numbers = [Fraction(number) for number in window]
        factors = [Fraction(number) for number in weights.ravel().tolist()]
        plain[i] = dtype(float(sum(numbers, Fraction(0))) / 9) + dtype(0)
        weighted[i] = _rounded((n * f for n, f in zip(numbers, factors, strict=True)), dtype)
    _same_bits(total_of_windows(x, divisor=9, axes=2), plain)
    _same_bits(total_of_windows(x, weights, axes=2), weighted)


@examples(60)
@given(st.data(), _DTYPES)
def test_what_rounding_loses_is_known(data: st.DataObject, dtype: Any):
    """Sums with their rests are off by less than 2^-100 of the terms' magnitudes, for each term."""
    terms = data.draw(_arrays((4, data.draw(st.integers(1, 70))), dtype)).astype(np.float64)
    sums, rests = float_sums._folded(terms)
    for row, near, rest in zip(terms.tolist(), sums.tolist(), rests.tolist(), strict=True):
        exact = sum(map(Fraction, row), Fraction(0))
        reach = sum((abs(Fraction(each)) for each in row), Fraction(0))
        off = abs(exact - Fraction(near) - Fraction(rest))
        assert off <= reach * (len(row) + 8) / (1 << 100)


@examples(60)
@given(st.data(), _DTYPES, st.booleans())
def test_windows_in_parts_are_those_of_the_whole(
    data: st.DataObject, dtype: Any, is_weighted: bool
):
    shape = [data.draw(st.integers(1, 5)) for _ in range(4)]
    windows = data.draw(_arrays((*shape, 2, 2), dtype))
    weights = data.draw(_arrays((shape[1], 1, 1, 2, 2), dtype)) if is_weighted else None
    divisor = np.arange(1, 1 + shape[3]) if data.draw(st.booleans()) else 3
    expected = total_of_windows(windows, weights, divisor, axes=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "_BLOCK", data.draw(st.integers(1, 8)))
        _same_bits(total_of_windows(windows, weights, divisor, axes=2), expected)


def _function(op: type[graph.GraphOp], arrays: list[Array], options: dict[str, Any]) -> ModuleOp:
    function = FuncOp("main", ([tensor_type(a.shape, a.dtype) for a in arrays], []))
    block = function.body.block
    made = op(*leading(op, options), *block.args, **options)  # pyright: ignore
    block.add_ops([made, ReturnOp(made.results[0])])
    function.update_function_type()
    return ModuleOp([function])


def leading(op: type[graph.GraphOp], options: dict[str, Any]) -> list[Any]:
    """Arguments of a constructor before its operands."""
    return [options.pop("kind")] if "kind" in options else []


_IMAGE = (2, 6, 9, 7)
_OPS: list[tuple[type[graph.GraphOp], list[tuple[int, ...]], dict[str, Any]]] = [
    (graph.AvgPoolOp, [_IMAGE], {"kernel": (3, 3), "pads": (1, 1, 1, 1), "exclude_pads": True}),
    (graph.Conv2dOp, [_IMAGE, (4, 6, 3, 3)], {"strides": (2, 1)}),
    (graph.Conv2dOp, [_IMAGE, (6, 1, 3, 3)], {"groups": 6}),
    (graph.ConvTranspose2dOp, [_IMAGE, (6, 2, 3, 3)], {"strides": (2, 3), "groups": 2}),
    (graph.GlobalAvgPoolOp, [_IMAGE], {}),
    (graph.LayerNormOp, [_IMAGE, (9, 7), (9, 7)], {"axis": 2, "epsilon": 1e-5}),
    (graph.LrnOp, [_IMAGE], {"size": 4, "alpha": 0.5, "beta": 0.75, "bias": 1.0}),
    (graph.MatmulOp, [(3, 5, 40), (3, 9, 40)], {"transpose_b": True}),
    (graph.PowOp, [_IMAGE, _IMAGE], {}),
    (graph.ReduceOp, [_IMAGE], {"kind": graph.Statistic.MEAN, "axes": [0, 2]}),
    (graph.ReduceOp, [_IMAGE], {"kind": graph.Statistic.SUM, "axes": [1, 3], "keep_dims": True}),
    (graph.SoftmaxOp, [_IMAGE], {"axis": 1}),
    *((graph.UnaryOp, [_IMAGE], {"kind": kind}) for kind in graph.Function),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op, shapes, options", _OPS, ids=lambda value: getattr(value, "name", ""))
def test_bits_do_not_depend_on_strides(
    op: type[graph.GraphOp],
    shapes: list[tuple[int, ...]],
    options: dict[str, Any],
    dtype: Any,
):
    """Arrays laid out in every order of dimensions, falling ones and views of larger ones, too."""
    random = np.random.default_rng(0)
    arrays = [np.abs(random.standard_normal(shape)).astype(dtype) for shape in shapes]
    module = _function(op, arrays, dict(options))
    (expected,) = run_function(module, "main", arrays)
    for trial in range(12):
        given = [_laid_out(array, random, trial) for array in arrays]
        (found,) = run_function(module, "main", given)
        _same_bits(found, expected)


def _laid_out(array: Array, random: np.random.Generator, trial: int) -> Array:
    """The same elements, otherwise in memory."""
    order = random.permutation(array.ndim)
    larger = np.empty(
        [size * (1 + trial % 3) for size in np.array(array.shape)[order]], array.dtype
    )
    view = larger[tuple(slice(None, None, 1 + trial % 3) for _ in range(array.ndim))]
    view = view[(slice(None, None, -1),) * array.ndim] if trial % 2 else view
    view = view.transpose(np.argsort(order))
    view[...] = array
    return view


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.int16, np.int32])
def test_a_depthwise_convolution_is_the_general_one(dtype: Any):
    """Bit for bit: a channel by itself, or with zeros times others. Sums of integers leave any type
    that is narrower than the result's, and that."""
    random = np.random.default_rng(1)
    if np.issubdtype(dtype, np.floating):
        x, w = (random.standard_normal(s).astype(dtype) for s in ((1, 5, 8, 8), (5, 1, 3, 3)))
    else:
        limits = np.iinfo(dtype)
        x = random.choice([limits.min, limits.max], (1, 5, 8, 8)).astype(dtype)
        w = random.choice([limits.min, limits.min + 1], (5, 1, 3, 3)).astype(dtype)
    module = _function(graph.Conv2dOp, [x, w], {"groups": 5})
    full = np.zeros((5, 5, 3, 3), dtype)
    full[range(5), range(5)] = w[:, 0]
    general = _function(graph.Conv2dOp, [x, full], {})
    (depthwise,), (dense,) = (
        run_function(m, "main", [x, each]) for m, each in ((module, w), (general, full))
    )
    _same_bits(depthwise, dense)


def test_infinities_and_nan_go_through_sums():
    inf, nan = np.float32(np.inf), np.float32(np.nan)
    rows = np.array([[inf, 1, 2], [inf, -inf, 1], [nan, 1, 1], [3e38, 3e38, 1]], np.float32)
    np.testing.assert_array_equal(total(rows, [1]), [inf, nan, nan, inf])
    ones = np.ones((3, 1), np.float32)
    np.testing.assert_array_equal(product(rows, ones)[:, 0], [inf, nan, nan, inf])
    assert total(np.array([3e38, 3e38, -3e38], np.float32), [0]) == np.float32(3e38)
    large = np.array([1.7e308, 1.7e308, -1.7e308])
    assert total(large, [0]) == 1.7e308
