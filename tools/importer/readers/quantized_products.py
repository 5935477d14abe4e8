"""Convolutions and matrix products of coded inputs: sums of integer products."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import Conv2dOp, MatmulOp, PadOp
from nopt.tools.importer.coded import Coded
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.readers.byte_products import Bytes, product_of_bytes
from nopt.tools.importer.readers.convolutions import conv_windows
from nopt.tools.importer.readers.window_ops import image, unimage
from nopt.tools.importer.registry import reads_coded

_I32 = np.iinfo(np.int32)


def coded_input(node: Node, index: int) -> Coded | None:
    """An input that stands for numbers, with one scale or several."""
    value = node.value(index) if node.has(index) else None
    return value if isinstance(value, Coded) and value.scale is not None else None


def _with_bias(node: Node, acc: Coded, index: int, factor: float = 1.0) -> Coded | None:
    """The accumulator plus a known bias, in steps of the accumulator's scale."""
    if not node.has(index):
        return acc
    return plus_known(acc, node.value(index), factor)


def plus_known(acc: Coded, value: Any, factor: float = 1.0) -> Coded | None:
    scale = np.asarray(acc.scale, np.float64)
    if isinstance(value, Coded) and value.array is not None:
        steps = value.array.astype(np.int64) - value.aligned(value.zero)
        own = np.asarray(value.aligned(value.scale), np.float64)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
        steps, own = value.astype(np.float64), np.ones(())
    else:
        return None
    shape = shape_of(acc.value)
    while steps.ndim and steps.shape[0] == 1:
        steps, own = steps[0], own[0] if own.ndim else own
    if steps.ndim:
        # One number for each index along the axis.
        after = len(shape) - 1 - (len(shape) - 1 if acc.axis is None else acc.axis)
        if steps.shape != (shape[len(shape) - 1 - after], *[1] * after) and steps.ndim != 1:
            return None
        if steps.size != shape[len(shape) - 1 - after]:
            return None
        steps, own = np.ravel(steps), np.ravel(own) if own.ndim else own
    ratio = own * factor / scale
    ratio = np.where(np.abs(ratio - 1) < 1e-5, 1.0, ratio)
    bias = np.rint(steps * ratio)
    if not (np.abs(bias) <= _I32.max).all():
        return None
    zero = np.asarray(acc.zero) - bias.astype(np.int64)
    if np.abs(zero).max() > _I32.max:
        return None
    axis = len(shape) - 1 if acc.axis is None and zero.ndim else acc.axis
    return Coded(acc.value, acc.scale, zero if zero.ndim else int(zero), axis)


def _weights(node: Node, w: Coded) -> tuple[SSAValue, Array]:
    """Weights with zero point 0, as a tensor and as wide integers."""
    assert w.array is not None
    wide = w.array.astype(np.int64) - w.aligned(w.zero)
    if not wide.size:
        node.fail(f"the weights have shape {list(wide.shape)}, expected at least one element")
    least, most = int(wide.min()), int(wide.max())
    if least >= -128 and most <= 127:
        dtype: Any = np.int8
    else:
        dtype = np.int16
        node.builder.note("weights minus their zero point need 9 bits", node)
    return node.array(wide.astype(dtype), w.name or node.proto.input[1]), wide


@reads_coded("Conv")
def conv(node: Node) -> Coded | None:
    x, w = coded_input(node, 0), coded_input(node, 1)
    if x is None or w is None or w.array is None or not x.is_plain or len(node.shape(0)) == 5:
        return None
    if w.has_scales and w.axis != 0:
        return None
    acc = convolution(node, x, w)
    return _with_bias(node, acc, 2)


def convolution(node: Node, x: Coded, w: Coded) -> Coded:
    """The sums of products as integers; the input's zero point becomes a zero for each channel."""
    weight, wide = _weights(node, w)
    value = x.tensor(node)
    windows = conv_windows(node, value, weight)
    rank = len(shape_of(value))
    zero, pads = int(x.zero), windows.pads
    value = image(node, value)
    if zero and any(pads):
        # Outside the image are zeros, which the zero point stands for.
        value = node.emit(PadOp(value, (0, 0, *pads[:2]), (0, 0, *pads[2:]), zero))
        pads = (0, 0, 0, 0)
    result = node.emit(
        Conv2dOp(
            value,
            image(node, weight),
            strides=windows.strides,
            pads=pads,
            dilations=windows.dilations,
            groups=node.integer("group", 1),
        )
    )
    scale = np.asarray(x.scale, np.float64) * np.asarray(w.scale, np.float64)
    sums = wide.reshape(len(wide), -1).sum(1) * zero
    return Coded(unimage(node, result, rank), scale if scale.ndim else float(scale), sums, 1)


@reads_coded("MatMul", "Gemm")
def mat_mul(node: Node) -> Coded | None:
    a, b = coded_input(node, 0), coded_input(node, 1)
    if a is None or b is None or not a.is_plain:
        return None
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    if alpha <= 0:
        return None
    swap = [bool(node.integer(name, 0)) for name in ("transA", "transB")]
    acc = product(node, a, b, *swap)
    if acc is None:
        return None
    assert acc.scale is not None
    acc = Coded(acc.value, acc.scale * alpha, acc.zero, acc.axis)
    return _with_bias(node, acc, 2, beta) if node.op == "Gemm" and beta else acc


def product(node: Node, a: Coded, b: Coded, swap_a: bool, swap_b: bool) -> Coded | None:
    """A matrix product as integers, of a by known weights or another activation; None if it is
    none of one scale for each column."""
    assert a.scale is not None and b.scale is not None
    rank = len(shape_of(b.value))
    if b.array is None or rank != 2:
        return _product_of_activations(node, a, b) if b.is_plain and not swap_a | swap_b else None
    if b.has_scales and b.axis != (0 if swap_b else 1):
        return None
    weight, wide = _weights(node, b)
    value = a.tensor(node)
    if len(shape_of(value)) < 2:
        return None
    result = node.emit(MatmulOp(value, weight, transpose_a=swap_a, transpose_b=swap_b))
    scale = np.asarray(a.scale, np.float64) * np.asarray(b.scale, np.float64)
    sums = wide.sum(1 if swap_b else 0) * int(a.zero)
    axis = len(shape_of(result)) - 1
    return Coded(result, scale if scale.ndim else float(scale), sums, axis)


def _product_of_activations(node: Node, a: Coded, b: Coded) -> Coded:
    assert isinstance(a.scale, float) and isinstance(b.scale, float)
    left, right = (Bytes(x.tensor(node), int(x.zero)) for x in (a, b))
    return Coded(product_of_bytes(node, left, right), a.scale * b.scale)
