"""The loops of a nest with a mapping: those of each level of the array, spatial ones in parallel.

    affine.for %m_dram … { affine.for %c_spm … { affine.parallel (%m_spatial, %h_spatial) … {
      affine.for %c_rf … { sums[…] += … } } } } {level = "dram"}

An iterator is `((dram * SPM + spm) * SPATIAL + spatial) * RF + rf`: what a level holds lies
together. PEs that share in a sum each have their own part of it, in a dimension more; these are
added at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from xdsl.builder import Builder
from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    DenseIntElementsAttr,
    IndexType,
    IntegerAttr,
    StringAttr,
    TensorType,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp, MappingAttr, ReduceOp
from nopt.dialects.affine_nest.attributes import MAPPING
from nopt.dialects.affine_nest.mapped_nest import MappedLoop, mapped_loops
from nopt.dialects.affine_nest.nest_problem import problem_of
from nopt.passes.lowering.nest_loops import NestLoops, combined, enter_loop, identity_of

_LEVEL = "level"


def is_mapped(nest: ForOp) -> bool:
    """Whether a nest has a mapping with nothing open."""
    mapping = nest.attributes.get(MAPPING)
    return isinstance(mapping, MappingAttr) and mapping.is_whole


class MappedLoops(NestLoops):
    """The loops of one nest as its mapping has them, all of them for each reduction."""

    def build(self, builder: Builder) -> None:
        attribute = self.nest.attributes[MAPPING]
        assert isinstance(attribute, MappingAttr)
        problem = problem_of(self.nest)
        self.names = problem.loops
        loops = mapped_loops(problem, attribute)
        if not any(isinstance(op, ReduceOp) for op in self.nest.body.block.ops):
            self._compute(builder, loops)
            return
        parts = [loop.trips for loop in loops if self._is_spread(loop)]
        own = self.nest.parallel_extents
        # What is yielded as it is summed is summed in place.
        in_place = self.nest.yielded if self.nest.into is None else None
        reduced: dict[SSAValue, SSAValue] = {}
        for op in self.nest.body.block.ops:
            if not isinstance(op, ReduceOp):
                continue
            total = self.result if op.result is in_place else _buffer(builder, op, own)
            _clear(builder, op, total, own)
            if parts:
                sums = _buffer(builder, op, [*parts, *own])
                _clear(builder, op, sums, [*parts, *own])
                self._accumulate(builder, op, loops, sums, reduced)
                self._add_parts(builder, op, [*parts, *own], sums, total)
                builder.insert(memref.DeallocOp.get(sums))
            else:
                self._accumulate(builder, op, loops, total, reduced)
            reduced[op.result] = total
        if in_place not in reduced:
            self.finish(builder, reduced)
        for buffer in reduced.values():
            if buffer is not self.result:
                builder.insert(memref.DeallocOp.get(buffer))

    def _compute(self, builder: Builder, loops: Sequence[MappedLoop]) -> None:
        """The loops of a mapping without a reduction."""
        builder = self._enter_levels(builder, loops)
        scalars: dict[SSAValue, SSAValue] = {}
        for op in self.computing(self.nest.yielded, scalars):
            scalars[op.results[0]] = self.scalar(builder, op, scalars)
        value = scalars[self.nest.yielded]
        builder.insert(affine.StoreOp(value, self.result, *self.at(self.nest.places)))

    def _accumulate(
        self,
        builder: Builder,
        op: ReduceOp,
        loops: Sequence[MappedLoop],
        sums: SSAValue,
        reduced: Mapping[SSAValue, SSAValue],
    ) -> None:
        """The loops of the mapping, with one more value of a reduction in each point."""
        builder = self._enter_levels(builder, loops)
        inner = self.computing(op.operand, reduced)
        known = {op.operand, *(operand for each in inner for operand in each.operands)}
        scalars: dict[SSAValue, SSAValue] = {}
        for value, buffer in reduced.items():
            if value in known:
                read = affine.LoadOp(buffer, *self._place([]))
                scalars[value] = builder.insert(read).result
        for each in inner:
            scalars[each.results[0]] = self.scalar(builder, each, scalars)
        parts = [
            AffineDimExpr(position) for position, loop in enumerate(loops) if self._is_spread(loop)
        ]
        where = self._place(parts)
        before = builder.insert(affine.LoadOp(sums, *where)).result
        after = combined(builder, op, before, scalars[op.operand])
        builder.insert(affine.StoreOp(after, sums, *where))
        self.indices, self.iterators = [], []

    def _enter_levels(self, builder: Builder, loops: Sequence[MappedLoop]) -> Builder:
        for level, group in groupby(loops, lambda loop: loop.level):
            bound = list(group)
            names = [f"{self.names[loop.loop]}_{level}" for loop in bound]
            label = {_LEVEL: StringAttr(level)}
            if bound[0].spatial:
                trips = [loop.trips for loop in bound]
                builder, indices = _enter_parallel(builder, names, trips, label)
                self.indices.extend(indices)
                continue
            for name, loop in zip(names, bound, strict=True):
                builder, index = enter_loop(builder, name, loop.trips, label)
                self.indices.append(index)
        self.iterators = [AffineExpr.constant(0) for _ in self.nest.extents]
        for position, loop in enumerate(loops):
            self.iterators[loop.loop] += AffineDimExpr(position) * loop.step
        return builder

    def _is_spread(self, loop: MappedLoop) -> bool:
        """Whether several PEs add to the same sums."""
        return loop.spatial and loop.loop >= len(self.nest.parallel_extents)

    def _place(self, parts: Sequence[AffineExpr]) -> tuple[list[SSAValue], AffineMapAttr]:
        """Where the sum of the point is."""
        own = self.iterators[: len(self.nest.parallel_extents)]
        return self.over_needed(AffineMap(len(self.indices), 0, (*parts, *own)))

    def _add_parts(
        self,
        builder: Builder,
        op: ReduceOp,
        extents: Sequence[int],
        sums: SSAValue,
        total: SSAValue,
    ) -> None:
        """Add the parts of each sum."""
        inside, indices = _enter_all(builder, extents)
        own = indices[len(extents) - len(self.nest.parallel_extents) :]
        part = inside.insert(affine.LoadOp(sums, indices)).result
        before = inside.insert(affine.LoadOp(total, own)).result
        after = combined(inside, op, before, part)
        inside.insert(affine.StoreOp(after, total, own))


def _buffer(builder: Builder, op: ReduceOp, extents: Sequence[int]) -> SSAValue:
    alloc = builder.insert(memref.AllocOp.get(op.result.type, shape=extents))
    alloc.memref.name_hint = "sums"
    return alloc.memref


def _clear(builder: Builder, op: ReduceOp, buffer: SSAValue, extents: Sequence[int]) -> None:
    """Make all elements the reduction of nothing."""
    nothing = builder.insert(arith.ConstantOp(identity_of(op))).result
    inside, indices = _enter_all(builder, extents)
    inside.insert(affine.StoreOp(nothing, buffer, indices))


def _enter_all(builder: Builder, extents: Sequence[int]) -> tuple[Builder, list[SSAValue]]:
    indices: list[SSAValue] = []
    for axis, extent in enumerate(extents):
        builder, index = enter_loop(builder, f"i{axis}", extent)
        indices.append(index)
    return builder, indices


def _enter_parallel(
    builder: Builder,
    names: Sequence[str],
    trips: Sequence[int],
    attributes: Mapping[str, Attribute],
) -> tuple[Builder, list[SSAValue]]:
    """One parallel loop over the instances of a level."""
    count = len(trips)
    body = Block(arg_types=[IndexType()] * count)
    for index, name in zip(body.args, names, strict=True):
        index.name_hint = name
    end = affine.YieldOp.get()
    body.add_op(end)
    one_each = DenseIntElementsAttr.from_list(TensorType(i32, [count]), [1] * count)

    def bounds(values: Sequence[int]) -> AffineMapAttr:
        return AffineMapAttr(AffineMap(0, 0, tuple(map(AffineConstantExpr, values))))

    builder.insert(
        affine.ParallelOp.build(
            operands=[[]],
            properties={
                "reductions": ArrayAttr[StringAttr]([]),
                "lowerBoundsMap": bounds([0] * count),
                "lowerBoundsGroups": one_each,
                "upperBoundsMap": bounds(trips),
                "upperBoundsGroups": one_each,
                "steps": ArrayAttr([IntegerAttr(1, i64)] * count),
            },
            attributes=dict(attributes),
            regions=[Region(body)],
            result_types=[[]],
        )
    )
    return Builder(InsertPoint.before(end)), list(body.args)
