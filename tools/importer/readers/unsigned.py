"""Unsigned integers, which are kept in the next wider signed type: what they compute wraps."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import element_type
from nopt.dialects.graph import AddOp, CastOp, ClipOp, CompareOp, Comparison, WhereOp
from nopt.tools.importer.node import Node, dtype_of
from nopt.tools.importer.onnx_types import unsigned_limits


def wrapped(node: Node, result: SSAValue) -> SSAValue:
    """A node's result modulo 2^n, if its type is unsigned."""
    limits = unsigned_limits(node.builder.elements.get(node.proto.output[0], 0))
    return result if limits is None else as_unsigned(node, result, limits, dtype_of(result))


def as_unsigned(
    node: Node, x: SSAValue, limits: np.iinfo[Any], dtype: np.dtype[np.generic]
) -> SSAValue:
    """Numbers as those of an unsigned type, in the wider signed one that holds it: integers modulo
    2^n, floats saturated, as those of `graph.cast`, where ONNX defines nothing."""
    wide = element_type(dtype)
    if dtype_of(x).kind == "f":
        return node.emit(ClipOp(node.emit(CastOp(x, wide)), 0, int(limits.max)))
    if dtype_of(x).kind == "b":
        return node.emit(CastOp(x, wide))
    signed = element_type(np.dtype(f"i{limits.bits // 8}"))
    low = node.emit(CastOp(node.emit(CastOp(x, signed)), wide))
    is_negative = node.emit(CompareOp(Comparison.LT, low, node.splat(0, low)))
    moved = node.emit(AddOp(low, node.splat(int(limits.max) + 1, low)))
    return node.emit(WhereOp(is_negative, moved, low))
