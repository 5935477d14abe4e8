"""What the mapping of a nest says, as `hw/array` has it, and which mappings a nest may have."""

from __future__ import annotations

from collections.abc import Mapping as Named
from dataclasses import dataclass

from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest.nest_mapping import LevelAttr, MappingAttr
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import LEVELS, Mapping, check_mapping, violations
from nopt.hw.array.problem import Problem
from nopt.hw.config import ConfigError

_OUTERMOST_FIRST = LEVELS[::-1]


@dataclass(frozen=True)
class Pinned:
    """What a mapping with something open says, loops and operands by position."""

    factors: Named[str, Named[int, int]]
    """By level, then by loop."""
    orders: Named[str, tuple[int, ...]]
    """Of levels whose loops are listed without `...`: all loops, outermost first."""
    packed: frozenset[int]


def check_nest_mapping(problem: Problem, attribute: MappingAttr) -> None:
    """Raises VerifyException for levels, loops and operands that there are not, factors that do not
    multiply to the extents, and, if nothing is open, for what does not fit the array."""
    try:
        machine = ArrayMachine.load(attribute.machine.data)
        pinned = pins(problem, attribute)
        if attribute.is_whole:
            broken = violations(machine, problem, whole_mapping(problem, attribute))
            if broken:
                raise ValueError(f"{broken[0]} on {machine.name}")
        else:
            _check_open(problem, pinned)
    except (ConfigError, ValueError) as error:
        raise VerifyException(f"mapping: {error}") from None


def pins(problem: Problem, attribute: MappingAttr) -> Pinned:
    """What is pinned. Raises ValueError for unknown names."""
    levels = [level.level.data for level in attribute.levels]
    if levels != [level for level in _OUTERMOST_FIRST if level in levels]:
        found, expected = ", ".join(levels), ", ".join(_OUTERMOST_FIRST)
        raise ValueError(f"found levels {found}, expected of {expected}, in this order")
    loops = range(len(problem.loops))
    factors: dict[str, dict[int, int]] = {}
    orders: dict[str, tuple[int, ...]] = {}
    given = {level.level.data: level for level in attribute.levels}
    for name in _OUTERMOST_FIRST:
        level = given.get(name, LevelAttr.of(name, {}))
        listed = {problem.loop(loop): factor for loop, factor in level.named.items()}
        others = [] if level.is_open else [i for i in loops if i not in listed]
        known = {i: factor for i, factor in listed.items() if factor is not None}
        factors[name] = known | dict.fromkeys(others, 1)
        if not level.is_open:
            orders[name] = (*others, *listed)
    packed = frozenset(problem.operand(each.data) for each in attribute.packed)
    return Pinned(factors, orders, packed)


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


def mapping_attribute(problem: Problem, machine: str, mapping: Mapping) -> MappingAttr:
    """The attribute that says a mapping; loops of one trip are left out."""
    orders = {"dram": mapping.order_dram, "spm": mapping.order_spm}
    levels: list[LevelAttr] = []
    for level in _OUTERMOST_FIRST:
        factors: tuple[int, ...] = getattr(mapping, level)
        order = orders.get(level, range(len(factors)))
        if several := {problem.loops[i]: factors[i] for i in order if factors[i] > 1}:
            levels.append(LevelAttr.of(level, several))
    packed = [problem.operands[x].name for x in sorted(mapping.packed)]
    return MappingAttr.of(machine, levels, packed)


def _check_open(problem: Problem, pinned: Pinned) -> None:
    for i, (name, extent) in enumerate(zip(problem.loops, problem.extents, strict=True)):
        product, closed = 1, True
        for level in _OUTERMOST_FIRST:
            product *= pinned.factors[level].get(i, 1)
            closed &= i in pinned.factors[level]
        if extent % product or (closed and product != extent):
            expected = f"{extent}" if closed else f"a divisor of {extent}"
            raise ValueError(f"loop {name}: found factors of {product}, expected {expected}")
