"""What loops at levels cost, of many mappings at once, chosen level by level from the outermost.

Each mapping is a column of numbers: what is left of each loop, energy so far, and what costs of
inner levels depend on. All words between two memories follow from the levels around the inner one,
so they are counted when the inner one is reached. `hw/array/levels/level_cost` has the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from nopt.hw.array.levels.level_machine import LevelMachine, Memory, Spatial
from nopt.hw.array.levels.level_mapping import rooms
from nopt.hw.array.loop_orders import product
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import Array
from nopt.passes.mapping.levels.tile_overlaps import distinct_places, loops_of, windows
from nopt.passes.mapping.mapping_bounds import least_words

NO_LEAD = -1.0
"""The innermost loop moves no windows."""
ANY_LEAD = -2.0
"""The innermost loop is any, and as good as can be for each operand: for lower bounds."""


@dataclass(frozen=True)
class _Network:
    """What of an operand goes to the instances of a level, with the rows of a column for it."""

    level: int
    words_per_cycle: float
    passes: int
    turned: int
    """How many tiles come from outside, one after the other."""
    outside: int
    """How many copies are made before."""


class OpenMappings:
    """The columns of mappings on a machine, and how levels change them.

    Raises ValueError for a result that is indexed by more than one loop a dimension, and as
    `LevelMachine.operand_names`.
    """

    def __init__(self, machine: LevelMachine, problem: Problem):
        self.machine, self.problem = machine, problem
        self.names = machine.operand_names(problem)
        self.result = problem.operands[problem.output]
        for i, dim in enumerate(self.result.dims):
            if [abs(stride) for stride in dim.strides if stride] not in ([], [1]):
                raise ValueError(
                    f"operand {self.result.name}: dimension {i} is indexed by a sum or a multiple "
                    f"of loops, expected one loop, to search on {machine.name}"
                )
        self.results = float(prod(problem.extents[i] for i in self.result.loops))
        self.end = len(machine.levels)
        self.held = [self._held_by(level) for level in machine.levels]
        """The operands that each level holds; none if it is spatial."""
        self._name_rows()
        self.rates: dict[tuple[int, str], tuple[int, float]] = {}
        for i, level in enumerate(machine.levels):
            for kind in ("read", "write") if isinstance(level, Memory) else ():
                rate: float | None = getattr(level, f"{kind}_bandwidth")
                if rate is not None:
                    self.rates[i, kind] = self.rows, rate
                    self.rows += 1
        self.networks: dict[int, list[_Network]] = {x: [] for x in range(len(self.names))}
        for i, level in enumerate(machine.levels):
            if isinstance(level, Spatial):
                for name, width in (level.words_per_cycle or {}).items():
                    if name in self.names:
                        network = _Network(i, width, self.rows, self.rows + 1, self.rows + 2)
                        self.networks[self.names.index(name)].append(network)
                        self.rows += 3

    def _name_rows(self) -> None:
        """The rows of a column."""
        loops, operands = len(self.problem.loops), len(self.problem.operands)
        self.tile = slice(0, loops)
        """What is left of each loop for the levels inside."""
        (
            self.used,  # instances of what comes next
            self.shared,  # of these, how many share in no sum
            self.shared_outside,  # the same at the memory that holds the result
            self.energy,
            self.leaks,  # picojoules a cycle
            self.ramp_up,  # cycles in which instances wait for the first tiles of passes
            self.lead,  # the innermost loop that runs one trip after the other, if it moves windows
            self.step,  # by how much a trip of it moves the problem's loop
            self.last,  # its trips
            self.first_sent,  # energy of networks that a result's first partial sum does not take
        ) = range(loops, loops + 10)
        each = iter(np.arange(loops + 10, loops + 10 + 4 * operands).reshape(4, operands).tolist())
        self.turned: list[int] = next(each)
        """How many tiles of an operand come, one after the other, without words that stay."""
        self.serving: list[int] = next(each)
        """How many instances the memory has that holds an operand."""
        self.copies: list[int] = next(each)
        """How many instances each of these reads for."""
        self.sent: list[int] = next(each)
        """Energy of networks behind it, of each word that an instance inside takes."""
        self.rows = loops + 10 + 4 * operands

    def root(self) -> Array:
        """The one column of which nothing is chosen."""
        column = np.ones((self.rows, 1))
        column[self.tile, 0] = self.problem.extents
        column[[self.energy, self.leaks, self.ramp_up, self.first_sent]] = 0
        column[self.sent] = 0
        column[self.lead] = NO_LEAD
        for row, _ in self.rates.values():
            column[row] = 0
        return column

    def memory(self, level: int) -> Memory:
        """A level that is one."""
        found = self.machine.levels[level]
        assert isinstance(found, Memory)
        return found

    def _held_by(self, level: Memory | Spatial) -> list[int]:
        if isinstance(level, Spatial):
            return []
        held = self.machine.operands if level.holds is None else level.holds
        return [x for x, name in enumerate(self.names) if name in held]

    def going(self, level: int) -> list[int]:
        """The operands that levels from one on hold or wait for."""
        held = {x for i in range(level, self.end) for x in self.held[i]}
        waited = [x for x, each in self.networks.items() if any(n.level >= level for n in each)]
        return sorted({*held, *waited})

    def holder(self, level: int, x: int) -> int:
        """The innermost memory around a level that holds an operand."""
        return max(i for i in range(level) if x in self.held[i])

    def times(self, columns: Array) -> Array:
        """How often the loops so far that run one trip after the other turn."""
        return self.problem.points / (columns[self.tile].prod(axis=0) * columns[self.used])

    def fetched(self, columns: Array, x: int, least: bool = False) -> Array:
        """Words of an operand that come into a tile of what is left, as `tile_moves.fetched`; or
        that come into all tiles inside of it at least, which leave out gaps."""
        operand, tile = self.problem.operands[x], list(columns[self.tile])
        tiles, lead = columns[self.turned[x]], columns[self.lead]
        footprint = operand.footprint(tile)
        again = np.zeros(columns.shape[1])
        for loop in windows(operand):
            moved = [dim for dim in operand.dims if dim.strides[loop]]
            if len(moved) > 1:
                continue
            stride, width = abs(moved[0].strides[loop]), moved[0].width(tile)
            step = np.where(lead == loop, columns[self.step], tile[loop])
            stays = footprint / width * np.maximum(0, width - stride * step)
            often = np.where(lead == loop, tiles - tiles / columns[self.last], tiles)
            chosen = (lead == loop) | (lead == ANY_LEAD)
            again = np.maximum(again, np.where(chosen, often * stays, 0))
        words = least_words(operand, tile) if least else footprint
        return np.maximum(0, tiles * words - again)

    def turn(
        self, columns: Array, trips: Array, kept: Sequence[Array | float], lead: Array | float
    ) -> None:
        """Loops of a memory: their trips, over how many of these each operand stays, and which
        loop is innermost."""
        columns[self.tile] /= trips
        times = self.times(columns)
        for x, operand in enumerate(self.problem.operands):
            moves = product([trips[i] for i in operand.loops]) > 1
            turned = columns[self.turned[x]]
            columns[self.turned[x]] = np.where(moves, times / kept[x], turned)
        turning = trips.prod(axis=0) > 1
        columns[self.lead] = np.where(turning, lead, columns[self.lead])
        for loop in range(len(trips)):
            leads = turning & (columns[self.lead] == loop)
            columns[self.step, leads] = columns[loop, leads]
            columns[self.last, leads] = trips[loop, leads]

    def spread(self, columns: Array, level: int, factors: Array) -> None:
        """Loops of a spatial level."""
        spatial = self.machine.levels[level]
        assert isinstance(spatial, Spatial)
        columns[self.tile] /= factors
        columns[self.used] *= factors.prod(axis=0)
        columns[self.shared] *= product([factors[i] for i in self.result.loops])
        added = spatial.energy * columns[self.used]
        columns[self.first_sent] += added / columns[self.shared]
        for x, operand in enumerate(self.problem.operands):
            for network in self.networks[x]:
                if network.level == level:
                    columns[network.passes] = self.times(columns)
                    columns[network.turned] = columns[self.turned[x]]
                    columns[network.outside] = columns[self.copies[x]]
            once = spatial.reduction if operand is self.result else spatial.multicast
            branches = factors.prod(axis=0)
            if once:
                branches = distinct_places(operand, factors, columns[self.tile])
            columns[self.copies[x]] *= branches
            columns[self.sent[x]] = columns[self.sent[x]] * branches + added

    def sharing(self, level: int, factors: Array, x: int) -> Array:
        """How many instances of a spatial level share a word of an operand at most."""
        spatial = self.machine.levels[level]
        assert isinstance(spatial, Spatial)
        operand = self.problem.operands[x]
        if not (spatial.reduction if operand is self.result else spatial.multicast):
            return np.ones(factors.shape[1])
        apart = np.ones(factors.shape[1])
        for dims in operand.independent_dims:
            loops = sorted({i for dim in dims for i in loops_of(dim)})
            apart = apart * np.max([np.ones(factors.shape[1]), *factors[loops]], axis=0)
        return factors.prod(axis=0) / apart

    def arrive(self, columns: Array, level: int) -> None:
        """Tiles come into a memory from the ones around it."""
        memory = self.memory(level)
        for x in self.held[level]:
            if level:
                words = self.fetched(columns, x)
                footprint = self.problem.operands[x].footprint(list(columns[self.tile]))
                self._wait(columns, level, x, footprint)
                self._transfer(columns, self.holder(level, x), x, words)
                if x == self.problem.output:
                    words = words - self.results / columns[self.shared]
                used = self._together(level, columns[self.used])
                write = memory.access(self.names[x]).write
                columns[self.energy] += used * np.ceil(words / memory.block) * write
                self._count(columns, level, "write", words)
            columns[self.serving[x]] = columns[self.used]
            columns[self.copies[x]] = 1
            columns[self.sent[x]] = 0
            if x == self.problem.output:
                columns[self.shared_outside] = columns[self.shared]
                columns[self.first_sent] = 0
        columns[self.leaks] += columns[self.used] * memory.leak

    def fits(self, columns: Array, level: int) -> npt.NDArray[np.bool_]:
        """Whether a memory has room for what is left."""
        return self.has_room(level, list(columns[self.tile]))

    def has_room(
        self, level: int, tile: Sequence[Array], fan_out: int = 1
    ) -> npt.NDArray[np.bool_]:
        """Whether so many instances of a memory together have room for tiles of these extents."""
        # Tiles of many instances leave out the gaps between them.
        words = {
            x: operand.footprint(tile) if fan_out == 1 else least_words(operand, tile)
            for x, operand in enumerate(self.problem.operands)
            if x in self.held[level]
        }
        fits = np.ones(np.shape(tile[0]), bool)
        for part, available in rooms(self.memory(level), {x: self.names[x] for x in words}):
            fits &= sum(words[x] for x in part) <= available * fan_out
        return fits

    def finish(self, columns: Array) -> tuple[Array, Array]:
        """Energy and cycles of whole mappings, whose MACs take operands from the last memories."""
        times = self.times(columns)
        for x in range(len(self.names)):
            self._wait(columns, self.end, x, 1.0)
            self._transfer(columns, self.holder(self.end, x), x, times)
        cycles = np.maximum(times, self.slowest(columns)) + columns[self.ramp_up]
        mac = self.problem.points * self.machine.mac.energy
        leaks = columns[self.leaks] + self.machine.idle_energy
        return columns[self.energy] + mac + leaks * cycles, cycles

    def slowest(self, columns: Array) -> Array:
        """Cycles of the slowest memory, as far as its words are known."""
        cycles = [np.ceil(columns[row] / rate) for row, rate in self.rates.values()]
        return np.max([np.zeros(columns.shape[1]), *cycles], axis=0)

    def _wait(self, columns: Array, inner: int, x: int, words: Array | float) -> None:
        """Passes of networks wait for the first tiles, of so many words, that a level inside of
        these takes, unless these are there from the pass before."""
        for network in self.networks[x]:
            if self.holder(inner, x) < network.level < inner:
                moved = columns[self.turned[x]] > columns[network.turned]
                passes = np.where(moved, columns[network.passes], columns[network.turned])
                arriving = words * columns[self.copies[x]] / columns[network.outside]
                columns[self.ramp_up] += passes * np.ceil(arriving / network.words_per_cycle)

    def _together(self, level: int, used: Array) -> Array:
        memory = self.memory(level)
        return np.minimum(used, self.machine.instances(memory) // memory.cluster)

    def _transfer(self, columns: Array, outer: int, x: int, words: Array) -> None:
        """An operand goes from a memory to what comes next, or back, so many words an instance."""
        memory = self.memory(outer)
        access = memory.access(self.names[x])
        reads = wanted = words * columns[self.copies[x]]
        energy = words * columns[self.sent[x]]
        if x == self.problem.output:
            reads = wanted - self.results / columns[self.shared_outside]
            energy = 2 * energy - self.results * columns[self.first_sent]
            update = access.write if access.update is None else access.update
            used = self._together(outer, columns[self.serving[x]])
            energy = energy + used * np.ceil(wanted / memory.block) * update
            self._count(columns, outer, "write", wanted)
        used = self._together(outer, columns[self.serving[x]])
        columns[self.energy] += energy + used * np.ceil(reads / memory.block) * access.read
        self._count(columns, outer, "read", reads)

    def _count(self, columns: Array, level: int, kind: str, words: Array) -> None:
        if (level, kind) in self.rates:
            columns[self.rates[level, kind][0]] += words
