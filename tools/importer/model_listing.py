"""What a model has, before anything is imported: its inputs, results and operators."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto

from nopt.hw.files.whole_files import read_bytes
from nopt.tools.importer import readers as _readers  # noqa: F401
from nopt.tools.importer.folding import can_fold
from nopt.tools.importer.functions import is_function
from nopt.tools.importer.model_reading import parse_model
from nopt.tools.importer.module_builder import ALWAYS_KNOWN
from nopt.tools.importer.node import graphs_of
from nopt.tools.importer.onnx_types import type_name
from nopt.tools.importer.registry import MICROSOFT, READERS, STANDARD

Row = dict[str, Any]

_PRODUCTS = (
    "Conv ConvInteger ConvTranspose Einsum FusedConv FusedGemm FusedMatMul GRU Gemm LSTM MatMul "
    "MatMulInteger QGemm QLinearConv QLinearMatMul RNN TransposeMatMul"
)
_OTHERS = (
    "Add AveragePool BatchNormalization Clip GlobalAveragePool MaxPool Mul QLinearAdd "
    "QLinearAveragePool QLinearGlobalAveragePool Relu Sub Sum"
)
_MOVES = (
    "Concat Constant DepthToSpace Dropout Expand Flatten Gather Identity Pad QLinearConcat Reshape "
    "Shape Size Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze"
)
_CORE = {
    **dict.fromkeys(_PRODUCTS.split(), "core"),
    **dict.fromkeys(_OTHERS.split(), "core, with products"),
    **dict.fromkeys(_MOVES.split(), "in no step of its own"),
}
"""Where operators run that have integers, or get them by graph-quantize; others run on the host."""


_IF_KNOWN = ("Loop", "Scan")

_LONGEST_NAME = 20


def list_model(path: str | Path) -> tuple[list[Row], list[Row]]:
    """Inputs and results with types and shapes; operators with how often they occur, whether they
    are imported, and where they run once they are of integers.

    Raises UserError for what is no model, OSError if the file cannot be read."""
    model = parse_model(read_bytes(Path(path)))
    stored = {tensor.name for tensor in model.graph.initializer}
    tensors = [
        _tensor(kind, value)
        for kind, values in (("input", model.graph.input), ("output", model.graph.output))
        for value in values
        if value.name not in stored
    ]
    return tensors, _operators(model)


def _tensor(kind: str, value: ValueInfoProto) -> Row:
    tensor = value.type.tensor_type
    sizes = [_size(dim) for dim in tensor.shape.dim]
    return {
        "tensor": value.name,
        "kind": kind,
        "type": type_name(tensor.elem_type),
        "shape": "x".join(sizes) or "scalar",
    }


def _size(dim: Any) -> str:
    """A size, the name of an open one if it is short, or a question mark."""
    if dim.dim_value > 0:
        return str(dim.dim_value)
    return dim.dim_param if 0 < len(dim.dim_param) <= _LONGEST_NAME else "?"


def _operators(model: ModelProto) -> list[Row]:
    versions = {o.domain.removeprefix("ai.onnx"): o.version for o in model.opset_import}
    own = {(function.domain, function.name) for function in model.functions}
    counts = Counter[tuple[str, str]]()
    foldable: set[tuple[str, str]] = set()
    parameters = Counter[tuple[str, str]]()
    sizes = {t.name: int(np.prod(t.dims, dtype=np.int64)) for t in model.graph.initializer}
    for graph in (model.graph, *model.functions):
        for node in _nodes(graph):
            key = node.domain.removeprefix("ai.onnx"), node.op_type
            counts[key] += 1
            if can_fold(node):
                foldable.add(key)
            parameters[key] += sum(sizes.get(name, 0) for name in node.input)
    rows: list[Row] = []
    for (domain, op), count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        imported = "no"
        if not domain and op in _IF_KNOWN:
            imported = "if decided beforehand"
        elif (domain, op) in READERS or (not domain and op in ALWAYS_KNOWN):
            imported = "yes"
        elif (domain, op) in own or is_function(op, domain, versions.get(domain, 1)):
            imported = "as other operators"
        elif (domain, op) in foldable:
            imported = "of constants only"
        runs = _CORE.get(op, "host") if domain in (STANDARD, MICROSOFT) else "host"
        rows.append(
            {
                "operator": f"{domain}.{op}".removeprefix("."),
                "nodes": count,
                "numbers": parameters[domain, op],
                "imported": imported,
                "runs": runs if imported[0] in "yai" else "-",
            }
        )
    return rows


def _nodes(graph: Any) -> list[NodeProto]:
    """The nodes of a graph or function, and of the graphs that these have."""
    found: list[NodeProto] = []
    for node in graph.node:
        found.append(node)
        for inner in graphs_of(node):
            found += _nodes(inner)
    return found
