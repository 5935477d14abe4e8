"""Weights of any contraction as a matrix with one row for each output channel."""

from __future__ import annotations

import numpy as np
from xdsl.ir import Operation

from nopt.dialects import graph
from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.integer_layers import constant_of, shape_of


def to_rows(op: Operation) -> Array:
    """A contraction's weights as [output channels, terms]."""
    weights = constant_of(op.operands[1])
    assert weights is not None
    if isinstance(op, graph.MatmulOp):
        return weights if op.transpose_b is not None else weights.T
    if isinstance(op, graph.ConvTranspose2dOp):
        channels, outputs = weights.shape[:2]
        groups = op.groups.value.data
        grouped = weights.reshape(groups, channels // groups, outputs, -1).swapaxes(1, 2)
        return grouped.reshape(groups * outputs, -1)
    return weights.reshape(len(weights), -1)


def from_rows(op: Operation, rows: Array) -> Array:
    """The inverse of `to_rows`."""
    shape = shape_of(op.operands[1])
    if isinstance(op, graph.MatmulOp):
        return np.ascontiguousarray(rows if op.transpose_b is not None else rows.T)
    if isinstance(op, graph.ConvTranspose2dOp):
        groups = op.groups.value.data
        grouped = rows.reshape(groups, shape[1], shape[0] // groups, -1).swapaxes(1, 2)
        return np.ascontiguousarray(grouped).reshape(shape)
    return rows.reshape(shape)


def input_channels(op: Operation) -> Array:
    """The input channel that each weight of `to_rows` is multiplied by; broadcasts to them."""
    if isinstance(op, graph.MatmulOp):
        inner = shape_of(op.rhs)[1 if op.transpose_b is not None else 0]
        return np.arange(inner)[None, :]
    assert isinstance(op, graph.Conv2dOp | graph.ConvTranspose2dOp)
    groups, channels = op.groups.value.data, shape_of(op.input)[1]
    area = int(np.prod(shape_of(op.weight)[2:]))
    by_group = np.repeat(np.arange(channels), area).reshape(groups, 1, -1)
    outputs = shape_of(op.result)[1]
    rows = np.broadcast_to(by_group, (groups, outputs // groups, by_group.shape[2]))
    return rows.reshape(outputs, -1)


def input_means(op: Operation, means: Array) -> Array:
    """The mean of the input that each weight of `to_rows` is multiplied by; broadcasts to them."""
    terms = means[input_channels(op)]
    if isinstance(op, graph.Conv2dOp):
        inside = _coverage(op).reshape(-1)
        return terms * np.tile(inside, terms.shape[1] // len(inside))
    return terms


def _coverage(op: graph.Conv2dOp) -> Array:
    """For each place in the kernel, in how many of the windows it is inside the image: [KH, KW]."""
    shares: list[Array] = []
    pads = op.pads.get_values()
    for axis in range(2):
        size, count = shape_of(op.input)[2 + axis], shape_of(op.result)[2 + axis]
        taps = np.arange(shape_of(op.weight)[2 + axis])[:, None]
        first = np.arange(count) * op.strides.get_values()[axis] - pads[axis]
        place = first + taps * op.dilations.get_values()[axis]
        shares.append(((place >= 0) & (place < size)).mean(axis=1))
    return np.outer(*shares)
