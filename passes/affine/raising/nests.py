"""One statement of loop code as a nest: what it stores, by the indices of its tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, TensorType
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import dim_ranges, is_mixed_radix
from nopt.dialects.constants import attribute_of, numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.passes.affine.nest_builder import NestBuilder, Place
from nopt.passes.affine.raising.clips import extreme_of
from nopt.passes.affine.raising.guards import Number, guarded_result, pads_of
from nopt.passes.affine.raising.maps import Placement, placement
from nopt.passes.affine.raising.merging import merge_reductions
from nopt.passes.affine.raising.reading import Access, Loop, Program, name_of, result_number
from nopt.passes.affine.raising.reductions import Fold, carried, is_nothing, kept
from nopt.passes.affine.reductions import COMBINE
from nopt.passes.places import about

Content = SSAValue | Number | None
"""What a memref holds: a tensor, one number everywhere, or nothing yet."""


@dataclass
class Memory:
    """The memrefs of a function at some point of its nests."""

    contents: dict[SSAValue, Content]
    shapes: dict[SSAValue, tuple[int, ...]]
    """Without the loops that elements are kept apart for."""
    apart: dict[SSAValue, int]
    """For how many outermost loops the elements of a memref are kept apart, if any."""

    def index(self, access: Access) -> tuple[AffineExpr, ...]:
        """The element of the tensor that stands for the memref."""
        prefix = [AffineDimExpr(i) for i in range(self.apart.get(access.memref, 0))]
        return (*prefix, *access.index)

    def shape(self, access: Access) -> tuple[int, ...]:
        prefix = access.extents[: self.apart.get(access.memref, 0)]
        return (*prefix, *self.shapes[access.memref])


@dataclass
class _Body:
    """A nest's body under construction."""

    builder: NestBuilder
    at: dict[Loop, AffineExpr]
    """The counter of each loop, by the nest's iterators."""
    reduction: tuple[AffineExpr, ...]
    """The nest's reduction iterators."""
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    pads: dict[SSAValue, Number] = field(default_factory=dict[SSAValue, Number])
    reducing: tuple[Loop, ...] = ()
    """The loops of the reduction whose terms are being computed."""


