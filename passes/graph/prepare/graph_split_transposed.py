"""`graph-split-transposed`: transposed convolutions by phases, without products by zeros.

A transposed convolution of stride s spreads its input, so all but one in s * s products are by the
zeros in between. Of the rows of its result, those s apart are a convolution of the input itself, by
every s-th tap. All phases read the same windows, so they are the channels of one convolution:

    [N, s * s * O, H', W']  ->  [N, O, s * H', s * W'], cut to the result

Moving elements into their places is the host's, so this is done where it pays: where the host reads
the result anyway, or where the products that are spared cost more than the copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import Array, load_resource_dialect
from nopt.dialects.graph import (
    Conv2dOp,
    ConvTranspose2dOp,
    ReshapeOp,
    SliceOp,
    TransposeOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.graph.partition.capability import refusal
from nopt.passes.graph.prepare.epilogue import channel_axis, epilogue_of, on_channels
from nopt.passes.graph.rules import constant_like

_COPIED = 4
"""Cycles that a byte counts which the host moves."""


@dataclass(frozen=True)
class GraphSplitTransposedPass(ModulePass):
    """Compute the phases of strided transposed convolutions as channels of a convolution."""

    name = "graph-split-transposed"
    level = "graph"

    always: bool = False
    """Do so whether or not it is estimated to pay."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        block = machine_of(op).block
        for root in [each for each in op.walk() if isinstance(each, ConvTranspose2dOp)]:
            chain = epilogue_of(root)
            if not chain or not _is_possible(root, chain):
                continue
            phases = _Phases(root)
            if self.always or phases.pay(chain[-1].result, block):
                phases.split(chain)
        erase_dead_code(op)


def _is_possible(root: ConvTranspose2dOp, chain: Sequence[GraphOp]) -> bool:
    """Whether a convolution of 8-bit numbers is strided, its epilogue the same but for channels."""
    known = constant_of(root.weight) is not None and tensor_of(root.input).element_type == i8
    plain = root.groups.value.data == 1 and set(root.dilations.get_values()) == {1}
    strided = max(root.strides.get_values()) > 1
    computed = {root.result, *(op.result for op in chain)}
    others = [(value, op) for op in chain for value in op.operands if value not in computed]
    alike = all(_is_by_channel(value, op) for value, op in others)
    return known and plain and strided and alike and PLACEMENT not in root.attributes


def _is_by_channel(operand: SSAValue, op: GraphOp) -> bool:
    """Whether an operand is a constant that has one number for each channel, or for all."""
    shape, axis = shape_of(operand), channel_axis(operand, op)
    channels = shape[axis] if axis >= 0 else 1
    return constant_of(operand) is not None and prod(shape) == channels


class _Phases:
    """One transposed convolution: along each axis, a window of `taps` for all phases."""

    def __init__(self, root: ConvTranspose2dOp):
        self.root = root
        weights = constant_of(root.weight)
        assert weights is not None
        self.weights = weights
        self.batch, self.inputs, *self.size = shape_of(root.input)
        self.outputs = weights.shape[1]
        self.strides = root.strides.get_values()
        self.kernel = weights.shape[2:]
        self.taps = [-(-k // s) for k, s in zip(self.kernel, self.strides, strict=True)]
        sizes = shape_of(root.result)[2:]
        self.starts = [*root.pads.get_values()[:2]]
        self.pads: list[tuple[int, int]] = []
        self.reach: list[int] = []
        """Windows along each axis: those of the result's rows, from the first one's on."""
        for axis, (n, taps) in enumerate(zip(self.size, self.taps, strict=True)):
            step, start = self.strides[axis], self.starts[axis]
            first = start // step
            count = -(-(start + sizes[axis]) // step) - first
            low = taps - 1 - first
            high = max(0, count + taps - 1 - n - low)
            self.pads.append((low, high))
            self.reach.append(n + low + high - taps + 1)
            self.starts[axis] = start % step

    def pay(self, result: SSAValue, block: int) -> bool:
        """Whether fewer products are worth what is copied."""
        inside = -(-self.inputs // block)
        spread = prod(shape_of(result)[2:]) * -(-self.outputs // block) * prod(self.kernel)
        channels = self.outputs * prod(self.strides)
        apart = prod(self.reach) * -(-channels // block) * prod(self.taps)
        readers = [use.operation for use in result.uses]
        host = all(not isinstance(op, GraphOp) or refusal(op) is not None for op in readers)
        copied = 0 if host else prod(shape_of(result)) * _COPIED
        return self.batch * apart * inside + copied < self.batch * spread * inside

    def split(self, chain: Sequence[GraphOp]) -> None:
        """Replace the convolution and its epilogue."""
        last = chain[-1]
        build = Builder(InsertPoint.before(last))
        weights = constant_like(build, self._weights(), self.root.weight)
        (top, bottom), (left, right) = self.pads
        conv = Conv2dOp(self.root.input, weights, pads=(top, left, bottom, right))
        conv.location = self.root.location
        build.insert(conv)
        channels = np.tile(np.arange(self.outputs), prod(self.strides))
        value = on_channels(build, chain, self.root.result, conv.result, channels)
        placed = self._in_place(build, value, last)
        placed.attributes.update(last.attributes)
        Rewriter.replace_op(last, [], [placed.result])

    def _weights(self) -> Array:
        """[phases and outputs, inputs, taps]: a window's last tap is the first of the kernel."""
        padded = [taps * s for taps, s in zip(self.taps, self.strides, strict=True)]
        more = [(0, p - k) for p, k in zip(padded, self.kernel, strict=True)]
        whole = np.pad(self.weights, [(0, 0), (0, 0), *more])
        rows, columns = self.strides
        apart = whole.reshape(self.inputs, self.outputs, self.taps[0], rows, self.taps[1], columns)
        by_phase = apart.transpose(3, 5, 1, 0, 2, 4)[..., ::-1, ::-1]
        return by_phase.reshape(-1, self.inputs, *self.taps)

    def _in_place(self, build: Builder, value: SSAValue, last: GraphOp) -> GraphOp:
        """Phases in their rows and columns, cut to the result."""
        (rows, columns), (height, width) = self.strides, self.reach

        def add(op: GraphOp) -> SSAValue:
            op.location = last.location
            return build.insert(op).result

        apart = add(ReshapeOp(value, [self.batch, rows, columns, self.outputs, height, width]))
        moved = add(TransposeOp(apart, [0, 3, 4, 1, 5, 2]))
        whole = add(ReshapeOp(moved, [self.batch, self.outputs, height * rows, width * columns]))
        cut = build.insert(SliceOp(whole, [0, 0, *self.starts], shape_of(last.result)))
        cut.location = last.location
        cut.result.name_hint = last.result.name_hint
        return cut
