"""Whether a program's statements may be executed one after another, each for all its points."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr

from nopt.dialects.affine_math import evaluate
from nopt.passes.affine.analysis import box_of
from nopt.passes.affine.raising.flow import BufferFlow, Conflict, Event, Time, dims, numbers
from nopt.passes.affine.raising.reading import (
    Access,
    Program,
    loads_of,
    name_of,
)
from nopt.passes.affine.raising.reductions import kept
from nopt.passes.places import about, place


class Schedule:
    """The loads and stores of a program in the order of the text, and as nests in a row."""

    def __init__(self, program: Program):
        self.program = program
        self.results = self._results()
        """Memrefs whose contents the caller sees: what is returned, then arguments stored to."""
        self.apart: dict[SSAValue, int] = {}
        """For how many outermost loops the elements of a memref must be kept apart."""
        self.overwritten: set[SSAValue] = set()
        """Memrefs of which nothing is used that they held before the function."""
        self._reads: dict[SSAValue, list[Event]] = {}
        self._writes: dict[SSAValue, list[Event]] = {}
        for number, store in enumerate(program.stores):
            with about(store.op):
                self._add_statement(number, store)
        for number, buffer in enumerate(dict.fromkeys(self.results)):
            self._add_result(number, buffer)

    def _results(self) -> list[SSAValue]:
        returned = list(self.program.terminator.operands)
        arguments = self.program.function.body.block.args
        return [*returned, *(arg for arg in arguments if arg in self.program.stored)]

    def _add_statement(self, number: int, store: Access) -> None:
        counters = dims(len(store.loops))
        last = AffineConstantExpr(1)
        after = (*numbers(number, 1), *counters, last)
        self._writes.setdefault(store.memref, []).append(
            Event(f"W{number}", store.domain, store.index, store.time, after, store)
        )
        own, others = self._loads(store)
        for load in [*own, *others]:
            # What a sum goes on with is read in turn, all else before the nest.
            after = (*numbers(number, 1), *counters) if load in own else numbers(number, 0)
            self._add_read(load, f"{number}", after)

    def _add_read(self, load: Access, name: str, after: Time) -> None:
        events = self._reads.setdefault(load.memref, [])
        name = f"R{name}_{len(events)}"
        events.append(Event(name, load.domain, load.index, load.time, after, load))

    def _loads(self, store: Access) -> tuple[list[Access], list[Access]]:
        """The load of the element that a reduction in memory goes on with, and all others."""
        value = store.op.operands[0]
        used = set[int]().union(*(expr.used_dims() for expr in store.index))
        free = [k for k in range(len(store.loops)) if k not in used and store.extents[k] > 1]
        loops = tuple(store.loops[k] for k in free)
        # Whether floats may be reordered is asked where the sum is made.
        found = kept(self.program, store, loops, reassociate=True)
        if found is None:
            return [], loads_of(self.program, [value])
        fold, own = found
        return [self.program.loads[own]], loads_of(self.program, [t.value for t in fold.terms])

    def _add_result(self, number: int, buffer: SSAValue) -> None:
        shape = self.program.shapes[buffer]
        index = dims(len(shape))
        domain = box_of(shape)
        before = numbers(len(self.program.function.body.block.ops))
        after = numbers(len(self.program.stores))
        event = Event(f"F{number}", domain, index, before, after)
        self._reads.setdefault(buffer, []).append(event)

    def check(self) -> None:
        """Find out `apart` and `overwritten`.

        Raises an error about a load that would get another value.
        """
        around: dict[SSAValue, int] = {
            op.memref: len(self.program.loops[op]) for op in self.program.buffers
        }
        for buffer in dict.fromkeys([*self._reads, *self._writes]):
            own = around.get(buffer, 0)
            most = own if buffer in self.results or buffer not in around else self._common(buffer)
            flow = BufferFlow(self._reads.get(buffer, []), self._writes.get(buffer, []), own)
            if flow.writes and not flow.keeps():
                self.overwritten.add(buffer)
            conflict: Conflict | None = None
            for loops in range(own, most + 1):
                found = flow.conflict(loops)
                if found is None:
                    self.apart[buffer] = loops
                    break
                conflict = conflict or found
            else:
                assert conflict is not None
                _refuse(buffer, conflict)

    def _common(self, buffer: SSAValue) -> int:
        """The number of loops around all accesses of a buffer."""
        accesses = self.program.accesses(buffer)
        first, *others = [access.loops for access in accesses]
        count = len(first)
        for loops in others:
            same = [a is b for a, b in zip(first, loops, strict=False)]
            count = min(count, (*same, False).index(False))
        return count


def _refuse(buffer: SSAValue, conflict: Conflict) -> None:
    """Raise an error that names the two accesses and one pair of their points."""
    read, write = conflict.read.access, conflict.write
    source = "before the function" if write is None else "in the function"
    if write is not None and write.access is not None:
        at = _point(write.access, conflict.write_at)
        source = f"by the store of {place(write.access.op)}{at}"
    name = name_of(buffer)
    if read is None:
        assert write is not None and write.access is not None
        with about(write.access.op):
            raise ValueError(
                f"leaves {name}{list(conflict.read_at)} to the caller, which a store that follows "
                "in the text would replace: these loops cannot be taken apart"
            )
    with about(read.op):
        raise ValueError(
            f"gets from {name}{_point(read, conflict.read_at)} what was stored {source}: "
            "a dependence that the loops carry, and not a sum, maximum or minimum"
        )


def _point(access: Access, at: Sequence[int]) -> str:
    """The loop variables at a point: ` at (%i = 1, %j = 0)`."""
    values = [f"%{loop.name} = {evaluate(loop.index, list(at))}" for loop in access.loops]
    return f" at ({', '.join(values)})" if values else ""
