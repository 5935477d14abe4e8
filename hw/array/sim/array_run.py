"""What an array computes: the words that its tables move, through buffers of their sizes.

Words go from DRAM to a half of the scratchpad, from there to a half of the register files of all
PEs that want them, through the MAC units, and back. Each half holds what one pass needs, as the
cost model has it. A step brings new words before the array computes on the others, so that tables
which overwrite what is needed give wrong results. Words are of the inputs' type, and wrap around
as integers of that width do; floats are rounded after each product and each addition, in the order
of the PEs' instructions, and then of the PEs that share a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from nopt.hw.array.sim.array_tables import ArrayTables
from nopt.hw.array.sim.nest_result import Words, tensors_of
from nopt.hw.array.sim.pass_schedule import ArrayPass, Pieces, ScratchpadPass, Whole, total

MOST_RUN_PASSES = 1 << 18
"""Of the array, in a whole run, so that one takes seconds."""
MOST_MACS = 1 << 30
"""As many as take seconds, too."""


def run_array(tables: ArrayTables, inputs: Mapping[str, Words]) -> Words:
    """The output of a run on these tensors, by name; all of one type, as wide as the machine's
    words.

    Raises ValueError for other tensors, for tables that move other numbers of words than tiles
    have, and for more than `MOST_RUN_PASSES` or `MOST_MACS`.
    """
    tiles, passes = tables.tiles, tables.schedule.passes
    problem, word_bytes = tiles.problem, tiles.machine.word_bytes
    count = sum(n * len(each.passes) for n, each in zip(passes.times(), passes.kinds, strict=True))
    if count > MOST_RUN_PASSES:
        raise ValueError(
            f"run: found {count:,} passes of the array, expected at most {MOST_RUN_PASSES:,}"
        )
    if problem.points > MOST_MACS:
        raise ValueError(f"run: found {problem.points:,} MACs, expected at most {MOST_MACS:,}")
    tensors = tensors_of(problem, inputs)
    kind = tensors[0].dtype
    if kind.itemsize != word_bytes:
        raise ValueError(
            f"tensors: found {kind}, of {kind.itemsize} bytes, expected word_bytes, {word_bytes}"
        )
    run = _Run(tables, tensors)
    for p in range(len(passes) + 2):
        if p >= 2:
            run.to_dram(p - 2, passes[p - 2])
        if p < len(passes):
            run.from_dram(p, passes[p])
        if 1 <= p <= len(passes):
            run.compute_on(p - 1, passes[p - 1])
    shape = [dim.size for dim in problem.operands[problem.output].dims]
    return tensors[problem.output].reshape(shape)


class _Halves:
    """Which half of double buffers each pass uses: an operand's next tile goes to the other one."""

    def __init__(self, operands: int, output: int):
        self._output, self._sent = output, True
        self._now = [1] * operands
        self._recent: dict[int, tuple[list[int], bool]] = {}

    def come(self, i: int, reads: tuple[Pieces, ...], sent: bool) -> None:
        """Pass `i` brings these, and sends results or not."""
        new_output = self._sent
        for x, pieces in enumerate(reads):
            if new_output if x == self._output else pieces:
                self._now[x] ^= 1
        self._recent[i] = ([*self._now], new_output)
        self._recent.pop(i - 3, None)
        self._sent = sent

    def of(self, i: int) -> list[int]:
        """The half of each operand in pass `i`."""
        return self._recent[i][0]

    def starts(self, i: int) -> bool:
        """Whether pass `i` has another tile of the output than the one before."""
        return self._recent[i][1]


