"""Families of operators that are products, moves and sums of others: onnxruntime's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import Array, check

RNG = np.random.default_rng(5)


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


# --- Volumes.

CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((2, 3, 6, 7, 8), (4, 3, 3, 2, 3), {}),
    "one plane": ((1, 3, 5, 7, 8), (4, 3, 1, 3, 3), {"pads": [0, 1, 1, 0, 1, 1]}),
    "pads": ((1, 3, 6, 7, 8), (4, 3, 3, 3, 3), {"pads": [1, 0, 2, 2, 1, 1], "strides": [2, 1, 2]}),
    "dilated": ((1, 2, 9, 8, 8), (3, 2, 2, 2, 2), {"dilations": [3, 2, 1]}),
    "groups": ((1, 4, 5, 6, 7), (6, 2, 2, 3, 3), {"group": 2, "auto_pad": "SAME_UPPER"}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_of_volumes(name: str, tmp_path: Path):
    shape, kernel, options = CONVOLUTIONS[name]
    known = {"w": floats(*kernel), "b": floats(kernel[0])}
    check("Conv", {"x": floats(*shape)}, known, tmp_path, tolerance=2e-5, **options)


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_shape": [2, 3, 2]},
        {"kernel_shape": [3, 2, 2], "strides": [2, 2, 1], "pads": [1, 0, 1, 1, 1, 0]},
        {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2], "ceil_mode": 1},
    ],
    ids=str,
)
def test_pools_of_volumes(op: str, options: dict[str, Any], tmp_path: Path):
    check(op, {"x": floats(2, 3, 7, 6, 9)}, {}, tmp_path, **options)


# --- Images read between their pixels.


@pytest.mark.parametrize("aligned", [0, 1])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_grid_sample(mode: str, padding: str, aligned: int, tmp_path: Path):
    grid = (RNG.random((2, 4, 6, 2)) * 3 - 1.5).astype(np.float32)
    options = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    given = {"x": floats(2, 3, 5, 7), "g": grid}
    check("GridSample", given, {}, tmp_path, opset=16, tolerance=2e-5, **options)


# --- Fourier transforms.


@pytest.mark.parametrize("onesided", [0, 1])
@pytest.mark.parametrize("length", [16, 15])
def test_short_time_fourier_transform(length: int, onesided: int, tmp_path: Path):
    window = np.hanning(length).astype(np.float32)
    known = {"s": np.array(6), "w": window}
    given = {"x": floats(2, 70, 1)}
    options: dict[str, Any] = {"opset": 17, "tolerance": 1e-4, "onesided": onesided}
    check("STFT", given, known, tmp_path, **options)
    known = {"s": np.array(6), "l": np.array(length)}
    check("STFT", given, known, tmp_path, "xs l", **options)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("axis", [1, 2])
def test_discrete_fourier_transform(axis: int, parts: int, tmp_path: Path):
    given = {"x": floats(2, 8, 9, parts)}
    options: dict[str, Any] = {"opset": 17, "tolerance": 1e-4, "axis": axis}
    check("DFT", given, {}, tmp_path, **options)
    check("DFT", given, {"l": np.array(12)}, tmp_path, **options)
    check("DFT", given, {"l": np.array(5)}, tmp_path, **options)
    if parts == 1:
        check("DFT", given, {}, tmp_path, onesided=1, **options)
    else:
        check("DFT", given, {}, tmp_path, inverse=1, **options)


# --- ai.onnx.ml.


def test_features(tmp_path: Path):
    given = {"x": floats(5, 3)}
    ml: dict[str, Any] = {"domain": "ai.onnx.ml"}
    check("Scaler", given, {}, tmp_path, offset=[0.5, 1.0, -1.0], scale=[2.0, 0.5, 1.0], **ml)
    for norm in ("L1", "L2"):
        check("Normalizer", given, {}, tmp_path, norm=norm, **ml)
    check("Normalizer", {"x": np.abs(given["x"])}, {}, tmp_path, norm="MAX", **ml)
    check("Binarizer", given, {}, tmp_path, threshold=0.2, **ml)
    check("ArrayFeatureExtractor", given, {"i": np.array([2, 0])}, tmp_path, **ml)


@pytest.mark.parametrize("kind", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_linear_models(kind: str, tmp_path: Path):
    given = {"x": floats(5, 4)}
    numbers = {"coefficients": floats(12).tolist(), "intercepts": floats(3).tolist()}
    ml: dict[str, Any] = {"domain": "ai.onnx.ml", "post_transform": kind, "tolerance": 2e-6}
    names = {"outputs": ("places", "scores"), "classlabels_ints": [4, 0, 9]}
    check("LinearClassifier", given, {}, tmp_path, **numbers, **names, **ml)
    if kind == "NONE":
        check("LinearRegressor", given, {}, tmp_path, targets=3, **numbers, **ml)


# --- Places of maxima.


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]},
        {"kernel_shape": [2, 2], "strides": [2, 3], "ceil_mode": 1, "dilations": [2, 1]},
    ],
    ids=str,
)
def test_max_pool_with_places(options: dict[str, Any], tmp_path: Path):
    x = RNG.integers(-3, 4, (2, 3, 8, 9)).astype(np.float32)
    check("MaxPool", {"x": x}, {}, tmp_path, outputs=("y", "places"), **options)
    if len(options) == 2:
        row = x.reshape(6, 8, 9)
        options = {"kernel_shape": [3], "strides": [2], "outputs": ("y", "places")}
        check("MaxPool", {"x": row}, {}, tmp_path, **options)


def test_max_unpool(tmp_path: Path):
    x, window = floats(2, 3, 3, 4), np.indices((2, 3, 3, 4))
    # Any place within the window of each element.
    row = 2 * window[2] + RNG.integers(0, 2, x.shape)
    column = 3 * window[3] + RNG.integers(0, 3, x.shape)
    places = ((window[0] * 3 + window[1]) * 6 + row) * 12 + column
    given = {"x": x, "i": places}
    check("MaxUnpool", given, {}, tmp_path, kernel_shape=[2, 3], strides=[2, 3])


# --- Operators that are others.


def test_operators_that_are_others(tmp_path: Path):
    x = floats(3, 4, 5)
    x[0, 0, 0] = 0
    for op in ("Sign", "Tan", "Sinh", "Cosh"):
        check(op, {"x": x}, {}, tmp_path, tolerance=1e-5)
    check("Mod", {"x": 5 * x, "v": floats(3, 4, 5)}, {}, tmp_path, fmod=1, tolerance=1e-4)
    x[1, :, 2] = 0
    for p in (1, 2):
        check("LpNormalization", {"x": x}, {}, tmp_path, axis=1, p=p)
