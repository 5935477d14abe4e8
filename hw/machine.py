"""The events of a run: fetch, the three modules, their queues and tokens, and the read channel."""

from __future__ import annotations

import heapq
from collections import deque
from typing import NamedTuple

from .channel import NEVER, Client, ReadChannel, Transfer, pattern
from .config import Config
from .encoding import Instruction, Memory, Module, Records, element_bytes, module_of, records

FETCH_GROUP = 8
"""Instructions that fetch reads at a time."""
LAUNCH = 2
"""The cycle of the first fetch command."""
INSTRUCTION_BYTES = 16

_CLIENTS = {
    Memory.UOP: Client.UOP,
    Memory.INP: Client.INP,
    Memory.WGT: Client.WGT,
    Memory.ACC: Client.ACC,
    Memory.ACC_8BIT: Client.ACC,
}
_HAND_ON = -1  # an event of fetch; others are the index of the instruction that ends


class Wait(NamedTuple):
    """Cycles that a module has waited: for fetch, for a token from its prev, from its next."""

    fetch: int = 0
    prev: int = 0
    next: int = 0


class Machine:
    """One run. `cycles` are the busy cycles of each instruction, -1 for a LOAD with data."""

    def __init__(self, insns: Records, cycles: list[int], config: Config) -> None:
        self._config = config
        self._insns = records(insns)
        self._cycles = cycles
        self._modules: list[int] = module_of(insns).tolist()
        self._sizes = element_bytes(config)
        self._channel = ReadChannel(config.memory_latency)
        self._events: list[tuple[int, int]] = []
        self._queues: list[deque[int]] = [deque() for _ in Module]
        self._running = [False] * len(Module)
        self._free = [0] * len(Module)  # first cycle in which each module may start again
        # Cycles from which tokens can be popped: by consumer, those of its prev and of its next.
        self._tokens: list[tuple[deque[int], deque[int]]] = [(deque(), deque()) for _ in Module]
        self._fetched = self._handed = 0
        self._full: int | None = None  # the module whose queue fetch waits for
        self._arrived = [0] * len(self._insns)
        self.waits = [Wait() for _ in Module]
        self.begin = [0] * len(self._insns)
        self.end = [0] * len(self._insns)

    def run(self) -> None:
        """Fill `begin`, `end` and `waits`. Raises `ValueError` if the tokens deadlock."""
        self._fetch(LAUNCH)
        events, channel = self._events, self._channel
        while True:
            transfer = channel.advance(events[0][0] if events else NEVER)
            if transfer:
                self._arrive(transfer)
            elif events:
                time, what = heapq.heappop(events)
                if what == _HAND_ON:
                    self._hand_on(time)
                else:
                    self._finish(what, time)
            else:
                break
        waiting = [str(queue[0]) for queue in self._queues if queue]
        if waiting:
            raise ValueError(f"deadlock: found instructions {', '.join(waiting)} waiting forever")

    def _fetch(self, time: int) -> None:
        count = min(len(self._insns) - self._fetched, FETCH_GROUP)
        if count:
            self._fetched += count
            size, beat = count * INSTRUCTION_BYTES, self._config.bytes_per_cycle
            bursts = pattern(0, size, 1, size, beat, max(size // beat, 1))
            self._channel.start(Transfer(Client.FETCH, bursts, time))

    def _hand_on(self, time: int) -> None:
        """Move fetched instructions into their modules' queues, one a cycle from `time` on.

        All at once if no queue can fill up, else one, or none until its queue has room.
        """
        depth, left = self._config.queue_depth, self._fetched - self._handed
        room = depth - max(map(len, self._queues))
        for _ in range(left if left <= room else 1):
            index = self._handed
            module = self._modules[index]
            queue = self._queues[module]
            if len(queue) >= depth:
                self._full = module
                return
            time += 1
            self._handed += 1
            self._arrived[index] = time
            queue.append(index)
            if len(queue) == 1:
                self._try_start(module)
        if self._handed < self._fetched:
            heapq.heappush(self._events, (time, _HAND_ON))
        else:
            self._fetch(time + 1)

    def _try_start(self, module: int) -> None:
        """Start the first waiting instruction if its tokens were pushed, be it later on."""
        index = self._queues[module][0]
        insn = self._insns[index]
        prev, next_ = self._tokens[module]
        if (insn.pop_prev and not prev) or (insn.pop_next and not next_):
            return
        free, arrived = self._free[module], self._arrived[index]
        ready = max(free, arrived)
        from_prev = prev.popleft() if insn.pop_prev else 0
        from_next = next_.popleft() if insn.pop_next else 0
        time = max(ready, from_prev, from_next)
        self._running[module] = True
        self.begin[index] = time
        wait = time - ready
        fetch, for_prev, for_next = self.waits[module]
        if from_prev >= from_next:
            for_prev += wait
        else:
            for_next += wait
        self.waits[module] = Wait(fetch + max(arrived - free, 0), for_prev, for_next)
        cycles = self._cycles[index]
        if cycles < 0:
            self._load(index, insn, time)
        else:
            heapq.heappush(self._events, (time + cycles, index))

    def _load(self, index: int, insn: Instruction, begin: int) -> None:
        config, memory = self._config, Memory(insn.memory)
        size, beat, most = self._sizes[memory], config.bytes_per_cycle, config.burst_beats
        offset = insn.dram_base * size % (beat * most)
        bursts = pattern(offset, insn.x_size * size, insn.y_size, insn.x_stride * size, beat, most)
        placed = begin + 1 + insn.y_pad_0
        self._channel.start(Transfer(_CLIENTS[memory], bursts, placed, index))

    def _arrive(self, transfer: Transfer) -> None:
        """All data of a transfer are on their way: now it is known when it ends."""
        last = transfer.arrivals[-1][1]
        if transfer.client == Client.FETCH:
            heapq.heappush(self._events, (last + 2, _HAND_ON))
            return
        insn = self._insns[transfer.tag]
        end = last + (2 if transfer.client == Client.UOP else 3)
        if insn.y_pad_0 or insn.y_pad_1 or insn.x_pad_0 or insn.x_pad_1:
            end = max(end, padded(insn, self.begin[transfer.tag], transfer.arrivals))
        heapq.heappush(self._events, (end, transfer.tag))

    def _finish(self, index: int, time: int) -> None:
        insn, module = self._insns[index], self._modules[index]
        self.end[index] = time
        queue = self._queues[module]
        queue.popleft()
        if self._full == module:
            self._full = None
            heapq.heappush(self._events, (time + 1, _HAND_ON))
        self._running[module] = False
        self._free[module] = time + 1
        if queue:
            self._try_start(module)
        if insn.push_prev and module > Module.LOAD:
            self._push(module - 1, 1, time + 1)
        if insn.push_next and module < Module.STORE:
            self._push(module + 1, 0, time + 1)

    def _push(self, module: int, side: int, time: int) -> None:
        self._tokens[module][side].append(time)
        if self._queues[module] and not self._running[module]:
            self._try_start(module)


def padded(insn: Instruction, begin: int, arrivals: list[tuple[int, int]]) -> int:
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
