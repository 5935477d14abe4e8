"""The loops of a nest over memrefs, as `affine` has them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import inf

from xdsl.builder import Builder
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AffineSetAttr,
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import (
    AffineConstraintExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSet,
)
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_math import expr_range, substitute
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction, YieldOp
from nopt.dialects.affine_nest.combiners import COMBINE


class NestLoops:
    """The loops of one nest. What no reduction iterator reaches is computed outside reductions."""

    def __init__(self, nest: ForOp, tensors: Mapping[SSAValue, SSAValue], result: SSAValue):
        self.nest = nest
        self.tensors = tensors
        self.result = result
        self.indices: list[SSAValue] = []
        """Of the loops around."""
        self.iterators: list[AffineExpr] = []
        """What the nest's iterators are, over these indices, as far as loops bind them."""

    def build(self, builder: Builder) -> None:
        """Insert the loops."""
        self.finish(builder, {})

    def finish(self, builder: Builder, reduced: Mapping[SSAValue, SSAValue]) -> None:
        """Loops over the parallel iterators that store what is yielded; some reductions are done,
        in memrefs of the parallel extents."""
        for name, extent in self.nest.named_parallel:
            builder = self._enter(builder, name, extent)
        scalars: dict[SSAValue, SSAValue] = {}
        for op in self.nest.body.block.ops:
            match op:
                case ReduceOp() if op.result in reduced:
                    read = affine.LoadOp(reduced[op.result], self.indices)
                    scalars[op.result] = builder.insert(read).result
                case ReduceOp():
                    scalars[op.result] = self._reduce(builder, op, scalars)
                case YieldOp():
                    places = AffineMapAttr(self.nest.places)
                    builder.insert(
                        affine.StoreOp(scalars[op.value], self.result, self.indices, places)
                    )
                case _ if not self._varies(op, scalars):
                    scalars[op.results[0]] = self.scalar(builder, op, scalars)
                case _:
                    pass

    def _enter(self, builder: Builder, name: str, extent: int) -> Builder:
        inside, index = enter_loop(builder, name, extent)
        self._bind(index)
        return inside

    def _bind(self, index: SSAValue) -> None:
        self.iterators.append(AffineDimExpr(len(self.indices)))
        self.indices.append(index)

    def _varies(self, op: Operation, scalars: Mapping[SSAValue, SSAValue]) -> bool:
        """Whether the op depends on a reduction iterator, and so is computed inside reductions."""
        if isinstance(op, LoadOp):
            return any(dim >= len(self.indices) for dim in op.map.data.used_dims())
        return any(operand not in scalars for operand in op.operands)

    def scalar(
        self, builder: Builder, op: Operation, scalars: Mapping[SSAValue, SSAValue]
    ) -> SSAValue:
        """One op of the body, where all that it needs is known."""
        if isinstance(op, LoadOp):
            return self._load(builder, op)
        clone = builder.insert(op.clone(dict(scalars)))
        return clone.results[0]

    def _reduce(
        self, builder: Builder, op: ReduceOp, outer: Mapping[SSAValue, SSAValue]
    ) -> SSAValue:
        """Loops over the reduction iterators that carry the accumulator; its last value."""
        identity = builder.insert(arith.ConstantOp(identity_of(op)))
        parallel = len(self.indices)
        loops: list[affine.ForOp] = []
        accumulator: SSAValue = identity.result
        for name, extent in self.nest.named_reduction:
            loop = loop_of(builder, name, extent, [accumulator])
            loops.append(loop)
            index, accumulator = loop.body.block.args
            accumulator.name_hint = "accumulator"
            self._bind(index)
            builder = Builder(InsertPoint.at_end(loop.body.block))
        scalars = dict(outer)
        for inner in self.computing(op.operand, outer):
            scalars[inner.results[0]] = self.scalar(builder, inner, scalars)
        result = combined(builder, op, accumulator, scalars[op.operand])
        for loop in reversed(loops):
            Builder(InsertPoint.at_end(loop.body.block)).insert(affine.YieldOp.get(result))
            result = loop.results[0]
        del self.indices[parallel:], self.iterators[parallel:]
        return result

    def computing(self, value: SSAValue, known: Container[SSAValue]) -> list[Operation]:
        """The ops of the body that compute a value from known ones, in order."""
        needed = {value}
        found: list[Operation] = []
        for op in reversed(list(self.nest.body.block.ops)):
            if op.results and op.results[0] in needed and op.results[0] not in known:
                found.append(op)
                needed.update(op.operands)
        return found[::-1]

    def at(self, map: AffineMap) -> tuple[list[SSAValue], AffineMapAttr]:
        """A map over the nest's iterators as one over the indices that it needs."""
        dims = [*self.iterators, *[AffineExpr.constant(0)] * (map.num_dims - len(self.iterators))]
        return self.over_needed(substitute(map, dims, len(self.indices)))

    def over_needed(self, map: AffineMap) -> tuple[list[SSAValue], AffineMapAttr]:
        """A map over all indices as one over those that it needs."""
        used = sorted(map.used_dims())
        dims = [AffineExpr.constant(0) for _ in self.indices]
        for position, dim in enumerate(used):
            dims[dim] = AffineDimExpr(position)
        own = AffineMapAttr(substitute(map, dims, len(used)))
        return [self.indices[dim] for dim in used], own

    def _load(self, builder: Builder, load: LoadOp) -> SSAValue:
        map = load.map.data
        indices, own = self.at(map)
        source = self.tensors[load.source]
        read = affine.LoadOp(source, indices, own)
        read.result.name_hint = load.result.name_hint
        inside: list[AffineConstraintExpr] = []
        for expr, moved, size in zip(map.results, own.data.results, load.source_shape, strict=True):
            low, high = expr_range(expr, self.nest.ranges)
            if low < 0:
                inside.append(_not_negative(moved))
            if high >= size:
                inside.append(_not_negative(moved * -1 + (size - 1)))
        if not inside:
            return builder.insert(read).result
        assert load.pad is not None
        condition = AffineSetAttr(AffineSet(len(indices), 0, tuple(inside)))
        pad = arith.ConstantOp(load.pad)
        guard = affine.IfOp.build(
            operands=[indices],
            properties={"condition": condition},
            regions=[
                Region(Block([read, affine.YieldOp.get(read)])),
                Region(Block([pad, affine.YieldOp.get(pad)])),
            ],
            result_types=[[load.result.type]],
        )
        builder.insert(guard)
        guard.results[0].name_hint = load.result.name_hint
        return guard.results[0]


