"""Reductions, and what normalizes by them."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    Function,
    LayerNormOp,
    LrnOp,
    MulOp,
    ReduceOp,
    SoftmaxOp,
    Statistic,
    SubOp,
    UnaryOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.readers.convolutions import channel_constant
from nopt.tools.importer.readers.unsigned import wrapped
from nopt.tools.importer.registry import MICROSOFT, reads

_PLAIN = {
    "ReduceMax": Statistic.MAX,
    "ReduceMean": Statistic.MEAN,
    "ReduceMin": Statistic.MIN,
    "ReduceSum": Statistic.SUM,
}


@reads("ReduceMax", "ReduceMin", moves=True)
@reads("ReduceMean", "ReduceSum")
def reduce(node: Node) -> SSAValue:
    return _reduced(node, _PLAIN[node.op], node.tensor(0))


@reads("ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp")
def reduce_function(node: Node) -> SSAValue:
    x = node.tensor(0)
    match node.op:
        case "ReduceL1":
            return _reduced(node, Statistic.SUM, node.emit(UnaryOp(Function.ABS, x)))
        case "ReduceLogSumExp":
            x = node.emit(UnaryOp(Function.EXP, x))
        case "ReduceL2" | "ReduceSumSquare":
            x = node.emit(MulOp(x, x))
        case _:
            pass
    total = _reduced(node, Statistic.SUM, x)
    if node.op == "ReduceSumSquare":
        return total
    return node.emit(UnaryOp(Function.SQRT if node.op == "ReduceL2" else Function.LOG, total))


def reduced_axes(node: Node, rank: int) -> list[int] | None:
    """The axes of a reduction, rising; None if it reduces nothing."""
    axes = node.integers("axes")
    if axes is None and node.has(1):
        axes = node.known_integers(1, "the list of axes")
    if not axes:
        return None if node.integer("noop_with_empty_axes", 0) else list(range(rank))
    return sorted({node.axis(axis, rank) for axis in axes})


def _reduced(node: Node, kind: Statistic, x: SSAValue) -> SSAValue:
    axes = reduced_axes(node, len(shape_of(x)))
    if axes is None:
        return x
    keep = bool(node.integer("keepdims", 1))
    reduced = node.emit(ReduceOp(kind, x, axes, keep_dims=keep))
    return wrapped(node, reduced) if kind is Statistic.SUM else reduced


@reads("Softmax", "LogSoftmax")
def softmax(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape = shape_of(x)
    rank = len(shape)
    axis = node.axis(node.integer("axis", -1 if node.version >= 13 else 1), max(rank, 1))
    # Before version 13 all axes from this one on count as one.
    inner = shape[axis:] if node.version < 13 else ()
    if sum(size > 1 for size in inner) > 1:
        rows = reshaped(node, x, (int(np.prod(shape[:axis])), int(np.prod(inner))))
        return reshaped(node, _softmax(node, rows, 1), shape)
    if any(size > 1 for size in inner):
        axis += next(place for place, size in enumerate(inner) if size > 1)
    return _softmax(node, x, axis)


def _softmax(node: Node, x: SSAValue, axis: int) -> SSAValue:
    if node.op == "Softmax":
        return node.emit(SoftmaxOp(x, axis))
    largest = node.emit(ReduceOp(Statistic.MAX, x, [axis], keep_dims=True))
    moved = node.emit(SubOp(x, largest))
    powers = node.emit(UnaryOp(Function.EXP, moved))
    total = node.emit(ReduceOp(Statistic.SUM, powers, [axis], keep_dims=True))
    return node.emit(SubOp(moved, node.emit(UnaryOp(Function.LOG, total))))


@reads("BatchNormalization")
def batch_normalization(node: Node) -> SSAValue:
    """One product and one sum with constants, computed in float64."""
    x = node.tensor(0)
    if node.integer("training_mode", 0):
        node.fail("attribute 'training_mode' is 1, expected 0: a model for inference")
    if not node.integer("spatial", 1):
        node.fail("attribute 'spatial' is 0, expected 1: statistics for each channel")
    if len(shape_of(x)) < 2:
        node.fail(f"the input has rank {len(shape_of(x))}, expected at least 2")
    channels = shape_of(x)[1]
    values: list[np.ndarray] = []
    for index, what in enumerate(("scale", "bias", "mean", "variance"), 1):
        value = node.known(index, what).astype(np.float64)
        name = node.proto.input[index]
        if value.shape != (channels,):
            node.fail(f"{what} '{name}' has shape {list(value.shape)}, expected [{channels}]")
        if not np.isfinite(value).all():
            count = int((~np.isfinite(value)).sum())
            node.fail(f"{what} '{name}' has {count} elements that are no finite numbers")
        values.append(value)
    scale, bias, mean, variance = values
    deviation = variance + node.number("epsilon", 1e-5)
    if (deviation <= 0).any():
        node.fail(f"variance '{node.proto.input[4]}' is {variance.min()}, expected above 0")
    factor = scale / np.sqrt(deviation)
    shape = (channels, *[1] * (len(shape_of(x)) - 2))

    def constant(array: np.ndarray, index: int) -> SSAValue:
        return node.array(array.astype(dtype_of(x)).reshape(shape), node.proto.input[index])

    scaled = node.emit(MulOp(x, constant(factor, 1)))
    return node.emit(AddOp(scaled, constant(bias - mean * factor, 2)))


@reads("LayerNormalization")
@reads("LayerNormalization", domain=MICROSOFT)
def layer_normalization(node: Node) -> SSAValue:
    x = node.tensor(0)
    axis = node.axis(node.integer("axis", -1), len(shape_of(x)))
    return layer_norm(node, x, axis, scale=1, bias=2)


@reads("SkipLayerNormalization", domain=MICROSOFT)
def skip_layer_normalization(node: Node) -> SSAValue:
    x = node.emit(AddOp(node.tensor(0), node.tensor(1)))
    if node.has(4):
        x = node.emit(AddOp(x, node.tensor(4)))
    return layer_norm(node, x, len(shape_of(x)) - 1, scale=2, bias=3)


def layer_norm(node: Node, x: SSAValue, axis: int, scale: int, bias: int) -> SSAValue:
    """Normalize along the axes from this one on; `scale` and `bias` are indices of inputs."""
    shape = shape_of(x)[axis:]

    def parameter(index: int, default: float) -> SSAValue:
        if not node.has(index):
            return node.array(np.full(shape, default, dtype_of(x)), "layer_norm")
        if (array := node.constant(index)) is not None:
            name = node.proto.input[index]
            try:
                whole = np.broadcast_to(array, shape)
            except ValueError:
                node.fail(f"'{name}' has shape {list(array.shape)}, expected {list(shape)}")
            return node.builder.stored_constant(whole, name, node)
        return node.tensor(index)

    epsilon = node.number("epsilon", 1e-5 if not node.proto.domain else 1e-12)
    return node.emit(
        LayerNormOp(x, parameter(scale, 1), parameter(bias, 0), axis=axis, epsilon=epsilon)
    )


@reads("InstanceNormalization")
def instance_normalization(node: Node) -> SSAValue:
    x = node.tensor(0)
    shape = shape_of(x)
    if len(shape) < 3:
        node.fail(f"the input has rank {len(shape)}, expected at least 3")
    ones, zeros = (node.array(np.full(shape[2:], v, dtype_of(x)), "norm") for v in (1, 0))
    epsilon = node.number("epsilon", 1e-5)
    normal = node.emit(LayerNormOp(x, ones, zeros, axis=2, epsilon=epsilon))
    scale, bias = (channel_constant(node, i, shape[1], len(shape)) for i in (1, 2))
    return node.emit(AddOp(node.emit(MulOp(normal, scale)), bias))


@reads("LRN")
def lrn(node: Node) -> SSAValue:
    return node.emit(
        LrnOp(
            node.tensor(0),
            size=node.integer("size", 1),
            alpha=node.number("alpha", 1e-4),
            beta=node.number("beta", 0.75),
            bias=node.number("bias", 1.0),
        )
    )
