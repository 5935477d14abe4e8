"""The graph interpreter against loops over Python integers, written from the ops' definitions."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FunctionType, ModuleOp, i8, i16, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from nopt.dialects.constants import numpy_type, tensor_type
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ClipOp,
    ConstantOp,
    Conv2dOp,
    GlobalAvgPoolOp,
    GraphOp,
    MatmulOp,
    MaxPoolOp,
    ReluOp,
    RequantizeOp,
    ReshapeOp,
    TransposeOp,
)
from nopt.dialects.interpreters import graph_windows
from nopt.dialects.interpreters.run import run_function

few = settings(max_examples=60)
INTEGERS = {i8: np.int8, i16: np.int16, i32: np.int32}


def function(op_type, arrays, **options) -> ModuleOp:
    """A verified module with one function of one op."""
    types = [tensor_type(array.shape, array.dtype) for array in arrays]
    block = Block(arg_types=types)
    op: GraphOp = op_type(*block.args, **options)
    block.add_ops([op, ReturnOp(op.result)])
    type = FunctionType.from_lists(types, [op.result.type])
    module = ModuleOp([FuncOp("main", type, Region(block))])
    module.verify()
    return module


def evaluate(op_type, *arrays, **options) -> np.ndarray:
    (result,) = run_function(function(op_type, arrays, **options), "main", arrays)
    return result


def wrap(value: int, dtype) -> int:
    """The value modulo 2^width, read as signed."""
    half = 1 << (8 * np.dtype(dtype).itemsize - 1)
    return (value + half) % (2 * half) - half


def check(found: np.ndarray, shape, dtype, expected) -> None:
    """Compare every element with `expected(*index)`."""
    assert found.dtype == dtype
    assert found.shape == tuple(shape)
    wanted = [expected(*index) for index in np.ndindex(*shape)]
    assert found.reshape(-1).tolist() == wanted


@st.composite
def array(draw, shape, dtype=np.int8):
    """Any values, extremes often."""
    limits = np.iinfo(dtype)
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    values = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    extreme = rng.choice(np.array([limits.min, limits.max, 0, -1], dtype), shape)
    return np.where(rng.random(shape) < draw(st.sampled_from([0, 0.5, 1])), extreme, values)


def at(image: np.ndarray, *index: int, outside: int = 0) -> int:
    inside = all(0 <= i < size for i, size in zip(index, image.shape, strict=True))
    return int(image[index]) if inside else outside


def windows(size, kernel, strides, pads, dilations=(1, 1)) -> list[int]:
    return [
        (size[i] + pads[i] + pads[i + 2] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1
        for i in range(2)
    ]


@few
@given(st.data())
def test_conv2d(data):
    def pick(least, most):
        return data.draw(st.integers(least, most))

    groups, inputs, outputs = pick(1, 3), pick(1, 3), pick(1, 2)
    kernel, strides, dilations = [(pick(1, 3), pick(1, 3)) for _ in range(3)]
    pads = [pick(0, 2) for _ in range(4)]
    size = [
        max(1, dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[i + 2]) + pick(0, 3)
        for i in range(2)
    ]
    dtype = data.draw(st.sampled_from([np.int8, np.int8, np.int16, np.int32]))
    x = data.draw(array((pick(1, 2), groups * inputs, *size), dtype))
    w = data.draw(array((groups * outputs, inputs, *kernel), np.int8))

    def expected(n, o, h, v):
        first = o // outputs * inputs
        total = 0
        for i, kh, kw in product(range(inputs), range(kernel[0]), range(kernel[1])):
            row = h * strides[0] + kh * dilations[0] - pads[0]
            column = v * strides[1] + kw * dilations[1] - pads[1]
            total += at(x, n, first + i, row, column) * int(w[o, i, kh, kw])
        return wrap(total, np.int32)

    found = evaluate(Conv2dOp, x, w, strides=strides, pads=pads, dilations=dilations, groups=groups)
    shape = (len(x), groups * outputs, *windows(size, kernel, strides, pads, dilations))
    check(found, shape, np.int32, expected)


@few
@given(st.data(), st.booleans(), st.booleans(), st.booleans())
def test_matmul(data, transpose_a, transpose_b, shared):
    rows, inner, columns = [data.draw(st.integers(1, 5)) for _ in range(3)]
    batch = tuple(data.draw(st.lists(st.integers(1, 3), max_size=2)))
    dtype = data.draw(st.sampled_from([np.int8, np.int16, np.int32]))
    a = data.draw(array((*batch, rows, inner), dtype))
    b = data.draw(array((*(() if shared else batch), inner, columns), dtype))

    def expected(*index):
        *n, i, j = index
        m = [] if shared else n
        total = sum(int(a[(*n, i, k)]) * int(b[(*m, k, j)]) for k in range(inner))
        return wrap(total, np.int32)

    found = evaluate(
        MatmulOp,
        a.swapaxes(-1, -2) if transpose_a else a,
        b.swapaxes(-1, -2) if transpose_b else b,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
    )
    check(found, (*batch, rows, columns), np.int32, expected)


def test_sums_past_the_floats_are_exact_and_wrap():
    """2^31 * 2^31 * 3 + 1 is 1 modulo 2^32, and is not a float64."""
    a = np.array([[-(2**31)] * 3 + [1]], np.int32)
    assert evaluate(MatmulOp, a, a, transpose_b=True).tolist() == [[1]]


@few
@given(st.data())
def test_add(data):
    shape = data.draw(st.lists(st.integers(1, 3), max_size=4))
    kept = [data.draw(st.booleans()) for _ in shape]
    other = [size if keep else 1 for size, keep in zip(shape, kept, strict=True)]
    other = other[data.draw(st.integers(0, len(other))) :]
    types = data.draw(st.permutations([i8, i16, i32]))
    a, b = (data.draw(array(s, INTEGERS[t])) for s, t in zip((shape, other), types, strict=False))
    result = i32 if data.draw(st.booleans()) else None
    width = np.int32 if result else max(a.dtype, b.dtype)
    found = evaluate(AddOp, a, b, element_type=result)
    full = np.broadcast_to(b, shape)
    check(found, shape, width, lambda *i: wrap(int(a[i]) + int(full[i]), width))


def test_add_of_floats():
    x = np.array([[1.5], [-2.25]], np.float32)
    found = evaluate(AddOp, x, np.array([0.1, 3], np.float32))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, x + np.array([0.1, 3], np.float32))


@few
@given(st.data())
def test_relu_and_clip(data):
    dtype = data.draw(st.sampled_from([np.int8, np.int16, np.int32]))
    x = data.draw(array((2, 5), dtype))
    bounds = st.integers(np.iinfo(dtype).min, np.iinfo(dtype).max)
    low, high = sorted((data.draw(bounds), data.draw(bounds)))
    check(evaluate(ReluOp, x), x.shape, dtype, lambda *i: max(int(x[i]), 0))
    clipped = evaluate(ClipOp, x, min=low, max=high)
    check(clipped, x.shape, dtype, lambda *i: min(max(int(x[i]), low), high))


@few
@given(st.data())
def test_pools(data):
    def pick(least, most):
        return data.draw(st.integers(least, most))

    kernel, strides = [(pick(1, 3), pick(1, 3)) for _ in range(2)]
    pads = [pick(0, kernel[i % 2] - 1) for i in range(4)]
    size = [max(1, kernel[i] - pads[i] - pads[i + 2]) + pick(0, 3) for i in range(2)]
    dtype = data.draw(st.sampled_from([np.int8, np.int16, np.int32]))
    x = data.draw(array((2, 2, *size), dtype))
    shape = (2, 2, *windows(size, kernel, strides, pads))

    def window(n, c, h, w, outside):
        places = product(range(kernel[0]), range(kernel[1]))
        top, left = h * strides[0] - pads[0], w * strides[1] - pads[1]
        return [at(x, n, c, top + i, left + j, outside=outside) for i, j in places]

    def mean(*index):
        values = window(*index, outside=0)
        return (2 * sum(values) + len(values)) // (2 * len(values))

    options = {"kernel": kernel, "strides": strides, "pads": pads}
    found = evaluate(MaxPoolOp, x, **options)
    check(found, shape, dtype, lambda *i: max(window(*i, outside=np.iinfo(dtype).min)))
    check(evaluate(AvgPoolOp, x, **options), shape, dtype, mean)


def test_max_pool_of_floats_ignores_padding():
    x = np.full((1, 1, 2, 2), -3e38, np.float32)
    assert (evaluate(MaxPoolOp, x, kernel=(2, 2), pads=(1, 1, 1, 1)) == x[0, 0, 0, 0]).all()


@few
@given(st.data())
def test_global_avg_pool(data):
    size = [data.draw(st.integers(1, 4)) for _ in range(2)]
    x = data.draw(array((2, 3, *size)))
    n = prod(size)
    check(
        evaluate(GlobalAvgPoolOp, x),
        (2, 3, 1, 1),
        np.int8,
        lambda b, c, _h, _w: (2 * sum(map(int, x[b, c].reshape(-1))) + n) // (2 * n),
    )


@pytest.mark.parametrize(("values", "mean"), [([1, 2], 2), ([-1, -2], -1), ([-2, -3], -2)])
def test_means_round_half_up(values, mean):
    x = np.array(values, np.int8).reshape(1, 1, 1, 2)
    assert evaluate(GlobalAvgPoolOp, x).item() == mean
    assert evaluate(AvgPoolOp, x, kernel=(1, 2)).item() == mean


@few
@given(st.data())
def test_reshape_and_transpose(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    x = data.draw(array(shape, np.int16))
    np.testing.assert_array_equal(evaluate(ReshapeOp, x, shape=(1, x.size)), x.reshape(1, -1))
    order = data.draw(st.permutations(range(len(shape))))
    found = evaluate(TransposeOp, x, permutation=order)
    back = {axis: i for i, axis in enumerate(order)}
    check(
        found,
        [shape[axis] for axis in order],
        np.int16,
        lambda *i: int(x[tuple(i[back[axis]] for axis in range(len(shape)))]),
    )


@few
@given(st.data())
def test_requantize(data):
    source, target = (data.draw(st.sampled_from([i8, i16, i32])) for _ in range(2))
    x = data.draw(array((2, 3, 4), INTEGERS[source]))
    axis = data.draw(st.sampled_from([0, 1, 2]))
    per_axis, scaled = data.draw(st.booleans()), data.draw(st.booleans())
    count = x.shape[axis] if per_axis else 1

    def factors(least, most):
        return data.draw(st.lists(st.integers(least, most), min_size=count, max_size=count))

    multipliers = factors(1, 2**31 - 1) if scaled else [1] * count
    shifts = factors(1, 62) if scaled else factors(0, 31)

    def option(values):
        return np.array(values) if per_axis else values[0]

    limits = np.iinfo(INTEGERS[target])

    def expected(*index):
        i = index[axis] if per_axis else 0
        s = shifts[i]
        value = (int(x[index]) * multipliers[i] + (2**s // 2)) >> s
        return min(max(value, int(limits.min)), int(limits.max))

    found = evaluate(
        RequantizeOp,
        x,
        element_type=target,
        shift=option(shifts),
        multiplier=option(multipliers) if scaled else None,
        axis=axis if per_axis else None,
    )
    check(found, x.shape, numpy_type(target), expected)


@pytest.mark.parametrize(
    ("value", "shift", "result"),
    [(1, 1, 1), (-1, 1, 0), (-3, 1, -1), (2**31 - 1, 31, 1), (-(2**31), 31, -1), (300, 0, 127)],
)
def test_requantize_rounds_half_up_without_wrapping_and_saturates(value, shift, result):
    x = np.array([value], np.int32)
    assert evaluate(RequantizeOp, x, element_type=i8, shift=shift).item() == result


def test_constant():
    op = ConstantOp(DenseIntOrFPElementsAttr.from_list(tensor_type((2,), np.dtype(np.int8)), [3]))
    np.testing.assert_array_equal(op.array, np.array([3, 3], np.int8))


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("other", [], "function @other is not in the module, which has @main"),
        ("main", [], "@main: 0 inputs, expected 1"),
        (
            "main",
            [np.zeros((2, 3), np.int16)],
            "@main: input 0: int16 of shape [2, 3], expected int8 of shape [2, 3]",
        ),
        (
            "main",
            [np.zeros((3, 2), np.int8)],
            "@main: input 0: int8 of shape [3, 2], expected int8 of shape [2, 3]",
        ),
    ],
)
def test_wrong_inputs_are_refused(name, inputs, message):
    module = function(ReluOp, [np.zeros((2, 3), np.int8)])
    with pytest.raises(ValueError) as error:
        run_function(module, name, inputs)
    assert str(error.value) == message


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_images_in_parts_are_those_of_the_whole(
    groups: int, dtype: type, monkeypatch: pytest.MonkeyPatch
):
    """Convolutions, depthwise ones too, and rescaling go by rows and blocks where large."""
    random = np.random.default_rng(groups)
    image = random.integers(-100, 100, (2, 6, 7, 5)).astype(dtype)
    weights = random.integers(-100, 100, (6, 6 // groups, 3, 2)).astype(dtype)
    vectors = {"shift": np.arange(14, 20), "multiplier": np.arange(100, 106), "axis": 1}

    def results() -> tuple[np.ndarray, np.ndarray]:
        sums = evaluate(Conv2dOp, image, weights, groups=groups, strides=(2, 1))
        wide = sums.astype(np.int32)
        return sums, evaluate(RequantizeOp, wide, element_type=i8, **vectors)

    whole = results()
    assert len(np.unique(whole[1])) > 10
    monkeypatch.setattr(graph_windows, "_COLUMNS", 50)
    monkeypatch.setattr("nopt.dialects.interpreters.results._BLOCK", 7)
    for found, expected in zip(results(), whole, strict=True):
        np.testing.assert_array_equal(found, expected)
