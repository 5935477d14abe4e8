"""Where the largest or smallest element is: the places of those that equal it, and the first."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from nopt.dialects.graph import CastOp, CompareOp, Comparison, ReduceOp, Statistic, WhereOp
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import reads


@reads("ArgMax", "ArgMin")
def position(node: Node) -> SSAValue:
    x = node.tensor(0)
    rank = len(shape_of(x))
    axis = node.axis(node.integer("axis", 0), rank)
    size = shape_of(x)[axis]
    kind = Statistic.MAX if node.op == "ArgMax" else Statistic.MIN
    best = node.emit(ReduceOp(kind, x, [axis], keep_dims=True))
    found = node.emit(CompareOp(Comparison.EQ, x, best))
    places = np.arange(size, dtype=np.int32).reshape([-1] + [1] * (rank - 1 - axis))
    is_last = bool(node.integer("select_last_index", 0))
    elsewhere = np.array(-1 if is_last else size, np.int32)
    chosen = node.emit(
        WhereOp(found, node.array(places, "places"), node.array(elsewhere, "nowhere"))
    )
    first = Statistic.MAX if is_last else Statistic.MIN
    keep = bool(node.integer("keepdims", 1))
    return node.emit(CastOp(node.emit(ReduceOp(first, chosen, [axis], keep_dims=keep)), i64))
