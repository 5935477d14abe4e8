"""Building nests: iterators by name, index expressions over them, scalar operations in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    TensorType,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.utils.hints import isa

from nopt.dialects.affine_math import simplify_map, substitute
from nopt.dialects.affine_nest import ForOp, LoadOp, NestOp, ReduceOp, Reduction, YieldOp
from nopt.dialects.affine_nest.attributes import MUST_RUN_ON
from nopt.dialects.annotations import PLACEMENT, REPRESENTS


@dataclass(frozen=True)
class Place:
    """Where a nest writes: by `map` into a tensor of a type, over `destination` if there is one."""

    map: AffineMap
    type: TensorType[Attribute]
    destination: SSAValue | None

    @classmethod
    def of(cls, nest: ForOp) -> Place | None:
        """Where a nest writes, if not to a tensor of its own."""
        if nest.into is None:
            return None
        return cls(nest.into.data, nest.result.type, nest.destination)


class NestBuilder:
    """Collects a nest's body; `finish` makes the op.

    `dims` are the iterators as dimension expressions, parallel ones first.
    """

    def __init__(self, parallel: Mapping[str, int], reduction: Mapping[str, int] | None = None):
        self._start([*parallel.items()], [*(reduction or {}).items()])

    @classmethod
    def of(
        cls, parallel: Sequence[tuple[str, int]], reduction: Sequence[tuple[str, int]]
    ) -> NestBuilder:
        """As the constructor; names may repeat."""
        builder = cls.__new__(cls)
        builder._start(parallel, reduction)
        return builder

    def _start(
        self, parallel: Sequence[tuple[str, int]], reduction: Sequence[tuple[str, int]]
    ) -> None:
        self.parallel = [extent for _, extent in parallel]
        self.reduction = [extent for _, extent in reduction]
        names = [name for name, _ in (*parallel, *reduction)]
        self.block = Block(arg_types=[IndexType()] * len(names))
        for argument, name in zip(self.block.args, names, strict=True):
            argument.name_hint = name
        self.dims = [AffineDimExpr(i) for i in range(len(names))]

    @property
    def extents(self) -> list[int]:
        return self.parallel + self.reduction

    def add(self, op: Operation) -> SSAValue:
        """Append an operation; its one result."""
        self.block.add_op(op)
        return op.results[0]

    def load(
        self,
        source: SSAValue,
        indices: Sequence[AffineExpr | int],
        pad: int | float | Attribute | None = None,
    ) -> SSAValue:
        """Load `source[indices]`; `finish` drops a pad that no point reads."""
        exprs = tuple(i if isinstance(i, AffineExpr) else AffineExpr.constant(i) for i in indices)
        map = simplify_map(AffineMap(len(self.dims), 0, exprs), self.extents)
        return self.add(LoadOp(source, map, pad))

    def constant(self, value: int | float, type: Attribute) -> SSAValue:
        """A scalar constant."""
        if isa(type, IntegerType):
            return self.add(arith.ConstantOp(IntegerAttr(int(value), type)))
        assert isinstance(type, AnyFloat)
        return self.add(arith.ConstantOp(FloatAttr(float(value), type)))

    def cast(self, value: SSAValue, type: Attribute) -> SSAValue:
        """Sign-extend or truncate an integer to `type`."""
        if value.type == type:
            return value
        assert isa(value.type, IntegerType) and isa(type, IntegerType)
        wider = type.bitwidth > value.type.bitwidth
        return self.add((arith.ExtSIOp if wider else arith.TruncIOp)(value, type))

    def binary(self, op: type[Operation], left: SSAValue, right: SSAValue | int) -> SSAValue:
        """A two-operand operation; a number stands for a constant of the left operand's type."""
        if isinstance(right, int):
            right = self.constant(right, left.type)
        make: Any = op
        return self.add(make(left, right))

    def reduce(self, kind: Reduction, value: SSAValue) -> SSAValue:
        return self.add(ReduceOp(kind, value))

    def inline(
        self,
        nest: NestOp,
        indices: Sequence[AffineExpr],
        replaced: Mapping[SSAValue, SSAValue] | None = None,
    ) -> SSAValue:
        """Append the body of `nest` at iterators `indices`; the value it yields.

        Values in `replaced` stand for results of that body, whose own ops are then left out.
        """
        values = dict(replaced or {})
        for op in nest.body.block.ops:
            if isinstance(op, YieldOp):
                return values[op.value]
            if op.results[0] in values:
                continue
            clone = op.clone(values)
            if isinstance(clone, LoadOp):
                moved = substitute(clone.map.data, indices, len(self.dims))
                clone.map = AffineMapAttr(simplify_map(moved, self.extents))
            self.block.add_op(clone)
            values[op.results[0]] = clone.results[0]
        raise ValueError("a nest's body ends with affine_nest.yield")

    def finish(
        self, value: SSAValue, like: Operation | None = None, place: Place | None = None
    ) -> ForOp:
        """End with `yield value`; the nest, not yet inserted anywhere.

        Its result is a tensor of its own, or goes to a `place` over the parallel iterators: by
        default to that of a nest `like`. It gets the place in the source, the name and the
        attributes of `like`; of an op other than a nest, which tensor it represents and that it was
        placed on the core.
        """
        self.block.add_op(YieldOp(value))
        for load in (op for op in self.block.ops if isinstance(op, LoadOp)):
            load.result.name_hint = load.result.name_hint or load.source.name_hint
        if place is None and isinstance(like, ForOp):
            place = Place.of(like)
        own = TensorType(value.type, self.parallel)
        nest = ForOp(
            self.parallel,
            self.reduction,
            Region(self.block),
            place.type if place else own,
            destination=place and place.destination,
            into=place and simplify_map(place.map, self.parallel),
        )
        if like is not None:
            nest.location = like.location
            nest.result.name_hint = like.results[0].name_hint
            nest.attributes.update(_carried(like))
        for load in nest.loads:
            if load.pad is not None and not load.reads_outside():
                load.pad = None
        return nest


def _carried(op: Operation) -> dict[str, Attribute]:
    """The attributes of an op that a nest in its place has."""
    if isinstance(op, ForOp):
        return dict(op.attributes)
    carried: dict[str, Attribute] = {}
    if REPRESENTS in op.attributes:
        carried[REPRESENTS] = op.attributes[REPRESENTS]
    if PLACEMENT in op.attributes:
        carried[MUST_RUN_ON] = op.attributes[PLACEMENT]
    return carried