def combined(builder: Builder, op: ReduceOp, accumulator: SSAValue, value: SSAValue) -> SSAValue:
    """What a reduction makes of a value more."""
    combine = COMBINE[op.kind.data, isinstance(op.result.type, IntegerType)]
    return builder.insert(combine(accumulator, value)).results[0]


def enter_loop(
    builder: Builder, name: str, extent: int, attributes: Mapping[str, Attribute] | None = None
) -> tuple[Builder, SSAValue]:
    """A loop that carries nothing: where its body goes, and its index."""
    loop = loop_of(builder, name, extent, [])
    loop.attributes.update(attributes or {})
    end = affine.YieldOp.get()
    loop.body.block.add_op(end)
    return Builder(InsertPoint.before(end)), loop.body.block.args[0]


def _not_negative(expr: AffineExpr) -> AffineConstraintExpr:
    return AffineConstraintExpr(AffineConstraintKind.ge, expr, AffineExpr.constant(0))


def loop_of(builder: Builder, name: str, extent: int, carried: Sequence[SSAValue]) -> affine.ForOp:
    """A loop over [0, extent) whose body is still empty."""
    types = [value.type for value in carried]
    body = Block(arg_types=[IndexType(), *types])
    body.args[0].name_hint = name
    return builder.insert(affine.ForOp.from_region([], [], carried, types, 0, extent, Region(body)))


def identity_of(op: ReduceOp) -> IntegerAttr | FloatAttr:
    """What a reduction of nothing gives."""
    kind, type = op.kind.data, op.result.type
    if isinstance(type, IntegerType):
        half = 1 << (type.bitwidth - 1)
        least = {Reduction.ADD: 0, Reduction.MAX: -half, Reduction.MIN: half - 1}
        return IntegerAttr(least[kind], type)
    assert isinstance(type, AnyFloat)
    return FloatAttr({Reduction.ADD: 0.0, Reduction.MAX: -inf, Reduction.MIN: inf}[kind], type)
