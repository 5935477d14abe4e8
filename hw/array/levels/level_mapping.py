"""A mapping on a machine of levels: loops and factors at each of them, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from nopt.hw.array.levels.level_machine import LevelMachine, Memory, Spatial
from nopt.hw.array.mapping import Violation
from nopt.hw.array.problem import Problem
from nopt.hw.files.near_keys import nearest


@dataclass(frozen=True)
class LevelLoops:
    """Loops at one level with their factors, outermost first. At a memory they run one after the
    other, over the tile that it holds; at a spatial level side by side."""

    level: str
    loops: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class LevelMapping:
    """Loops at levels, outermost first; a level without loops may be left out."""

    levels: tuple[LevelLoops, ...]
    bypass: frozenset[tuple[str, str]] = frozenset()
    """Memories and operands of the problem that these do not hold, although they could."""

    @staticmethod
    def of(
        levels: Mapping[str, Iterable[tuple[str, int]]],
        bypass: Iterable[tuple[str, str]] = (),
    ) -> LevelMapping:
        """From loops by level, as `{"DRAM": [("P", 8)], "PEs": [("M", 16)]}`."""
        loops = tuple(LevelLoops(k, tuple(each)) for k, each in levels.items())
        return LevelMapping(loops, frozenset(bypass))

    def renamed(self, loops: Mapping[str, str], operands: Mapping[str, str]) -> LevelMapping:
        """With other names of loops and operands."""
        return LevelMapping(
            tuple(
                LevelLoops(each.level, tuple((loops[loop], n) for loop, n in each.loops))
                for each in self.levels
            ),
            frozenset((memory, operands[operand]) for memory, operand in self.bypass),
        )


@dataclass(frozen=True)
class FanOutViolation:
    """Loops of a spatial level that no way to share them between its axes fits."""

    level: str
    loops: tuple[tuple[str, int], ...]
    x: int
    y: int

    def __str__(self) -> str:
        found = " * ".join(f"{loop} {factor}" for loop, factor in self.loops)
        count = prod(factor for _, factor in self.loops)
        total = f"{found} = {count:,}" if len(self.loops) > 1 else found
        return (
            f"{self.level}: found {total} instances, expected loops that fit along x {self.x:,} "
            f"and y {self.y:,}"
        )


@dataclass(frozen=True)
class NestLoop:
    """One loop of a mapped nest."""

    level: int
    """Of the machine, by position."""
    loop: int
    """Of the problem, by position."""
    factor: int
    step: int
    """By how much an iteration moves the problem's loop: the product of what is inside of it."""
    spatial: bool


@dataclass(frozen=True)
class MappedNest:
    """A problem on a machine: the loops of all levels, outermost first."""

    machine: LevelMachine
    problem: Problem
    names: tuple[str, ...]
    """What the machine calls each operand of the problem."""
    loops: tuple[NestLoop, ...]

    def temporal(self, level: int) -> list[NestLoop]:
        """The loops around what a level holds that run one after the other."""
        return [each for each in self.loops if each.level < level and not each.spatial]

    def between(self, outer: int, inner: int) -> list[NestLoop]:
        """The spatial loops inside of one level and around another."""
        return [each for each in self.loops if outer < each.level < inner and each.spatial]

    def instances(self, level: int) -> int:
        """How many of a level's are used."""
        return prod(each.factor for each in self.between(-1, level))

    def tile(self, level: int) -> tuple[int, ...]:
        """The extent of each loop of the problem in the tile that a level holds."""
        extents = [1] * len(self.problem.loops)
        for each in self.loops:
            if each.level >= level:
                extents[each.loop] *= each.factor
        return tuple(extents)

    def holds(self, level: int, operand: int) -> bool:
        """Whether a level is a memory that holds an operand."""
        found = self.machine.levels[level]
        return isinstance(found, Memory) and (
            found.holds is None or self.names[operand] in found.holds
        )


