"""Whether a program's statements may be executed one after another, each for all its points."""

from __future__ import annotations

from collections.abc import Sequence

import islpy as isl
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_nest import Reduction
from nopt.passes.analysis import box_of
from nopt.passes.base.places import about, place
from nopt.passes.raising.loops.isl_maps import Exprs, dims, numbers, relation
from nopt.passes.raising.loops.loop_program import Access, Program, loads_of, name_of
from nopt.passes.raising.loops.statements import (
    Statement,
    common_loops,
    merged,
    statement,
    without_fold,
)
from nopt.passes.raising.loops.value_flow import BufferFlow, Conflict, Event


class Schedule:
    """The statements of a program as nests in a row, in an order that keeps what loads get.

    Raises an error about a load that would get another value.
    """

    def __init__(self, program: Program, reassociate: bool, merge: bool):
        """With `merge`, copies of a statement that unrolling made are one."""
        self.program = program
        self.results = self._results()
        """Memrefs whose contents the caller sees: what is returned, then arguments stored to."""
        alone = [statement(program, store, reassociate) for store in program.stores]
        self._adding = _adding(alone)
        self.statements = self._settled(alone)
        if merge:
            self.statements = merged(program, self.statements, self._adds)
        self.apart: dict[SSAValue, tuple[int, ...]] = {}
        """For which of the outermost loops the elements of a memref must be kept apart."""
        self.overwritten: set[SSAValue] = set()
        """Memrefs of which nothing is used that they held before the function."""
        self._reads: dict[SSAValue, list[Event]] = {}
        self._writes: dict[SSAValue, list[Event]] = {}
        self._add_events()
        self._check()

    def _results(self) -> list[SSAValue]:
        returned = list(self.program.terminator.operands)
        stored = self.program.stored
        return [*returned, *(arg for arg in self.program.arguments if arg in stored)]

    def _settled(self, alone: Sequence[Statement]) -> list[Statement]:
        """A store that adds once to each element is a plain one next to other reductions there."""
        return [
            without_fold(one) if one.fold and not self._adds(one) and not one.repeats else one
            for one in alone
        ]

    def _adds(self, one: Statement) -> bool:
        return one.fold is not None and self._adding.get(one.store.memref) is one.fold.kind

    def _add_events(self) -> None:
        for number, one in enumerate(self.statements):
            for position, store in enumerate(one.stores):
                self._add_store(number, position, one, store)
        for number, buffer in enumerate(dict.fromkeys(self.results)):
            self._add_result(number, buffer)

    def _add_store(self, number: int, position: int, one: Statement, store: Access) -> None:
        turn = dims(len(store.loops))
        after = (*numbers(number, 1, position), *turn)
        name = f"{number}_{position}"
        event = Event(
            f"W{name}",
            store.domain,
            store.index,
            store.time,
            (*after, *numbers(1)),
            store,
            self._adds(one),
        )
        self._writes.setdefault(store.memref, []).append(event)
        values = [store.value]
        if one.fold is not None:
            assert isinstance(one.fold.start, SSAValue)
            values = [term.value for term in one.fold.terms] if position == 0 else []
            if not self._adds(one):
                # What a reduction goes on with is read in turn, all else before the nest.
                self._add_read(self.program.loads[one.fold.start], name, after)
        for load in loads_of(self.program, values):
            self._add_read(load, name, numbers(number, 0))

    def _add_read(self, load: Access, name: str, after: Exprs) -> None:
        events = self._reads.setdefault(load.memref, [])
        name = f"R{name}_{len(events)}"
        events.append(Event(name, load.domain, load.index, load.time, after, load))

    def _add_result(self, number: int, buffer: SSAValue) -> None:
        shape = self.program.shapes[buffer]
        before = numbers(len(self.program.function.body.block.ops))
        after = numbers(len(self.statements))
        event = Event(f"F{number}", box_of(shape), dims(len(shape)), before, after)
        self._reads.setdefault(buffer, []).append(event)

    def _check(self) -> None:
        """Find out `apart` and `overwritten`, or a load that would get another value."""
        around = {buffer: len(scope.loops) for buffer, scope in self.program.buffers.items()}
        for buffer in dict.fromkeys([*self._reads, *self._writes]):
            own = around.get(buffer, 0)
            most = own if buffer in self.results or buffer not in around else self._common(buffer)
            reads, writes = self._reads.get(buffer, []), self._writes.get(buffer, [])
            coarse = self._coarse(buffer, reads, writes)
            if coarse and BufferFlow(coarse, writes, ()).conflict(()) is None:
                self.apart[buffer] = ()
                continue
            flow = BufferFlow(reads, writes, dims(own))
            if flow.writes and not flow.keeps():
                self.overwritten.add(buffer)
            conflict: Conflict | None = None
            for loops in range(own, most + 1):
                found = flow.conflict(dims(loops))
                if found is None:
                    self.apart[buffer] = self._telling(buffer, loops)
                    break
                conflict = conflict or found
            else:
                assert conflict is not None
                _refuse(buffer, conflict, writes[0].access)

    def _coarse(
        self, buffer: SSAValue, reads: Sequence[Event], writes: Sequence[Event]
    ) -> list[Event]:
        """Reads that get no less than the given ones, of a memref allocated outside of loops.

        All that are in other operations of the function's body than stores, with no store between,
        are one read of all elements. Empty where that does not apply.
        """
        scope = self.program.buffers.get(buffer)
        if scope is None or scope.loops or not writes or self._is_mixed():
            return []
        shape, found = self.program.shapes[buffer], dict[object, Event]()
        storing = {write.before[0] for write in writes}
        for read in reads:
            place = read.before[0]
            if read.access is None or place in storing:
                found[read] = read
                continue
            since = frozenset(one for one in storing if _number(one) < _number(place))
            found.setdefault(
                since,
                Event(f"B{read.name}", box_of(shape), dims(len(shape)), (place,), read.after),
            )
        return list(found.values())

    def _is_mixed(self) -> bool:
        """Whether some statement is of several operations of the function's body."""
        return any(len({store.time[0] for store in one.stores}) > 1 for one in self.statements)

    def _telling(self, buffer: SSAValue, count: int) -> tuple[int, ...]:
        """Those of the outermost loops whose variables tell those of all `count`."""
        points: isl.Set | None = None
        for access in self.program.accesses(buffer) if count else ():
            inner = len(access.loops) - count
            outer = access.domain.project_out(isl.dim_type.set, count, inner)
            points = outer if points is None else points.union(outer)
        kept = list(range(count))
        for loop in range(count):
            others = [AffineDimExpr(dim) for dim in kept if dim != loop]
            if points is not None and relation(points, others).is_injective():
                kept.remove(loop)
        return tuple(kept)

    def _common(self, buffer: SSAValue) -> int:
        """The number of loops around all accesses of a buffer."""
        return len(common_loops([access.loops for access in self.program.accesses(buffer)]))


