"""Which instruction may go on: the one automaton of dependency tokens.

Neighbouring modules have a queue in either direction. An instruction pops from its module's queues
before it starts and pushes to its neighbours' when it is done; load has no previous module and
store no next one, so tokens from there never come, and those to there are lost.

`TokenQueues` are the queues. `TokenWalk` takes a stream through them one instruction at a time, in
any order that they allow; `TokenTurns` does it in one order, many instructions at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nopt.hw.isa.encoding import Module, Records, module_of
from nopt.hw.isa.fields import TOKENS

POP_PREV, POP_NEXT, PUSH_PREV, PUSH_NEXT = (1 << i for i in range(len(TOKENS)))

Waits = Mapping[Module, tuple[int, Sequence[str]]]
"""The instruction that each waiting module has come to, and whose tokens it lacks."""


Choose = Callable[[list[Module]], Module]
"""Picks the module to go on among those that can."""


class Queue(NamedTuple):
    """One of the four queues, and the fields of those that push to it and pop from it."""

    producer: Module
    consumer: Module
    push: str
    pop: str


QUEUES = (
    Queue(Module.LOAD, Module.COMPUTE, "push_next", "pop_prev"),
    Queue(Module.COMPUTE, Module.LOAD, "push_prev", "pop_next"),
    Queue(Module.COMPUTE, Module.STORE, "push_next", "pop_prev"),
    Queue(Module.STORE, Module.COMPUTE, "push_prev", "pop_next"),
)


def token_bits(insns: Records) -> list[int]:
    """What each record pops and pushes: a sum of `POP_PREV` and its like."""
    bits = sum(insns[token] << i for i, token in enumerate(TOKENS))
    return np.asarray(bits, np.int64).tolist()


class TokenQueues:
    """The tokens on their way. One is a number of its pusher's choice, such as a cycle."""

    def __init__(self) -> None:
        # By consumer: tokens from its previous and from its next module.
        self._held: list[tuple[deque[int], deque[int]]] = [(deque(), deque()) for _ in Module]

    def allow(self, module: int, bits: int) -> bool:
        """Whether an instruction of a module finds the tokens that it pops."""
        prev, next_ = self._held[module]
        return not ((bits & POP_PREV and not prev) or (bits & POP_NEXT and not next_))

    def pop(self, module: int, bits: int) -> tuple[int, int]:
        """Pop what an instruction needs: the tokens from both sides, 0 where it pops none."""
        prev, next_ = self._held[module]
        return (
            prev.popleft() if bits & POP_PREV else 0,
            next_.popleft() if bits & POP_NEXT else 0,
        )

    def push(self, module: int, bits: int, token: int) -> list[int]:
        """Push what an instruction gives: the modules that get a token."""
        consumers: list[int] = []
        if bits & PUSH_PREV and module > Module.LOAD:
            self._held[module - 1][1].append(token)
            consumers.append(module - 1)
        if bits & PUSH_NEXT and module < Module.STORE:
            self._held[module + 1][0].append(token)
            consumers.append(module + 1)
        return consumers

    def held(self, module: int) -> tuple[int, int]:
        """How many tokens wait for a module: from its previous and from its next one."""
        prev, next_ = self._held[module]
        return len(prev), len(next_)


def missing(module: int, bits: int, held: tuple[int, int]) -> list[str]:
    """Whose tokens an instruction of a module lacks."""
    sides = ((module - 1, bits & POP_PREV, held[0]), (module + 1, bits & POP_NEXT, held[1]))
    return [_name(side) for side, pops, tokens in sides if pops and not tokens]


def _name(module: int) -> str:
    return Module(module).name.lower() if 0 <= module < len(Module) else "nobody"


class TokenWalk:
    """A stream on its way through its modules, one instruction at a time.

    `own` are the instructions of each module, `done` how many of these were taken.
    """

    def __init__(self, insns: Records, choose: Choose) -> None:
        self._choose = choose
        modules = module_of(insns)
        self.own: list[list[int]] = [np.flatnonzero(modules == m).tolist() for m in Module]
        self.done = [0] * len(Module)
        self.queues = TokenQueues()
        self._bits = token_bits(insns)

    def turns(self) -> Iterator[tuple[Module, int, int]]:
        """A module, and the number of its instruction that goes, and that of the next, until
        nothing can go."""
        while ready := [module for module in Module if self._can_go(module)]:
            module = self._choose(ready)
            first = self.done[module]
            index = self.own[module][first]
            bits = self._bits[index]
            self.queues.pop(module, bits)
            self.queues.push(module, bits, index)
            self.done[module] = first + 1
            yield module, first, first + 1

    def waits(self) -> Waits:
        """Where modules with instructions left stand, and what they lack."""
        return {
            module: (index, missing(module, self._bits[index], self.queues.held(module)))
            for module in Module
            if (index := self._next(module)) is not None
        }

    def _next(self, module: Module) -> int | None:
        own, done = self.own[module], self.done[module]
        return own[done] if done < len(own) else None

    def _can_go(self, module: Module) -> bool:
        index = self._next(module)
        return index is not None and self.queues.allow(module, self._bits[index])


class TokenTurns:
    """A stream whose modules take turns, in order, and go as far as they can.

    Queues are only counted: an instruction can go if there were as many pushes as pops with it.
    `own` and `done` are those of a `TokenWalk`.
    """

    def __init__(self, insns: Records) -> None:
        modules = module_of(insns)
        rows = [np.flatnonzero(modules == m) for m in Module]
        self.own: list[list[int]] = [each.tolist() for each in rows]
        self.done = [0] * len(Module)
        self._bits = token_bits(insns)
        # By module, of its first instructions together: 0 for none, and so on.
        self._sums: list[dict[str, list[int]]] = [
            {token: [0, *np.cumsum(insns[token][each]).tolist()] for token in TOKENS}
            for each in rows
        ]

    def turns(self) -> Iterator[tuple[Module, int, int]]:
        """A module, and from which to before which of its instructions it goes, until
        nothing can go."""
        idle = 0
        while idle < len(Module):
            for module in Module:
                first = self.done[module]
                last = self.done[module] = self._limit(module)
                idle = 0 if last > first else idle + 1
                if last > first:
                    yield module, first, last

    def waits(self) -> Waits:
        """Where modules with instructions left stand, and what they lack."""
        waits: dict[Module, tuple[int, Sequence[str]]] = {}
        for module in Module:
            done = self.done[module]
            if done < len(self.own[module]):
                index, sums = self.own[module][done], self._sums[module]
                prev, next_ = self._pushed(module)
                held = (prev - sums["pop_prev"][done], next_ - sums["pop_next"][done])
                waits[module] = index, missing(module, self._bits[index], held)
        return waits

    def _pushed(self, module: Module) -> tuple[int, int]:
        """Tokens so far from the previous and from the next module."""
        prev = next_ = 0
        if module > Module.LOAD:
            prev = self._sums[module - 1]["push_next"][self.done[module - 1]]
        if module < Module.STORE:
            next_ = self._sums[module + 1]["push_prev"][self.done[module + 1]]
        return prev, next_

    def _limit(self, module: Module) -> int:
        sums, (prev, next_) = self._sums[module], self._pushed(module)
        by_prev = bisect_right(sums["pop_prev"], prev) - 1
        return min(by_prev, bisect_right(sums["pop_next"], next_) - 1)
