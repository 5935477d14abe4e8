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
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, TensorType, i8
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import Array, attribute_of, load_resource_dialect
from nopt.dialects.graph import (
    ConstantOp,
    Conv2dOp,
    ConvTranspose2dOp,
    RequantizeOp,
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
from nopt.passes.graph.prepare.epilogue import epilogue_of

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
        block = machine_of(op).block_in
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
    before, epilogue = root.result, True
    for op in chain:
        for operand in op.operands:
            if operand is not before:
                shape = shape_of(operand)
                beside = [*shape[:-3], *shape[-2:]] if len(shape) > 2 else shape
                epilogue &= constant_of(operand) is not None and prod(beside) == 1
        before = op.result
    strided = max(root.strides.get_values()) > 1
    return known and plain and epilogue and strided and PLACEMENT not in root.attributes


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
        weights = _constant(build, self._weights(), self.root.weight)
        (top, bottom), (left, right) = self.pads
        conv = Conv2dOp(self.root.input, weights, pads=(top, left, bottom, right))
        conv.location = self.root.location
        value = build.insert(conv).result
        before: SSAValue = self.root.result
        for op in chain:
            value = self._repeated(build, op, before, value)
            before = op.result
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

    def _repeated(self, build: Builder, op: GraphOp, before: SSAValue, value: SSAValue) -> SSAValue:
        """An op of the epilogue on all phases: what differs by channel, once for each."""
        times = prod(self.strides)
        operands: list[SSAValue] = []
        for operand in op.operands:
            array = constant_of(operand)
            if operand is before or array is None or array.size == 1:
                operands.append(value if operand is before else operand)
            else:
                operands.append(_constant(build, np.tile(array, (times, 1, 1)), operand))
        properties = dict(op.properties)
        if isinstance(op, RequantizeOp):
            for name, factor in (("multiplier", op.multipliers), ("shift", op.shifts)):
                if factor is not None and not isinstance(properties[name], IntegerAttr):
                    tiled = np.tile(factor.reshape(-1), times).astype(np.int32)
                    properties[name] = attribute_of(tiled, name)
        type_ = TensorType(tensor_of(op.result).element_type, shape_of(value))
        new = type(op).create(operands=operands, properties=properties, result_types=[type_])
        new.location = op.location
        new.results[0].name_hint = op.result.name_hint
        return build.insert(new).results[0]

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


def _constant(build: Builder, array: Array, like: SSAValue) -> SSAValue:
    name = like.name_hint or "constant"
    constant = build.insert(ConstantOp(attribute_of(np.ascontiguousarray(array), name))).result
    constant.name_hint = like.name_hint
    return constant