def _adding(statements: Sequence[Statement]) -> dict[SSAValue, Reduction]:
    """How stores add to each memref: in the way of those that do so several times, if any do."""
    found: dict[SSAValue, Reduction] = {}
    for one in sorted(statements, key=lambda one: not one.repeats):
        if one.fold is not None:
            found.setdefault(one.store.memref, one.fold.kind)
    return found


def _number(expr: AffineExpr) -> int:
    assert isinstance(expr, AffineConstantExpr)
    return expr.value


def _refuse(buffer: SSAValue, conflict: Conflict, store: Access | None) -> None:
    """Raise an error that names the two accesses and one pair of their points.

    `store` is one to the memref, for a read by the caller of what no store should have changed.
    """
    read, write = conflict.read.access, conflict.write
    source = "before the function" if write is None else "in the function"
    if write is not None and write.access is not None:
        at = _point(write.access, conflict.write_at)
        source = f"by the store of {place(write.access.op)}{at}"
    name = name_of(buffer)
    if read is None:
        last = store if write is None else write.access
        assert last is not None
        with about(last.op):
            raise ValueError(
                f"leaves {name}{list(conflict.read_at)} to the caller, which a store that follows "
                "in the text would replace: these loops cannot be taken apart"
                if write
                else f"would change {name}{list(conflict.read_at)} for the caller if these loops "
                "were taken apart"
            )
    with about(read.op):
        raise ValueError(
            f"gets from {name}{_point(read, conflict.read_at)} what was stored {source}: "
            "a dependence that the loops carry, and not a sum, maximum or minimum"
        )


def _point(access: Access, at: Sequence[int]) -> str:
    """The loop variables at a point: ` at (%i = 1, %j = 0)`."""
    values = [f"%{loop.name} = {value}" for loop, value in zip(access.loops, at, strict=True)]
    return f" at ({', '.join(values)})" if values else ""
