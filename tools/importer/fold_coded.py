"""Movements of known integers with scales, as of weights that an exporter transposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nopt.dialects.constants import Array
from nopt.tools.importer.coded import Coded
from nopt.tools.importer.folding import fold
from nopt.tools.importer.node import Node, Value, shape_of
from nopt.tools.importer.registry import only_moves


def fold_coded(
    node: Node, first: Value | None, known: Sequence[Array | None]
) -> list[Coded] | None:
    """The results as integers, if the node only moves those of its first input; else None."""
    domain = node.proto.domain.removeprefix("ai.onnx")
    if not isinstance(first, Coded) or not only_moves(node, (domain, node.op)) or node.op == "Pad":
        return None
    axis = first.axis
    if not first.is_plain:
        if node.op != "Transpose" or axis is None:
            return None
        rank = len(shape_of(first.value))
        axis = (node.integers("perm") or list(reversed(range(rank)))).index(axis)
    results = fold(node, [first.array, *known[1:]])
    return [replace(first, value=result, axis=axis) for result in results]
