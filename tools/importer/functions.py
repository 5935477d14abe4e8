"""Operators that ONNX defines by other operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import onnx
from onnx import FunctionProto, NodeProto, TypeProto, helper
from onnx.defs import OpSchema, SchemaError
from xdsl.ir import SSAValue

from nopt.tools.importer.node import Node, Value, dtype_of, shape_of


def body_of(
    node: Node, inputs: Sequence[Value | None]
) -> tuple[list[NodeProto], Mapping[str, int]] | None:
    """The nodes that an operator stands for, with their operator sets; None if it is primitive."""
    domain = node.proto.domain.removeprefix("ai.onnx")
    try:
        schema = onnx.defs.get_schema(node.op, node.version, domain)
    except SchemaError:
        return None
    if (function := _function(node, schema, inputs)) is None:
        return None
    opsets = {o.domain: o.version for o in function.opset_import} or {"": node.version}
    return list(_inlined(node, function, schema)), opsets


def is_function(op: str, domain: str, version: int) -> bool:
    """Whether ONNX defines an operator by others."""
    try:
        schema: Any = onnx.defs.get_schema(op, version, domain)
    except SchemaError:
        return False
    return schema.has_function or schema.has_context_dependent_function


def _function(node: Node, schema: Any, inputs: Sequence[Value | None]) -> FunctionProto | None:
    if schema.has_function:
        function = schema.function_body
        return function if isinstance(function, FunctionProto) else None
    if not schema.has_context_dependent_function:
        return None
    types: list[bytes] = []
    for value in inputs:
        type = TypeProto()
        if isinstance(value, SSAValue):
            element = helper.np_dtype_to_tensor_dtype(dtype_of(value))
            type = helper.make_tensor_type_proto(element, shape_of(value))
        elif isinstance(value, np.ndarray):
            element = helper.np_dtype_to_tensor_dtype(value.dtype)
            type = helper.make_tensor_type_proto(element, value.shape)
        elif value is not None:
            type = helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, shape_of(value.value))
        types.append(type.SerializeToString())
    body = schema.get_context_dependent_function(node.proto.SerializeToString(), types)
    if not body:
        return None
    function = FunctionProto()
    function.ParseFromString(body)
    return function


def _inlined(node: Node, function: FunctionProto, schema: OpSchema):
    """The function's nodes with the caller's names and attributes."""
    prefix = node.proto.name or next(iter(node.proto.output), node.op)
    names = {"": ""}
    names |= dict(zip_longest(function.input, node.proto.input, fillvalue=""))
    names |= {f: a for f, a in zip_longest(function.output, node.proto.output, fillvalue="") if a}
    defaults = {name: a.default_value for name, a in schema.attributes.items()}
    for index, original in enumerate(function.node):
        inner = NodeProto()
        inner.CopyFrom(original)
        inner.name = f"{prefix}/{original.name or f'{original.op_type}.{index}'}"
        for field in (inner.input, inner.output):
            for place, name in enumerate(field):
                field[place] = names.setdefault(name, f"{prefix}/{name}")
        del inner.attribute[:]
        for attribute in original.attribute:
            if not attribute.ref_attr_name:
                inner.attribute.append(attribute)
                continue
            given = node.attributes.get(attribute.ref_attr_name)
            given = given or defaults.get(attribute.ref_attr_name)
            if given is not None and given.type:
                named = inner.attribute.add()
                named.CopyFrom(given)
                named.name = attribute.name
        yield inner
