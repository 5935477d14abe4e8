"""`If` with a condition that shapes decide: the nodes of the branch that is taken, in its place."""

from __future__ import annotations

from collections.abc import Mapping

from onnx import ModelProto, NodeProto, helper

from nopt.tools.importer.inner_graphs import branch_of, inlined
from nopt.tools.importer.model_reading import check_tensor


def take_branches(model: ModelProto, taken: Mapping[str, bool]) -> None:
    """Replace nodes in the model itself; `taken` are their conditions by their first output."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        name = next(iter(node.output), "")
        if node.op_type != "If" or name not in taken:
            nodes.append(node)
            continue
        stored, inner, results = inlined(branch_of(node, taken[name]), name)
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
