"""Windows as two-dimensional transfers, against what the words say, element by element."""

from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nopt.hw.config import Config
from nopt.hw.limits import most_stride
from nopt.passes.core.transfers import clip, parts_of

RTL = Config.load("rtl")


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 20)), min_size=1),
    st.integers(1, 30),
    st.integers(1, 4),
)
def test_clipping(windows, bound, step):
    """For arrays what holds for each: zeros, then indices of the tensor, then zeros."""
    offsets, sizes = np.array(windows).T
    clipped = clip(offsets, sizes, bound, step)
    for i, (offset, size) in enumerate(windows):
        indices = offset + step * np.arange(size)
        inside = indices[(indices >= 0) & (indices < bound)]
        assert clipped.count[i] == len(inside)
        assert clipped.before[i] + clipped.count[i] + clipped.after[i] == size
        if len(inside):
            assert clipped.first[i] == inside[0]
            assert clipped.before[i] == (indices < 0).sum()
            assert clipped.after[i] == (indices >= bound).sum()
            assert clipped.padding[i] == max(clipped.before[i], clipped.after[i])
        else:
            assert clipped.padding[i] == 0


@st.composite
def windows(draw):
    """The shape of a tensor; sizes, steps and first indices of a window that lies inside."""
    shape = draw(st.lists(st.integers(1, 5), max_size=5))
    steps = [draw(st.integers(1, 2)) for _ in shape]
    sizes = [
        draw(st.integers(1, -(-size // step))) for size, step in zip(shape, steps, strict=True)
    ]
    spans = [(size - 1) * step + 1 for size, step in zip(sizes, steps, strict=True)]
    first = [draw(st.integers(0, size - span)) for size, span in zip(shape, spans, strict=True)]
    return shape, sizes, steps, first


@given(windows())
def test_columns_are_neighbours_and_rows_are_evenly_spaced(window):
    shape, sizes, steps, first = window
    (columns,), (rows,), (loops,) = parts_of(
        np.array([sizes], np.int64), shape, [False] * len(shape), steps, RTL
    )
    assert not (columns & rows | rows & loops | columns & loops).any()
    assert prod(np.array(sizes)[columns | rows | loops], start=1) == prod(sizes)
    grid = np.ix_(
        *(f + step * np.arange(n) for f, step, n in zip(first, steps, sizes, strict=True))
    )
    places = np.arange(prod(shape)).reshape(shape)[grid]
    width = prod(np.array(sizes)[columns], start=1)
    height = prod(np.array(sizes)[rows], start=1)
    transfers = places.reshape(-1, height, width)
    assert (np.diff(transfers, axis=2) == 1).all()
    assert len(np.unique(np.diff(transfers[:, :, 0], axis=1))) <= 1
    # Another dimension beside the columns would be no neighbours, or it is of size 1.
    outer = np.flatnonzero(~columns & (np.array(sizes) > 1))
    if len(outer) and outer[-1] + 1 == len(shape) - columns.sum():
        wider = places.reshape(-1, sizes[outer[-1]] * width)
        assert (np.diff(wider, axis=1) != 1).any()


@given(windows(), st.data())
def test_only_columns_and_the_rows_beside_them_are_padded(window, data):
    shape, sizes, steps, _ = window
    padded = [data.draw(st.booleans()) for _ in shape]
    (columns,), (rows,), (loops,) = parts_of(np.array([sizes], np.int64), shape, padded, steps, RTL)
    assert rows.sum() == 1 or not (rows | loops).any()
    merged = np.flatnonzero(columns)
    assert not any(padded[axis] for axis in merged[:-1])
    # What is padded is moved by the transfer itself, or is refused as a loop.
    assert all(columns[axis] or rows[axis] or loops[axis] for axis in np.flatnonzero(padded))


@given(st.lists(windows(), min_size=2, max_size=6), st.data())
def test_windows_of_one_tensor_are_divided_alike_together_and_alone(several, data):
    shape = several[0][0]
    sizes = np.array([[data.draw(st.integers(1, n)) for n in shape] for _ in several], np.int64)
    sizes = sizes.reshape(len(several), len(shape))
    padded = [data.draw(st.booleans()) for _ in shape]
    steps = [1] * len(shape)
    together = parts_of(sizes, shape, padded, steps, RTL)
    for i in range(len(several)):
        alone = parts_of(sizes[i : i + 1], shape, padded, steps, RTL)
        for all_of_them, one in zip(together, alone, strict=True):
            assert (all_of_them[i] == one[0]).all()


def test_rows_that_lie_too_far_apart_go_one_by_one():
    most = most_stride(RTL)
    for width, step, far in [(most, 1, False), (most + 1, 1, True), (most // 2 + 1, 2, True)]:
        sizes = np.array([[2, 3, 5], [2, 1, 5]], np.int64)
        columns, rows, loops = parts_of(sizes, (9, 9, width), [False] * 3, [1, step, 1], RTL)
        assert columns.tolist() == [[False, False, True]] * 2
        assert rows.tolist() == [[False, True, False], [True, False, False]]
        # With one row, the rows are those of the dimension around, nine times as far apart.
        assert loops.tolist() == [[True, far, False], [True, False, False]]
