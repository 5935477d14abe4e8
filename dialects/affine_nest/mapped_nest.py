"""What the mapping of a nest says, as `hw/array` has it, and which mappings a nest may have."""

from __future__ import annotations

from collections.abc import Mapping as Named
from dataclasses import dataclass

from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest.nest_mapping import LevelAttr, MappingAttr
from nopt.hw.array.any_machine import AnyMachine, load_any
from nopt.hw.array.array_estimate import Estimate, estimate
from nopt.hw.array.levels.level_cost import level_estimate
from nopt.hw.array.levels.level_machine import LevelMachine
from nopt.hw.array.levels.level_mapping import (
    LevelMapping,
    bypassed,
    level_violations,
    mapped_nest,
)
from nopt.hw.array.mapping import LEVELS, SPATIAL, Mapping, check_mapping, violations
from nopt.hw.array.problem import Problem

_OUTERMOST_FIRST = ("dram", "spm", "spatial", "rf")


@dataclass(frozen=True)
class Pinned:
    """What a mapping with something open says, loops and operands by position."""

    factors: Named[str, Named[int, int]]
    """By level, then by loop."""
    orders: Named[str, tuple[int, ...]]
    """Of levels whose loops are listed without `...`: all loops, outermost first."""
    packed: frozenset[int]
    bypass: frozenset[tuple[str, str]]
    """Memories with operands that they do not hold, by name."""


NOTHING = Pinned({}, {}, frozenset(), frozenset())


@dataclass(frozen=True)
class MappedLoop:
    """A loop of a mapped nest, of more than one trip."""

    level: str
    loop: int
    """Of the problem, by position."""
    trips: int
    step: int
    """By how much a trip moves the problem's loop."""
    spatial: bool


def check_nest_mapping(problem: Problem, attribute: MappingAttr) -> None:
    """Raises VerifyException for levels, loops and operands that there are not, factors that do not
    multiply to the extents, and, if nothing is open, for what does not fit the array."""
    try:
        machine = load_any(attribute.machine.data)
        if not attribute.is_whole:
            broken = []
            _check_open(problem, machine, pins(problem, attribute))
        elif isinstance(machine, LevelMachine):
            broken = level_violations(machine, problem, level_mapping(machine, attribute))
        else:
            broken = violations(machine, problem, whole_mapping(problem, attribute))
        if broken:
            raise ValueError(f"{broken[0]} on {machine.name}")
    except ValueError as error:
        raise VerifyException(f"mapping: {error}") from None


def estimate_mapping(problem: Problem, attribute: MappingAttr) -> Estimate:
    """What a whole mapping takes, by the model of its machine. Raises ValueError as
    `check_nest_mapping`."""
    machine = load_any(attribute.machine.data)
    if isinstance(machine, LevelMachine):
        return level_estimate(machine, problem, level_mapping(machine, attribute))
    return estimate(machine, problem, whole_mapping(problem, attribute))


def mapped_loops(problem: Problem, attribute: MappingAttr) -> list[MappedLoop]:
    """The loops of a whole mapping, outermost first."""
    machine = load_any(attribute.machine.data)
    if isinstance(machine, LevelMachine):
        nest = mapped_nest(machine, problem, level_mapping(machine, attribute))
        return [
            MappedLoop(machine.levels[e.level].name, e.loop, e.factor, e.step, e.spatial)
            for e in nest.loops
        ]
    loops: list[MappedLoop] = []
    inside = [1] * len(problem.loops)
    for level in reversed(attribute.levels.data):
        for name, factor in reversed(level.named.items()):
            loop, trips = problem.loop(name), factor or 1
            if trips > 1:
                spatial = level.level.data == SPATIAL
                loops.append(MappedLoop(level.level.data, loop, trips, inside[loop], spatial))
            inside[loop] *= trips
    return loops[::-1]


def level_mapping(machine: LevelMachine, attribute: MappingAttr) -> LevelMapping:
    """The whole mapping on a machine of levels that an attribute says. Raises ValueError as
    `pins`."""
    _check_kind(machine, attribute)
    return LevelMapping.of(
        {
            level.level.data: [(loop, factor or 1) for loop, factor in level.named.items()]
            for level in attribute.levels
        },
        attribute.bypassed,
    )


