"""Words, cycles and energy of one mapping on a machine of levels.

The model is Timeloop's (Parashar et al., ISPASS 2019; its energies by Accelergy, Wu et al., ICCAD
2019), for any perfect nest; `tile_moves` has its rule of what stays. An operand goes from each
memory that holds it to the next inner one that does, from the innermost to the MACs, which keep
nothing. Results come back the same way; a word's first partial sum is 0 and read from nowhere. No
pipeline fill is counted, and transfers overlap with computing, but for the first tiles of a pass
if a machine has widths of the networks that bring them: operands come one after the other then.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from nopt.hw.array.array_estimate import Estimate
from nopt.hw.array.levels.level_machine import (
    IDLE,
    MAC,
    AccessEnergy,
    LevelMachine,
    Memory,
    Spatial,
)
from nopt.hw.array.levels.level_mapping import LevelMapping, MappedNest, mapped_nest
from nopt.hw.array.levels.tile_moves import fetched, places, touched
from nopt.hw.array.problem import Problem


@dataclass(frozen=True)
class Traffic:
    """Words of an operand at a memory, in each of the instances that are used."""

    tile: int
    """Words that it holds at a time."""
    instances: int
    reads: int
    """Words that go inwards, and partial sums that are read to be added to."""
    fills: int
    """Words that come from outside; of results, those whose partial sums come back."""
    updates: int
    """Results that come from inside."""
    reductions: int
    """Additions of a result to a partial sum."""
    energy: float
    """Picojoules in all instances, without what leaks."""

    @property
    def accesses(self) -> int:
        """Words that are read and written in all instances."""
        return self.instances * (self.reads + self.fills + self.updates)


@dataclass(frozen=True)
class LevelEstimate(Estimate):
    """What one mapping takes; `words` counts all instances of a memory, and what arrives at and
    leaves the instances of a spatial level."""

    traffic: dict[str, dict[str, Traffic]]
    """By memory and operand."""
    used_macs: int
    utilisation: float
    """Of all MACs in all cycles, how many multiply."""


def level_estimate(machine: LevelMachine, problem: Problem, mapping: LevelMapping) -> LevelEstimate:
    """What one mapping takes, whether it fits or not. Raises ValueError as `mapped_nest`."""
    nest = mapped_nest(machine, problem, mapping)
    machine = nest.machine  # Without what is bypassed.
    traffic = {
        level.name: {
            operand.name: _traffic(nest, i, level, x)
            for x, operand in enumerate(problem.operands)
            if nest.holds(i, x)
        }
        for i, level in enumerate(machine.levels)
        if isinstance(level, Memory)
    }
    sent = {
        level.name: {operand.name: _sent(nest, i, x) for x, operand in enumerate(problem.operands)}
        for i, level in enumerate(machine.levels)
        if isinstance(level, Spatial)
    }
    by_cause = _cycles(nest, traffic)
    cycles = sum(by_cause.values())
    by_level = _energies(nest, traffic, sent, cycles)
    moved = {
        name: {operand: each.accesses for operand, each in operands.items()}
        for name, operands in traffic.items()
    }
    return LevelEstimate(
        cycles=cycles,
        by_cause=by_cause,
        energy=round(sum(by_level.values())),
        by_level=by_level,
        words={level.name: {**moved, **sent}[level.name] for level in machine.levels},
        traffic=traffic,
        used_macs=nest.instances(len(machine.levels)),
        utilisation=problem.points / (cycles * machine.macs),
    )


def _traffic(nest: MappedNest, level: int, memory: Memory, x: int) -> Traffic:
    operand, tile = nest.problem.operands[x], nest.tile(level)
    inner, around = _inner(nest, level, x), nest.temporal(level)
    wanted = _wanted(nest, inner, x) * prod(_branches(nest, i, x) for i in range(level + 1, inner))
    fills = fetched(operand, around, tile) if level else 0
    reads, updates = wanted, 0
    if x == nest.problem.output:
        # The first time that a word is wanted it is 0.
        within = [*nest.temporal(inner), *nest.between(level, inner)]
        reads, updates = wanted - touched(operand, within, nest.tile(inner)), wanted
        fills -= touched(operand, around, tile) if level else 0
    used = nest.instances(level)
    together = min(used, nest.machine.instances(memory) // memory.cluster)
    energy = _access_energy(memory.access(nest.names[x]), memory.block, reads, fills, updates)
    return Traffic(
        tile=operand.footprint(tile),
        instances=used,
        reads=reads,
        fills=fills,
        updates=updates,
        reductions=reads if updates else 0,
        energy=together * energy,
    )


def _inner(nest: MappedNest, level: int, x: int) -> int:
    """The next memory inside of a level that holds an operand; behind all levels, the MACs."""
    end = len(nest.machine.levels)
    return next((i for i in range(level + 1, end) if nest.holds(i, x)), end)


def _wanted(nest: MappedNest, level: int, x: int) -> int:
    """Words of an operand that one instance of a memory, or a MAC, takes from outside; as many
    leave it if it is the result."""
    around = nest.temporal(level)
    if level == len(nest.machine.levels):
        return prod(each.factor for each in around)
    return fetched(nest.problem.operands[x], around, nest.tile(level))


def _branches(nest: MappedNest, level: int, x: int) -> int:
    """At how many instances of a spatial level an operand counts, seen from outside."""
    found = nest.machine.levels[level]
    loops = [each for each in nest.loops if each.level == level]
    if not isinstance(found, Spatial):
        return 1
    if found.reduction if x == nest.problem.output else found.multicast:
        return places(nest.problem.operands[x], loops)
    return prod(each.factor for each in loops)


def _sent(nest: MappedNest, level: int, x: int) -> int:
    """Words of an operand that arrive at the instances of a spatial level, or leave them."""
    inner = _inner(nest, level, x)
    inside = prod(_branches(nest, i, x) for i in range(level + 1, inner))
    words = _wanted(nest, inner, x) * inside
    if x == nest.problem.output:
        within = [*nest.temporal(inner), *nest.between(level, inner)]
        words += words - touched(nest.problem.operands[x], within, nest.tile(inner))
    return words * nest.instances(level + 1)


def _access_energy(energy: AccessEnergy, block: int, reads: int, fills: int, updates: int) -> float:
    """Picojoules of one instance; an access that is not full takes as much as one that is."""
    update = energy.write if energy.update is None else energy.update
    parts = ((reads, energy.read), (fills, energy.write), (updates, update))
    return sum(ceil(words / block) * each for words, each in parts)


def _cycles(nest: MappedNest, traffic: dict[str, dict[str, Traffic]]) -> dict[str, int]:
    """Cycles that the loops take, by how much the slowest memory exceeds them, and how long
    instances wait for the first tiles of passes."""
    compute = prod(each.factor for each in nest.loops if not each.spatial)
    by_cause, slowest, waits = {"compute": compute}, "", 0
    for memory in nest.machine.memories:
        by_cause[memory.name] = 0
        operands = traffic[memory.name].values()
        read = sum(each.reads for each in operands)
        written = sum(each.fills + each.updates for each in operands)
        for words, rate in ((read, memory.read_bandwidth), (written, memory.write_bandwidth)):
            if rate is not None and ceil(words / rate) - compute > waits:
                slowest, waits = memory.name, ceil(words / rate) - compute
    if slowest:
        by_cause[slowest] = waits
    for i, level in enumerate(nest.machine.levels):
        if isinstance(level, Spatial) and level.words_per_cycle:
            by_cause[level.name] = sum(
                _ramp_up(nest, i, x, level.words_per_cycle[name])
                for x, name in enumerate(nest.names)
                if name in level.words_per_cycle
            )
    return by_cause


def _ramp_up(nest: MappedNest, level: int, x: int, words_per_cycle: float) -> int:
    """Cycles in which the instances of a spatial level wait for the first tiles of an operand, in
    all passes that do not have them from the pass before."""
    operand, inner = nest.problem.operands[x], _inner(nest, level, x)
    around = nest.temporal(level)
    if not any(each.loop in operand.loops for each in nest.temporal(inner)[len(around) :]):
        while around and around[-1].loop not in operand.loops:
            around.pop()
    words = operand.footprint(nest.tile(inner))
    words *= prod(_branches(nest, i, x) for i in range(level, inner))
    return prod(each.factor for each in around) * ceil(words / words_per_cycle)


def _energies(
    nest: MappedNest,
    traffic: dict[str, dict[str, Traffic]],
    sent: dict[str, dict[str, int]],
    cycles: int,
) -> dict[str, float]:
    machine = nest.machine
    by_level: dict[str, float] = {}
    for i, level in enumerate(machine.levels):
        if isinstance(level, Spatial):
            by_level[level.name] = sum(sent[level.name].values()) * level.energy
        else:
            leaks = nest.instances(i) * level.leak * cycles
            by_level[level.name] = sum(t.energy for t in traffic[level.name].values()) + leaks
    by_level[MAC] = nest.problem.points * machine.mac.energy
    by_level[IDLE] = machine.idle_energy * cycles
    return by_level
