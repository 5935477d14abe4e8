"""Operators that choose elements by their places, or say where they are: onnxruntime's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from onnx_models import Array, check, model, run

from nopt.tools.errors import UserError

RNG = np.random.default_rng(2)


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gather_elements(axis: int, computed: bool, tmp_path: Path):
    x, i = floats(4, 5, 6), RNG.integers(-4, 4, (3, 2, 4))
    given, known = ({"x": x, "i": i}, {}) if computed else ({"x": x}, {"i": i})
    check("GatherElements", given, known, tmp_path, axis=axis)


@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize(
    ("shape", "indices", "batch"),
    [((4, 5, 6), (3, 2), 0), ((4, 5, 6), (2, 7, 3), 0), ((3, 5, 4), (3, 2, 1), 1)],
)
def test_gather_nd(
    shape: tuple[int, ...], indices: tuple[int, ...], batch: int, computed: bool, tmp_path: Path
):
    x, i = floats(*shape), RNG.integers(-4, 4, indices)
    given, known = ({"x": x, "i": i}, {}) if computed else ({"x": x}, {"i": i})
    check("GatherND", given, known, tmp_path, batch_dims=batch)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
@pytest.mark.parametrize("axis", [0, -1])
def test_scatter_elements(axis: int, reduction: str, tmp_path: Path):
    rng = np.random.default_rng(3)
    i = rng.integers(-4, 4, (3, 4))
    if reduction == "none":
        i = np.argsort(rng.random((4, 4)), axis=axis)[:3] if axis else i
        i = np.argsort(rng.random((4, 4)), axis=0)[:3] if axis == 0 else i
    given = {"x": floats(4, 4), "u": floats(3, 4)}
    check("ScatterElements", given, {"i": i}, tmp_path, "xiu", axis=axis, reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_scatter_nd(reduction: str, tmp_path: Path):
    i = np.array([[0, 1], [2, -1], [0, 1], [1, 3]])
    if reduction == "none":
        i = i[[0, 1, 3]]
    given = {"x": floats(3, 4, 5), "u": floats(len(i), 5)}
    check("ScatterND", given, {"i": i}, tmp_path, "xiu", reduction=reduction)


@pytest.mark.parametrize("time", [0, 1])
def test_reverse_sequence(time: int, tmp_path: Path):
    given, lengths = {"x": floats(4, 4, 3)}, np.array([1, 4, 2, 3])
    options = {"time_axis": time, "batch_axis": 1 - time}
    check("ReverseSequence", given, {"l": lengths}, tmp_path, **options)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_top_k(axis: int, largest: int, tmp_path: Path):
    """Of equal elements the first comes first."""
    x = RNG.integers(-3, 4, (5, 6, 7)).astype(np.float32)
    options: Any = {"outputs": ("v", "places"), "axis": axis, "largest": largest}
    for count in (1, 3, 5):
        check("TopK", {"x": x}, {"k": np.array([count])}, tmp_path, **options)


def test_top_k_of_all_the_same(tmp_path: Path):
    """The worst number of all is one, too."""
    x = np.full((2, 4), np.finfo(np.float32).min, np.float32)
    check("TopK", {"x": x}, {"k": np.array([3])}, tmp_path, outputs=("v", "places"))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis: int, tmp_path: Path):
    known = {"d": np.array(5), "v": np.array([-0.5, 2.5], np.float32)}
    i = np.array([[0, 4, -1], [7, -5, 2]])
    check("OneHot", {"i": i}, known, tmp_path, axis=axis)


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("axis", [1, -1])
def test_hardmax(axis: int, opset: int, tmp_path: Path):
    x = RNG.integers(-3, 4, (2, 3, 4)).astype(np.float32)
    check("Hardmax", {"x": x}, {}, tmp_path, opset=opset, axis=axis)


def test_what_is_refused(tmp_path: Path):
    node = helper.make_node("GatherElements", ["x", "i"], ["y"])
    proto = model([node], {"x": (3, 4)}, ["y"], {"i": np.array([[3, 0]])})
    with pytest.raises(UserError, match="index 3 found, expected -3 to 2"):
        run(proto, [floats(3, 4)], tmp_path)
