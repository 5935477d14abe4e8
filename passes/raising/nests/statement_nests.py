"""One statement of loop code as a nest: what it stores, by the indices of its tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import islpy as isl
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import simplify
from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.affine_nest.combiners import COMBINE
from nopt.passes.analysis import box_of
from nopt.passes.base.places import about
from nopt.passes.raising.loops.isl_maps import Exprs, values
from nopt.passes.raising.loops.loop_program import LOOPS, Program, name_of
from nopt.passes.raising.loops.statements import Statement, last_points
from nopt.passes.raising.nests.bodies import Body, Content, Frame, Memory
from nopt.passes.raising.nests.coordinates import Parallel
from nopt.passes.raising.nests.guards import Number
from nopt.passes.raising.nests.loop_reductions import Fold, carried, identity, is_nothing
from nopt.passes.raising.nests.reduction_points import Piece, Plan, Target, divisions, plan
from nopt.passes.raising.nests.tile_merging import merge_reductions

_NO_ITERATORS = "stores in an order that no affine iterators have"


@dataclass
class _Nest:
    """A nest that is being written."""

    target: Target
    plan: Plan
    piece: Piece | None
    like: Operation
    is_kept: bool = False
    """Whether its reduction goes on with what is in memory."""


class StatementWriter:
    """Appends the nests of statements, one after another."""

    def __init__(self, program: Program, memory: Memory, reassociate: bool):
        self.program = program
        self.memory = memory
        self.reassociate = reassociate

    def write(self, one: Statement) -> None:
        """Append the nests that compute what a statement leaves in its memref."""
        store = one.store
        index = self.memory.index(store, one.points.index)
        stays = last_points(one.points.domain, index)
        target = Target(stays, index, self.memory.shape(store), one.loops)
        if one.fold is not None:
            self._add(one, target, one.fold)
            return
        number = self._number(store.value)
        if number is not None and values(stays, index).is_equal(box_of(target.shape)):
            self.memory.contents[store.memref] = number
            return
        piece = self._first_piece(store.value, target)
        planned = plan(self.program, target, piece, False)
        planned = planned or plan(self.program, target, None, False)
        if planned is None:
            raise ValueError(_NO_ITERATORS)
        nest = _Nest(target, planned, piece if planned.reduced else None, store.op)
        before = self.memory.contents[store.memref]
        stored = planned.parallel.stored

        def element(body: Body) -> SSAValue:
            body.loads |= one.points.loads
            value = body.value(store.value)
            if stored is None:
                return value
            inner = len(planned.reduced.axes) if planned.reduced else 0
            holds = stored.insert_dims(isl.dim_type.set, stored.dim(isl.dim_type.set), inner)
            return body.select(holds, value, self._old(body, before, planned.parallel, store.value))

        self._put(one, nest, before, element)

    def _add(self, one: Statement, target: Target, fold: Fold) -> None:
        """Append the nests of a reduction that goes on with what the elements hold."""
        store = one.store
        if one.repeats or len(one.stores) > 1:
            self._check_order(fold)
        ways = divisions(self.program, fold, store.scope)
        if len(one.stores) > 1:
            ways = iter([[Piece(fold.terms[:1], one.points, one.loops)]])
        for pieces in ways:
            plans = [plan(self.program, target, piece, True) for piece in pieces]
            if all(plans):
                break
        else:
            raise ValueError(_NO_ITERATORS)
        for piece, planned in zip(pieces, plans, strict=True):
            assert planned is not None
            self._add_piece(one, _Nest(target, planned, piece, store.op, is_kept=True), fold)

    def _add_piece(self, one: Statement, nest: _Nest, fold: Fold) -> None:
        before, start = self.memory.contents[one.store.memref], fold.start
        assert isinstance(start, SSAValue)
        if before is None:
            with about(self.program.loads[start].op):
                name = name_of(one.store.memref)
                raise ValueError(f"loads from {name}, where nothing was stored before")

        def element(body: Body) -> SSAValue:
            result = self._reduced(body, nest, fold.kind)
            if not isinstance(before, SSAValue) and is_nothing(fold.kind, before):
                return result
            combine = COMBINE[fold.kind, isinstance(result.type, IntegerType)]
            old = self._old(body, before, nest.plan.parallel, one.store.value)
            old.name_hint = start.name_hint
            return body.builder.add(combine(result, old))

        self._put(one, nest, before, element)

    def _check_order(self, fold: Fold) -> None:
        if fold.reorders_floats and not self.reassociate:
            raise ValueError(
                "sums floats in an order that a nest does not keep; "
                "the pass option reassociate=true allows another order"
            )

    def _number(self, value: SSAValue) -> Number | None:
        """The number that a value is everywhere, if it is known."""
        if isinstance(value.owner, arith.ConstantOp):
            number = value.owner.value
            return number if isinstance(number, IntegerAttr | FloatAttr) else None
        load = self.program.loads.get(value)
        content = self.memory.contents[load.memref] if load else None
        return content if isinstance(content, IntegerAttr | FloatAttr) else None

    def _old(self, body: Body, before: Content, parallel: Parallel, like: SSAValue) -> SSAValue:
        """What an element held before; zero if that is nothing."""
        if isinstance(before, SSAValue):
            return body.builder.load(before, parallel.place)
        if before is not None:
            return body.number(before)
        return body.builder.constant(0, like.type)

    # --- Nests.

    def _put(
        self, one: Statement, nest: _Nest, before: Content, element: Callable[[Body], SSAValue]
    ) -> None:
        """Append a nest that stores elements, and let the memref hold them."""
        parallel, shape = nest.plan.parallel, nest.target.shape
        inverse = None
        place: Place | None = None
        if not parallel.fills:
            if isinstance(before, IntegerAttr | FloatAttr):
                inverse = _inverse(parallel, shape)
                before = before if inverse else self.memory.filled(before, shape)
            if inverse is None:
                assert before is None or isinstance(before, SSAValue)
                map = AffineMap(len(parallel.axes), 0, parallel.place)
                place = Place(map, TensorType(one.store.value.type, shape), before)
        result = self._built(nest, element, place)
        if inverse:
            assert isinstance(before, IntegerAttr | FloatAttr)
            builder = NestBuilder.of([(f"i{axis}", size) for axis, size in enumerate(shape)], [])
            padded = builder.finish(builder.load(result, inverse, before))
            self.memory.insert(padded)
            result = padded.result
        result.name_hint = one.store.memref.name_hint
        self.memory.contents[one.store.memref] = result

    def _built(
        self, nest: _Nest, element: Callable[[Body], SSAValue], place: Place | None = None
    ) -> SSAValue:
        """Append a nest; its result."""
        parallel, reduced = nest.plan.parallel, nest.plan.reduced
        builder = NestBuilder.of(
            [(axis.name, axis.extent) for axis in parallel.axes],
            [(axis.name, axis.extent) for axis in reduced.axes] if reduced else [],
        )
        frames = [] if nest.is_kept else [Frame(nest.target.loops, parallel.image)]

        def carried(body: Body, value: SSAValue) -> SSAValue:
            return self._carried(body, nest, value)

        body = Body(builder, self.memory, frames, box_of(builder.extents), carried)
        made = builder.finish(element(body), place=place)
        made.location = nest.like.location
        made = merge_reductions(made)
        self.memory.insert(made)
        return made.result

    # --- Reductions.

    def _first_piece(self, value: SSAValue, target: Target) -> Piece | None:
        """The first reduction that computing a value meets, if the target's loops are around it."""
        seen = set[SSAValue]()
        waiting = [value]
        while waiting:
            value = waiting.pop()
            owner = value.owner
            if value in seen or not isinstance(owner, Operation):
                continue
            seen.add(value)
            if isinstance(owner, LOOPS):
                if piece := self._piece(owner, value, target):
                    return piece
            elif owner.dialect_name() == "arith":
                waiting += reversed(owner.operands)
        return None

    def _piece(self, loop: Operation, value: SSAValue, target: Target) -> Piece | None:
        """The reduction that a loop's result is, if the target's loops are around it."""
        with about(loop):
            fold = carried(self.program, value)
        scope = self.program.scope_of(loop)
        if not fold.terms or scope.loops != target.loops:
            return None
        pieces = next(divisions(self.program, fold, scope))
        return pieces[0] if len(pieces) == 1 else None

    def _carried(self, body: Body, nest: _Nest, value: SSAValue) -> SSAValue:
        """The result of a loop: a reduction here, or in nests of its own."""
        fold = carried(self.program, value)
        if not fold.terms:
            assert isinstance(fold.start, SSAValue)
            return body.value(fold.start)
        self._check_order(fold)
        op = value.owner
        assert isinstance(op, Operation)
        scope = self.program.scope_of(op)
        for pieces in divisions(self.program, fold, scope):
            if not body.reducing and self._is_here(nest, pieces):
                result = self._reduced(body, replace(nest, piece=pieces[0]), fold.kind)
                return self._from(body, fold, fold.start, result)
            target = Target.of_scope(scope)
            plans = [plan(self.program, target, piece, False) for piece in pieces]
            if not all(p and p.parallel.fills for p in plans):
                continue
            total: SSAValue | None = None
            for piece, planned in zip(pieces, plans, strict=True):
                assert planned is not None
                total = self._next(_Nest(target, planned, piece, op), fold, total)
                total.name_hint = value.name_hint
            assert total is not None
            return body.builder.load(total, body.turns(scope.loops))
        raise ValueError("runs over points that no affine iterators have")

    def _is_here(self, nest: _Nest, pieces: list[Piece]) -> bool:
        """Whether a reduction can be one of the nest's."""
        if nest.piece is None or len(pieces) > 1:
            return False
        return pieces[0] == nest.piece or pieces[0].is_beside(nest.piece)

    def _next(self, nest: _Nest, fold: Fold, total: SSAValue | None) -> SSAValue:
        """A nest of a piece of a reduction, from the one before or from its start."""

        def element(body: Body) -> SSAValue:
            result = self._reduced(body, nest, fold.kind)
            if total is None:
                return self._from(body, fold, fold.start, result)
            old = body.builder.load(total, nest.plan.parallel.place)
            combine = COMBINE[fold.kind, isinstance(result.type, IntegerType)]
            return body.builder.add(combine(result, old))

        return self._built(nest, element)

    def _from(
        self, body: Body, fold: Fold, start: SSAValue | Attribute, result: SSAValue
    ) -> SSAValue:
        """The reduction from its start on."""
        load = self.program.loads.get(start) if isinstance(start, SSAValue) else None
        nothing = self.memory.contents[load.memref] if load else start
        if nothing is not None and is_nothing(fold.kind, nothing):
            return result
        assert isinstance(start, SSAValue)
        combine = COMBINE[fold.kind, isinstance(result.type, IntegerType)]
        return body.builder.add(combine(result, body.value(start)))

    def _reduced(self, body: Body, nest: _Nest, kind: Reduction) -> SSAValue:
        """The combination of the terms of the nest's piece at all points that an element has."""
        reduced, piece = nest.plan.reduced, nest.piece
        assert reduced is not None and piece is not None
        body.frames.append(Frame(piece.loops, reduced.image))
        body.loads |= piece.points.loads
        outer, body.reducing = body.where, True
        body.where = body.where if reduced.holds is None else reduced.holds
        result, late = self._combined(body, nest, piece, kind)
        body.where, body.reducing = outer, False
        body.frames.pop()
        if reduced.axes:
            result = body.builder.reduce(kind, result)
        nothing = identity(kind, result.type)
        assert nothing is not None
        return body.select(late, result, body.number(nothing)) if late else result

    def _combined(
        self, body: Body, nest: _Nest, piece: Piece, kind: Reduction
    ) -> tuple[SSAValue, isl.Set | None]:
        """The terms at one point; and the points of the elements that have terms, if it matters."""
        reduced, late = nest.plan.reduced, None
        assert reduced is not None
        total: SSAValue | None = None
        for term in sorted(piece.terms, key=lambda term: term.negative):
            nothing = identity(kind, term.value.type)
            assert nothing is not None
            holds = reduced.holds
            if holds is not None and not body.is_padded(term.value, holds, nothing):
                late = _elements(holds, body.builder.extents, len(body.builder.parallel))
            else:
                holds = None
            value = body.value(term.value)
            if holds is not None and late is None:
                value = body.select(holds, value, body.number(nothing))
            integer = isinstance(value.type, IntegerType)
            if term.negative:
                total = total or body.builder.constant(0, value.type)
                total = body.builder.add((arith.SubiOp if integer else arith.SubfOp)(total, value))
            else:
                combine = COMBINE[kind, integer]
                total = body.builder.add(combine(total, value)) if total else value
        assert total is not None
        return total, late


def _elements(holds: isl.Set, extents: Sequence[int], count: int) -> isl.Set | None:
    """The same set, if it depends on the first iterators only."""
    flat = holds.project_out(isl.dim_type.set, count, len(extents) - count)
    whole = flat.flat_product(box_of(extents[count:]))
    return holds if holds.is_equal(whole) else None


def _inverse(parallel: Parallel, shape: Sequence[int]) -> Exprs | None:
    """The iterators at each element, outside of their extents for elements that are not stored.

    None if that is not told by offsets.
    """
    found: list[AffineExpr] = []
    for axis, (expr, size) in enumerate(zip(parallel.place, shape, strict=True)):
        if isinstance(expr, AffineConstantExpr):
            if size > 1:
                return None
            continue
        low = simplify(expr - AffineDimExpr(len(found)), {})
        if not isinstance(low, AffineConstantExpr):
            return None
        found.append(AffineDimExpr(axis) - low.value)
    return None if parallel.stored is not None else tuple(found)
