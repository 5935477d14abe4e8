"""`If` with a condition that shapes decide: the nodes of the branch that is taken, in its place."""

from __future__ import annotations

from collections.abc import Mapping

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from nopt.tools.importer.model_reading import check_tensor
from nopt.tools.importer.node import graphs_of


def take_branches(model: ModelProto, taken: Mapping[str, bool]) -> None:
    """Replace nodes in the model itself; `taken` are their conditions by their first output."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        name = next(iter(node.output), "")
        if node.op_type != "If" or name not in taken:
            nodes.append(node)
            continue
        wanted = "then_branch" if taken[name] else "else_branch"
        (branch,) = (each.g for each in node.attribute if each.name == wanted)
        stored, inner, results = inlined(branch, name)
        for tensor in stored:
            check_tensor(tensor)
        model.graph.initializer.extend(stored)
        nodes += inner
        nodes += [
            helper.make_node("Identity", [result], [output], name=f"{name}/result.{index}")
            for index, (result, output) in enumerate(zip(results, node.output, strict=True))
            if output
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


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
