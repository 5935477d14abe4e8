"""Operators of com.microsoft that onnxruntime's optimizer fuses: the operators that they were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    CastOp,
    ClipOp,
    DivOp,
    Function,
    GatherOp,
    MatmulOp,
    MulOp,
    ReduceOp,
    ReshapeOp,
    SliceOp,
    SoftmaxOp,
    Statistic,
    SubOp,
    TransposeOp,
    UnaryOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, Value, shape_of
from nopt.tools.importer.readers.convolutions import biased
from nopt.tools.importer.readers.products import general_product
from nopt.tools.importer.readers.recurrent_activations import activation
from nopt.tools.importer.readers.scaled_products import dynamic_product, scaled_product
from nopt.tools.importer.readers.statistics_ops import layer_norm
from nopt.tools.importer.registry import MICROSOFT, reads


@reads("FusedConv", domain=MICROSOFT)
def fused_conv(node: Node) -> SSAValue:
    y = biased(node)
    if node.has(3):
        y = node.emit(AddOp(y, node.tensor(3)))
    params = node.attribute("activation_params") or []
    if node.text("activation", "") == "Clip":
        low, high = params
        return node.emit(ClipOp(y, float(low), float(high)))
    return _activated(node, y, params)


@reads("FusedGemm", domain=MICROSOFT)
def fused_gemm(node: Node) -> SSAValue:
    numbers = [node.number(f"activation_{name}", 0.0) for name in ("alpha", "beta")]
    given = node.has_attribute("activation_alpha")
    return _activated(node, general_product(node), numbers if given else [])


def _activated(node: Node, x: SSAValue, params: Sequence[float]) -> SSAValue:
    name = node.text("activation", "")
    return activation(node, name, *params)(x) if name else x


@reads("QuickGelu", domain=MICROSOFT)
def quick_gelu(node: Node) -> SSAValue:
    x = node.tensor(0)
    scaled = node.emit(MulOp(x, node.splat(node.number("alpha", 1.702), x)))
    return node.emit(MulOp(x, node.emit(UnaryOp(Function.SIGMOID, scaled))))


# --- Normalization.


@reads("SimplifiedLayerNormalization")
@reads("SimplifiedLayerNormalization", domain=MICROSOFT)
def simplified_layer_normalization(node: Node) -> SSAValue:
    return _by_root_mean_square(node, node.tensor(0), 1)


@reads("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_simplified_layer_normalization(node: Node) -> list[Value]:
    total = node.emit(AddOp(node.tensor(0), node.tensor(1)))
    if node.has(3):
        total = node.emit(AddOp(total, node.tensor(3)))
    y = _by_root_mean_square(node, total, 2)
    # Mean and deviation are for training.
    nothing = np.zeros(0, np.float32)
    return [y, nothing, nothing, total]


def _by_root_mean_square(node: Node, x: SSAValue, scale: int) -> SSAValue:
    last = len(shape_of(x)) - 1
    squares = node.emit(MulOp(x, x))
    mean = node.emit(ReduceOp(Statistic.MEAN, squares, [last], keep_dims=True))
    above = node.emit(AddOp(mean, node.splat(node.number("epsilon", 1e-5), mean)))
    normal = node.emit(DivOp(x, node.emit(UnaryOp(Function.SQRT, above))))
    return node.emit(MulOp(normal, node.tensor(scale)))


@reads("EmbedLayerNormalization", domain=MICROSOFT)
def embed_layer_normalization(node: Node) -> SSAValue:
    """Words, places and segments, each a row of its table."""
    ids = node.tensor(0)
    steps = shape_of(ids)[1]
    total = node.emit(GatherOp(node.tensor(2), ids))
    places = node.tensor(8) if node.has(8) else node.array(np.arange(steps), "places")
    total = node.emit(AddOp(total, node.emit(GatherOp(node.tensor(3), places))))
    if node.has(4) and node.has(1):
        total = node.emit(AddOp(total, node.emit(GatherOp(node.tensor(4), node.tensor(1)))))
    return layer_norm(node, total, 2, scale=5, bias=6)


# --- Integer products.


@reads("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_mat_mul(node: Node) -> Value:
    x, weights, scale, zero, bias = [*node.proto.input, "", ""][:5]
    return dynamic_product(node, node.proto.output[0], x, (weights, scale, zero), bias)


@reads("MatMulIntegerToFloat", domain=MICROSOFT)
def mat_mul_integer_to_float(node: Node) -> Value:
    a, b, a_scale, b_scale, a_zero, b_zero, bias = [*node.proto.input, "", "", ""][:7]
    factors = (a, a_scale, a_zero), (b, b_scale, b_zero)
    return scaled_product(node, node.proto.output[0], *factors, bias)


# --- Attention.


@reads("Attention", domain=MICROSOFT)
def attention(node: Node) -> SSAValue:
    """Of one input, whose projections to queries, keys and values are one product."""
    if node.has(4):
        node.fail("has a past, expected none")
    projected = node.emit(MatmulOp(node.tensor(0), node.tensor(1)))
    if node.has(2):
        projected = node.emit(AddOp(projected, node.tensor(2)))
    batch, steps, width = shape_of(projected)
    sizes = node.integers("qkv_hidden_sizes") or [width // 3] * 3
    starts = np.cumsum([0, *sizes]).tolist()
    parts = [
        node.emit(SliceOp(projected, [0, 0, start], [batch, steps, size]))
        for start, size in zip(starts, sizes, strict=False)
    ]
    mask = _mask(node, 3, (batch, steps))
    return _heads(node, parts, mask, node.tensor(5) if node.has(5) else None)


@reads("MultiHeadAttention", domain=MICROSOFT)
def multi_head_attention(node: Node) -> SSAValue:
    """Of queries, keys and values [batch, steps, width]."""
    if not node.has(1) or not node.has(2) or any(node.has(index) for index in (6, 7)):
        node.fail("has packed inputs or a past, expected queries, keys and values")
    parts = [node.tensor(index) for index in range(3)]
    if any(len(shape_of(part)) != 3 for part in parts):
        node.fail("keys or values are of other rank than 3, expected [batch, steps, width]")
    if node.has(3):
        starts = np.cumsum([0, *(shape_of(part)[2] for part in parts)]).tolist()
        bias = node.tensor(3)
        for index, part in enumerate(parts):
            own = node.emit(SliceOp(bias, [starts[index]], [shape_of(part)[2]]))
            parts[index] = node.emit(AddOp(part, own))
    mask = _mask(node, 4, shape_of(parts[1])[:2])
    return _heads(node, parts, mask, node.tensor(5) if node.has(5) else None)


def _mask(node: Node, index: int, shape: tuple[int, ...]) -> SSAValue | None:
    """What a mask of ones and zeros [batch, steps] adds to scores [batch, heads, rows, steps]."""
    if not node.has(index):
        return None
    given = node.tensor(index)
    if shape_of(given) != shape:
        node.fail(f"the mask has shape {list(shape_of(given))}, expected {list(shape)}")
    kept = node.emit(CastOp(given, f32))
    dropped = node.emit(SubOp(node.splat(1, kept), kept))
    filled = node.emit(MulOp(dropped, node.splat(node.number("mask_filter_value", -10000.0), kept)))
    return reshaped(node, filled, (shape[0], 1, 1, shape[1]))


def _heads(
    node: Node, parts: Sequence[SSAValue], mask: SSAValue | None, bias: SSAValue | None
) -> SSAValue:
    heads = node.integer("num_heads", 0)
    if heads < 1:
        node.fail(f"attribute 'num_heads' is {heads}, expected at least 1")
    query, key, value = (_apart(node, part, heads) for part in parts)
    width = shape_of(query)[-1]
    scores = node.emit(MatmulOp(query, key, transpose_b=True))
    scale = node.number("scale", 0.0) or 1 / np.sqrt(width)
    scores = node.emit(MulOp(scores, node.splat(float(scale), scores)))
    rows, steps = shape_of(scores)[-2:]
    if node.integer("unidirectional", 0):
        lowest = np.full((rows, steps), np.finfo(np.float32).min, np.float32)
        later = np.triu(lowest, 1 + steps - rows)
        scores = node.emit(AddOp(scores, node.array(later, "later")))
    for added in (mask, bias):
        scores = scores if added is None else node.emit(AddOp(scores, added))
    taken = node.emit(MatmulOp(node.emit(SoftmaxOp(scores, 3)), value))
    together = node.emit(TransposeOp(taken, [0, 2, 1, 3]))
    batch, rows, _, width = shape_of(together)
    return node.emit(ReshapeOp(together, [batch, rows, heads * width]))


def _apart(node: Node, x: SSAValue, heads: int) -> SSAValue:
    """[batch, heads, steps, width]"""
    batch, steps, width = shape_of(x)
    apart = node.emit(ReshapeOp(x, [batch, steps, heads, width // heads]))
    return node.emit(TransposeOp(apart, [0, 2, 1, 3]))
