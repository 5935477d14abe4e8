"""`graph-fold-space-to-depth`: a first convolution with a stride takes its phases as channels.

Of an image with three channels, a matrix product's step uses three lanes of sixteen. With a stride
of 2, pixels two rows or columns apart always meet the same weight; so the four phases of the image
become channels, and a 7x7 kernel of stride 2 over 3 channels one of 4x4 and stride 1 over 12. The
host lays out the image in any case; weights are rearranged alike, by constant folding.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.graph import (
    ConstantOp,
    Conv2dOp,
    PadOp,
    QuantizeOp,
    ReshapeOp,
    SliceOp,
    TransposeOp,
)
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import place_on_host
from nopt.passes.graph.rules import apply_rules


@dataclass(frozen=True)
class _Folding:
    """The rewrite for a core that multiplies `block` input channels in a step."""

    block: int

    def fold(self, op: Conv2dOp) -> Replacement:
        """The convolution with each phase of its strides as channels, if that takes fewer steps."""
        strides, dilations = op.strides.get_values(), op.dilations.get_values()
        kernel, pads = shape_of(op.weight)[2:], op.pads.get_values()
        taps = [-(-size // stride) for size, stride in zip(kernel, strides, strict=True)]
        channels = shape_of(op.input)[1]
        if op.groups.value.data != 1 or dilations != (1, 1) or not self._is_first(op):
            return None
        steps = prod(kernel) * -(-channels // self.block)
        if prod(taps) * -(-channels * prod(strides) // self.block) >= steps:
            return None
        counts = shape_of(op.result)[2:]
        sizes = [(count - 1 + tap) * s for count, tap, s in zip(counts, taps, strides, strict=True)]
        if any(size <= pad for size, pad in zip(sizes, pads[:2], strict=True)):
            # Windows that see nothing but padding.
            return None
        new: list[Operation] = []
        image = _to_depth(op.input, pads[:2], sizes, strides, new)
        for step in new:
            # Otherwise it would be inlined into the convolution, which had a stride again.
            step.location = op.location
            place_on_host(step, "it lays out the image for the first convolution")
        whole = [tap * stride for tap, stride in zip(taps, strides, strict=True)]
        weight = _to_depth(op.weight, (0, 0), whole, strides, new)
        return [*new, Conv2dOp(image, weight)]

    @staticmethod
    def _is_first(op: Conv2dOp) -> bool:
        """Whether an integer convolution of constant weights reads what the host lays out."""
        source = op.input.owner
        while isinstance(source, ReshapeOp | SliceOp | TransposeOp):
            source = source.input.owner
        return (
            op.result.type.element_type not in FLOATS
            and isinstance(op.weight.owner, ConstantOp)
            and isinstance(source, Block | QuantizeOp)
        )


def _to_depth(
    value: SSAValue,
    low: tuple[int, ...],
    sizes: list[int],
    factors: tuple[int, ...],
    new: list[Operation],
) -> SSAValue:
    """[N, C, H, W], padded by zeros or cut to `sizes`, as [N, FH * FW * C, H / FH, W / FW]."""

    def then(op: ReshapeOp | TransposeOp | SliceOp | PadOp) -> SSAValue:
        new.append(op)
        return op.result

    batch, channels, *own = shape_of(value)
    kept = [min(size, total - pad) for size, total, pad in zip(own, sizes, low, strict=True)]
    if kept != own:
        value = then(SliceOp(value, [0] * 4, [batch, channels, *kept]))
    high = [total - pad - size for total, pad, size in zip(sizes, low, kept, strict=True)]
    value = then(PadOp(value, [0, 0, *low], [0, 0, *high]))
    rows, columns = (size // factor for size, factor in zip(sizes, factors, strict=True))
    value = then(ReshapeOp(value, [batch, channels, rows, factors[0], columns, factors[1]]))
    value = then(TransposeOp(value, [0, 3, 5, 1, 2, 4]))
    return then(ReshapeOp(value, [batch, prod(factors) * channels, rows, columns]))


@dataclass(frozen=True)
class GraphFoldSpaceToDepthPass(ModulePass):
    """Turn strides of first convolutions into channels where the core then takes fewer steps."""

    name = "graph-fold-space-to-depth"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        folding = _Folding(machine_of(op).block)
        apply_rules(ctx, op, [Rule(Conv2dOp, folding.fold)])
