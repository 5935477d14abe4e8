"""Nodes whose inputs are all known are evaluated when the model is imported."""

from __future__ import annotations

import warnings
from math import prod

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from nopt.dialects.constants import Array
from nopt.tools.errors import UserError, one_line
from nopt.tools.importer.node import Node, describe, graphs_of

LARGEST_BYTES = 1 << 31
"""What a tensor may hold: as much as a message of ONNX's file format."""

_RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


def can_fold(proto: NodeProto) -> bool:
    """Whether a node with known inputs has one known result."""
    has_graphs = any(True for _ in graphs_of(proto))
    return proto.domain in ("", "ai.onnx") and proto.op_type not in _RANDOM and not has_graphs


def fold(node: Node, inputs: list[Array | None]) -> list[Array]:
    """A node's results. Raises UserError if it cannot be evaluated."""
    if node.op == "ConstantOfShape":
        return [_constant_of_shape(node, inputs[0])]
    _check_size(node, inputs)
    proto = NodeProto()
    proto.CopyFrom(node.proto)
    proto.domain = ""
    names = [name for name in dict.fromkeys(proto.input) if name]
    infos = [ValueInfoProto(name=name) for name in names]
    outputs = [ValueInfoProto(name=name) for name in proto.output if name]
    graph = GraphProto(name="fold", node=[proto], input=infos, output=outputs)
    values = dict(zip(proto.input, inputs, strict=True))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            evaluator = ReferenceEvaluator(graph, opsets={"": node.version})
            results = evaluator.run(None, {name: values[name] for name in names})
    except Exception as error:
        # The evaluator checks little: numpy's complaints come through, of many kinds.
        text = one_line(ValueError(str(error)))
        raise UserError(f"{describe(node.proto)}: cannot be evaluated: {text}") from error
    return [np.asarray(result) for result in results]


def _constant_of_shape(node: Node, shape: Array | None) -> Array:
    sizes = [int(size) for size in np.ravel(np.asarray(shape))]
    value = node.attribute("value")
    fill = np.zeros(1, np.float32)
    if isinstance(value, TensorProto):
        fill = numpy_helper.to_array(value)
    if fill.size != 1:
        node.fail(f"attribute 'value' has {fill.size} elements, expected 1")
    if any(size < 0 for size in sizes):
        node.fail(f"shape is {sizes}, expected no negative dimensions")
    check_bytes(node, prod(sizes) * fill.itemsize, sizes)
    # One element, however often: nothing is written until it is needed.
    return np.broadcast_to(fill.reshape(()), sizes)


def _check_size(node: Node, inputs: list[Array | None]) -> None:
    """Refuse what makes tensors out of nothing, before it does."""
    arrays = [array for array in inputs if array is not None]
    sizes: list[int] = []
    if node.op in ("Expand", "Reshape") and len(arrays) == 2:
        sizes = [abs(int(size)) for size in np.ravel(arrays[1])]
        if node.op == "Reshape":
            return
    elif node.op == "Tile" and len(arrays) == 2:
        repeats = [abs(int(count)) for count in np.ravel(arrays[1])]
        sizes = [arrays[0].size, *repeats]
    elif node.op == "Range" and len(arrays) == 3:
        start, limit, delta = (float(np.ravel(array)[0]) for array in arrays)
        sizes = [int(max(0, (limit - start) / delta))] if delta else [0]
    elif node.op == "Pad" and len(arrays) >= 2:
        sizes = [arrays[0].size, 1 + int(np.abs(arrays[1].astype(np.float64)).sum())]
    elif node.op in ("OneHot", "EyeLike", "Resize", "Upsample"):
        sizes = [1]
    check_bytes(node, prod(sizes) * 8, sizes)


def check_bytes(node: Node, count: int, shape: list[int]) -> None:
    """Refuse a result of too many bytes."""
    if count > LARGEST_BYTES:
        node.fail(f"result of shape {shape} has {count} bytes, expected at most {LARGEST_BYTES}")
