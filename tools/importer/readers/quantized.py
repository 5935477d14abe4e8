"""Between numbers and integers: quantization, dequantization, and what is defined by them."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto, helper
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array, element_type
from nopt.dialects.graph import (
    AddOp,
    CastOp,
    ClipOp,
    DivOp,
    Function,
    MulOp,
    QuantizeOp,
    ReluOp,
    SubOp,
    UnaryOp,
)
from nopt.tools.importer.coded import Coded
from nopt.tools.importer.node import Node, Value, dtype_of, shape_of
from nopt.tools.importer.onnx_types import stored_type
from nopt.tools.importer.readers.rescale import requantized
from nopt.tools.importer.registry import MICROSOFT, STANDARD, reads

_SHIFTS: dict[int, tuple[type[np.signedinteger], int]] = {
    TensorProto.INT8: (np.int8, 0),
    TensorProto.UINT8: (np.int8, 128),
    TensorProto.INT16: (np.int16, 0),
    TensorProto.UINT16: (np.int16, 32768),
    TensorProto.INT32: (np.int32, 0),
    TensorProto.INT4: (np.int8, 0),
    TensorProto.UINT4: (np.int8, 0),
}
"""What holds the integers of a type, and what is taken from them to fit."""
_RANGES: dict[int, tuple[int, int]] = {TensorProto.INT4: (-8, 7), TensorProto.UINT4: (0, 15)}


def coded(node: Node, value: Value, scale: Array, zero: Array | None, axis: int) -> Coded:
    """A tensor of integers as the numbers (value - zero) * scale.

    Scale and zero are scalars, or vectors along the axis; or arrays that differ along one axis of
    the tensor only, which is the axis then."""
    if node.integer("block_size", 0):
        node.fail("attribute 'block_size' is set, expected scales for whole tensors or channels")
    scale = np.asarray(scale, np.float64)
    if not (np.isfinite(scale) & (scale > 0)).all():
        node.fail("a scale is not a finite number above 0")
    integers = plain_integers(node, value)
    zeros = np.asarray(0 if zero is None else zero.astype(np.int64)) + integers.zero
    if zeros.size and (zeros == zeros.flat[0]).all():
        zeros = zeros.reshape(-1)[0]
    if scale.size == 1:
        scale = scale.reshape(())
    shape = shape_of(integers.value)
    scale, along = _along_one(scale, shape, axis)
    zeros, along_zeros = _along_one(zeros, shape, axis)
    is_vector = scale.ndim or np.ndim(zeros)
    if scale.ndim and np.ndim(zeros) and along != along_zeros:
        node.fail(f"scales are along axis {along}, expected {along_zeros} as zero points")
    axis = node.axis(along if scale.ndim else along_zeros, len(shape)) if is_vector else 0
    for factor in (scale, zeros):
        if np.ndim(factor) and np.shape(factor) != (shape[axis],):
            found = list(np.shape(factor))
            node.fail(f"scale or zero point has shape {found}, expected [{shape[axis]}] or []")
    return Coded(
        integers.value,
        scale if scale.ndim else float(scale),
        zeros if np.ndim(zeros) else int(zeros),
        axis if is_vector else None,
        integers.name,
    )


def _along_one(factor: Array, shape: tuple[int, ...], axis: int) -> tuple[Array, int]:
    """A vector, and the axis of the tensor that it is along.

    An array that broadcasts to the tensor's shape, but differs along one axis only, is a vector
    along that one; what is none stays as it is."""
    rank = len(shape)
    if not 1 < np.ndim(factor) <= rank:
        return factor, axis
    factor = factor.reshape((1,) * (rank - factor.ndim) + factor.shape)
    for each in range(rank):
        first = factor[tuple(slice(None) if i == each else slice(1) for i in range(rank))]
        if (factor == first).all() and factor.shape[each] == shape[each]:
            return first.reshape(-1), each
    return factor, axis


def plain_integers(node: Node, value: Value) -> Coded:
    """Input 0's integers in the narrowest type that holds them, with what was taken from them."""
    if isinstance(value, Coded):
        if value.scale is not None:
            node.fail("the input is a tensor of floats, expected integers")
        return value
    if isinstance(value, np.ndarray):
        element = helper.np_dtype_to_tensor_dtype(value.dtype)
        if element not in _SHIFTS:
            node.fail(f"the input has data type {value.dtype}, expected int8 to int32")
        dtype, shift = _SHIFTS[element]
        stored = np.asarray(value.astype(np.int64) - shift, dtype)
        return Coded(stored, None, -shift, name=node.proto.input[0])
    if dtype_of(value).kind != "i":
        node.fail(f"the input has data type {dtype_of(value)}, expected int8 to int32")
    return Coded(value, None, 0)


