"""Factors of channels: tensors that are quantized divided by a number for each of their channels.

Where nothing mixes channels but contractions with weights, a tensor's channels may have scales of
their own at no cost: the weights that make them are divided by the factors, those that read them
multiplied. So it is for tensors from the host that only such contractions read, and in attention:
the scores of each head have the product of the factors of its queries and keys, which the host
takes out; the columns of values keep theirs until the projection that follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import Operation, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import Array
from nopt.passes.graph.quantization.integer_layers import (
    Layer,
    channel_axis,
    has_weights,
    input_axis,
    is_contraction,
    only_user,
    shape_of,
)


@dataclass(frozen=True)
class Chain:
    """Tensors with the same elements in other order, and which channel each element is of."""

    values: list[SSAValue]
    channels: list[Array]
    """For each tensor: channel numbers that broadcast to its shape."""
    axis: int
    """The axis of the channels in the first tensor."""


@dataclass(frozen=True)
class Entry:
    """A tensor that only these contractions read, by their weights."""

    value: SSAValue
    readers: list[Layer]
    is_free: bool
    """Whether the host makes it, not other weights, whose results then need several shifts."""


@dataclass(frozen=True)
class Heads:
    """Products of queries and keys for each index along an axis, that only the host reads."""

    scores: SSAValue
    axis: int
    sides: tuple[Chain, Chain]
    """Of a head number for each channel, from the projections to the product."""


@dataclass(frozen=True)
class Columns:
    """Values whose columns are mixed by a product and read by a contraction with weights."""

    before: Chain
    """From the projection to the product."""
    after: Chain
    """From the product to the reader, of channels of the projection."""
    reader: Layer


@dataclass
class Freedoms:
    """Where channels may have factors."""

    entries: list[Entry] = field(default_factory=list[Entry])
    heads: list[Heads] = field(default_factory=list[Heads])
    columns: list[Columns] = field(default_factory=list[Columns])

    @property
    def observed(self) -> set[tuple[SSAValue, int]]:
        """Tensors, and the axes along which their channels must be observed."""
        chains = [side for heads in self.heads for side in heads.sides]
        chains += [columns.before for columns in self.columns]
        return {
            *((entry.value, input_axis(entry.readers[0].root)) for entry in self.entries),
            *((heads.scores, heads.axis) for heads in self.heads),
            *((chain.values[0], chain.axis) for chain in chains),
            *((each.after.values[-1], input_axis(each.reader.root)) for each in self.columns),
        }


def find_freedoms(
    layers: Sequence[Layer], entries: Sequence[Entry], exits: Collection[SSAValue]
) -> Freedoms:
    """All that can have factors; `exits` are the results that only the host reads."""
    by_result = {layer.result: layer for layer in layers}
    by_root = {layer.root: layer for layer in layers}
    found = Freedoms(list(entries))
    for layer in layers:
        if not isinstance(layer.root, graph.MatmulOp) or has_weights(layer.root):
            continue
        if layer.bias is not None or layer.skip is not None or layer.activation is not None:
            continue
        if layer.result in exits:
            if (heads := _heads(layer.root, by_result)) is not None:
                found.heads.append(heads)
        elif (columns := _columns(layer.root, by_result, by_root)) is not None:
            found.columns.append(columns)
    return found


def _heads(op: graph.MatmulOp, by_result: dict[SSAValue, Layer]) -> Heads | None:
    shape = shape_of(op.result)
    batch = [axis for axis, size in enumerate(shape[:-2]) if size > 1]
    if len(batch) != 1 or len(shape_of(op.rhs)) != len(shape):
        return None
    (axis,) = batch
    sides: list[Chain] = []
    for operand in op.operands:
        chain = _chain_to(operand, by_result)
        if chain is None:
            return None
        number = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
        heads = np.broadcast_to(number, shape_of(operand))
        channels = np.broadcast_to(chain.channels[-1], heads.shape)
        head_of = np.zeros(int(channels.max()) + 1, np.int64)
        head_of[channels] = heads
        if (head_of[channels] != heads).any():
            return None
        sides.append(Chain(chain.values, [head_of[of] for of in chain.channels], chain.axis))
    return Heads(op.result, axis, (sides[0], sides[1]))


def _columns(
    op: graph.MatmulOp, by_result: dict[SSAValue, Layer], by_root: dict[Operation, Layer]
) -> Columns | None:
    chain = _chain_to(op.rhs, by_result)
    if chain is None:
        return None
    shape = shape_of(op.result)
    columns = chain.channels[-1]
    columns = columns.swapaxes(-1, -2) if op.transpose_b is not None else columns
    if columns.shape[-2] > 1:
        return None
    columns = np.broadcast_to(columns, (*columns.shape[:-2], 1, shape[-1]))
    value: SSAValue = op.result
    values: list[SSAValue] = []
    channels: list[Array] = []
    full = np.broadcast_to(columns, shape)
    while True:
        values.append(value)
        channels.append(_compact(full))
        user = only_user(value)
        if user is None:
            return None
        if is_contraction(user):
            after = Chain(values, channels, -1)
            return _read(chain, after, by_root[user])
        if not isinstance(user, graph.ReshapeOp | graph.TransposeOp):
            return None
        full, value = _moved(user, full), user.result


def _read(before: Chain, after: Chain, reader: Layer) -> Columns | None:
    """The chains, if the channels of their end are the input channels of a reader with weights."""
    value, last = after.values[-1], after.channels[-1]
    if not has_weights(reader.root) or reader.root.operands[0] is not value:
        return None
    axis = input_axis(reader.root)
    along = all(size == 1 for i, size in enumerate(last.shape) if i != axis)
    each_once = sorted(last.reshape(-1).tolist()) == list(range(shape_of(value)[axis]))
    return Columns(before, after, reader) if along and each_once else None


def _chain_to(value: SSAValue, by_result: dict[SSAValue, Layer]) -> Chain | None:
    """From the result of a layer with weights, by moves alone, to a tensor that has one reader."""
    values = [value]
    while values[0] not in by_result:
        op = values[0].owner
        if not isinstance(op, graph.ReshapeOp | graph.TransposeOp):
            return None
        values.insert(0, op.input)
    layer = by_result[values[0]]
    if any(only_user(each) is None for each in values):
        return None
    if not has_weights(layer.root) or layer.skip is not None:
        return None
    if isinstance(layer.activation, graph.ClipOp):
        return None
    shape, axis = shape_of(layer.result), channel_axis(layer.root)
    number = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    full = np.broadcast_to(number, shape)
    channels = [_compact(full)]
    for moved in values[1:]:
        assert isinstance(moved.owner, graph.ReshapeOp | graph.TransposeOp)
        full = _moved(moved.owner, full)
        channels.append(_compact(full))
    return Chain(values, channels, axis)


def _moved(op: graph.ReshapeOp | graph.TransposeOp, array: Array) -> Array:
    if isinstance(op, graph.TransposeOp):
        return array.transpose(op.permutation.get_values())
    return array.reshape(shape_of(op.result))


def _compact(array: Array) -> Array:
    """The array with size 1 along the axes that nothing depends on."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if (array == first).all():
            array = first
    return array
