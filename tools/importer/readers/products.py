"""Matrix products."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import AddOp, BroadcastOp, MatmulOp, MulOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import MICROSOFT, reads


@reads("MatMul")
def mat_mul(node: Node) -> SSAValue:
    return multiply(node, node.tensor(0), node.tensor(1))


@reads("Gemm")
def gemm(node: Node) -> SSAValue:
    return general_product(node)


def general_product(node: Node) -> SSAValue:
    """alpha times a product plus beta times a bias."""
    beta = node.number("beta", 1.0)
    result = _product(node)
    if not node.has(2) or beta == 0:
        return result
    bias = node.constant(2)
    if bias is not None:
        name = node.proto.input[2]
        bias = bias if beta == 1 else bias * bias.dtype.type(beta)
        # A bias is a vector; [1, N] broadcasts alike.
        if bias.ndim == 2 and bias.shape[0] == 1:
            bias = bias[0]
        return node.emit(AddOp(result, node.builder.stored_constant(bias, name, node)))
    return node.emit(AddOp(result, _scaled(node, node.tensor(2), beta)))


@reads("FusedMatMul", "TransposeMatMul", domain=MICROSOFT)
def fused_mat_mul(node: Node) -> SSAValue:
    return _product(node)


def _product(node: Node) -> SSAValue:
    """alpha times the product of the first two inputs, transposed if the node says so."""
    product = MatmulOp(
        node.tensor(0),
        node.tensor(1),
        transpose_a=bool(node.integer("transA", 0)),
        transpose_b=bool(node.integer("transB", 0)),
    )
    return _scaled(node, node.emit(product), node.number("alpha", 1.0))


def _scaled(node: Node, value: SSAValue, factor: float) -> SSAValue:
    return value if factor == 1 else node.emit(MulOp(value, node.splat(factor, value)))


def multiply(node: Node, a: SSAValue, b: SSAValue) -> SSAValue:
    """The product as numpy's matmul defines it: vectors, and batches that broadcast."""
    rank_a, rank_b = len(shape_of(a)), len(shape_of(b))
    if not rank_a or not rank_b:
        node.fail("an input is a scalar, expected at least a vector")
    if rank_a == 1:
        a = reshaped(node, a, (1, *shape_of(a)))
    if rank_b == 1:
        b = reshaped(node, b, (*shape_of(b), 1))
    shape_a, shape_b = shape_of(a), shape_of(b)
    if len(shape_b) > 2 and shape_a[:-2] != shape_b[:-2]:
        try:
            batch = np.broadcast_shapes(shape_a[:-2], shape_b[:-2])
        except ValueError:
            node.fail(f"shapes {list(shape_a)} and {list(shape_b)} do not broadcast")
        a = _broadcast(node, a, (*batch, *shape_a[-2:]))
        b = _broadcast(node, b, (*batch, *shape_b[-2:]))
    result = node.emit(MatmulOp(a, b))
    *batch, rows, columns = shape_of(result)
    shape = [*batch, *([rows] if rank_a > 1 else []), *([columns] if rank_b > 1 else [])]
    return reshaped(node, result, shape)


def _broadcast(node: Node, value: SSAValue, shape: tuple[int, ...]) -> SSAValue:
    return value if shape_of(value) == shape else node.emit(BroadcastOp(value, shape))