def mapped_nest(machine: LevelMachine, problem: Problem, mapping: LevelMapping) -> MappedNest:
    """The nest that a mapping makes, without loops of factor 1.

    Raises ValueError for unknown levels and loops, levels that are not in the machine's order,
    factors that do not multiply to extents, and as `LevelMachine.operand_names` and `bypassed`.
    """
    operands = machine.operand_names(problem)
    machine = bypassed(machine, problem, mapping.bypass)
    names = [level.name for level in machine.levels]
    written: list[tuple[int, int, int]] = []
    last = -1
    for each in mapping.levels:
        if each.level not in names:
            raise ValueError(f"level {each.level}: unknown{nearest(each.level, names)}")
        level = names.index(each.level)
        if level <= last:
            raise ValueError(
                f"level {each.level}: found inside {names[last]}, expected each once, as "
                f"{', '.join(names)}"
            )
        last = level
        for loop, factor in each.loops:
            if loop not in problem.loops:
                place = f"level {each.level}: loop {loop}"
                raise ValueError(f"{place}: unknown{nearest(loop, problem.loops)}")
            if factor < 1:
                place = f"level {each.level}: loop {loop}"
                raise ValueError(f"{place}: found factor {factor}, expected 1 or more")
            written.append((level, problem.loops.index(loop), factor))
    _check_extents(problem, written)
    inside = [1] * len(problem.loops)
    loops: list[NestLoop] = []
    for level, loop, factor in reversed(written):
        if factor > 1:
            spatial = isinstance(machine.levels[level], Spatial)
            loops.append(NestLoop(level, loop, factor, inside[loop], spatial))
        inside[loop] *= factor
    return MappedNest(machine, problem, operands, tuple(reversed(loops)))


def bypassed(
    machine: LevelMachine, problem: Problem, bypass: Iterable[tuple[str, str]]
) -> LevelMachine:
    """The machine without operands in memories that they bypass.

    Raises ValueError for unknown memories and operands, what a memory does not hold anyway, and the
    outermost one, which holds all.
    """
    for name, operand in sorted(bypass):
        held = machine.operand_names(problem)[problem.operand(operand)]
        if name == machine.memories[0].name:
            raise ValueError(f"bypass {name}: expected a memory inside, as it is outermost")
        inner = {memory.name: memory.holds for memory in machine.memories[1:]}
        if name not in inner:
            raise ValueError(f"bypass {name}: unknown{nearest(name, list(inner))}")
        holds = inner[name]
        if holds is not None and held not in holds:
            raise ValueError(f"bypass {name}: found {operand}, which it does not hold")
        machine = machine.without(name, held)
    return machine


def level_violations(
    machine: LevelMachine, problem: Problem, mapping: LevelMapping
) -> list[Violation | FanOutViolation]:
    """The limits that a mapping breaks, outermost first. Raises ValueError as `mapped_nest`."""
    nest = mapped_nest(machine, problem, mapping)
    found: list[Violation | FanOutViolation] = []
    for i, level in enumerate(nest.machine.levels):
        if isinstance(level, Memory):
            found += _too_large(nest, i, level)
            continue
        loops = [each for each in nest.loops if each.level == i]
        axes = (level.spatial.x, level.spatial.y)
        if not _fits([each.factor for each in loops], *axes):
            named = tuple((problem.loops[each.loop], each.factor) for each in loops)
            found.append(FanOutViolation(level.name, named, *axes))
    return found


def _check_extents(problem: Problem, written: list[tuple[int, int, int]]) -> None:
    for i, (name, extent) in enumerate(zip(problem.loops, problem.extents, strict=True)):
        factors = [factor for _, loop, factor in written if loop == i]
        if prod(factors) != extent:
            found = " * ".join(map(str, factors)) or "no factors"
            raise ValueError(f"loop {name}: found {found} = {prod(factors)}, expected {extent}")


def rooms(memory: Memory, held: Mapping[int, str]) -> list[tuple[list[int], int]]:
    """The parts of a memory: which of the operands that it holds, given with the machine's names,
    share it, and words of a tile of all of them together."""
    share = 2 if memory.double_buffered else 1
    own = memory.operand_words or {}
    parts = [([x], own[name] // share) for x, name in held.items() if name in own]
    others = [x for x, name in held.items() if name not in own]
    if memory.words is not None and others:
        parts.append((others, memory.words // share))
    return parts


def _too_large(nest: MappedNest, level: int, memory: Memory) -> list[Violation]:
    held = {x: name for x, name in enumerate(nest.names) if nest.holds(level, x)}
    tile, operands = nest.tile(level), nest.problem.operands
    limits: list[Violation] = []
    for part, available in rooms(memory, held):
        words = {operands[x].name: operands[x].footprint(tile) for x in part}
        limits.append(Violation(memory.name, "words", words, available))
    return [each for each in limits if sum(each.needed.values()) > each.available]


def _fits(factors: list[int], x: int, y: int) -> bool:
    """Whether each factor can go along one of two axes."""
    return any(
        prod(f for f, on_x in zip(factors, chosen, strict=True) if on_x) <= x
        and prod(f for f, on_x in zip(factors, chosen, strict=True) if not on_x) <= y
        for chosen in product((True, False), repeat=len(factors))
    )
