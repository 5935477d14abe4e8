"""Graphs of nodes: the bodies of loops and the branches of `If`, imported in the node's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from onnx import GraphProto, NodeProto, TensorProto
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import CastOp, WhereOp
from nopt.tools.errors import UserError
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.model_reading import check_tensor
from nopt.tools.importer.node import Node, Value, graphs_of, shape_of


class Imports(Protocol):
    """What inner graphs need of a builder."""

    values: dict[str, Value]
    initializers: dict[str, TensorProto]
    unknown: set[str]
    unsupported: list[str]

    def add(self, proto: NodeProto, opsets: Mapping[str, int]) -> None: ...
    def value(self, name: str, node: Node | None = None) -> Value: ...
    def known(self, value: Value) -> Array | None: ...
    def tensor(self, name: str, value: Value, node: Node) -> SSAValue: ...


def branch_of(proto: NodeProto, condition: bool) -> GraphProto:
    """The graph that an `If` computes for a condition."""
    wanted = "then_branch" if condition else "else_branch"
    (branch,) = (each.g for each in proto.attribute if each.name == wanted)
    return branch


class InnerGraphs:
    """What a node's graphs compute: `opsets` are those of the model."""

    def __init__(self, node: Node, builder: Imports, opsets: Mapping[str, int]):
        self.node, self.builder, self.opsets = node, builder, opsets

    def add(
        self, graph: GraphProto, prefix: str, given: Sequence[Value] | None = None
    ) -> list[Value] | None:
        """A graph's results, its inputs being given; None if something in it is not supported."""
        stored, nodes, results = inlined(graph, prefix, inputs=given is not None)
        for value, own in zip(given or (), graph.input, strict=given is not None):
            self.builder.values[f"{prefix}/{own.name}"] = value
        for tensor in stored:
            check_tensor(tensor)
            self.builder.initializers[tensor.name] = tensor
        for proto in nodes:
            self._add_node(proto)
        if any(name in self.builder.unknown for name in results):
            return None
        return [self.builder.value(name, self.node) for name in results]

    def _add_node(self, proto: NodeProto) -> None:
        known = None
        if proto.op_type == "If" and proto.input[0] not in self.builder.unknown:
            known = self.builder.known(self.builder.value(proto.input[0], self.node))
        if known is None:
            self.builder.add(proto, self.opsets)
            return
        results = self.add(branch_of(proto, bool(known.reshape(()))), proto.output[0])
        if results is None:
            self.builder.unknown.update(proto.output)
        else:
            self.builder.values.update(zip(proto.output, results, strict=True))

    def choose(self, condition: SSAValue) -> list[Value] | None:
        """Both branches of an `If`, and for each result a choice: None if one is not supported.

        A branch computes its results alone, so nobody sees that the other one was computed, too.
        """
        node, proto = self.node, self.node.proto
        first = proto.output[0]
        found: list[list[Value]] = []
        for taken in (True, False):
            graph = branch_of(proto, taken)
            try:
                results = self.add(graph, f"{first}/{str(taken).lower()}")
            except UserError as error:
                self._fail(f"and a branch has no meaning with these shapes:\n  {error}")
            if results is None:
                self.builder.unknown.update(proto.output)
                return None
            found.append(results)
        flag = condition if shape_of(condition) == () else reshaped(node, condition, ())
        flag = flag if flag.type == i1 else node.emit(CastOp(flag, i1))
        return [
            self._choice(flag, name, *pair)
            for name, *pair in zip(proto.output, *found, strict=True)
        ]

    def _choice(self, condition: SSAValue, name: str, yes: Value, no: Value) -> SSAValue:
        a, b = (self.builder.tensor(name, value, self.node) for value in (yes, no))
        if a.type != b.type:
            self._fail(f"and its branches give '{name}' as {a.type} and as {b.type}")
        return self.node.emit(WhereOp(condition, a, b))

    def _fail(self, why: str) -> NoReturn:
        name = self.node.proto.input[0]
        self.node.fail(
            f"its condition '{name}' depends on the network's inputs (--fix makes constants of "
            f"them), {why}"
        )


def inlined(
    graph: GraphProto, prefix: str, inputs: bool = False
) -> tuple[list[TensorProto], list[NodeProto], list[str]]:
    """A graph's stored tensors, nodes and results, what it defines under names of its own.

    With `inputs`, its inputs get such names, too."""
    copy = GraphProto()
    copy.CopyFrom(graph)
    defined = [*(tensor.name for tensor in copy.initializer)]
    defined += [value.name for value in copy.input] if inputs else []
    defined += [name for inner in copy.node for name in inner.output if name]
    names = {name: f"{prefix}/{name}" for name in defined}
    for tensor in copy.initializer:
        tensor.name = names[tensor.name]
    _rename(copy, names)
    results = [names.get(value.name, value.name) for value in graph.output]
    return list(copy.initializer), [*copy.node], results


def _rename(graph: GraphProto, names: Mapping[str, str]) -> None:
    """Rename what nodes read and define, also in graphs of theirs: ONNX shadows no names."""
    for node in graph.node:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
        for inner in graphs_of(node):
            _rename(inner, names)
            for value in inner.output:
                value.name = names.get(value.name, value.name)