class _Run:
    """The buffers of an array, and what each part of a step does with them."""

    def __init__(self, tables: ArrayTables, tensors: list[Words]):
        self._tiles = tiles = tables.tiles
        self._tensors, self._y = tensors, tiles.problem.output
        machine, kind = tiles.machine, tensors[0].dtype
        self._count = len(tensors)
        half = machine.spm.banks * machine.spm.bank_bytes // machine.word_bytes
        self._spm = np.zeros((2, half), kind)
        self._rf = np.zeros((2, tiles.pes, machine.rf_words), kind)
        self._spm_halves = _Halves(self._count, self._y)
        self._rf_halves = _Halves(self._count, self._y)
        self._passes = 0
        self._registers = [base + tiles.registers(x) for x, base in enumerate(tiles.rf_bases)]
        self._wanted = [tiles.wanted(x) for x in range(self._count)]

    @cached_property
    def _dram_origins(self) -> list[Whole]:
        walk = self._tiles.over_dram
        digits = walk.digits()
        return [each.dram_origin.at(digits, walk.count) for each in self._tiles.boxes]

    @cached_property
    def _spm_origins(self) -> list[Whole]:
        walk = self._tiles.over_spm
        digits = walk.digits()
        return [each.spm_origin.at(digits, walk.count) for each in self._tiles.boxes]

    def to_dram(self, p: int, each: ScratchpadPass) -> None:
        """What pass `p` writes back; before anything else comes into that half."""
        for x, bursts in enumerate(each.writes):
            if bursts:
                there, here = self._tile(p, x, bursts)
                self._tensors[x][there] = here

    def from_dram(self, p: int, each: ScratchpadPass) -> None:
        """What pass `p` needs."""
        self._spm_halves.come(p, each.reads, bool(each.writes[self._y]))
        for x, bursts in enumerate(each.reads):
            if bursts:
                there, here = self._tile(p, x, bursts)
                here[...] = self._tensors[x][there]

    def _tile(self, p: int, x: int, bursts: Pieces) -> tuple[Whole, Words]:
        """The addresses in DRAM of a tile, as these bursts move it; its place in the scratchpad."""
        tiles = self._tiles
        addresses = tiles.boxes[x].in_tensor
        if x not in tiles.mapping.packed:
            word = tiles.machine.word_bytes
            addresses = _moved(addresses, tuple((size // word, n) for size, n in bursts))
        base = tiles.spm_bases[x]
        place = self._spm[self._spm_halves.of(p)[x], base : base + len(addresses)]
        return self._dram_origins[x][p] + addresses, place

    def compute_on(self, p: int, each: ScratchpadPass) -> None:
        """All steps of the array on pass `p`."""
        passes, halves = each.passes, self._spm_halves.of(p)
        count, first = len(passes), self._passes
        for q in range(count + 2):
            if q >= 2 and (left := passes[q - 2]).sent:
                self._write_back(first + q - 2, q - 2, left, halves)
            if q < count:
                self._rf_halves.come(first + q, passes[q].reads, bool(passes[q].sent))
                self._fetch(first + q, q, passes[q], halves)
            if 1 <= q <= count:
                self._compute(first + q - 1, passes[q - 1])
        self._passes += count

    def _fetch(self, i: int, q: int, each: ArrayPass, halves: list[int]) -> None:
        for x, runs in enumerate(each.reads):
            if not runs:
                continue
            begin = self._tiles.spm_bases[x] + self._spm_origins[x][q]
            words = self._spm[halves[x], begin + _moved(self._tiles.boxes[x].in_tile, runs)]
            # Partial sums come to those PEs that have sent them.
            wanted = self._wanted[x][: self._tiles.senders] if x == self._y else self._wanted[x]
            self._held(i, x)[: len(wanted)] = words[wanted]

    def _compute(self, i: int, each: ArrayPass) -> None:
        sums = self._registers[self._y][:, 0]
        halves, y = self._rf_halves.of(i), self._y
        if self._rf_halves.starts(i):
            self._held(i, y)[self._tiles.senders if each.reads[y] else 0 :] = 0
        products: Words = None
        for x in range(self._count):
            if x != y:
                words = self._rf[halves[x]][:, self._registers[x]]
                products = words if products is None else products * words
        terms = np.concatenate([self._rf[halves[y]][:, sums, None], products], axis=2)
        self._rf[halves[y]][:, sums] = np.add.accumulate(terms, axis=2, dtype=terms.dtype)[:, :, -1]
        if each.sent:
            held, senders = self._held(i, y), self._tiles.senders
            for begin in range(senders, self._tiles.pes, senders):
                held[:senders] += held[begin : begin + senders]

    def _write_back(self, i: int, q: int, each: ArrayPass, halves: list[int]) -> None:
        y, tiles = self._y, self._tiles
        place = tiles.spm_bases[y] + self._spm_origins[y][q]
        wanted = self._wanted[y][: each.senders, : each.sent]
        words = self._held(i, y)[: each.senders, : each.sent]
        self._spm[halves[y], place + tiles.boxes[y].in_tile[wanted]] = words

    def _held(self, i: int, x: int) -> Words:
        """The registers of an operand in a pass: PEs x words."""
        base = self._tiles.rf_bases[x]
        words = self._tiles.boxes[x].words("rf")
        return self._rf[self._rf_halves.of(i)[x]][:, base : base + words]


def _moved(addresses: Whole, pieces: Pieces) -> Whole:
    """What transfers of consecutive words move that begin where these addresses say."""
    if total(pieces) != len(addresses):
        raise ValueError(f"table: found {total(pieces)} words, expected {len(addresses)} of a tile")
    if len(pieces) == 1 and pieces[0][0] == 1:
        return addresses
    sizes = np.repeat([size for size, _ in pieces], [count for _, count in pieces])
    begins = np.cumsum(sizes) - sizes
    return np.repeat(addresses[begins] - begins, sizes) + np.arange(len(addresses))
