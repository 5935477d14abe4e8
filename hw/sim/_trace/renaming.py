"""Scratchpad cells renamed to values, so that reuse of a buffer no longer orders anything.

GEMMs that add to the same accumulators one after the other become one chain, if nothing reads in
between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    AluOp,
    Instruction,
    Memory,
    Micro,
    Opcode,
    Records,
    element_bytes,
)
from nopt.hw.isa.footprint import (
    MicroOps,
    addresses,
    all_addresses,
    counted_up,
    dram_end,
    dram_ends,
    loaded_span,
)
from nopt.hw.sim._trace.segments import PADDING, ZERO, NotReplayable, kept
from nopt.hw.sim.product_groups import Indices
from nopt.hw.sim.step_plans import Cells, Plans, Tile

GRANULE = 64
"""Bytes of DRAM that are told apart when loads and stores are compared."""
MOST_BYTES = 1 << 25
"""Bytes that the values of a segment may take."""


@dataclass
class Chain:
    """A product to which more may be added while it is open; results are numbered from `first`."""

    first: int
    level: int
    base: Indices
    src: list[Indices]
    wgt: list[Indices]
    open: bool = True

    @property
    def results(self) -> Indices:
        return np.arange(self.first, self.first + self.base.size).reshape(self.base.shape)


@dataclass
class Round:
    """Independent steps of an ALU instruction; results are numbered from `first`."""

    first: int
    level: int
    key: tuple[AluOp, int | None]
    x: Indices
    y: Indices | None

    @property
    def results(self) -> Indices:
        return np.arange(self.first, self.first + len(self.x))


Node = Chain | Round


def _granules(insn: Instruction, size: int) -> slice:
    """Granules of DRAM that a transfer of elements of `size` bytes spans."""
    return slice(insn.dram_base * size // GRANULE, -(-dram_end(insn) * size // GRANULE))


def mark(stored: NDArray[np.bool_], stores: Records, size: int) -> None:
    """Set the granules of DRAM that STOREs of elements of `size` bytes span."""
    begin: list[int] = (stores["dram_base"] * size // GRANULE).tolist()
    end: list[int] = (-(-dram_ends(stores) * size // GRANULE)).tolist()
    for first, last in zip(begin, end, strict=True):
        stored[first:last] = True


class Renaming:
    """Follows instructions in the order of execution, for one segment.

    Numbers of values are preliminary: 0 is zero, then come what ACC and OUT held before, then
    results in the order in which they are made. A value's level is more than that of its operands.
    """

    def __init__(self, config: Config, plans: Plans, dram_bytes: int) -> None:
        self._config, self._plans = config, plans
        self._size = element_bytes(config)
        acc = config.acc_entries
        self.before: dict[Memory, Indices] = {
            Memory.INP: kept(np.arange(config.inp_entries)),
            Memory.WGT: kept(np.arange(config.wgt_entries)),
            Memory.ACC: np.arange(1, 1 + acc),
            Memory.OUT: np.arange(1 + acc, 1 + 2 * acc),
        }
        self.cells: dict[Memory, Indices] = {
            memory: cells.copy() for memory, cells in self.before.items()
        }
        self.first = self.count = 1 + 2 * acc
        """The first number of a result, and one past the last one."""
        self.fetched: list[tuple[Memory, Indices, int]] = []
        self.nodes: list[Node] = []
        self.stores: list[tuple[Indices, Indices]] = []
        """Addresses and values."""
        self._starts: list[int] = []  # first results of the nodes
        self._chains: dict[int, Chain] = {}
        self._stored = np.zeros(dram_bytes // GRANULE + 1, np.bool_)
        self._levels = np.zeros(1 << 12, np.int32)

    def is_full(self, insn: Instruction) -> bool:
        """Whether an instruction has to go into the next segment."""
        if self.count * self._config.acc_bytes > MOST_BYTES:
            return True
        loads = insn.opcode == Opcode.LOAD
        return loads and bool(self._stored[_granules(insn, self._size[insn.memory])].any())

    def load(self, insn: Instruction) -> None:
        """LOAD INP, WGT or ACC."""
        memory = Memory.ACC if insn.memory == Memory.ACC_8BIT else Memory(insn.memory)
        values = addresses(insn)
        if memory == Memory.ACC:
            first = self._make(values.size, 0)
            self.fetched.append((Memory(insn.memory), values.ravel(), first))
            values = np.arange(first, self.count).reshape(values.shape)
        top, bottom, left, right = insn.y_pad_0, insn.y_pad_1, insn.x_pad_0, insn.x_pad_1
        if top or bottom or left or right:
            rows, columns = insn.y_size, insn.x_size
            fill = ZERO if memory == Memory.ACC else PADDING
            area = np.full((top + rows + bottom, left + columns + right), fill)
            area[top : top + rows, left : left + columns] = values
            values = area
        begin, end = loaded_span(insn)
        self.cells[memory][begin:end] = values.ravel()

    def store(self, stores: Records) -> None:
        """STOREs with data, one after the other."""
        moved = stores["y_size"] * stores["x_size"]
        cells = stores["sram_base"].repeat(moved) + counted_up(moved)
        values = self.cells[Memory.OUT][cells]
        self._read(values)
        self.stores.append((all_addresses(stores), values))
        mark(self._stored, stores, self._size[Memory.OUT])

    def compute(self, insn: Instruction, uops: Micro) -> None:
        """GEMM or ALU. Raises `NotReplayable`."""
        if not len(uops) or not insn.iter_out or not insn.iter_in:
            return
        micro_ops = MicroOps(uops, self._config)
        if insn.opcode == Opcode.ALU:
            self._alu(insn, micro_ops)
        elif insn.reset:
            self.cells[Memory.ACC][self._plans.destinations(insn, micro_ops)] = ZERO
        else:
            for tile in self._plans.gemm(insn, micro_ops):
                self._gemm(tile)

    def _gemm(self, tile: Tile) -> None:
        if not tile.distinct:
            raise NotReplayable
        base = self.cells[Memory.ACC][tile.dst]
        src, wgt = self.cells[Memory.INP][tile.src], self.cells[Memory.WGT][tile.wgt]
        chain = self._chains.get(int(base[0, 0]))
        if chain and chain.open and np.array_equal(base, chain.results):
            chain.src.append(src)
            chain.wgt.append(wgt)
        else:
            level = self._read(base) + 1
            chain = Chain(self._make(base.size, level), level, base, [src], [wgt])
            self._chains[chain.first] = chain
            self._add(chain)
        self._set(tile.dst, chain.results)

    def _alu(self, insn: Instruction, uops: MicroOps) -> None:
        op = AluOp(insn.alu_op)
        if op == AluOp.SHR and not insn.use_imm:
            raise NotReplayable  # depending on data, it may trap
        key = (op, insn.imm if insn.use_imm else None)
        acc = self.cells[Memory.ACC]
        for dst, src in self._plans.alu(insn, uops).rounds:
            x, y = acc[src].copy(), None
            if not insn.use_imm:
                x, y = acc[dst].copy(), x
            level = 1 + max(self._read(values) for values in (x, y) if values is not None)
            node = Round(self._make(len(x), level), level, key, x, y)
            self._add(node)
            self._set(dst, node.results)

    def _set(self, cells: Indices | Cells, values: Indices) -> None:
        self.cells[Memory.ACC][cells] = self.cells[Memory.OUT][cells] = values

    def _add(self, node: Node) -> None:
        self.nodes.append(node)
        self._starts.append(node.first)

    def _make(self, count: int, level: int) -> int:
        """Numbers for new values of a level: the first one."""
        first = self.count
        self.count += count
        if self.count > len(self._levels):
            self._levels = np.resize(self._levels, 2 * self.count)
        self._levels[first : self.count] = level
        return first

    def _read(self, values: Indices) -> int:
        """The level of values. They are used now, so chains that made any of them are complete."""
        span = (int(values.min()), int(values.max()))
        begin, end = np.searchsorted(self._starts, span, "right").tolist()
        for node in self.nodes[max(begin - 1, 0) : end]:
            if isinstance(node, Chain):
                node.open = False
        return int(np.where(values < self.first, 0, self._levels[values]).max())