@reads("DequantizeLinear", quantizes=True)
@reads("DequantizeLinear", domain=MICROSOFT, quantizes=True)
def dequantize_linear(node: Node) -> Value:
    scale = node.constant(1)
    if scale is None or (node.has(2) and node.constant(2) is None):
        return _dequantized_dynamically(node)
    value, zero = node.value(0), node.constant(2)
    if node.builder.drops_quantization:
        return _undone(node, value, scale, zero)
    if isinstance(value, SSAValue) and zero is not None and zero.dtype == np.uint8:
        # An input of the network: its bytes are kept as i16.
        value = Coded(node.emit(CastOp(_plus(node, value, -128), _i8())), None, -128)
    return coded(node, value, scale, zero, node.integer("axis", 1))


@reads("QuantizeLinear", quantizes=True)
@reads("QuantizeLinear", domain=MICROSOFT, quantizes=True)
def quantize_linear(node: Node) -> Value:
    zero = node.value(2) if node.has(2) else None
    element = node.integer("output_dtype", 0) or TensorProto.UINT8
    if isinstance(zero, np.ndarray):
        element = helper.np_dtype_to_tensor_dtype(zero.dtype)
    if element not in _SHIFTS:
        node.fail("the result is of another type than int8 to int32, expected one of these")
    scale = node.constant(1)
    if scale is None or isinstance(zero, SSAValue):
        return _quantized_dynamically(node)
    dtype, shift = _SHIFTS[element]
    zeros = np.zeros(1, np.int64) if zero is None else np.ravel(np.asarray(zero).astype(np.int64))
    if not zeros.size or not scale.size:
        node.fail("scale or zero point is empty, expected at least one element")
    if (zeros != zeros[0]).any():
        node.fail("zero points differ between channels, expected one for the whole tensor")
    point = int(zeros[0]) - shift
    x = node.value(0)
    if node.builder.drops_quantization:
        return _saturated(node, x, scale, zeros, element)
    known = np.asarray(scale, np.float64)
    if not (np.isfinite(known) & (known > 0)).all():
        node.fail("the scale is not a finite number above 0")
    if isinstance(x, Coded) and x.scale is not None and known.size == 1:
        result = requantized(node, x, float(known.reshape(())), point, np.dtype(dtype))
        if result is not None:
            return Coded(result, None, -shift)
    tensor = node.tensor(0)
    target = element_type(np.dtype(dtype))
    if known.size == 1:
        result = node.emit(QuantizeOp(tensor, target, float(known.reshape(())), point))
    else:
        axis = node.axis(node.integer("axis", 1), len(shape_of(tensor)))
        result = node.emit(QuantizeOp(tensor, target, known, point, axis))
    if element in _RANGES:
        result = node.emit(ClipOp(result, *_RANGES[element]))
    return Coded(result, None, -shift)


def _undone(node: Node, value: Value, scale: Array, zero: Array | None) -> Value:
    """Without quantization: the tensor itself, or the numbers that known integers stand for."""
    if isinstance(value, np.ndarray):
        return coded(node, value, scale, zero, node.integer("axis", 1)).numbers()
    if isinstance(value, SSAValue) and dtype_of(value) != np.float32:
        node.fail("an input of the network is quantized, expected floats to drop quantization")
    return value


def _saturated(node: Node, x: Value, scale: Array, zeros: Array, element: int) -> Value:
    """Without quantization: the tensor itself, clipped where nothing below 0 has an integer, since
    activations are left out in front of such a quantization."""
    limits = np.iinfo(helper.tensor_dtype_to_np_dtype(element))
    if isinstance(x, np.ndarray) or zeros[0] != limits.min or scale.size != 1:
        return x
    tensor = node.tensor(0)
    if isinstance(tensor.owner, ReluOp | ClipOp):
        return x
    high = float((limits.max - limits.min) * np.ravel(scale)[0])
    return node.emit(ClipOp(tensor, 0.0, high))


def _quantized_dynamically(node: Node) -> SSAValue:
    """By a scale that the network computes, in floats; uint8 results are kept in i16."""
    x, scale = node.tensor(0), node.tensor(1)
    rounded = node.emit(UnaryOp(Function.ROUND, node.emit(DivOp(x, scale))))
    # What ONNX's definition of dynamic quantization uses.
    element: int = TensorProto.UINT8
    if node.has(2):
        element = node.builder.elements.get(node.proto.input[2], element)
        zero = node.tensor(2)
        rounded = node.emit(AddOp(rounded, node.emit(CastOp(zero, element_type(dtype_of(x))))))
    limits = np.iinfo(helper.tensor_dtype_to_np_dtype(element))
    inside = node.emit(ClipOp(rounded, float(limits.min), float(limits.max)))
    return node.emit(CastOp(inside, element_type(stored_type(element, str(node)))))


