"""`affine-nest-apply-layout`: bring nests into the core's shape, tensors into its blocked layout.

The core computes on vectors of 16 lanes (its block). A nest it can run gets one parallel iterator
split in blocks and lanes, the *output lane*; a sum of products also one reduction iterator, the
*input lane*. Each tensor it touches is re-laid out: the lanes' dimension is divided by the block
and the lanes go innermost, padded to whole blocks:

    tensor<1x40x5x5xi8>  becomes  tensor<1x3x5x5x16xi8>

Packing and unpacking are nests, so a constant is packed at compile time and nothing is packed
between two nests that agree. Lanes beyond a dimension's end are unspecified: nobody unpacks them,
and the weights for them are zero. Weights are packed in the order in which the nest reads them, one
output-by-input matrix per point; grouped and depthwise convolutions so become block-diagonal.

Which nests, and along which iterators, their `lanes` attributes say: what affine-nest-infer-layout
writes. What the core writes in place is not read any more: else it writes into a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    ModuleOp,
    i8,
    i32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import dim_ranges, simplify
from nopt.dialects.affine_nest import ForOp, LanesAttr, LoadOp, ReduceOp
from nopt.dialects.affine_nest.attributes import LANES, MUST_RUN_ON
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.annotations import LAYOUT, PLACEMENT
from nopt.dialects.constants import attribute_of, load_resource_dialect
from nopt.dialects.graph import ConstantOp
from nopt.hw.config import Config
from nopt.hw.limits import immediate
from nopt.passes.analysis.integer_ranges import constant_value
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import ON_CORE, place_on_host
from nopt.passes.base.places import about
from nopt.passes.base.remarks import anyone_listens
from nopt.passes.core.byte_planes import planes_of, read_planes, wide_sum
from nopt.passes.core.core_nest import CoreNest, Product, recognise
from nopt.passes.layout.blocked_layouts import Layouts, insert_before
from nopt.passes.layout.choices.input_blocks import input_blocks
from nopt.passes.layout.choices.lane_choices import Lanes, lane_axis, legal_lanes, result_axis
from nopt.passes.layout.choices.output_lanes import is_constant
from nopt.passes.layout.copy_insertion import copy_read_destinations
from nopt.passes.layout.copy_remarks import remark_copies
from nopt.passes.layout.fold_reshapes import share_memory
from nopt.passes.layout.ordered_tensors import give_packed, open_orders
from nopt.passes.layout.pack_reads import read_directly
from nopt.passes.layout.pack_results import store_directly


@dataclass(frozen=True)
class AffineNestApplyLayoutPass(ModulePass):
    """Split nests and tensors into the core's blocks, as the nests' attributes say."""

    name = "affine-nest-apply-layout"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        config = machine_of(op)
        layouts = Layouts(config.block_out)
        open_orders(op, config.block_out)
        nests = [nest for nest in op.walk() if isinstance(nest, ForOp)]
        layouts.note_parts(nests)
        # All before the first is blocked: zero lanes make sums look larger than they are.
        decided: list[_Decided] = []
        for nest in nests:
            lanes = nest.attributes.get(LANES)
            if isinstance(lanes, LanesAttr) and PLACEMENT not in nest.attributes:
                with about(nest):
                    decided.append(_Decided.of(nest, lanes, config))
        for each in decided:
            with about(each.nest):
                each.block(config, layouts)
        erase_dead_code(op)
        store_directly(op)
        erase_dead_code(op)
        copy_read_destinations(op)
        share_memory(op, config.block_out)
        erase_dead_code(op)
        give_packed(op, config.block_out)
        read_directly(op, config.block_out)
        erase_dead_code(op)
        if anyone_listens():
            remark_copies(op)


@dataclass(frozen=True)
class _Decided:
    """A nest as the core runs it, in the lanes of its attribute; or just its `total`, in planes."""

    nest: ForOp
    lanes: LanesAttr
    core: CoreNest
    total: ReduceOp | None = None
    shifts: ConstantOp | None = None

    @classmethod
    def of(cls, nest: ForOp, lanes: LanesAttr, config: Config) -> _Decided:
        """Raises NotOnCore if the core cannot run it."""
        total = wide_sum(nest, config) if lanes.is_sum else None
        if total is None:
            return cls(nest, lanes, recognise(nest, config))
        shifts, planes = planes_of(nest, total)
        return cls(nest, lanes, recognise(planes, config), total, shifts)

    def block(self, config: Config, layouts: Layouts) -> None:
        """Block the nest, or just its sum. Raises NotOnCore if it cannot have these lanes."""
        nest = self.nest
        del nest.attributes[LANES]
        blocking = _Blocking(legal_lanes(self.core, layouts, self.lanes)[0], config, layouts)
        if self.total is not None and self.shifts is not None:
            insert_before(self.shifts, nest, self.shifts.result.name_hint)
            planes = self.core.nest
            insert_before(planes, nest, nest.result.name_hint)
            if (must := nest.attributes.pop(MUST_RUN_ON, None)) is not None:
                planes.attributes[MUST_RUN_ON] = must
            rest = read_planes(nest, self.total, planes.result)
            place_on_host(rest, "it goes on with 32-bit sums; the core stores i8")
            Rewriter.replace_op(nest, rest)
        blocking.apply()


class _Blocking:
    """One nest's rewrite."""

    def __init__(self, lanes: Lanes, config: Config, layouts: Layouts):
        self.core = lanes.core
        self.nest = lanes.core.nest
        self.block = config.block_out
        self.immediates = immediate(config)
        self.layouts = layouts
        self.output_lane, self.input_lane = lanes.output, lanes.input
        self._name_iterators(lanes)

    # --- The blocked nest.

    def _name_iterators(self, lanes: Lanes) -> None:
        """The blocked nest's iterators, and the old iterators as expressions over them."""
        parallel = list(self.nest.named_parallel)
        reduction = list(self.nest.named_reduction)
        name, extent = parallel[self.output_lane]
        parallel[self.output_lane] = (f"{name}b", -(-extent // self.block))
        parallel.append((f"{name}l", self.block))
        lane = self.input_lane
        if lane is not None:
            self.first_block, blocks = input_blocks(lanes, self.block)
            if lane.iterator is not None:
                position = lane.iterator - len(self.nest.parallel_extents)
                name, _ = reduction[position]
                reduction[position] = (f"{name}b", blocks)
            else:
                name = "i"
                if blocks > 1:
                    reduction.insert(0, (f"{name}b", blocks))
            reduction.append((f"{name}l", self.block))
        self.builder = NestBuilder.of(parallel, reduction)
        dims = self.builder.dims
        old = len(self.nest.parallel_extents)
        self.blocks: AffineExpr = dims[self.output_lane]
        self.lane: AffineExpr = dims[old]
        self.indices: list[AffineExpr] = [*dims[:old], *dims[old + 1 :]]
        self.indices[self.output_lane] = self.blocks * self.block + self.lane
        if lane is not None:
            self.input_lanes: AffineExpr = dims[-1]
            if lane.iterator is not None:
                self.input_block: AffineExpr = self.indices[lane.iterator]
            else:
                added = len(reduction) - 1 > len(self.nest.reduction_extents)
                self.input_block = dims[old + 1] if added else AffineConstantExpr(0)
                if added:
                    del self.indices[old]

    def apply(self) -> None:
        """Replace the nest by its blocked form and what packs and unpacks its tensors."""
        replaced: dict[SSAValue, SSAValue] = {}
        start = self.core.start
        if isinstance(start, Product):
            replaced[start.input.result] = self._load_input(start.input)
            replaced[start.weight.result] = self._load_weights(start)
        else:
            replaced[start.input.result] = self._load_activation(start.input)
        for step in self.core.steps:
            if isinstance(step.operand, LoadOp):
                load = step.operand
                constant = is_constant(load)
                replaced[load.result] = (
                    self._load_constant(load) if constant else self._load_activation(load)
                )
        replaced |= self._wide_immediates()
        value = self.builder.inline(self.nest, self.indices, replaced)
        if isinstance(start, Product):
            self._weights_second(replaced[start.weight.result])
        axis, first = result_axis(self.nest, self.output_lane, self.layouts)
        shape = self.nest.result_shape
        place = None if self.nest.into is None else self._place(axis, first)
        blocked = self.builder.finish(value, self.nest, place)
        blocked.attributes[PLACEMENT] = ON_CORE
        blocked.attributes[LAYOUT] = DictionaryAttr(
            {
                "axis": IntegerAttr(axis, i64),
                "shape": DenseArrayBase.from_list(i64, shape),
            }
        )
        insert_before(blocked, self.nest, self.nest.result.name_hint)
        unpacked = self.layouts.unpack(blocked.result, shape, axis)
        insert_before(unpacked, self.nest, self.nest.result.name_hint)
        self.layouts.packed[unpacked.result, axis] = blocked.result
        Rewriter.replace_op(self.nest, [], [unpacked.result])

    def _place(self, axis: int, first: int) -> Place:
        """The part of a blocked tensor that the nest writes, from block `first` of an axis on."""
        indices = [self._moved(expr) for expr in self.nest.places.results]
        indices[axis] = self.blocks + first
        map = AffineMap(len(self.builder.parallel), 0, (*indices, self.lane))
        destination = self.nest.destination
        if destination is not None:
            destination = self.layouts.get(destination, axis, self.nest)
        type = self.layouts.type_of(self.nest.result.type, axis)
        return Place(map, type, destination)

    def _weights_second(self, weight: SSAValue) -> None:
        """The factor that plays weights is the second one, as in the description of the product."""
        for op in self.builder.block.ops:
            if isinstance(op, arith.MuliOp) and _unwidened(op.lhs) is weight:
                op.operands = [op.rhs, op.lhs]

    def _moved(self, expr: AffineExpr) -> AffineExpr:
        """An index over the old iterators as one over the new."""
        return expr.replace_dims_and_symbols(self.indices, [])

    def _load_input(self, load: LoadOp) -> SSAValue:
        lane = self.input_lane
        assert lane is not None
        source = self.layouts.get(load.source, lane.axis, self.nest)
        indices = [self._moved(expr) for expr in load.map.data.results]
        indices[lane.axis] = self.first_block + self.input_block
        return self._named_load(load, source, [*indices, self.input_lanes], load.pad_value or 0)

    def _load_activation(self, load: LoadOp) -> SSAValue:
        axis, first = lane_axis(load, self.output_lane, self.block)
        source = self.layouts.get(load.source, axis, self.nest)
        indices = [self._moved(expr) for expr in load.map.data.results]
        indices[axis] = self.blocks + first
        return self._named_load(load, source, [*indices, self.lane], load.pad_value)

    def _load_weights(self, product: Product) -> SSAValue:
        """Weights packed as they are read: output by input lanes, zero where none meet."""
        lane = self.input_lane
        assert lane is not None
        load = product.weight
        source = load.source
        wanted = (self.first_block + self.input_block) * self.block + self.input_lanes
        offset = wanted - self._moved(lane.rest) - self._moved(lane.aligned)
        indices = [self._moved(expr) for expr in load.map.data.results]
        if lane.iterator is not None:
            dims = [*self.indices]
            dims[lane.iterator] = offset
            indices = [expr.replace_dims_and_symbols(dims, []) for expr in load.map.data.results]
        else:
            # No iterator runs over input channels: the one weight is for the one channel where
            # `offset` is 0, which a unit dimension states.
            widened = NestBuilder({f"i{i}": s for i, s in enumerate((*load.source_shape, 1))})
            widened_nest = widened.finish(widened.load(source, widened.dims[:-1]))
            insert_before(widened_nest, self.nest, source.name_hint)
            source, indices = widened_nest.result, [*indices, offset]
        return self._pack_as_read(load, source, indices, [self.lane, self.input_lanes])

    def _load_constant(self, load: LoadOp) -> SSAValue:
        indices = [self._moved(expr) for expr in load.map.data.results]
        return self._pack_as_read(load, load.source, indices, [self.lane])

    def _pack_as_read(
        self,
        load: LoadOp,
        source: SSAValue,
        indices: Sequence[AffineExpr],
        lanes: Sequence[AffineExpr],
    ) -> SSAValue:
        """Re-lay a tensor in the order of the iterators that index it, the lanes innermost."""
        ranges = dim_ranges(self.builder.extents)
        exprs = [simplify(expr, ranges) for expr in indices]
        lane_positions = [lane.position for lane in lanes if isinstance(lane, AffineDimExpr)]
        used = sorted(set[int]().union(*(expr.used_dims() for expr in exprs)) - {*lane_positions})
        order = used + lane_positions
        names = self.builder.block.args
        packing = NestBuilder.of(
            [(names[i].name_hint or "i", self.builder.extents[i]) for i in order], []
        )
        moved: list[AffineExpr] = [AffineConstantExpr(0)] * len(self.builder.extents)
        for position, i in enumerate(order):
            moved[i] = packing.dims[position]
        packed_indices = [expr.replace_dims_and_symbols(moved, []) for expr in exprs]
        packed = packing.finish(packing.load(source, packed_indices, load.pad_value or 0))
        insert_before(packed, self.nest, load.source.name_hint)
        return self._named_load(load, packed.result, [self.builder.dims[i] for i in order], None)

    def _named_load(
        self, load: LoadOp, source: SSAValue, indices: Sequence[AffineExpr], pad: int | float | None
    ) -> SSAValue:
        value = self.builder.load(source, indices, pad)
        value.name_hint = load.result.name_hint
        return value

    def _wide_immediates(self) -> dict[SSAValue, SSAValue]:
        """Numbers that no immediate holds become loads of a constant vector."""
        replaced: dict[SSAValue, SSAValue] = {}
        low, high = self.immediates
        for op in self.nest.body.block.ops:
            if not isinstance(op, arith.ConstantOp) or op.result.type not in (i8, i32):
                continue
            if any(isinstance(use.operation, arith.MuliOp) for use in op.result.uses):
                continue
            value = constant_value(op.result)
            if value is None or low <= value <= high:
                continue
            vector = np.full((self.block,), value, np.int32)
            constant = ConstantOp(attribute_of(vector, "immediate"))
            insert_before(constant, self.nest, "immediate")
            replaced[op.result] = self.builder.load(constant.result, [self.lane])
        return replaced


def _unwidened(value: SSAValue) -> SSAValue:
    return value.owner.input if isinstance(value.owner, arith.ExtSIOp) else value
