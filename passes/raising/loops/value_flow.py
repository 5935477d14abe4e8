"""Which stores each load gets its value from: exact, by ISL, for any order of execution.

A program is what each of its loads gets. So executing its statements in another order is right if
and only if every load still gets its value from the same stores at the same points; that is all
that is checked here, and no dependence needs a name. A store that adds to its element (or takes
the maximum or minimum) gives a load a part of its value, and in which order parts were added makes
no difference: such a load gets its value from the last other store, and from all that added since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import islpy as isl
from xdsl.ir.affine import AffineExpr

from nopt.passes.analysis import isl_expr
from nopt.passes.raising.loops.isl_maps import Exprs, numbers
from nopt.passes.raising.loops.loop_program import Access


@dataclass(frozen=True, eq=False)
class Event:
    """A read or write of `index` at every point of `domain`, once in each order of execution."""

    name: str
    domain: isl.Set
    index: Exprs
    before: Exprs
    """When, as the program was written: at a lexicographically lower time than what follows."""
    after: Exprs
    """When, as nests."""
    access: Access | None = None
    """What it stands for; None for the caller that reads results."""
    adds: bool = False
    """Whether it is a write that adds to what was there."""


def _relation(event: Event, exprs: Sequence[AffineExpr], target: str) -> isl.UnionMap:
    """From the event's points to the values of `exprs`."""
    names = ", ".join(f"d{i}" for i in range(event.domain.dim(isl.dim_type.set)))
    values = ", ".join(map(isl_expr, exprs))
    whole = isl.UnionMap(f"{{ {event.name}[{names}] -> {target}[{values}] }}")
    return whole.intersect_domain(isl.UnionSet.from_set(event.domain.set_tuple_name(event.name)))


def _union(maps: Sequence[isl.UnionMap]) -> isl.UnionMap:
    total = isl.UnionMap("{ }")
    for map in maps:
        total = total.union(map)
    return total


@dataclass(frozen=True)
class Conflict:
    """A load that would get another value: where it gets it from as the program was written."""

    read: Event
    write: Event | None
    """None if the load gets what was there before the function began."""
    read_at: tuple[int, ...]
    write_at: tuple[int, ...]


class BufferFlow:
    """The flow through one memref."""

    def __init__(self, reads: Sequence[Event], writes: Sequence[Event], apart: Exprs):
        """Elements are apart for each value of `apart` as the program is written."""
        self.reads = reads
        self.writes = writes
        self._before = self._flow(False, apart) if reads and writes else None

    def _flow(self, after: bool, apart: Exprs) -> isl.UnionFlow:
        """The flow as nests, or as the program was written.

        Elements are kept apart for each value of the expressions `apart`.
        """
        events = [*self.reads, *self.writes]
        times = {event: event.after if after else event.before for event in events}
        length = max(len(time) for time in times.values())
        schedule = _union(
            [
                _relation(event, (*time, *numbers(*[0] * (length - len(time)))), "")
                for event, time in times.items()
            ]
        )

        def elements(events: Sequence[Event]) -> isl.UnionMap:
            return _union([_relation(e, (*apart, *e.index), "M") for e in events])

        info = isl.UnionAccessInfo.from_sink(elements(self.reads))
        info = info.set_must_source(elements([w for w in self.writes if not w.adds]))
        info = info.set_may_source(elements([w for w in self.writes if w.adds]))
        try:
            return info.set_schedule_map(schedule).compute_flow()
        except isl.Error as error:
            raise ValueError(f"has accesses whose order ISL cannot follow: {error}") from error

    def keeps(self) -> bool:
        """Whether some read gets what was there before the function began."""
        if self._before is None:
            return bool(self.reads)
        return not self._before.get_may_no_source().is_empty()

    def conflict(self, apart: Exprs) -> Conflict | None:
        """A read that nests would give another value, None if there is none.

        As nests, elements are apart for each value of the expressions.
        """
        if self._before is None:
            return None
        after_flow = self._flow(after=True, apart=apart)
        before, after = self._before.get_may_dependence(), after_flow.get_may_dependence()
        if not (lost := before.subtract(after)).is_empty():
            return self._example(lost)
        kept = self._before.get_may_no_source().domain()
        needed = after_flow.get_may_no_source().domain()
        changed = after.subtract(before).range()
        changed = changed.union(kept.subtract(needed)).union(needed.subtract(kept))
        if changed.is_empty():
            return None
        point = isl.UnionSet.from_point(changed.sample_point())
        name, at = _named_point(isl.Set.from_union_set(point))
        return Conflict(self._event(name), None, at, ())

    def _event(self, name: str) -> Event:
        return next(event for event in (*self.reads, *self.writes) if event.name == name)

    def _example(self, dependences: isl.UnionMap) -> Conflict:
        found: list[isl.Map] = []
        dependences.foreach_map(found.append)
        pair = found[0].lexmin().sample()
        write_name, write_at = _named_point(isl.Set.from_basic_set(pair.domain()))
        read_name, read_at = _named_point(isl.Set.from_basic_set(pair.range()))
        return Conflict(self._event(read_name), self._event(write_name), read_at, write_at)


def _named_point(set: isl.Set) -> tuple[str, tuple[int, ...]]:
    name = set.get_tuple_name() or ""
    point = set.sample_point()
    count = set.dim(isl.dim_type.set)
    values = (point.get_coordinate_val(isl.dim_type.set, i) for i in range(count))
    return name, tuple(value.to_python() for value in values)
