"""Discrete Fourier transforms: products with sines and cosines."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    ConcatOp,
    Conv2dOp,
    MatmulOp,
    SliceOp,
    SubOp,
    TransposeOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import reads


def _waves(count: int, bins: int, length: int) -> tuple[Array, Array]:
    """Cosines and sines of `count` points for each of the first frequencies of a length."""
    turns = np.outer(np.arange(count), np.arange(bins)) % length * (2 * np.pi / length)
    return np.cos(turns), np.sin(turns)


@reads("STFT")
def short_time(node: Node) -> SSAValue:
    """A convolution of the signal [batch, samples] by waves under a window, frame by frame."""
    x = node.tensor(0)
    shape = shape_of(x)
    if len(shape) == 3 and shape[2] != 1:
        node.fail(f"the signal has shape {list(shape)}, expected real numbers")
    step = int(node.known_number(1, "the frame step"))
    window = node.constant(2)
    if window is None and node.has(2):
        node.known(2, "the window")
    known = int(node.known_number(3, "the frame length")) if node.has(3) else None
    length = known or (shape[1] if window is None else window.size)
    weights = np.ones(length) if window is None else window.reshape(-1).astype(np.float64)
    if weights.size != length or length > shape[1] or step < 1:
        node.fail(f"frames have {length} samples, {step} apart, expected some of {shape[1]}")
    bins = length // 2 + 1 if node.integer("onesided", 1) else length
    cosines, sines = _waves(length, bins, length)
    kernel = np.concatenate([cosines.T, -sines.T]) * weights
    kernel = kernel.reshape(2 * bins, 1, 1, length).astype(np.float32)
    row = reshaped(node, x, (shape[0], 1, 1, shape[1]))
    found = node.emit(Conv2dOp(row, node.array(kernel, "waves"), strides=(1, step)))
    parts = reshaped(node, found, (shape[0], 2, bins, shape_of(found)[3]))
    return node.emit(TransposeOp(parts, [0, 3, 2, 1]))


@reads("DFT")
def transform(node: Node) -> SSAValue:
    """Of real or complex numbers, along one axis; back with `inverse`."""
    x = node.tensor(0)
    rank = len(shape_of(x))
    given = node.integer("axis", 1)
    if node.version >= 20:
        given = int(node.known_number(2, "the axis")) if node.has(2) else -2
    axis = node.axis(given, rank)
    points, parts = shape_of(x)[axis], shape_of(x)[-1]
    if axis == rank - 1 or parts > 2:
        node.fail(f"axis {axis} of {list(shape_of(x))} holds real and imaginary parts")
    length = int(node.known_number(1, "the length")) if node.has(1) else points
    inverse = bool(node.integer("inverse", 0))
    bins = length // 2 + 1 if node.integer("onesided", 0) else length
    if inverse and bins != length:
        # What is left out mirrors what is there: all but the first, and a middle, count twice.
        length = int(node.known_number(1, "the length")) if node.has(1) else 2 * (points - 1)
        return _real(node, x, axis, length)
    count = min(points, length)
    cosines, sines = _waves(count, bins, length)
    if inverse:
        cosines, sines = cosines / length, -sines / length
    order = [*(i for i in range(rank - 1) if i != axis), rank - 1, axis]
    moved = node.emit(TransposeOp(x, order))
    outer = shape_of(moved)[:-2]
    cos, sin = (node.array(w.astype(np.float32), "waves") for w in (cosines, sines))

    def part(index: int, waves: SSAValue) -> SSAValue:
        starts = [*[0] * len(outer), index, 0]
        rows = node.emit(SliceOp(moved, starts, [*outer, 1, count]))
        rows = reshaped(node, rows, (int(np.prod(outer, dtype=int)), count))
        return node.emit(MatmulOp(rows, waves))

    real = part(0, cos)
    imaginary = node.emit(SubOp(node.splat(0, real), part(0, sin)))
    if parts == 2:
        real = node.emit(AddOp(real, part(1, sin)))
        imaginary = node.emit(AddOp(imaginary, part(1, cos)))
    both = [reshaped(node, each, (*outer, 1, bins)) for each in (real, imaginary)]
    joined = node.emit(ConcatOp(both, len(outer)))
    return node.emit(TransposeOp(joined, [order.index(i) for i in range(rank)]))


def _real(node: Node, x: SSAValue, axis: int, length: int) -> SSAValue:
    """Real numbers, of half of their transform along an axis."""
    rank, count = len(shape_of(x)), min(shape_of(x)[axis], length // 2 + 1)
    if shape_of(x)[-1] != 2:
        node.fail(f"the input has shape {list(shape_of(x))}, expected complex numbers")
    cosines, sines = _waves(count, length, length)
    twice = np.where((np.arange(count) == 0) | (2 * np.arange(count) == length), 1, 2)[:, None]
    waves = np.stack([cosines * twice, -sines * twice]) / length
    order = [*(i for i in range(rank - 1) if i != axis), rank - 1, axis]
    moved = node.emit(TransposeOp(x, order))
    outer = shape_of(moved)[:-2]
    cut = node.emit(SliceOp(moved, [0] * rank, [*outer, 2, count]))
    rows = reshaped(node, cut, (int(np.prod(outer, dtype=int)), 2 * count))
    table = node.array(waves.reshape(2 * count, length).astype(np.float32), "waves")
    result = reshaped(node, node.emit(MatmulOp(rows, table)), (*outer, 1, length))
    return node.emit(TransposeOp(result, [order.index(i) for i in range(rank)]))
