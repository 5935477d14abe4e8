"""Running sums, and products of all elements along axes."""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import MatmulOp, MulOp, PadOp, SliceOp, TransposeOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.statistics_ops import reduced_axes
from nopt.tools.importer.readers.unsigned import wrapped
from nopt.tools.importer.registry import reads


@reads("CumSum")
def running_sum(node: Node) -> SSAValue:
    """A product with a triangle of ones."""
    x = node.tensor(0)
    dtype = dtype_of(x)
    if dtype.kind != "f" and dtype != np.int32:
        node.fail(f"the input has type {dtype}, expected floats or int32")
    rank = len(shape_of(x))
    axis = node.axis(int(node.known_number(1, "the axis")), rank)
    size = shape_of(x)[axis]
    triangle = np.triu(np.ones((size, size), dtype), k=node.integer("exclusive", 0))
    if node.integer("reverse", 0):
        triangle = triangle.T
    order = [i for i in range(rank) if i != axis] + [axis]
    moved = _transposed(node, x, order)
    rows = reshaped(node, moved, (prod(shape_of(moved)[:-1]), size))
    product = node.emit(MatmulOp(rows, node.array(triangle, "triangle")))
    inverse = [order.index(i) for i in range(rank)]
    return _transposed(node, reshaped(node, product, shape_of(moved)), inverse)


def _transposed(node: Node, x: SSAValue, order: list[int]) -> SSAValue:
    return x if order == sorted(order) else node.emit(TransposeOp(x, order))


@reads("ReduceProd")
def product(node: Node) -> SSAValue:
    """Halves times each other, until one element is left."""
    x = node.tensor(0)
    shape = shape_of(x)
    axes = reduced_axes(node, len(shape))
    if axes is None:
        return x
    for axis in axes:
        while (size := shape_of(x)[axis]) > 1:
            half = (size + 1) // 2
            if size % 2:
                more = [int(i == axis) for i in range(len(shape))]
                x = node.emit(PadOp(x, [0] * len(shape), more, 1))
            sizes = [half if i == axis else n for i, n in enumerate(shape_of(x))]
            starts = [half if i == axis else 0 for i in range(len(shape))]
            first = node.emit(SliceOp(x, [0] * len(shape), sizes))
            x = wrapped(node, node.emit(MulOp(first, node.emit(SliceOp(x, starts, sizes)))))
    keeps = node.integer("keepdims", 1)
    kept = [i for i in range(len(shape)) if keeps or i not in axes]
    return reshaped(node, x, [shape_of(x)[i] for i in kept])