class StatementWriter:
    """Appends the nests of statements, one after another, with `insert`."""

    def __init__(
        self,
        program: Program,
        memory: Memory,
        insert: Callable[[Operation], object],
        reassociate: bool,
    ):
        self.program = program
        self.memory = memory
        self.insert = insert
        self.reassociate = reassociate

    def write(self, store: Access) -> None:
        """Append the nests that compute what a store leaves in its memref."""
        index, shape = self.memory.index(store), self.memory.shape(store)
        used = sorted(set[int]().union(*(expr.used_dims() for expr in index)))
        free = [store.loops[k] for k in range(len(store.loops)) if k not in used]
        # Of several values stored to one element, the last stays.
        at: dict[Loop, AffineExpr] = {loop: AffineConstantExpr(loop.extent - 1) for loop in free}
        varying = tuple(loop for loop in free if loop.extent > 1)
        value = store.op.operands[0]
        fold, start = kept(self.program, store, varying, self.reassociate) or (None, value)
        pads = pads_of(self.program, store, fold)

        box = [store.extents[k] for k in used]
        points: list[AffineExpr] = [AffineConstantExpr(0)] * len(store.loops)
        for position, k in enumerate(used):
            points[k] = AffineDimExpr(position)
        compact = [expr.replace_dims_and_symbols(points, []) for expr in index]
        place = placement(compact, box, shape)
        if place.fills and fold is None and (number := self._number(value)) is not None:
            self.memory.contents[store.memref] = number
            return
        if place.fills:
            parallel = list(zip(_names(index, store.loops), shape, strict=True))
            at |= {store.loops[k]: expr for k, expr in zip(used, place.inverse, strict=True)}
        else:
            parallel = [(store.loops[k].name, store.extents[k]) for k in used]
            at |= {store.loops[k]: AffineDimExpr(i) for i, k in enumerate(used)}
        before = self.memory.contents[store.memref]
        padded = not place.fills and place.exact and isinstance(before, IntegerAttr | FloatAttr)
        part: Place | None = None
        if not place.fills and not padded:
            if isinstance(before, IntegerAttr | FloatAttr):
                before = self._tensor(before, shape)
            if not is_mixed_radix(compact, dim_ranges(box)):
                raise ValueError("stores to a part of a memref by indices that mix its loops")
            type = TensorType(value.type, shape)
            part = Place(AffineMap(len(used), 0, tuple(compact)), type, before)
        result = self._nest(parallel, at, fold, start, pads, store.op, part)
        if padded:
            assert isinstance(before, IntegerAttr | FloatAttr)
            result = self._padded(result, before, place, shape)
        result.name_hint = store.memref.name_hint
        self.memory.contents[store.memref] = result

    def _number(self, value: SSAValue) -> Number | None:
        """The number that a value is everywhere, if it is known."""
        if isinstance(value.owner, arith.ConstantOp):
            number = value.owner.value
            return number if isinstance(number, IntegerAttr | FloatAttr) else None
        load = self.program.loads.get(value)
        content = self.memory.contents[load.memref] if load else None
        return content if isinstance(content, IntegerAttr | FloatAttr) else None

    def _nest(
        self,
        parallel: Sequence[tuple[str, int]],
        at: dict[Loop, AffineExpr],
        fold: Fold | None,
        value: SSAValue,
        pads: dict[SSAValue, Number],
        like: Operation,
        place: Place | None = None,
    ) -> SSAValue:
        """The tensor of a value at the points of `at`; with a fold, of the fold from that value."""
        loops = fold.loops if fold else self._first_reduction(value)
        builder = NestBuilder.of(parallel, [(loop.name, loop.extent) for loop in loops])
        reduction = tuple(builder.dims[len(parallel) :])
        body = _Body(builder, dict(at), reduction, pads=dict(pads))
        result = self._folded(body, fold, value) if fold else self._value(body, value)
        nest = builder.finish(result, place=place)
        nest.location = like.location
        nest = merge_reductions(nest)
        self.insert(nest)
        return nest.result

    def _first_reduction(self, value: SSAValue) -> tuple[Loop, ...]:
        """The loops of the first reduction that computing a value meets."""
        owner = value.owner
        if not isinstance(owner, Operation):
            return ()
        if isinstance(owner, affine.ForOp):
            with about(owner):
                fold = carried(self.program, value, self.reassociate)
            return fold.loops if all(loop.extent for loop in fold.loops) else ()
        if owner.dialect_name() == "arith":
            for operand in owner.operands:
                if loops := self._first_reduction(operand):
                    return loops
        return ()

    # --- Values, in the body of a nest.

    def _value(self, body: _Body, value: SSAValue) -> SSAValue:
        if value not in body.values:
            if isinstance(value.owner, Operation):
                with about(value.owner):
                    body.values[value] = self._computed(body, value, value.owner)
            else:
                body.values[value] = self._argument(value)
        result = body.values[value]
        result.name_hint = result.name_hint or value.name_hint
        return result

    def _argument(self, value: SSAValue) -> SSAValue:
        assert isinstance(value, BlockArgument)
        place = value.owner.parent_op()
        if isinstance(place, affine.ForOp) and value.index:
            raise ValueError("uses the running value of a loop other than to add to it")
        if isinstance(place, affine.ForOp):
            raise ValueError("computes with a loop's variable; nests have it in indices only")
        raise ValueError("computes with an argument that is a scalar, expected a memref")

    def _computed(self, body: _Body, value: SSAValue, op: Operation) -> SSAValue:
        match op:
            case affine.ForOp():
                return self._carried(body, value, op)
            case affine.IfOp():
                return self._chosen(body, value, op)
            case arith.SelectOp() if (extreme := extreme_of(op)) is not None:
                kind, left, right = extreme
                return body.builder.add(kind(self._value(body, left), self._value(body, right)))
            case _ if value in self.program.loads:
                return self._load(body, value, self.program.loads[value])
            case _ if op.dialect_name() == "arith" and len(op.results) == 1:
                for operand in op.operands:
                    self._value(body, operand)
                return body.builder.add(op.clone(body.values))
            case _:
                raise ValueError("has no form in a nest")

    def _load(self, body: _Body, value: SSAValue, load: Access) -> SSAValue:
        content = self.memory.contents[load.memref]
        pad = body.pads.get(value)
        if content is None:
            raise ValueError(f"loads from {name_of(load.memref)}, where nothing was stored before")
        if not isinstance(content, SSAValue):
            if pad is None or pad == content:
                return body.builder.constant(content.value.data, content.type)
            content = self._tensor(content, self.memory.shape(load))
        dims = [body.at[loop] for loop in load.loops]
        index = [e.replace_dims_and_symbols(dims, []) for e in self.memory.index(load)]
        # Inside is checked exactly; the pad is for where intervals do not see it, and else dropped.
        return body.builder.load(content, index, pad or 0)

    def _carried(self, body: _Body, value: SSAValue, op: affine.ForOp) -> SSAValue:
        """The result of a loop: a reduction here, or in a nest of its own."""
        fold = carried(self.program, value, self.reassociate)
        assert fold.start is not None
        if not all(loop.extent for loop in fold.loops):
            return self._value(body, fold.start)
        around = self.program.loops[op][:-1]
        inside = any(loop in body.reducing for loop in around)
        if not inside and [loop.extent for loop in fold.loops] == body.builder.reduction:
            return self._folded(body, fold, fold.start)
        parallel = [(loop.name, loop.extent) for loop in around]
        at: dict[Loop, AffineExpr] = {loop: AffineDimExpr(i) for i, loop in enumerate(around)}
        tensor = self._nest(parallel, at, fold, fold.start, {}, op)
        tensor.name_hint = value.name_hint
        return body.builder.load(tensor, [body.at[loop] for loop in around])

    def _folded(self, body: _Body, fold: Fold, start: SSAValue) -> SSAValue:
        """The start, combined with the reduction of the terms."""
        body.at |= dict(zip(fold.loops, body.reduction, strict=True))
        outer, body.reducing = body.reducing, (*body.reducing, *fold.loops)
        total = self._combined(body, fold)
        body.reducing = outer
        result = body.builder.reduce(fold.kind, total)
        load = self.program.loads.get(start)
        nothing = self.memory.contents[load.memref] if load else start
        if nothing is not None and is_nothing(fold.kind, nothing):
            return result
        combine = COMBINE[fold.kind, isinstance(result.type, IntegerType)]
        return body.builder.add(combine(result, self._value(body, start)))

    def _combined(self, body: _Body, fold: Fold) -> SSAValue:
        """The terms of one point."""
        ordered = sorted(fold.terms, key=lambda term: term.negative)
        total: SSAValue | None = None
        for term in ordered:
            value = self._value(body, term.value)
            integer = isinstance(value.type, IntegerType)
            if term.negative:
                total = total or body.builder.constant(0, value.type)
                total = body.builder.add((arith.SubiOp if integer else arith.SubfOp)(total, value))
            else:
                combine = COMBINE[fold.kind, integer]
                total = body.builder.add(combine(total, value)) if total else value
        if total is None:
            raise ValueError("carries a value that never changes")
        return total

    def _chosen(self, body: _Body, value: SSAValue, op: affine.IfOp) -> SSAValue:
        """The result of an `affine.if`: a value whose loads have pads that make the other one."""
        from_branch, pads = guarded_result(self.program, op, result_number(value))
        if any(body.pads.get(load, pad) != pad for load, pad in pads.items()):
            raise ValueError("needs another pad of a load than a condition around it")
        body.pads |= pads
        return self._value(body, from_branch)

    # --- Tensors.

    def _tensor(self, content: Number, shape: Sequence[int]) -> SSAValue:
        """A constant tensor of one number."""
        array = np.full(shape, content.value.data, numpy_type(content.type))
        op = ConstantOp(attribute_of(array, "constant"))
        self.insert(op)
        return op.result

    def _padded(
        self, stored: SSAValue, pad: Number, place: Placement, shape: Sequence[int]
    ) -> SSAValue:
        """The tensor that is one number everywhere but where elements were stored."""
        builder = NestBuilder.of([(f"i{axis}", size) for axis, size in enumerate(shape)], [])
        nest = builder.finish(builder.load(stored, place.inverse, pad))
        self.insert(nest)
        return nest.result


def _names(index: Sequence[AffineExpr], loops: Sequence[Loop]) -> list[str]:
    """A name for each dimension of a tensor: of the loop that moves it, if it is one."""
    names: list[str] = []
    for axis, expr in enumerate(index):
        moving = expr.used_dims()
        names.append(loops[next(iter(moving))].name if len(moving) == 1 else f"i{axis}")
    return names
