"""Windows compared axis by axis against windows compared whole, in numpy."""

from itertools import product

import numpy as np
from fuzzing import examples
from hypothesis import event, given
from hypothesis import strategies as st

from nopt.passes.core.separable_pooling import Axis, SeparateWindows, separate

AXES = st.lists(st.builds(Axis, st.integers(1, 9), st.integers(1, 5)), min_size=1, max_size=3)


@examples(200)
@given(AXES, st.integers(0, 2**32 - 1))
def test_folds_leave_the_maximum(axes: list[Axis], seed: int):
    random = np.random.default_rng(seed)
    tile = random.integers(1, 5, len(axes))
    sizes = [(t - 1) * axis.stride + axis.window for t, axis in zip(tile, axes, strict=True)]
    x = random.integers(-128, 128, sizes)
    windows = SeparateWindows(tuple(axes))
    planes: dict[tuple[int, ...], np.ndarray] = {}
    for plane in windows.planes:
        counts = tile + windows.more(plane)
        places = [windows.position(axis, plane) for axis in range(len(axes))]
        indices = [
            np.arange(count) * stride + first
            for count, (stride, first) in zip(counts, places, strict=True)
        ]
        planes[plane] = x[np.ix_(*indices)]
    for fold in windows.folds():
        counts = tile + fold.more
        into = tuple(slice(0, count) for count in counts)
        of = tuple(slice(first, first + n) for first, n in zip(fold.offset, counts, strict=True))
        compared = np.maximum(planes[fold.into][into], planes[fold.of][of])
        assert compared.shape == tuple(counts)
        planes[fold.into][into] = compared
    whole = np.lib.stride_tricks.sliding_window_view(x, [axis.window for axis in axes])
    expected = whole[tuple(slice(None, None, axis.stride) for axis in axes)]
    expected = expected.max(axis=tuple(range(len(axes), 2 * len(axes))))
    assert (planes[windows.result][tuple(slice(0, t) for t in tile)] == expected).all()


@examples(500)
@given(st.data(), st.integers(1, 3))
def test_axes_reach_what_windows_have(data: st.DataObject, parallel: int):
    """For each result the elements of its window, neither fewer nor others."""
    extents = data.draw(st.lists(st.integers(1, 3), min_size=parallel, max_size=2 * parallel))
    rows = [[0] * len(extents) for _ in range(parallel)]
    for position, row in enumerate(rows):
        row[position] = data.draw(st.integers(0, 3))
        other = data.draw(st.integers(0, len(extents) - 1))
        row[other] = data.draw(st.sampled_from([1, 1, row[other], 2]))
    coefficients = np.array(rows)
    windows = separate(coefficients, extents, parallel)
    event("separate" if windows else "not separate")
    if windows is None:
        return
    inside = np.array([*np.ndindex(*extents[parallel:])]).T
    for result in np.ndindex(*extents[:parallel]):
        moved = coefficients[:, :parallel] @ result
        window = moved[:, None] + coefficients[:, parallel:] @ inside
        axes = [
            range(place * axis.stride, place * axis.stride + axis.window)
            for place, axis in zip(result, windows.axes, strict=True)
        ]
        assert set(map(tuple, window.T.tolist())) == set(product(*axes))


def test_what_is_not_separate():
    """Iterators (h, w; kh, kw) of a 2x2 window: plain, diagonal, dilated, transposed, and those
    that several results have in common, with and without more than one element."""
    extents = (4, 4, 2, 2)
    plain = separate(np.array([[2, 0, 1, 0], [0, 2, 0, 1]]), extents, 2)
    assert plain == SeparateWindows((Axis(2, 2), Axis(2, 2)))
    for rows in (
        [[1, 0, 1, 1], [0, 1, 0, 0]],
        [[1, 0, 1, 0], [0, 1, 1, 0]],
        [[1, 0, 2, 0], [0, 1, 0, 1]],
        [[0, 1, 1, 0], [1, 0, 0, 1]],
        [[0, 0, 1, 0], [0, 1, 0, 1]],
        [[0, 0, 0, 0], [0, 1, 0, 1]],
    ):
        assert separate(np.array(rows), extents, 2) is None
