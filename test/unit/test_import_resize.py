"""Resize and Upsample: ONNX's formulas in fractions, onnxruntime, and onnx's reference."""

from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Array, imported, model, run
from onnxruntime import InferenceSession, set_default_logger_severity

from nopt.tools.errors import UserError

node = helper.make_node
set_default_logger_severity(4)

HALF = Fraction(1, 2)
COORDINATES = {
    "align_corners": lambda x, s, n, m: Fraction(x * (n - 1), m - 1) if m > 1 else Fraction(0),
    "asymmetric": lambda x, s, n, m: x / s,
    "half_pixel": lambda x, s, n, m: (x + HALF) / s - HALF,
    # The centre of both, m and s * n long, is in one place.
    "half_pixel_symmetric": lambda x, s, n, m: (
        Fraction(n, 2) + (x + HALF - Fraction(m, 2)) / s - HALF
        if s * n == m
        else (Fraction(n, 2) * (1 - m / (s * n))) + (x + HALF) / s - HALF
    ),
    "pytorch_half_pixel": lambda x, s, n, m: (x + HALF) / s - HALF if m > 1 else Fraction(0),
}
NEAREST = {
    "ceil": ceil,
    "floor": floor,
    "round_prefer_ceil": lambda x: floor(x + HALF),
    "round_prefer_floor": lambda x: ceil(x - HALF),
}
SIZES = [(1, 3), (2, 5), (3, 1), (5, 13), (6, 4), (7, 3), (10, 14), (20, 14), (49, 2), (49, 64)]


def _is_tie(place: Fraction) -> bool:
    """Whether a nearest mode may turn at the place, or as near as floats see it."""
    return abs(place * 2 - round(place * 2)) < Fraction(1, 10**5)


@pytest.mark.parametrize("form", ["sizes", "scales"])
@pytest.mark.parametrize("coordinate", COORDINATES)
@pytest.mark.parametrize("nearest", NEAREST)
def test_nearest_is_exact(form: str, coordinate: str, nearest: str, tmp_path: Path):
    """onnxruntime computes coordinates in float32 and onnx's reference in float64, so that they
    differ from the formula at ties, and nowhere else."""
    nodes, weights = list[object](), dict[str, Array]()
    for index, (n, m) in enumerate(SIZES):
        if form == "sizes":
            weights[f"t{index}"] = np.array([1, m])
            names = [f"x{index}", "", "", f"t{index}"]
        else:
            weights[f"t{index}"] = np.array([1, m / n], np.float32)
            names = [f"x{index}", "", f"t{index}"]
        nodes.append(
            node(
                "Resize",
                names,
                [f"y{index}"],
                mode="nearest",
                coordinate_transformation_mode=coordinate,
                nearest_mode=nearest,
            )
        )
    inputs = {f"x{i}": np.arange(n, dtype=np.float32)[None] for i, (n, _) in enumerate(SIZES)}
    outputs = [f"y{i}" for i in range(len(SIZES))]
    shapes = {name: array.shape for name, array in inputs.items()}
    proto = model(nodes, shapes, outputs, weights, 19)  # pyright: ignore[reportArgumentType]
    found = run(proto, list(inputs.values()), tmp_path)
    session = InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    for (n, m), own, theirs in zip(SIZES, found, session.run(None, inputs), strict=True):
        places = [COORDINATES[coordinate](x, Fraction(m, n), n, m) for x in range(m)]
        expected = [min(max(NEAREST[nearest](place), 0), n - 1) for place in places]
        assert own.ravel().tolist() == expected, (n, m)
        for place, wanted, other in zip(places, expected, np.ravel(theirs), strict=True):
            assert wanted == other or _is_tie(place), (n, m, place)


def test_reference_differs_only_at_ties(tmp_path: Path):
    proto = model(
        [node("Resize", ["x", "", "", "t"], ["y"], mode="nearest", nearest_mode="ceil")],
        {"x": [1, 10]},
        weights={"t": np.array([1, 14])},
    )
    x = np.arange(10, dtype=np.float32)[None]
    (found,), (other,) = run(proto, [x], tmp_path), ReferenceEvaluator(proto).run(None, {"x": x})
    places = [(i + HALF) * 10 / 14 - HALF for i in range(14)]
    for place, own, theirs in zip(places, found[0], np.ravel(other), strict=True):
        assert own == theirs or _is_tie(place)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(
    "old, scale, new", [(5, 2.6, 13), (3, 5 / 3, 5), (3, 1 / 3, 1), (7, 1.9, 13)]
)
def test_sizes_by_scale(mode: str, old: int, scale: float, new: int, tmp_path: Path):
    """floor(old * scale) with the scale that the exporter rounded to float32, as onnxruntime."""
    proto = model(
        [node("Resize", ["x", "", "s"], ["y"], mode=mode)],
        {"x": [1, 1, 1, old]},
        weights={"s": np.array([1, 1, 1, scale], np.float32)},
    )
    x = np.arange(old, dtype=np.float32).reshape(1, 1, 1, old)
    session = InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,), (found,) = session.run(None, {"x": x}), run(proto, [x], tmp_path)
    assert found.shape == (1, 1, 1, new)
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-5)


def test_a_declared_shape_that_is_another_is_noted(tmp_path: Path):
    nodes = [node("Resize", ["x", "", "s"], ["y"], mode="nearest")]
    proto = model(nodes, {"x": [1, 5]}, weights={"s": np.array([1, 2.6], np.float32)})
    for declared, count in (([1, 13], 0), ([None, "n"], 0), ([1, 12], 1), ([13], 1)):
        proto.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, declared))
        found = imported(proto, tmp_path).notes
        assert len(found) == count, declared
    assert found == (
        "outputs have other shapes than the file declares: 'y' has [1, 13], declared [13]",
    )


@pytest.mark.parametrize(
    "scale, message",
    [
        (np.inf, "a scale is inf, expected a finite number above 0"),
        (np.nan, "a scale is nan, expected a finite number above 0"),
        (-2, "a scale is -2.0, expected a finite number above 0"),
        (1e-30, "sizes are [1, 0], expected at least 1 each"),
        (3e38, "expected at most"),
    ],
)
def test_scales_that_make_no_tensor(scale: float, message: str, tmp_path: Path):
    proto = model(
        [node("Resize", ["x", "", "s"], ["y"], mode="nearest")],
        {"x": [1, 4]},
        weights={"s": np.array([1, scale], np.float32)},
    )
    with pytest.raises(UserError) as caught:
        imported(proto, tmp_path)
    assert message in caught.value.message
