"""One nest in the core's shape: an iterator split in blocks and lanes, and its tensors packed so.

The core computes on vectors of 16 lanes (its block). A nest it can run gets one parallel iterator
split in blocks and lanes, the *output lane*; a sum of products also one reduction iterator, the
*input lane*. Each tensor it touches is re-laid out: the lanes' dimension is divided by the block
and the lanes go innermost, padded to whole blocks:

    tensor<1x40x5x5xi8>  becomes  tensor<1x3x5x5x16xi8>

On a core with a batch, vectors have several rows, along another parallel iterator: the *batch
lane*. If there is none, all rows compute the same. Where sides are unequal, the shorter one's
entries are parts of a vector, each with all rows: `core.vectors.in_parts`.

Packing and unpacking are nests, so a constant is packed at compile time. Lanes beyond a dimension's
end are unspecified: nobody unpacks them, and the weights for them are zero. Weights are packed in
the order in which the nest reads them, one output-by-input matrix per point; grouped and depthwise
convolutions so become block-diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    i8,
    i32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import dim_ranges, simplify
from nopt.dialects.affine_nest import LoadOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.annotations import LAYOUT, PLACEMENT
from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw.config import Config
from nopt.hw.limits import immediate
from nopt.passes.analysis.integer_ranges import constant_value
from nopt.passes.base.placement import ON_CORE
from nopt.passes.core.core_nest import Product
from nopt.passes.core.product_factors import is_constant, loaded
from nopt.passes.core.vectors import Vectors, in_parts, lane_parts, memory_of
from nopt.passes.layout.choices.input_blocks import input_blocks
from nopt.passes.layout.choices.lane_choices import Along, Lanes, load_along
from nopt.passes.layout.packed_tensors import PackedTensors, insert_before
from nopt.passes.layout.tensor_layouts import Layout


class NestPacking:
    """One nest's rewrite."""

    def __init__(self, lanes: Lanes, config: Config, tensors: PackedTensors):
        self.core = lanes.core
        self.nest = lanes.core.nest
        self.block = config.block
        self.lanes, self.config = lanes, config
        self.immediates = immediate(config)
        self.tensors = tensors
        self.output_lane, self.input_lane, self.along = lanes.output, lanes.input, lanes.result
        self._name_iterators(lanes)

    # --- The blocked nest.

    def _name_iterators(self, lanes: Lanes) -> None:
        """The blocked nest's iterators, and the old iterators as expressions over them."""
        parallel = list(self.nest.named_parallel)
        reduction = list(self.nest.named_reduction)
        name, extent = parallel[self.output_lane]
        parallel[self.output_lane] = (f"{name}b", -(-extent // self.block))
        batch, rows = lanes.batch, lanes.rows
        if batch is not None:
            of_rows, extent = parallel[batch.iterator]
            parallel[batch.iterator] = (f"{of_rows}b", -(-extent // rows))
            parallel.append((f"{of_rows}r", rows))
        elif rows > 1:
            parallel.append(("r", rows))
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
        inner = len(lanes.vector)
        self.blocks: AffineExpr = dims[self.output_lane]
        self.rows: list[AffineExpr] = [*dims[old : old + inner - 1]]
        self.lane: AffineExpr = dims[old + inner - 1]
        self.indices: list[AffineExpr] = [*dims[:old], *dims[old + inner :]]
        self.indices[self.output_lane] = self.blocks * self.block + self.lane
        if batch is not None:
            self.indices[batch.iterator] = dims[batch.iterator] * rows + self.rows[0]
        if lane is not None:
            self.input_lanes: AffineExpr = dims[-1]
            if lane.iterator is not None:
                self.input_block: AffineExpr = self.indices[lane.iterator]
            else:
                added = len(reduction) - 1 > len(self.nest.reduction_extents)
                self.input_block = dims[old + inner] if added else AffineConstantExpr(0)
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
        rows, parts = self.lanes.result_rows, lane_parts(Memory.ACC, self.config)
        layout = self.tensors.layout(self.nest.result, self.along.axis, rows, parts)
        in_order = self.nest.into is None and parts == 1
        place = None if in_order else self._place(layout)
        blocked = self.builder.finish(value, self.nest, place)
        blocked.attributes[PLACEMENT] = ON_CORE
        blocked.attributes[LAYOUT] = self._described()
        insert_before(blocked, self.nest, self.nest.result.name_hint)
        unpacked = self.tensors.unpack(blocked, self.nest, layout)
        Rewriter.replace_op(self.nest, [], [unpacked])

    def _described(self) -> DictionaryAttr:
        """What the blocked tensor was: its shape, and the dimensions that lanes run along."""
        described = {
            "axis": IntegerAttr(self.along.axis, i64),
            "shape": DenseArrayBase.from_list(i64, self.nest.result_shape),
        }
        if self.rows:
            along = self.lanes.result_rows
            described["rows"] = IntegerAttr(-1 if along is None else along, i64)
        if (parts := lane_parts(Memory.ACC, self.config)) > 1:
            described["parts"] = IntegerAttr(parts, i64)
        return DictionaryAttr(described)

    def _place(self, layout: Layout) -> Place:
        """The part of a blocked tensor that the nest writes."""
        axis, first = self.along
        indices = [self._moved(expr) for expr in self.nest.places.results]
        indices[axis] = self.blocks + first
        batch = self.lanes.batch
        if batch is not None:
            indices[batch.result.axis] = self.builder.dims[batch.iterator] + batch.result.first
        inner = self._inner(self.lane, Memory.ACC).indices
        map = AffineMap(len(self.builder.parallel), 0, (*indices, *inner))
        destination = self.nest.destination
        if destination is not None:
            destination = self.tensors.get(destination, layout, self.nest)
        return Place(map, layout.type_of(self.nest.result.type), destination)

    def _weights_second(self, weight: SSAValue) -> None:
        """The factor that plays weights is the second one, as in the description of the product."""
        for op in self.builder.block.ops:
            if isinstance(op, arith.MuliOp) and loaded(op.lhs) is weight.owner:
                op.operands = [op.rhs, op.lhs]

    def _moved(self, expr: AffineExpr) -> AffineExpr:
        """An index over the old iterators as one over the new."""
        return expr.replace_dims_and_symbols(self.indices, [])

    def _load_input(self, load: LoadOp) -> SSAValue:
        lane = self.input_lane
        assert lane is not None
        indices = [self._moved(expr) for expr in load.map.data.results]
        block = self.first_block + self.input_block
        if self.lanes.is_as_read(load):
            indices[lane.axis] = block * self.block + self.input_lanes
            lanes = [*self.rows, self.input_lanes]
            return self._pack_as_read(load, load.source, indices, lanes, memory_of(load))
        return self._load_vectors(load, Along(lane.axis, 0), block, self.input_lanes)

    def _load_vectors(
        self, load: LoadOp, along: Along, block: AffineExpr, lane: AffineExpr
    ) -> SSAValue:
        """Load a tensor in vectors along a dimension: those of a block there."""
        rows = self.lanes.rows_along(load)
        indices = [self._moved(expr) for expr in load.map.data.results]
        indices[along.axis] = block + along.first
        batch = self.lanes.batch
        if batch is not None and rows is not None:
            indices[rows.axis] = self.builder.dims[batch.iterator] + rows.first
        axis = None if rows is None else rows.axis
        memory = memory_of(load)
        parts = lane_parts(memory, self.config)
        layout = self.tensors.layout(load.source, along.axis, axis, parts)
        source = self.tensors.get(load.source, layout, self.nest)
        pad = load.pad_value if lane is self.lane else load.pad_value or 0
        return self._named_load(load, source, [*indices, *self._inner(lane, memory).indices], pad)

    def _inner(self, lane: AffineExpr, memory: Memory) -> Vectors:
        """The innermost dimensions of a tensor in vectors, given what runs over lanes."""
        lanes = Vectors((*self.rows, lane), self.lanes.vector)
        return in_parts(lanes, memory, dim_ranges(self.builder.extents), self.config)

    def _load_activation(self, load: LoadOp) -> SSAValue:
        along = load_along(load, self.output_lane, self.block)
        return self._load_vectors(load, along, self.blocks, self.lane)

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
        return self._pack_as_read(load, source, indices, [self.lane, self.input_lanes], Memory.WGT)

    def _load_constant(self, load: LoadOp) -> SSAValue:
        indices = [self._moved(expr) for expr in load.map.data.results]
        lanes = [*self.rows, self.lane]
        return self._pack_as_read(load, load.source, indices, lanes, memory_of(load))

    def _pack_as_read(
        self,
        load: LoadOp,
        source: SSAValue,
        indices: Sequence[AffineExpr],
        lanes: Sequence[AffineExpr],
        memory: Memory,
    ) -> SSAValue:
        """Re-lay a tensor in the order of the iterators that index it, the lanes innermost, in
        parts as a scratchpad takes them."""
        parts = lane_parts(memory, self.config)
        ranges = dim_ranges(self.builder.extents)
        exprs = [simplify(expr, ranges) for expr in indices]
        lane_positions = [lane.position for lane in lanes if isinstance(lane, AffineDimExpr)]
        used = sorted(set[int]().union(*(expr.used_dims() for expr in exprs)) - {*lane_positions})
        order = used + lane_positions
        names = self.builder.block.args
        iterators = [(names[i].name_hint or "i", self.builder.extents[i]) for i in order]
        places: list[AffineExpr] = [self.builder.dims[i] for i in order]
        if parts > 1:
            (name, extent), inputs = iterators.pop(), places.pop()
            iterators += [(name, extent // parts)]
            iterators.insert(-2, (f"{name}p", parts))
            places.insert(-1, inputs // (extent // parts))
            places.append(inputs % (extent // parts))
        packing = NestBuilder.of(iterators, [])
        moved: list[AffineExpr] = [AffineConstantExpr(0)] * len(self.builder.extents)
        dims: list[AffineExpr] = [*packing.dims]
        if parts > 1:
            part, lane = dims.pop(-3), dims.pop()
            dims.append(part * packing.parallel[-1] + lane)
        for i, dim in zip(order, dims, strict=True):
            moved[i] = dim
        packed_indices = [expr.replace_dims_and_symbols(moved, []) for expr in exprs]
        packed = packing.finish(packing.load(source, packed_indices, load.pad_value or 0))
        insert_before(packed, self.nest, load.source.name_hint)
        return self._named_load(load, packed.result, places, None)

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
            vector = self._inner(self.lane, Memory.ACC)
            constant = ConstantOp(attribute_of(np.full(vector.shape, value, np.int32), "immediate"))
            insert_before(constant, self.nest, "immediate")
            replaced[op.result] = self.builder.load(constant.result, vector.indices)
        return replaced
