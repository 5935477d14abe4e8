"""Which instructions exchange dependency tokens, given what each must wait for.

`clock[m][q]` is the last instruction of module q known to be finished at this point of module m
(-1: none). A token carries the clock of the instruction that pushes it, so order through a third
instruction counts and needs no token. A module needs ever later instructions of another one, hence
the k-th push of a queue meets its k-th pop.

Load and store are no neighbours. Order between them goes through compute: through an instruction
there that knows enough already, else through an empty one inserted for it. A load that waits for an
empty one cannot run ahead of the compute instructions before that, so a new one serves also the
loads that come next.

A queue is a counter that must not overflow. Where a producer could run further ahead than that, the
consumer waits for the producer's newest instruction (which orders all before it, too), and the
producer waits for the consumer when the queue could be half full.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import INSTRUCTION, Memory, Module, Opcode, Records
from nopt.hw.isa.fields import TOKENS
from nopt.hw.sync.token_queues import POP_NEXT, POP_PREV, PUSH_NEXT, PUSH_PREV

LOAD, COMPUTE, STORE = (int(module) for module in Module)
NONE = -1

_NEIGHBOURS = ((COMPUTE,), (LOAD, STORE), (COMPUTE,))
_EMPTY, _FINISH = -1, -2  # instead of a row of the input


class TokenPlacer:
    """Takes instructions in program order, decides tokens, builds the resulting stream."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._rows: list[int] = []
        self._bits: list[int] = []
        self._place: list[list[int]] = [[] for _ in Module]  # output position, by own index
        self._clock = [[NONE] * len(Module) for _ in Module]
        # What each instruction of m knew of q, by its own index: ascending, so searchable.
        self._known: list[list[list[int]]] = [[[] for _ in Module] for _ in Module]
        # For each queue p -> m: the instructions of m that pop, one for each push.
        self._poppers: list[list[list[int]]] = [[[] for _ in Module] for _ in Module]

    def count(self, module: int) -> int:
        """Instructions of a module so far, which is the index of its next one."""
        return len(self._place[module])

    def known(self, module: int) -> list[int]:
        """Of each module, the last instruction that the next one of `module` is known to follow."""
        return self._clock[module]

    def issue(
        self, row: int, module: int, needs: list[int], stores_ahead: Callable[[int, int], int]
    ) -> None:
        """Append row `row` of the input, which must follow instruction `needs[p]` of each p.

        `stores_ahead(row, known)` is asked for the latest store after number `known` that this
        load and those after it need.
        """
        if module != COMPUTE:
            far = LOAD + STORE - module
            if needs[far] > self._clock[module][far]:
                ahead = partial(stores_ahead, row, needs[far]) if module == LOAD else None
                needs[COMPUTE] = max(needs[COMPUTE], self._relay(far, needs[far], ahead))
        self._append(row, module, needs)

    def finish(self, insns: Records) -> tuple[Records, NDArray[np.int64]]:
        """Append FINISH, ordered after everything: the records with their tokens, and the row of
        the input that each one is, negative for those inserted."""
        self._append(_FINISH, COMPUTE, [self.count(module) - 1 for module in Module])
        rows = np.array(self._rows, np.int64)
        result = np.zeros(len(rows), INSTRUCTION)
        kept = np.flatnonzero(rows >= 0)
        result[kept] = insns.take(rows[kept])
        result["opcode"][rows == _EMPTY] = Opcode.LOAD
        result["memory"][rows == _EMPTY] = Memory.ACC
        result["opcode"][rows == _FINISH] = Opcode.FINISH
        bits = np.array(self._bits)
        for i, token in enumerate(TOKENS):
            result[token] = bits >> i & 1
        return result, rows

    def _relay(self, far: int, index: int, ahead: Callable[[], int] | None) -> int:
        """A compute instruction that follows instruction `index` of `far`; inserted if needed."""
        relay = bisect_left(self._known[COMPUTE][far], index)
        if relay == self.count(COMPUTE):
            needs = [NONE] * len(Module)
            needs[far] = index if ahead is None else max(index, ahead())
            self._append(_EMPTY, COMPUTE, needs)
        return relay

    def _append(self, row: int, module: int, needs: list[int]) -> None:
        clock = self._clock[module]
        self._rows.append(row)
        self._bits.append(0)
        for other in _NEIGHBOURS[module]:
            self._hold_back(module, other, needs)
        if module == COMPUTE and needs[STORE] > clock[STORE]:
            by_store = self._known[STORE][LOAD][needs[STORE]]
            needs[LOAD] = needs[LOAD] if needs[LOAD] > by_store else NONE
        for other in _NEIGHBOURS[module]:
            if needs[other] > clock[other]:
                self._pop(module, other, needs[other])
        clock[module] = self.count(module)
        self._place[module].append(len(self._rows) - 1)
        load, compute, store = self._known[module]
        load.append(clock[LOAD])
        compute.append(clock[COMPUTE])
        store.append(clock[STORE])

    def _pop(self, module: int, producer: int, index: int) -> None:
        """Let the newest instruction, of `module`, pop what `producer`'s number `index` pushes."""
        known, poppers = self._known[producer], self._poppers[producer][module]
        popped = bisect_right(poppers, known[module][index])
        if len(poppers) + 1 - popped >= self._depth:
            index = self.count(producer) - 1
        poppers.append(self.count(module))
        before = producer < module
        self._bits[-1] |= POP_PREV if before else POP_NEXT
        self._bits[self._place[producer][index]] |= PUSH_NEXT if before else PUSH_PREV
        clock = self._clock[module]
        for other, learned in enumerate(known):
            if learned[index] > clock[other]:
                clock[other] = learned[index]

    def _hold_back(self, module: int, consumer: int, needs: list[int]) -> None:
        """Make `module` wait for `consumer` where tokens to it could pile up."""
        poppers, half = self._poppers[module][consumer], (self._depth + 1) // 2
        if len(poppers) - bisect_right(poppers, self._clock[module][consumer]) >= half:
            needs[consumer] = max(needs[consumer], poppers[-1])
