"""Searches of many nests: equal ones once, with what is pinned in their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_nest import ForOp, MappingAttr
from nopt.dialects.affine_nest.attributes import MAPPING
from nopt.dialects.affine_nest.mapped_nest import NOTHING, Pinned, mapping_attribute, pins
from nopt.dialects.affine_nest.nest_problem import problem_of, sums_products
from nopt.hw.array.any_machine import AnyMachine, load_any
from nopt.hw.array.levels.level_machine import LevelMachine, level_machine_names
from nopt.hw.array.levels.level_mapping import LevelMapping
from nopt.hw.array.problem import Problem
from nopt.hw.files.near_keys import nearest
from nopt.passes.base.places import about
from nopt.passes.mapping.levels.level_search import LevelSearch
from nopt.passes.mapping.mapping_search import Constraints, Found, MappingSearch
from nopt.passes.mapping.pad_iterators import cropped, padded, padded_extents
from nopt.passes.mapping.wanted import Wanted

ALL = "all"
"""All operands may lie in DRAM tile by tile."""


@dataclass(frozen=True)
class MappedNest:
    """A nest that just got its mapping: what the search found, and that as attributes."""

    nest: ForOp
    found: Found
    mappings: list[MappingAttr]


@dataclass
class NestSearch:
    """The best mappings of nests for one objective. Raises ValueError where none fits, and for a
    part to pad by that is none."""

    machine: str | AnyMachine = "pe256"
    """For nests that do not pin one: by name, if mappings are to be written."""
    objective: str = "edp"
    pack: Sequence[str] = ()
    """Names of operands that may lie in DRAM tile by tile, or `all`."""
    seconds: float = inf
    pad: float = 0.0
    """Extents may be so much larger, as a part of them, if nothing of a nest is pinned."""
    bypass: Sequence[str] = ()
    """Names of memories of a machine of levels that operands may bypass, or `all`."""
    _known: dict[object, Found] = field(default_factory=dict[object, Found], init=False)
    _packed_names: set[str] = field(default_factory=set[str], init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.pad <= 1:
            raise ValueError(f"pad: found {self.pad}, expected a part from 0 to 1")

    def map_nests(self, module: ModuleOp) -> Iterator[MappedNest]:
        """Map the sums of products in a module that have no whole mapping, one after the other.

        Raises ValueError for a nest that does not fit, and for a name to pack that none has."""
        nests = [op for op in module.walk() if isinstance(op, ForOp) and sums_products(op)]
        for nest in nests:
            pinned = nest.attributes.get(MAPPING)
            assert pinned is None or isinstance(pinned, MappingAttr)
            if pinned is not None and pinned.is_whole:
                continue
            with about(nest):
                chosen, found = self._best(nest, pinned)
            own = self.machine if isinstance(self.machine, str) else self.machine.name
            name = own if pinned is None else pinned.machine.data
            problem = problem_of(chosen)
            attributes = [mapping_attribute(problem, name, each) for each in found.mappings]
            chosen.attributes[MAPPING] = attributes[found.best]
            if chosen is not nest:
                Rewriter.replace_op(nest, [chosen, cropped(nest, chosen)])
            yield MappedNest(chosen, found, attributes)
        if unknown := [name for name in self.pack if name not in {*self._packed_names, ALL}]:
            raise ValueError(f"pack: no nest has an operand {unknown[0]}")

    def _best(self, nest: ForOp, pinned: MappingAttr | None) -> tuple[ForOp, Found]:
        """The nest, or one with larger extents if it is better, and what was found for it."""
        if pinned is not None or not self.pad:
            return nest, self.search(problem_of(nest), pinned)
        wanted = Wanted(self.objective)
        best: tuple[ForOp, Found] | None = None
        least = inf
        for extents in padded_extents(nest, self.pad):
            each = nest if extents == nest.extents else padded(nest, extents)
            found = self.search(problem_of(each))
            said = found.estimates[found.best]
            score = float(wanted.score(np.float64(said.energy), np.float64(said.cycles)))
            if score < least:
                best, least = (each, found), score
        assert best is not None
        return best

    def search(self, problem: Problem, pinned: MappingAttr | None = None) -> Found:
        """The best mappings of a nest, and what they take."""
        name = self.machine if pinned is None else pinned.machine.data
        said = NOTHING if pinned is None else pins(problem, pinned)
        machine = load_any(name) if isinstance(name, str) else name
        if isinstance(machine, LevelMachine):
            return self._search_levels(machine, name, problem, said)
        if self.bypass:
            raise ValueError(
                f"bypass: {machine.name} holds all operands at each level, expected a machine of "
                f"levels such as {level_machine_names()[0]}"
            )
        packed = said.packed | self._packed(problem)
        key = unnamed(problem), name, repr(said), packed
        if key not in self._known:
            self._known[key] = MappingSearch(
                machine,
                problem,
                self.objective,
                Constraints(said.factors, orders=said.orders, packed=packed),
                self.seconds,
            ).run()
        return self._known[key]

    def _search_levels(
        self, machine: LevelMachine, name: object, problem: Problem, said: Pinned
    ) -> Found:
        if self.pack:
            raise ValueError(f"pack: {machine.name} is a machine of levels, which does not know it")
        # Equal nests have the same names here, those that the machine has for operands.
        names = machine.operand_names(problem)
        operands = zip(names, problem.operands, strict=True)
        known = replace(
            unnamed(problem), operands=tuple(replace(each, name=n) for n, each in operands)
        )
        said = replace(
            said, bypass=frozenset((m, names[problem.operand(x)]) for m, x in said.bypass)
        )
        key = known, name, repr(said)
        if key not in self._known:
            self._known[key] = LevelSearch(
                machine,
                known,
                self.objective,
                said.factors,
                said.orders,
                self.seconds,
                said.bypass,
                self._may_bypass(machine),
            ).run()
        found = self._known[key]
        loops = dict(zip(known.loops, problem.loops, strict=True))
        shown = {n: each.name for n, each in zip(names, problem.operands, strict=True)}
        return replace(
            found,
            mappings=[
                each.renamed(loops, shown)
                for each in found.mappings
                if isinstance(each, LevelMapping)
            ],
        )

    def _may_bypass(self, machine: LevelMachine) -> frozenset[str]:
        inner = [memory.name for memory in machine.memories[1:]]
        if ALL in self.bypass:
            return frozenset(inner)
        for name in self.bypass:
            if name not in inner:
                raise ValueError(f"bypass {name}: unknown{nearest(name, inner)}")
        return frozenset(self.bypass)

    def _packed(self, problem: Problem) -> frozenset[int]:
        if ALL in self.pack:
            return frozenset(range(len(problem.operands)))
        names = {operand.name for operand in problem.operands}
        self._packed_names |= names
        return frozenset(problem.operand(name) for name in self.pack if name in names)


def unnamed(problem: Problem) -> Problem:
    """The problem with positions for names, so that equal ones are equal."""
    return replace(
        problem,
        loops=tuple(map(str, range(len(problem.loops)))),
        operands=tuple(replace(each, name=str(x)) for x, each in enumerate(problem.operands)),
    )
