"""From a model's nodes to a function of `graph` ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.array_names import identifier
from nopt.dialects.constants import Array, attribute_of, tensor_type
from nopt.dialects.graph import ConstantOp
from nopt.tools.errors import UserError
from nopt.tools.importer.coded import Coded
from nopt.tools.importer.fold_coded import fold_coded
from nopt.tools.importer.folding import can_fold, fold
from nopt.tools.importer.functions import body_of
from nopt.tools.importer.inner_graphs import InnerGraphs
from nopt.tools.importer.loops import LOOPS, Unrolled
from nopt.tools.importer.model_reading import load_tensor
from nopt.tools.importer.node import Node, Value, describe, shape_of
from nopt.tools.importer.onnx_types import is_converted, stored, stored_type, type_name
from nopt.tools.importer.registry import CODED, DROPPED, QUANTIZERS, READERS, STANDARD, only_moves

_MAY_BE_INFINITE = {"Add", "Clip", "Concat", "Equal", "Expand", "Max", "Min", "Sub", "Where"}
"""Infinity masks and bounds; it is no weight."""


ALWAYS_KNOWN = {"Constant", "If", "Loop", "Scan", "Shape", "Size"}
"""Operators that have no reader of their own."""

_SHOWN = 8
"""How many nodes a note lists."""


class Builder:
    """Imports one model."""

    def __init__(
        self,
        model: ModelProto,
        elements: dict[str, int],
        folder: Path,
        drops_quantization: bool = False,
        loaded: Mapping[str, Value] | None = None,
    ):
        """`elements` are the element types of tensors, `folder` is where weight files are.

        `drops_quantization` makes networks of floats of quantized ones. `loaded` are stored tensors
        that another builder has read."""
        self.model = model
        self.elements = elements
        self.folder = folder
        self.drops_quantization = drops_quantization
        self.opsets = {o.domain.removeprefix("ai.onnx"): o.version for o in model.opset_import}
        self.initializers: dict[str, TensorProto] = {t.name: t for t in model.graph.initializer}
        self.values: dict[str, Value] = dict(loaded or {})
        self.taken: dict[str, bool] = {}
        """Conditions of `If` that turned out to be known, by the node's first output."""
        self.consumers: dict[str, list[NodeProto]] = {}
        self._notes: dict[str, list[str]] = {}
        self.unsupported: list[str] = []
        self.unknown: set[str] = set()
        self._constants: dict[str, SSAValue] = {}
        self._converted: dict[str, int] = {}
        for name in loaded or ():
            self.count_conversion(self.initializers[name].data_type)

    @property
    def loaded(self) -> dict[str, Value]:
        """The stored tensors that were read."""
        return {name: self.values[name] for name in self.initializers if name in self.values}

    def build(self) -> ModuleOp | None:
        """The module with function `main`; None if conditions turned out to be known.

        Raises UserError about the first node that is wrong, or about all the operators that have no
        reader."""
        graph = self.model.graph
        for proto in graph.node:
            for name in proto.input:
                self.consumers.setdefault(name, []).append(proto)
        for value in graph.output:
            self.consumers.setdefault(value.name, []).append(NodeProto(op_type="output"))
        inputs = [value for value in graph.input if value.name not in self.initializers]
        types: list[Any] = []
        for value in inputs:
            tensor = value.type.tensor_type
            dtype = stored_type(tensor.elem_type, f"input '{value.name}'")
            self.count_conversion(tensor.elem_type)
            types.append(tensor_type([dim.dim_value for dim in tensor.shape.dim], dtype))
        function = FuncOp("main", (types, []))
        self.block = function.body.block
        for value, argument in zip(inputs, self.block.args, strict=True):
            argument.name_hint = identifier(value.name)
            self.values[value.name] = argument
        for proto in graph.node:
            self.add(proto, self.opsets)
        if self.taken:
            return None
        self._refuse_unsupported()
        results = [self._result(value.name) for value in graph.output]
        for value, result in zip(graph.output, results, strict=True):
            self._compare(value, shape_of(result))
        self.block.add_op(ReturnOp(*results))
        function.update_function_type()
        module = ModuleOp([function])
        module.verify()
        return module

    @property
    def notes(self) -> list[str]:
        """What a person should know about the result."""
        notes = [f"{n} tensors of {name} are kept as f32" for name, n in self._converted.items()]
        for what, nodes in self._notes.items():
            more = f" and {len(nodes) - _SHOWN} more" if len(nodes) > _SHOWN else ""
            notes.append(f"{what}: {', '.join(nodes[:_SHOWN])}{more}")
        return notes

    def note(self, what: str, node: Node) -> None:
        """Remember something that people should know about a node."""
        self._notes.setdefault(what, []).append(describe(node.proto))

    # What nodes ask for

    def defines(self, name: str) -> bool:
        """Whether a tensor has a value by now."""
        return not name or name in self.values or name in self.initializers

    def value(self, name: str, node: Node | None = None) -> Value:
        """The value of a tensor; stored tensors are loaded when first asked for."""
        if name not in self.values:
            if name not in self.initializers:
                place = f"{node}: " if node else ""
                raise UserError(f"{place}tensor '{name}' is not defined before it is used")
            tensor = self.initializers[name]
            self.count_conversion(tensor.data_type)
            self.values[name] = load_tensor(tensor, self.folder)
        return self.values[name]

    def known(self, value: Value) -> Array | None:
        """The elements of a value that does not depend on the network's inputs."""
        if isinstance(value, Coded) and _is_known(value):
            return value.numbers()
        return value if isinstance(value, np.ndarray) else None

    def tensor(self, name: str, value: Value, node: Node) -> SSAValue:
        """A value as a tensor of the function."""
        if isinstance(value, SSAValue):
            return value
        if isinstance(value, Coded):
            if node.raw:
                return value.tensor(node)
            decoded = value.decoded(node)
            decoded.name_hint = decoded.name_hint or identifier(name)
            return decoded
        if name not in self._constants:
            self._constants[name] = self.stored_constant(value, name, node)
        return self._constants[name]

    def stored_constant(self, value: Array, name: str, node: Node) -> SSAValue:
        """A known tensor, or another form of it, that a node uses as a constant."""
        array = stored(value, f"{node}: tensor '{name}'")
        if array.dtype.kind == "f" and node.op not in _MAY_BE_INFINITE:
            count = int(np.isinf(array).sum())
            if count:
                node.fail(f"tensor '{name}' has {count} infinite elements, expected numbers")
        return self.constant(array, name)

    def constant(self, array: Array, name: str) -> SSAValue:
        """A constant tensor under a wanted name."""
        result = self.emit(ConstantOp(attribute_of(array, name)))
        result.name_hint = identifier(name)
        return result

    def emit(self, op: Operation) -> SSAValue:
        # While it is known which node it is for.
        op.verify()
        self.block.add_op(op)
        return op.results[0]

    # Nodes

    def add(self, proto: NodeProto, opsets: Mapping[str, int]) -> None:
        """Import one node: its outputs get values."""
        domain = proto.domain.removeprefix("ai.onnx")
        node = Node(proto, opsets.get(domain, 1), self)
        try:
            if any(name in self.unknown for name in proto.input):
                if not self._is_known(node, domain):
                    self.unsupported.append(_unsupported(proto, node.version))
                self.unknown.update(proto.output)
                return
            results = self._results(node, (domain, proto.op_type))
        except VerifyException as error:
            node.fail(str(error))
        if results is None:
            return
        if isinstance(results, SSAValue | np.ndarray | Coded):
            results = [results]
        for index, name in enumerate(proto.output):
            if index < len(results):
                self._store(name, results[index])
            elif name in self.consumers:
                node.fail(f"output {index} ('{name}') is used, expected only {len(results)}")

    def _results(self, node: Node, key: tuple[str, str]) -> Value | Sequence[Value] | None:
        """A node's results; None if they were stored already."""
        if node.op in ("Shape", "Size") and not key[0]:
            return _shape(node)
        if key == (STANDARD, "If"):
            return self._choose(node)
        if key in LOOPS:
            return Unrolled(node, self, self.opsets).results()
        inputs = [self.value(name, node) if name else None for name in node.proto.input]
        if can_fold(node.proto) and node.op != "DequantizeLinear":
            given = [value for value in inputs if value is not None]
            if all(map(_is_known, given)):
                known = [None if value is None else self.known(value) for value in inputs]
                first = inputs[0] if inputs else None
                return fold_coded(node, first, known) or fold(node, known)
        if self.drops_quantization and key in DROPPED:
            return DROPPED[key](node)
        if key in QUANTIZERS:
            return READERS[key](node)
        if any(isinstance(value, Coded) for value in inputs):
            if (results := self._on_integers(node, key, inputs)) is not None:
                return results
            if any(isinstance(value, Coded) and value.scale is not None for value in inputs):
                self.note("no exact integer form, computed in floats", node)
        if key in READERS:
            return READERS[key](node)
        if body := body_of(node, inputs):
            nodes, opsets = body
            for inner in nodes:
                self.add(inner, opsets)
            return None
        self.unsupported.append(_unsupported(node.proto, node.version))
        self.unknown.update(node.proto.output)
        return None

    def _choose(self, node: Node) -> list[Value] | None:
        """Results of both branches; if it is known which one a node takes, what it gives is known
        once that is in its place."""
        if node.constant(0) is None:
            return InnerGraphs(node, self, self.opsets).choose(node.tensor(0))
        self.taken[node.proto.output[0]] = bool(node.known_number(0, "the condition"))
        self.unknown.update(node.proto.output)
        return None

    def _on_integers(
        self, node: Node, key: tuple[str, str], inputs: Sequence[Value | None]
    ) -> Value | Sequence[Value] | None:
        """A node computed on the integers of its coded inputs, if that is exact."""
        first = inputs[0]
        if key in CODED and (results := CODED[key](node)) is not None:
            return results  # pyright: ignore[reportReturnType]
        others = any(isinstance(value, Coded) for value in inputs[1:])
        moves = only_moves(node, key)
        if moves and isinstance(first, Coded) and first.is_plain and not others:
            node.raw = True
            results = READERS[key](node)
            node.raw = False
            if isinstance(results, SSAValue):
                return first.with_value(results)
            return [
                first.with_value(result) if isinstance(result, SSAValue) else result
                for result in results  # pyright: ignore[reportGeneralTypeIssues]
            ]
        return None

    def _is_known(self, node: Node, domain: str) -> bool:
        """Whether an operator is supported, for all that its type tells."""
        key = domain, node.op
        return key in READERS or node.op in ALWAYS_KNOWN or bool(body_of(node, []))

    def _store(self, name: str, value: Value) -> None:
        if not name:
            return
        if isinstance(value, np.ndarray):
            value = _contiguous(value)
        inner = value.value if isinstance(value, Coded) else value
        if isinstance(inner, SSAValue) and inner.name_hint is None:
            inner.name_hint = identifier(name)
        self.values[name] = value

    # The end

    def _result(self, name: str) -> SSAValue:
        node = Node(NodeProto(op_type="Concat", name="", output=[name]), 1, self)
        return self.tensor(name, self.value(name), node)

    def _compare(self, output: ValueInfoProto, shape: tuple[int, ...]) -> None:
        """Note an output whose shape is not what the file declares."""
        declared = output.type.tensor_type
        sizes = [dim.dim_value or None for dim in declared.shape.dim]
        if declared.HasField("shape") and (
            len(sizes) != len(shape)
            or any(size not in (None, found) for size, found in zip(sizes, shape, strict=True))
        ):
            expected = [size or "?" for size in sizes]
            what = "outputs have other shapes than the file declares"
            text = f"'{output.name}' has {list(shape)}, declared {expected}"
            self._notes.setdefault(what, []).append(text)

    def _refuse_unsupported(self) -> None:
        if self.unsupported:
            count = len(self.unsupported)
            listed = "\n".join(f"  {line}" for line in dict.fromkeys(self.unsupported))
            what = "operator is" if count == 1 else "operators are"
            raise UserError(f"{count} {what} not supported:\n{listed}")

    def count_conversion(self, element: int) -> None:
        if is_converted(element):
            name = type_name(element)
            self._converted[name] = self._converted.get(name, 0) + 1


def _is_known(value: Value) -> bool:
    """Whether a value does not depend on the network's inputs."""
    if isinstance(value, Coded):
        return value.array is not None and value.scale is not None
    return isinstance(value, np.ndarray)


def _shape(node: Node) -> Array:
    shape = np.array(node.shape(0), np.int64)
    if node.op == "Size":
        return np.array(shape.prod(), np.int64)
    rank = len(shape)
    start, end = node.integer("start", 0), node.integer("end", rank)
    return shape[slice(start, end)]


def _contiguous(array: Array) -> Array:
    """Not a view of another array, which it would keep alive; but splats stay small."""
    is_splat = array.size > 1 and not any(array.strides)
    return array if is_splat else np.ascontiguousarray(array).reshape(array.shape)


def _unsupported(proto: NodeProto, version: int) -> str:
    domain = proto.domain or "ai.onnx"
    return f"{describe(proto)}: operator {proto.op_type} of {domain} {version}"
