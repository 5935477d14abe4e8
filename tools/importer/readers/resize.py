"""Resizing: along each axis a choice of elements, or a product with a matrix of weights."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import TransposeOp
from nopt.tools.importer.folding import fold
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.movement import take_indices
from nopt.tools.importer.readers.products import multiply
from nopt.tools.importer.registry import reads


@reads("Resize", "Upsample", moves=True)
def resize(node: Node) -> SSAValue:
    x = node.tensor(0)
    for axis, (size, scale) in enumerate(_targets(node, shape_of(x))):
        old = shape_of(x)[axis]
        if size == old and (scale is None or scale == 1):
            continue
        weights = _weights(node, old, size, scale)
        chosen = weights.argmax(1)
        if np.array_equal(weights, np.eye(old, dtype=weights.dtype)[chosen]):
            x = take_indices(node, x, chosen, axis)
        elif dtype_of(x).kind != "f":
            node.fail(f"mode '{node.text('mode', 'nearest')}' of integers, expected nearest")
        else:
            x = _weighted(node, x, weights, axis)
    return x


def _targets(node: Node, shape: tuple[int, ...]) -> list[tuple[int, float | None]]:
    """For each axis the new size, and the factor if that is what the node gives."""
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
    targets: list[tuple[int, float | None]] = [(size, 1.0) for size in shape]
    if sizes:
        policy = node.text("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            pick = min if policy == "not_larger" else max
            factor = pick(s / shape[a] for s, a in zip(sizes, axes, strict=True))
            sizes = [int(np.floor(shape[a] * factor + 0.5)) for a in axes]
        for axis, size in zip(axes, sizes, strict=True):
            targets[axis] = (size, None)
    else:
        for axis, scale in zip(axes, np.ravel(scales).tolist(), strict=True):
            targets[axis] = (int(np.floor(shape[axis] * scale)), scale)
    return targets


def _weights(node: Node, old: int, size: int, scale: float | None) -> Array:
    """[size, old]: what each new element takes of each old one, by ONNX's own evaluation."""
    if size < 1:
        node.fail(f"a size is {size}, expected at least 1")
    proto = NodeProto(op_type="Resize", input=["x", "", "scales", "sizes"], output=["y"])
    for name, attribute in node.attributes.items():
        if name not in ("scales", "axes", "keep_aspect_ratio_policy"):
            proto.attribute.append(attribute)
    version = node.version if node.op == "Resize" and node.version >= 11 else 11
    if version != node.version:
        # Earlier versions know this one rule only.
        proto.attribute.append(
            helper.make_attribute("coordinate_transformation_mode", "asymmetric")
        )
        proto.attribute.append(helper.make_attribute("nearest_mode", "floor"))
    inputs: list[Array | None] = [np.eye(old, dtype=np.float32), None]
    if scale is None:
        proto.input[2] = ""
        inputs += [None, np.array([size, old], np.int64)]
    else:
        del proto.input[3]
        inputs.append(np.array([scale, 1], np.float32))
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