def _dequantized_dynamically(node: Node) -> SSAValue:
    scale = node.tensor(1)
    element = element_type(dtype_of(scale))
    x = node.emit(CastOp(node.tensor(0), element))
    if node.has(2):
        x = node.emit(SubOp(x, node.emit(CastOp(node.tensor(2), element))))
    return node.emit(MulOp(x, scale))


def _plus(node: Node, value: SSAValue, number: int) -> SSAValue:
    return node.emit(AddOp(value, node.splat(number, value)))


def _i8():
    return element_type(np.dtype(np.int8))


# Operators that are others between dequantized inputs and a quantized output: the operator, which
# inputs are tensors with their scale and zero point, and where those of the output are.
_BETWEEN: dict[tuple[str, str], tuple[str, tuple[int, ...], int]] = {
    (STANDARD, "QLinearConv"): ("Conv", (0, 3), 6),
    (STANDARD, "QLinearMatMul"): ("MatMul", (0, 3), 6),
    (MICROSOFT, "QLinearAdd"): ("Add", (0, 3), 6),
    (MICROSOFT, "QLinearAveragePool"): ("AveragePool", (0,), 3),
    (MICROSOFT, "QLinearConv"): ("Conv", (0, 3), 6),
    (MICROSOFT, "QLinearGlobalAveragePool"): ("GlobalAveragePool", (0,), 3),
    (MICROSOFT, "QLinearLeakyRelu"): ("LeakyRelu", (0,), 3),
    (MICROSOFT, "QLinearMul"): ("Mul", (0, 3), 6),
    (MICROSOFT, "QLinearSigmoid"): ("Sigmoid", (0,), 3),
    (MICROSOFT, "QLinearSoftmax"): ("Softmax", (0,), 3),
    (MICROSOFT, "QGemm"): ("Gemm", (0, 3), 7),
}
_BIAS = {"QLinearConv": 8, "QGemm": 6}


def _between(node: Node) -> list[Value]:
    op, places, output = _BETWEEN[node.proto.domain.removeprefix("ai.onnx"), node.op]
    bias = _BIAS.get(node.op)
    return _as_three(node, op, places, output, bias)


for (_domain, _op), _ in _BETWEEN.items():
    reads(_op, domain=_domain, quantizes=True)(_between)


@reads("QLinearConcat", domain=MICROSOFT, quantizes=True)
def q_linear_concat(node: Node) -> list[Value]:
    return _as_three(node, "Concat", tuple(range(2, node.count, 3)), 0, None)


def _as_three(
    node: Node, op: str, places: tuple[int, ...], output: int, bias: int | None
) -> list[Value]:
    """Dequantize, compute, quantize: imported as these three."""
    if node.integer("channels_last", 0):
        node.fail("attribute 'channels_last' is 1, expected 0")
    for place in places:
        for index in (place, place + 1):
            node.value(index)
    names = list(node.proto.input)
    result = node.proto.output[0]
    nodes: list[NodeProto] = []
    inputs: list[str] = []
    for place in places:
        # Weights have scales for each output: a convolution's first dimension, else the last.
        is_weight = place > 0 and op in ("Conv", "MatMul", "Gemm")
        first = op == "Conv" or (op == "Gemm" and node.integer("transB", 0))
        axis = (0 if first else -1) if is_weight else 1
        inputs.append(f"{result}/{place}")
        proto = helper.make_node(
            "DequantizeLinear", names[place : place + 3], [inputs[-1]], axis=axis
        )
        nodes.append(proto)
    if bias is not None and node.has(bias):
        x_scale, w_scale = node.known(1, "the scale"), node.known(4, "the scale")
        if x_scale.size != 1:
            node.fail(f"the input's scale has shape {list(x_scale.shape)}, expected one element")
        name = f"{result}/bias_scale"
        scale = np.asarray(x_scale.astype(np.float64) * w_scale.astype(np.float64))
        node.builder.values[name] = scale.reshape(()) if scale.size == 1 else scale.reshape(-1)
        inputs.append(f"{result}/bias")
        nodes.append(
            helper.make_node("DequantizeLinear", [names[bias], name], [inputs[-1]], axis=-1)
        )
    middle = helper.make_node(op, inputs, [f"{result}/float"], name=node.proto.name)
    middle.attribute.extend(node.proto.attribute)
    nodes.append(middle)
    has_scale = output < len(names) and names[output]
    if has_scale:
        quantizer = [f"{result}/float", *names[output : output + 2]]
        nodes.append(helper.make_node("QuantizeLinear", quantizer, [result]))
        node.builder.consumers[f"{result}/float"] = [nodes[-1]]
    opsets = {**node.builder.opsets, "": max(node.builder.opsets.get("", 13), 13)}
    for proto in nodes:
        versions = node.builder.opsets if proto is middle else opsets
        node.builder.add(proto, versions)
    return [node.builder.values[result if has_scale else f"{result}/float"]]
