"""Resizing: along each axis a choice of elements, or a product with a matrix of weights.

Coordinates are exact fractions, by ONNX's formulas: at ties, floats choose a neighbour. A scale is
the simplest fraction that its float32 is the rounding of, so that 5 elements times 2.6 are 13.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, prod

import numpy as np
from onnx import NodeProto, helper
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import TransposeOp
from nopt.tools.importer.folding import check_bytes, fold
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.movement import take_indices
from nopt.tools.importer.readers.products import multiply
from nopt.tools.importer.registry import reads

_HALF = Fraction(1, 2)

_COORDINATES: dict[str, Callable[[int, Fraction, int, int], Fraction]] = {
    "align_corners": lambda x, scale, old, new: Fraction(x * (old - 1), max(new - 1, 1)),
    "asymmetric": lambda x, scale, old, new: x / scale,
    "half_pixel": lambda x, scale, old, new: (x + _HALF) / scale - _HALF,
    "half_pixel_symmetric": lambda x, scale, old, new: (
        Fraction(old, 2) * (1 - new / (scale * old)) + (x + _HALF) / scale - _HALF
    ),
    "pytorch_half_pixel": lambda x, scale, old, new: (
        (x + _HALF) / scale - _HALF if new > 1 else Fraction(0)
    ),
}
"""Where a new element lies among the old ones, given the scale and both sizes."""

_NEAREST: dict[str, Callable[[Fraction], int]] = {
    "ceil": ceil,
    "floor": floor,
    "round_prefer_ceil": lambda place: floor(place + _HALF),
    "round_prefer_floor": lambda place: ceil(place - _HALF),
}


def _is_nearest(node: Node) -> bool:
    return node.text("mode", "nearest") == "nearest"


@reads("Resize", "Upsample", moves=_is_nearest)
def resize(node: Node) -> SSAValue:
    x = node.tensor(0)
    targets = _targets(node, shape_of(x))
    sizes = [size for size, _ in targets]
    if any(size < 1 for size in sizes):
        node.fail(f"sizes are {sizes}, expected at least 1 each")
    check_bytes(node, prod(sizes) * dtype_of(x).itemsize, sizes)
    for axis, (size, scale) in enumerate(targets):
        old = shape_of(x)[axis]
        if size == old and scale == 1:
            continue
        if _is_nearest(node):
            x = take_indices(node, x, _nearest(node, old, size, scale), axis)
        elif dtype_of(x).kind != "f":
            node.fail(f"mode '{node.text('mode', 'nearest')}' of integers, expected nearest")
        else:
            x = _weighted(node, x, _weights(node, old, size, scale), axis)
    return x


def _targets(node: Node, shape: tuple[int, ...]) -> list[tuple[int, Fraction]]:
    """For each axis the new size and the factor."""
    rank = len(shape)
    if node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize":
        node.fail("attribute 'coordinate_transformation_mode' is tf_crop_and_resize, not supported")
    axes = [node.axis(axis, rank) for axis in node.integers("axes") or range(rank)]
    sizes: list[int] | None = None
    if node.version < 9 or (node.op == "Resize" and node.version < 11):
        scales = node.attribute("scales")
        scales = np.asarray(scales) if scales is not None else node.known(1, "the scales")
    elif node.op == "Upsample":
        scales = node.known(1, "the scales")
    else:
        scales = node.known(2, "the scales") if node.has(2) else np.zeros(0)
        if node.has(3):
            sizes = node.known_integers(3, "the sizes")
    found = len(sizes) if sizes else scales.size
    if found != len(axes):
        node.fail(f"found {found} sizes or scales, expected {len(axes)}")
    targets = [(size, Fraction(1)) for size in shape]
    if sizes:
        policy = node.text("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            pick = min if policy == "not_larger" else max
            factor = pick(Fraction(s, shape[a]) for s, a in zip(sizes, axes, strict=True))
            sizes = [floor(shape[a] * factor + _HALF) for a in axes]
        for axis, size in zip(axes, sizes, strict=True):
            targets[axis] = (size, Fraction(size, shape[axis]))
    else:
        for axis, number in zip(axes, np.ravel(scales).tolist(), strict=True):
            if not 0 < number < np.inf:
                node.fail(f"a scale is {number}, expected a finite number above 0")
            scale = _simplest(np.float32(number))
            targets[axis] = (floor(shape[axis] * scale), scale)
    return targets


def _simplest(number: np.float32) -> Fraction:
    """The simplest fraction that rounds to a number above 0."""
    below, above = (np.nextafter(number, np.float32(end)) for end in (0, np.inf))
    exact = Fraction(float(number))
    step = Fraction(float(above)) if np.isfinite(above) else exact
    return _simplest_between((exact + Fraction(float(below))) / 2, (exact + step) / 2)


def _simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Of least numerator and denominator, at both of which the continued fractions part."""
    if (whole := ceil(low)) <= high:
        return Fraction(whole)
    whole -= 1
    return whole + 1 / _simplest_between(1 / (high - whole), 1 / (low - whole))


def _nearest(node: Node, old: int, size: int, scale: Fraction) -> Array:
    """The old element that each new one is."""
    coordinate, rounding = "asymmetric", "floor"
    if _has_modes(node):
        coordinate = node.text("coordinate_transformation_mode", "half_pixel")
        rounding = node.text("nearest_mode", "round_prefer_floor")
    for name, found, known in (
        ("coordinate_transformation_mode", coordinate, _COORDINATES),
        ("nearest_mode", rounding, _NEAREST),
    ):
        if found not in known:
            node.fail(f"attribute '{name}' is '{found}', expected {' or '.join(known)}")
    place, pick = _COORDINATES[coordinate], _NEAREST[rounding]
    return np.clip([pick(place(x, scale, old, size)) for x in range(size)], 0, old - 1)


def _has_modes(node: Node) -> bool:
    """Earlier versions know one rule only."""
    return node.op == "Resize" and node.version >= 11


def _weights(node: Node, old: int, size: int, scale: Fraction) -> Array:
    """[size, old]: what each new element takes of each old one, by ONNX's own evaluation."""
    proto = NodeProto(op_type="Resize", input=["x", "", "scales", "sizes"], output=["y"])
    for name, attribute in node.attributes.items():
        if name not in ("scales", "axes", "keep_aspect_ratio_policy"):
            proto.attribute.append(attribute)
    version = node.version if _has_modes(node) else 11
    if not _has_modes(node):
        proto.attribute.append(
            helper.make_attribute("coordinate_transformation_mode", "asymmetric")
        )
    inputs: list[Array | None] = [np.eye(old, dtype=np.float32), None]
    if scale * old == size:
        proto.input[2] = ""
        inputs += [None, np.array([size, old], np.int64)]
    else:
        del proto.input[3]
        inputs.append(np.array([float(scale), 1]))
    (weights,) = fold(Node(proto, max(version, 13), node.builder), inputs)
    return weights


def _weighted(node: Node, x: SSAValue, weights: Array, axis: int) -> SSAValue:
    """The product along an axis."""
    rank = len(shape_of(x))
    matrix = node.array(weights.astype(dtype_of(x)), "resize")
    if axis == rank - 2:
        return multiply(node, matrix, x)
    order = [*(i for i in range(rank) if i != axis), axis]
    moved = x if axis == rank - 1 else node.emit(TransposeOp(x, order))
    transposed = node.array(np.ascontiguousarray(weights.T).astype(dtype_of(x)), "resize")
    product = multiply(node, moved, transposed)
    return (
        product if axis == rank - 1 else node.emit(TransposeOp(product, np.argsort(order).tolist()))
    )
