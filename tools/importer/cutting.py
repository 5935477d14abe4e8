"""A part of a model: from some of its tensors, to some of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

from nopt.tools.errors import UserError, nearest
from nopt.tools.importer.node import graphs_of


def cut(
    model: ModelProto, inferred: GraphProto, starts: Sequence[str], ends: Sequence[str]
) -> None:
    """Keep, in the model itself, what computes `ends` from `starts` and its own inputs.

    No `ends` are the model's outputs. `inferred` has the types of its tensors. Raises UserError
    for a tensor that there is not, and for a start that no end needs."""
    graph = model.graph
    values = {v.name: v for v in (*inferred.input, *inferred.value_info, *inferred.output)}
    makers = {name: at for at, node in enumerate(graph.node) for name in node.output if name}
    known = {*makers, *(value.name for value in graph.input)}
    for option, names in (("--from", starts), ("--to", ends)):
        for name in names:
            if name not in known:
                raise UserError(f"{option}: no tensor '{name}'{nearest(name, known)}")
    outputs = list(ends) or [value.name for value in graph.output]
    needed, kept = _needed(graph, makers, outputs, {*starts})
    for name in starts:
        if name not in needed:
            raise UserError(f"--from: nothing that is computed reads '{name}'")
    inputs = [_typed(name, values) for name in starts]
    results = [_typed(name, values) for name in outputs]
    _keep(graph.node, lambda at: at in kept)
    _keep(graph.initializer, lambda at: graph.initializer[at].name in needed)
    _keep(graph.input, lambda at: graph.input[at].name in needed - {*starts})
    graph.input.extend(inputs)
    del graph.output[:]
    graph.output.extend(results)


def _keep(field: Any, is_kept: Callable[[int], bool]) -> None:
    """Keep some of a message's parts, in place: they may be hundreds of megabytes."""
    for at in reversed(range(len(field))):
        if not is_kept(at):
            del field[at]


def _needed(
    graph: GraphProto, makers: Mapping[str, int], outputs: Sequence[str], starts: set[str]
) -> tuple[set[str], set[int]]:
    """The tensors that outputs need, and the positions of the nodes that make them."""
    needed: set[str] = set()
    kept: set[int] = set()
    left = list(outputs)
    while left:
        name = left.pop()
        if name in needed:
            continue
        needed.add(name)
        if name not in starts and (at := makers.get(name)) is not None and at not in kept:
            kept.add(at)
            left += _read(graph.node[at])
    return needed, kept


def _read(node: NodeProto) -> Iterator[str]:
    """What a node reads, also in graphs of its own."""
    yield from node.input
    for graph in graphs_of(node):
        for inner in graph.node:
            yield from _read(inner)


def _typed(name: str, values: dict[str, ValueInfoProto]) -> ValueInfoProto:
    """The declaration of a tensor. Raises UserError if ONNX does not infer its type."""
    value = values.get(name)
    if value is None or not value.type.HasField("tensor_type"):
        raise UserError(f"tensor '{name}' has no type that ONNX infers, expected a tensor")
    return value
