"""The events of a run: fetch, the three modules, their queues and tokens, and the read channel."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from nopt.hw.config import Config
from nopt.hw.cost import FETCH_GROUP
from nopt.hw.isa.encoding import (
    INSTRUCTION_BYTES,
    Memory,
    Module,
    Opcode,
    Records,
    element_bytes,
    module_of,
)
from nopt.hw.sync.deadlocks import explain_deadlock
from nopt.hw.sync.token_queues import TokenQueues, Waits, missing, token_bits
from nopt.hw.timing.read_channel import NEVER, Client, Pattern, ReadChannel, Transfer, pattern

LAUNCH = 2
"""The cycle of the first fetch command."""

_CLIENTS = {
    Memory.UOP: Client.UOP,
    Memory.INP: Client.INP,
    Memory.WGT: Client.WGT,
    Memory.ACC: Client.ACC,
    Memory.ACC_8BIT: Client.ACC,
}
_HAND_ON = -1  # an event of fetch; others are the index of the instruction that ends


class EventEngine:
    """One run. `cycles` are the busy cycles of each instruction, -1 for a LOAD with data.

    Afterwards there is for each instruction: `begin` and `end`, when it `arrived` in its queue,
    when the tokens that it pops could be popped (`from_prev`, `from_next`, 0: none), and, for a
    LOAD, in how many cycles data come in (`beats`).
    """

    def __init__(self, insns: Records, cycles: list[int], config: Config) -> None:
        self._config = config
        self._cycles = cycles
        self._modules: list[int] = module_of(insns).tolist()
        self._bits = token_bits(insns)
        self._loads = _loads(insns, config)
        self._channel = ReadChannel(config.memory_latency)
        self._patterns: dict[tuple[int, ...], Pattern] = {}
        self._events: list[tuple[int, int]] = []
        self._queues: list[deque[int]] = [deque() for _ in Module]
        self._running = [False] * len(Module)
        self._free = [0] * len(Module)  # first cycle in which each module may start again
        self._tokens = TokenQueues()  # of cycles from which they can be popped
        self._fetched = self._handed = 0
        self._full: int | None = None  # the module whose queue fetch waits for
        count = len(insns)
        self.begin, self.end, self.arrived = [0] * count, [0] * count, [0] * count
        self.from_prev, self.from_next = [0] * count, [0] * count
        self.beats = [0] * count

    def run(self) -> None:
        """Raises `ValueError` if the tokens deadlock."""
        self._fetch(LAUNCH)
        events, channel = self._events, self._channel
        while True:
            if channel.transfers:
                transfer = channel.advance(events[0][0] if events else NEVER)
                if transfer:
                    self._arrive(transfer)
                    continue
            if not events:
                break
            time, what = heappop(events)
            if what == _HAND_ON:
                self._hand_on(time)
            else:
                self._finish(what, time)
        if any(self._queues):
            raise ValueError(explain_deadlock(self._waits()))

    def _waits(self) -> Waits:
        return {
            module: (queue[0], missing(module, self._bits[queue[0]], self._tokens.held(module)))
            for module, queue in zip(Module, self._queues, strict=True)
            if queue
        }

    def _fetch(self, time: int) -> None:
        count = min(len(self._cycles) - self._fetched, FETCH_GROUP)
        if count:
            self._fetched += count
            size, beat = count * INSTRUCTION_BYTES, self._config.bytes_per_cycle
            bursts = self._pattern(0, size, 1, size, beat, max(size // beat, 1))
            self._channel.start(Transfer(Client.FETCH, bursts, time))

    def _pattern(self, *bursts: int) -> Pattern:
        known = self._patterns.get(bursts)
        if known is None:
            known = self._patterns[bursts] = pattern(*bursts)
        return known

    def _hand_on(self, time: int) -> None:
        """Move fetched instructions into their modules' queues, one a cycle from `time` on.

        All at once if no queue can fill up, else one, or none until its queue has room.
        """
        depth, left = self._config.queue_depth, self._fetched - self._handed
        queues = self._queues
        room = depth - max(map(len, queues))
        for index in range(self._handed, self._handed + (left if left <= room else 1)):
            module = self._modules[index]
            queue = queues[module]
            if len(queue) >= depth:
                self._full = module
                return
            time += 1
            self._handed += 1
            self.arrived[index] = time
            queue.append(index)
            if len(queue) == 1:
                self._try_start(module)
        if self._handed < self._fetched:
            heappush(self._events, (time, _HAND_ON))
        else:
            self._fetch(time + 1)

    def _try_start(self, module: int) -> None:
        """Start the first waiting instruction if its tokens were pushed, be it later on."""
        index = self._queues[module][0]
        bits = self._bits[index]
        if not self._tokens.allow(module, bits):
            return
        prev, next_ = self.from_prev[index], self.from_next[index] = self._tokens.pop(module, bits)
        time = max(self._free[module], self.arrived[index], prev, next_)
        self._running[module] = True
        self.begin[index] = time
        cycles = self._cycles[index]
        if cycles < 0:
            load = self._loads[index]
            bursts = self._pattern(*load.bursts)
            self.beats[index] = bursts.total
            self._channel.start(Transfer(load.client, bursts, time + 1 + load.top, index))
        else:
            heappush(self._events, (time + cycles, index))

    def _arrive(self, transfer: Transfer) -> None:
        """All data of a transfer are on their way: now it is known when it ends."""
        last = transfer.start + transfer.arrivals[-1][1]
        client, index = transfer.client, transfer.tag
        if client == Client.FETCH:
            heappush(self._events, (last + 2, _HAND_ON))
            return
        end = last + (2 if client == Client.UOP else 3)
        if padding := self._loads[index].padding:
            arrivals = [(transfer.start + a, transfer.start + b) for a, b in transfer.arrivals]
            end = max(end, padded(padding, self.begin[index], arrivals))
        heappush(self._events, (end, index))

    def _finish(self, index: int, time: int) -> None:
        module, bits = self._modules[index], self._bits[index]
        self.end[index] = time
        queue = self._queues[module]
        queue.popleft()
        if self._full == module:
            self._full = None
            heappush(self._events, (time + 1, _HAND_ON))
        self._running[module] = False
        self._free[module] = time + 1
        if queue:
            self._try_start(module)
        for consumer in self._tokens.push(module, bits, time + 1):
            if self._queues[consumer] and not self._running[consumer]:
                self._try_start(consumer)


class Padding(NamedTuple):
    """A padded LOAD: data rows and elements of a row, and the zeros around them."""

    rows: int
    row: int
    top: int
    bottom: int
    left: int
    right: int


class _Load(NamedTuple):
    """A LOAD with data. `top` are the rows of padding that delay its first command."""

    client: Client
    top: int
    bursts: tuple[int, int, int, int, int, int]
    """What `pattern` takes."""
    padding: Padding | None


def _loads(insns: Records, config: Config) -> dict[int, _Load]:
    beat, most = config.bytes_per_cycle, config.burst_beats
    at = np.flatnonzero((insns["opcode"] == Opcode.LOAD) & (insns["y_size"] * insns["x_size"] > 0))
    part = insns[at]
    size = np.array(element_bytes(config))[part["memory"]]
    offset = part["dram_base"] * size % (beat * most)
    row, stride = part["x_size"] * size, part["x_stride"] * size
    columns = (at, part["memory"], offset, row, part["y_size"], stride)
    loads: dict[int, _Load] = {}
    for index, memory, *bursts in zip(*(column.tolist() for column in columns), strict=True):
        first, length, rows, step = bursts
        client = _CLIENTS[Memory(memory)]
        loads[index] = _Load(client, 0, (first, length, rows, step, beat, most), None)
    pads = ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")
    any_pad = sum(part[name] for name in pads) > 0
    columns = (at, *(part[name] for name in ("y_size", "x_size", *pads)))
    for index, *sizes in zip(*(column[any_pad].tolist() for column in columns), strict=True):
        padding = Padding(*sizes)
        loads[index] = loads[index]._replace(top=padding.top, padding=padding)
    return loads


def padded(padding: Padding, begin: int, arrivals: list[tuple[int, int]]) -> int:
    """The cycle in which zero padding is complete: one element in each cycle without data."""
    rows, row, top, bottom, left, right = padding
    width = left + row + right
    sides = rows * (left + right)
    top, bottom = top * width, bottom * width
    if sides or not bottom:
        phases = [(top + sides + bottom, 0)]
    else:
        phases = [(top, rows), (bottom, 0)]  # it counts through rows without padding
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
