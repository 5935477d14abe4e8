"""Operators that give the same elements another shape or order."""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import BroadcastOp, ConcatOp, TransposeOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import reads


@reads("Identity", "Dropout", moves=True)
def identity(node: Node) -> SSAValue | list[SSAValue]:
    x = node.tensor(0)
    if node.op == "Dropout" and node.has(2) and np.any(node.known(2, "training_mode")):
        node.fail("training_mode is true, expected false: a model for inference")
    if node.op == "Dropout" and len(node.proto.output) > 1:
        return [x, node.array(np.ones(shape_of(x), np.bool_), "mask")]
    return x


@reads("Reshape", moves=True)
def reshape(node: Node) -> SSAValue:
    x = node.tensor(0)
    old = shape_of(x)
    if node.version < 5:
        wanted = node.integers("shape") or []
    else:
        wanted = node.known_integers(1, "the shape")
    shape = list(wanted)
    if not node.integer("allowzero", 0):
        for axis, size in enumerate(wanted):
            if size == 0 and axis >= len(old):
                node.fail(f"shape is {wanted}, expected no 0 beyond the input's {len(old)} axes")
            shape[axis] = size or old[axis]
    if (count := shape.count(-1)) > 1 or any(size < -1 for size in shape):
        node.fail(f"shape is {wanted}, expected sizes and at most one -1")
    if count:
        rest = -prod(shape)
        if rest < 1 or prod(old) % rest:
            node.fail(f"shape is {wanted}, expected one of {prod(old)} elements")
        shape[shape.index(-1)] = prod(old) // rest
    return reshaped(node, x, shape)


@reads("Flatten", moves=True)
def flatten(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape = shape_of(x)
    axis = node.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        node.fail(f"axis is {axis}, expected {-len(shape)} to {len(shape)}")
    axis = axis + len(shape) if axis < 0 else axis
    return reshaped(node, x, (prod(shape[:axis]), prod(shape[axis:])))


@reads("Squeeze", moves=True)
def squeeze(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape = shape_of(x)
    axes = _axes(node)
    if axes is None:
        gone = {axis for axis, size in enumerate(shape) if size == 1}
    else:
        gone = {node.axis(axis, len(shape)) for axis in axes}
    if wrong := [axis for axis in sorted(gone) if shape[axis] != 1]:
        node.fail(f"axis {wrong[0]} has size {shape[wrong[0]]}, expected 1")
    return reshaped(node, x, [size for axis, size in enumerate(shape) if axis not in gone])


@reads("Unsqueeze", moves=True)
def unsqueeze(node: Node) -> SSAValue:
    x = node.tensor(0)
    axes = _axes(node) or []
    rank = len(shape_of(x)) + len(axes)
    new = {node.axis(axis, rank) for axis in axes}
    old = iter(shape_of(x))
    return reshaped(node, x, [1 if axis in new else next(old) for axis in range(rank)])


def _axes(node: Node) -> list[int] | None:
    """Axes are an attribute before version 13, and an input since."""
    axes = node.integers("axes")
    return node.known_integers(1, "the list of axes") if axes is None and node.has(1) else axes


@reads("Transpose", moves=True)
def transpose(node: Node) -> SSAValue:
    x = node.tensor(0)
    rank = len(shape_of(x))
    permutation = node.integers("perm", list(reversed(range(rank)))) or []
    if permutation == list(range(rank)):
        return x
    return node.emit(TransposeOp(x, permutation))


@reads("Concat")
def concat(node: Node) -> SSAValue:
    parts = [node.tensor(index) for index in range(node.count) if prod(node.shape(index))]
    if not parts:
        node.fail("all inputs are empty, expected at least one element")
    axis = node.axis(node.integer("axis", 1), len(shape_of(parts[0])))
    return parts[0] if len(parts) == 1 else node.emit(ConcatOp(parts, axis))


@reads("Expand", moves=True)
def expand(node: Node) -> SSAValue:
    x = node.tensor(0)
    wanted = node.known_integers(1, "the shape")
    try:
        shape = np.broadcast_shapes(shape_of(x), tuple(wanted))
    except ValueError:
        node.fail(f"shape is {wanted}, expected one that broadcasts with {list(shape_of(x))}")
    return x if shape == shape_of(x) else node.emit(BroadcastOp(x, shape))


@reads("Tile", moves=True)
def tile(node: Node) -> SSAValue:
    x = node.tensor(0)
    repeats = node.known_integers(1, "the list of repeats")
    for axis, count in enumerate(repeats):
        shape = shape_of(x)
        if count != 1:
            split = reshaped(node, x, (*shape[:axis], 1, *shape[axis:]))
            many = (*shape[:axis], count, *shape[axis:])
            full = (*shape[:axis], count * shape[axis], *shape[axis + 1 :])
            x = reshaped(node, node.emit(BroadcastOp(split, many)), full)
    return x


@reads("DepthToSpace", moves=True)
def depth_to_space(node: Node) -> SSAValue:
    x, size = node.tensor(0), node.integer("blocksize", 0)
    batch, channels, height, width = _image_shape(node, x)
    if size < 1 or channels % (size * size):
        node.fail(f"attribute 'blocksize' is {size}, expected its square to divide {channels}")
    rest = channels // size**2
    match mode := node.text("mode", "DCR"):
        case "DCR":
            split, order = (batch, size, size, rest, height, width), (0, 3, 4, 1, 5, 2)
        case "CRD":
            split, order = (batch, rest, size, size, height, width), (0, 1, 4, 2, 5, 3)
        case _:
            node.fail(f"attribute 'mode' is '{mode}', expected DCR or CRD")
    mixed = node.emit(TransposeOp(reshaped(node, x, split), order))
    return reshaped(node, mixed, (batch, rest, height * size, width * size))


@reads("SpaceToDepth", moves=True)
def space_to_depth(node: Node) -> SSAValue:
    x, size = node.tensor(0), node.integer("blocksize", 0)
    batch, channels, height, width = _image_shape(node, x)
    if size < 1 or height % size or width % size:
        node.fail(f"attribute 'blocksize' is {size}, expected a divisor of {height} and {width}")
    split = (batch, channels, height // size, size, width // size, size)
    order = (0, 1, 3, 5, 2, 4) if node.text("mode", "DCR") == "CRD" else (0, 3, 5, 1, 2, 4)
    mixed = node.emit(TransposeOp(reshaped(node, x, split), order))
    return reshaped(node, mixed, (batch, channels * size**2, height // size, width // size))


def _image_shape(node: Node, x: SSAValue) -> tuple[int, ...]:
    if len(shape_of(x)) != 4:
        node.fail(f"the input has rank {len(shape_of(x))}, expected 4")
    return shape_of(x)
