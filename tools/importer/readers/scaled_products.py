"""Products of integers in floats, as ONNX writes them: the sums, times both scales, plus a bias.

Operands are names of tensors, of integers, scales and zero points; "" for none.
"""

from __future__ import annotations

from typing import TypeAlias

from onnx import NodeProto, TensorProto, helper

from nopt.tools.importer.node import Node, Value
from nopt.tools.importer.registry import STANDARD

Factor: TypeAlias = tuple[str, str, str]
"""Integers, scale and zero point."""


def scaled_product(node: Node, prefix: str, a: Factor, b: Factor, bias: str = "") -> Value:
    """A product of integers; `prefix` begins the names of what is between."""
    sums, floats, steps, product = (
        f"{prefix}/{part}" for part in ("sums", "floats", "steps", "product")
    )
    _add(node, helper.make_node("MatMulInteger", [a[0], b[0], a[2], b[2]], [sums]))
    _add(node, helper.make_node("Cast", [sums], [floats], to=TensorProto.FLOAT))
    _add(node, helper.make_node("Mul", [a[1], b[1]], [steps]))
    result = _add(node, helper.make_node("Mul", [floats, steps], [product]))
    if not bias:
        return result
    return _add(node, helper.make_node("Add", [product, bias], [f"{prefix}/biased"]))


def dynamic_product(node: Node, prefix: str, x: str, b: Factor, bias: str = "") -> Value:
    """A product of floats, which are quantized first, by integers."""
    integers, scale, zero = (f"{prefix}/{part}" for part in ("integers", "scale", "zero"))
    _add(node, helper.make_node("DynamicQuantizeLinear", [x], [integers, scale, zero]))
    return scaled_product(node, prefix, (integers, scale, zero), b, bias)


def _add(node: Node, proto: NodeProto) -> Value:
    node.builder.add(proto, {STANDARD: 18})
    return node.builder.values[proto.output[0]]