def pins(problem: Problem, attribute: MappingAttr) -> Pinned:
    """What is pinned. Raises ValueError for unknown names, and for what no search of such a machine
    can choose: bypassing or packing."""
    machine = load_any(attribute.machine.data)
    _check_kind(machine, attribute)
    every = _level_names(machine)
    levels = [level.level.data for level in attribute.levels]
    if levels != [level for level in every if level in levels]:
        found, expected = ", ".join(levels), ", ".join(every)
        raise ValueError(f"found levels {found}, expected of {expected}, in this order")
    loops = range(len(problem.loops))
    factors: dict[str, dict[int, int]] = {}
    orders: dict[str, tuple[int, ...]] = {}
    given = {level.level.data: level for level in attribute.levels}
    for name in every:
        level = given.get(name, LevelAttr.of(name, {}))
        listed = {problem.loop(loop): factor for loop, factor in level.named.items()}
        others = [] if level.is_open else [i for i in loops if i not in listed]
        known = {i: factor for i, factor in listed.items() if factor is not None}
        factors[name] = known | dict.fromkeys(others, 1)
        if not level.is_open:
            orders[name] = (*others, *listed)
    packed = frozenset(problem.operand(each.data) for each in attribute.packed)
    return Pinned(factors, orders, packed, frozenset(attribute.bypassed))


def whole_mapping(problem: Problem, attribute: MappingAttr) -> Mapping:
    """The mapping that an attribute says, with nothing open.

    Raises ValueError for unknown names, and for factors that do not multiply to the extents.
    """
    said = pins(problem, attribute)
    loops = range(len(problem.loops))
    spatial, rf, spm, dram = (tuple(said.factors[level][i] for i in loops) for level in LEVELS)
    orders = said.orders["spm"], said.orders["dram"]
    mapping = Mapping(spatial, rf, spm, dram, *orders, said.packed)
    check_mapping(problem, mapping)
    return mapping


def mapping_attribute(
    problem: Problem, machine: str, mapping: Mapping | LevelMapping
) -> MappingAttr:
    """The attribute that says a mapping; loops of one trip are left out."""
    if isinstance(mapping, LevelMapping):
        named = [
            LevelAttr.of(each.level, dict(each.loops)) for each in mapping.levels if each.loops
        ]
        bypass: dict[str, list[str]] = {}
        for memory, operand in sorted(mapping.bypass):
            bypass.setdefault(memory, []).append(operand)
        return MappingAttr.of(machine, named, bypass=bypass)
    orders = {"dram": mapping.order_dram, "spm": mapping.order_spm}
    levels: list[LevelAttr] = []
    for level in _OUTERMOST_FIRST:
        factors: tuple[int, ...] = getattr(mapping, level)
        order = orders.get(level, range(len(factors)))
        if several := {problem.loops[i]: factors[i] for i in order if factors[i] > 1}:
            levels.append(LevelAttr.of(level, several))
    packed = [problem.operands[x].name for x in sorted(mapping.packed)]
    return MappingAttr.of(machine, levels, packed)


def _level_names(machine: AnyMachine) -> tuple[str, ...]:
    if isinstance(machine, LevelMachine):
        return tuple(level.name for level in machine.levels)
    return _OUTERMOST_FIRST


def _check_kind(machine: AnyMachine, attribute: MappingAttr) -> None:
    if isinstance(machine, LevelMachine) and attribute.packed.data:
        raise ValueError(f"found packed operands, which {machine.name} does not know")
    if not isinstance(machine, LevelMachine) and attribute.bypass.data:
        raise ValueError(f"found bypass, but {machine.name} holds all operands at each level")


def _check_open(problem: Problem, machine: AnyMachine, pinned: Pinned) -> None:
    if isinstance(machine, LevelMachine):
        bypassed(machine, problem, pinned.bypass)
    for i, (name, extent) in enumerate(zip(problem.loops, problem.extents, strict=True)):
        product, closed = 1, True
        for level in _level_names(machine):
            product *= pinned.factors[level].get(i, 1)
            closed &= i in pinned.factors[level]
        if extent % product or (closed and product != extent):
            expected = f"{extent}" if closed else f"a divisor of {extent}"
            raise ValueError(f"loop {name}: found factors of {product}, expected {expected}")
