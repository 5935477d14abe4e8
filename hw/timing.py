"""How long a program takes: fetch, the three modules, their queues and tokens, and both memory
channels, as events. Nothing depends on data.

The formulas follow the public RTL of the default core and were checked on its cycle-accurate runs:

- fetch reads 8 instructions at a time and hands them on, one a cycle, before it reads again;
- an instruction starts when it is first in its module's queue, the module is idle, and its tokens
  were pushed in an earlier cycle; between two instructions of a module one cycle passes;
- GEMM and ALU with an immediate take N + 6 cycles, N being micro-ops times iterations, an ALU with
  two operands 2N + 6, an instruction that only carries tokens and FINISH 1;
- a LOAD is split in bursts that end at burst boundaries, see `channel`; zero padding is written in
  cycles without data;
- a STORE pays per burst b beats, a scratchpad read for every vector but the first, and 4 cycles.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .channel import NEVER, Client, ReadChannel, Transfer
from .config import Config
from .encoding import (
    Instruction,
    Memory,
    Module,
    Opcode,
    Records,
    element_bytes,
    module_of,
    records,
)
from .footprint import transferred

FETCH_GROUP = 8
"""Instructions that fetch reads at a time."""
LAUNCH = 2
"""The cycle of the first fetch command."""

_INSTRUCTION_BYTES = 16
_HAND_ON, _FINISH, _START = range(3)  # events, in the order they are taken within a cycle
_CLIENTS = {
    Memory.UOP: Client.UOP,
    Memory.INP: Client.INP,
    Memory.WGT: Client.WGT,
    Memory.ACC: Client.ACC,
    Memory.ACC_8BIT: Client.ACC,
}


@dataclass
class Timing:
    """What a run costs. Arrays have one entry per instruction."""

    cycles: int
    busy: dict[str, int]
    """Cycles in which each module executes, by module name."""
    stalls: dict[str, dict[str, int]]
    """Cycles in which each module waits before an instruction, by module and by what it waits
    for: fetch, or a token of a neighbour."""
    dram_bytes: dict[str, int]
    """Bytes moved by kind: inp, wgt, acc, uop, fetch, out."""
    gemm_steps: int
    macs: int
    begin: NDArray[np.int64] = field(repr=False)
    end: NDArray[np.int64] = field(repr=False)
    module: NDArray[np.int64] = field(repr=False)

    @property
    def utilisation(self) -> float:
        """GEMM steps per cycle: 1 when every cycle multiplies a block."""
        return self.gemm_steps / self.cycles if self.cycles else 0.0


def time_program(insns: Records, config: Config) -> Timing:
    """Cycles of a stream with tokens, from launch to the end of its last instruction.

    Raises `ValueError` if its tokens deadlock.
    """
    return _Machine(insns, config).run()


def steps(insn: Instruction) -> int:
    """Micro-ops times iterations of a GEMM or ALU."""
    return max(insn.uop_end - insn.uop_begin, 0) * insn.iter_out * insn.iter_in


def bursts(insn: Instruction, size: int, config: Config) -> list[int]:
    """Beats of each burst of a transfer with elements of `size` bytes."""
    beat, most = config.bytes_per_cycle, config.burst_beats
    result: list[int] = []
    for y in range(insn.y_size):
        first = (insn.dram_base + y * insn.x_stride) * size
        beats = -(-(first % beat + insn.x_size * size) // beat)
        head = min(beats, most - first // beat % most)
        result.append(head)
        result += [most] * ((beats - head) // most)
        if (beats - head) % most:
            result.append((beats - head) % most)
    return result


def store_cycles(insn: Instruction, config: Config) -> int:
    """Busy cycles of a STORE with data."""
    vector = max(config.block_out // config.bytes_per_cycle, 1)
    return sum(b + -(-b // vector) - 1 + 4 for b in bursts(insn, config.out_bytes, config))


def padding_done(insn: Instruction, begin: int, arrivals: list[tuple[int, int]]) -> int:
    """The cycle in which zero padding is complete: one element a cycle without data."""
    width = insn.x_pad_0 + insn.x_size + insn.x_pad_1
    sides = insn.y_size * (insn.x_pad_0 + insn.x_pad_1)
    top, bottom = insn.y_pad_0 * width, insn.y_pad_1 * width
    if sides or not bottom:
        phases = [(top + sides + bottom, 0)]
    else:
        phases = [(top, insn.y_size), (bottom, 0)]  # it counts through rows without padding
    time = begin + 2
    for zeros, skipped in phases:
        for first, last in arrivals:
            if last + 2 < time:
                continue
            free = max(first + 2 - time, 0)
            if zeros <= free:
                break
            zeros -= free
            time = last + 3
        time += zeros + skipped
    return time


class _Machine:
    def __init__(self, insns: Records, config: Config) -> None:
        self._config = config
        self._insns = records(insns)
        self._module = module_of(insns)
        self._modules: list[int] = self._module.tolist()
        self._sizes = element_bytes(config)
        count = len(self._insns)
        self._begin, self._end = [0] * count, [0] * count
        self._channel = ReadChannel(config.memory_latency)
        self._events: list[tuple[int, int, int]] = []  # cycle, what, instruction or module
        self._queues: list[deque[int]] = [deque() for _ in Module]
        self._arrived = [0] * count
        self._running = [False] * 3
        self._free = [0] * 3  # first cycle in which each module may start again
        # Cycles from which each token can be popped: by consumer, from prev and from next.
        self._tokens: list[tuple[deque[int], deque[int]]] = [(deque(), deque()) for _ in Module]
        self._fetched = 0
        self._handed = 0
        self._full: int | None = None  # the module whose queue fetch waits for
        self._stalls = [[0, 0, 0] for _ in Module]  # fetch, prev, next

    def run(self) -> Timing:
        self._fetch(LAUNCH)
        events, channel = self._events, self._channel
        while True:
            accept = channel.next_time()
            if events and events[0][0] < accept:
                time, what, which = heapq.heappop(events)
                if what == _HAND_ON:
                    self._hand_on(time)
                elif what == _FINISH:
                    self._finish(which, time)
                else:
                    self._try_start(which, time)
            elif accept < NEVER:
                transfer = channel.accept()
                if transfer:
                    self._transferred(transfer)
            else:
                break
        waiting = [str(queue[0]) for queue in self._queues if queue]
        if waiting:
            raise ValueError(f"deadlock: found instructions {', '.join(waiting)} waiting forever")
        return self._timing()

    def _at(self, time: int, what: int, which: int = 0) -> None:
        heapq.heappush(self._events, (time, what, which))

    def _fetch(self, time: int) -> None:
        count = min(len(self._insns) - self._fetched, FETCH_GROUP)
        if not count:
            return
        self._fetched += count
        beats = -(-count * _INSTRUCTION_BYTES // self._config.bytes_per_cycle)
        self._channel.start(Transfer(Client.FETCH, [beats], time))

    def _hand_on(self, time: int) -> None:
        """Move one fetched instruction into its module's queue, or wait for room there."""
        if self._handed == self._fetched:
            self._fetch(time + 1)
            return
        index = self._handed
        module = self._modules[index]
        queue = self._queues[module]
        if len(queue) >= self._config.queue_depth:
            self._full = module
            return
        queue.append(index)
        self._arrived[index] = time + 1
        self._handed += 1
        if len(queue) == 1:
            self._at(time + 1, _START, module)
        self._at(time + 1, _HAND_ON)

    def _try_start(self, module: int, time: int) -> None:
        queue = self._queues[module]
        if self._running[module] or not queue:
            return
        index = queue[0]
        insn = self._insns[index]
        prev, next_ = self._tokens[module]
        ready = max(self._arrived[index], self._free[module])
        stall = self._stalls[module]
        waits = ready
        if insn.pop_prev:
            if not prev:
                return
            waits = max(waits, prev[0])
        if insn.pop_next:
            if not next_:
                return
            waits = max(waits, next_[0])
        if waits > time:
            self._at(waits, _START, module)
            return
        stall[0] += max(self._arrived[index] - self._free[module], 0)
        if insn.pop_prev and prev[0] > ready and prev[0] == waits:
            stall[1] += waits - ready
        elif waits > ready:
            stall[2] += waits - ready
        if insn.pop_prev:
            prev.popleft()
        if insn.pop_next:
            next_.popleft()
        self._running[module] = True
        self._begin[index] = time
        self._execute(index, insn, time)

    def _execute(self, index: int, insn: Instruction, begin: int) -> None:
        config = self._config
        if insn.opcode == Opcode.LOAD and transferred(insn):
            memory = Memory(insn.memory)
            client = _CLIENTS[memory]
            parts = bursts(insn, self._sizes[memory], config)
            self._channel.start(Transfer(client, parts, begin + 1 + insn.y_pad_0, index))
            return
        if insn.opcode == Opcode.STORE and transferred(insn):
            cycles = store_cycles(insn, config)
        elif insn.opcode == Opcode.GEMM:
            cycles = steps(insn) + 6
        elif insn.opcode == Opcode.ALU:
            cycles = steps(insn) * (1 if insn.use_imm else 2) + 6
        else:
            cycles = 1
        self._at(begin + cycles, _FINISH, index)

    def _transferred(self, transfer: Transfer) -> None:
        last = transfer.arrivals[-1][1]
        if transfer.client == Client.FETCH:
            self._at(last + 2, _HAND_ON)
            return
        insn = self._insns[transfer.tag]
        end = last + (2 if transfer.client == Client.UOP else 3)
        if insn.y_pad_0 or insn.y_pad_1 or insn.x_pad_0 or insn.x_pad_1:
            begin = self._begin[transfer.tag]
            end = max(end, padding_done(insn, begin, transfer.arrivals))
        self._at(end, _FINISH, transfer.tag)

    def _finish(self, index: int, time: int) -> None:
        insn, module = self._insns[index], self._modules[index]
        self._end[index] = time
        queue = self._queues[module]
        queue.popleft()
        if self._full == module:
            self._full = None
            self._at(time + 1, _HAND_ON)
        self._running[module] = False
        self._free[module] = time + 1
        self._at(time + 1, _START, module)
        if insn.push_prev and module > 0:
            self._tokens[module - 1][1].append(time + 1)
            self._at(time + 1, _START, module - 1)
        if insn.push_next and module < 2:
            self._tokens[module + 1][0].append(time + 1)
            self._at(time + 1, _START, module + 1)

    def _timing(self) -> Timing:
        begin, end = np.array(self._begin, np.int64), np.array(self._end, np.int64)
        names = [module.name.lower() for module in Module]
        busy = {name: int((end - begin)[self._module == i].sum()) for i, name in enumerate(names)}
        sides = [
            ("fetch", names[i - 1] if i else "", names[i + 1] if i < 2 else "") for i in Module
        ]
        stalls = {
            name: {side: n for side, n in zip(sides[i], self._stalls[i], strict=True) if side}
            for i, name in enumerate(names)
        }
        gemm = sum(steps(i) for i in self._insns if i.opcode == Opcode.GEMM and not i.reset)
        c = self._config
        return Timing(
            cycles=int(end.max()) - LAUNCH + 1 if len(end) else 0,
            busy=busy,
            stalls=stalls,
            dram_bytes=dram_bytes(self._insns, c),
            gemm_steps=gemm,
            macs=gemm * c.batch * c.block_in * c.block_out,
            begin=begin,
            end=end,
            module=self._module,
        )


def dram_bytes(insns: list[Instruction], config: Config) -> dict[str, int]:
    """Bytes that each kind of transfer moves."""
    sizes = element_bytes(config)
    moved: dict[str, int] = dict.fromkeys(("inp", "wgt", "acc", "uop", "fetch", "out"), 0)
    moved["fetch"] = len(insns) * _INSTRUCTION_BYTES
    for insn in insns:
        if insn.opcode in (Opcode.LOAD, Opcode.STORE):
            kind = "acc" if insn.memory == Memory.ACC_8BIT else Memory(insn.memory).name.lower()
            moved[kind] += transferred(insn) * sizes[insn.memory]
    return moved
