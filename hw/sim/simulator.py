"""What the core computes, bit for bit: runs encoded programs on a DRAM image.

The stream is decoded once; modules then take turns as their dependency tokens allow. Whatever a
core would do wrongly, or otherwise than another core, is a `Trap`.

    memory = program.memory()
    simulator = Simulator(program.config, memory)
    simulator.run(program.instructions)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_instruction
from nopt.hw.isa.encoding import (
    Instruction,
    Module,
    Opcode,
    Records,
    Words,
    decode,
    module_of,
    records,
)
from nopt.hw.sim._trace.dataflow import dataflow
from nopt.hw.sim._trace.replay import replay
from nopt.hw.sim._trace.segments import Flow, NotReplayable
from nopt.hw.sim.core_state import Core
from nopt.hw.sim.step_kernels import Fault
from nopt.hw.sync.deadlocks import (
    beyond_neighbours,
    explain_deadlock,
    missing,
    not_awaited,
    token_overflow,
)

Choose = Callable[[list[Module]], Module]


_MOST_KNOWN_BYTES = 1 << 20
"""Of streams that are remembered: those of a network, of which each may have dozens."""
_KNOWN: dict[tuple[Config, tuple[bool, bool], int, bytes], list[int] | Flow | None] = {}
"""Streams that ran without a trap: their order of execution, compiled, or that they cannot be."""


class Trap(RuntimeError):
    """An instruction that cannot be executed as asked.

    `index` is the instruction's number in the run, `text` its disassembly, `state` where the
    modules stood.
    """

    def __init__(self, index: int, text: str, reason: str, state: str) -> None:
        super().__init__(f"instruction {index} ({text}): {reason}\n  {state}")
        self.index, self.text, self.reason, self.state = index, text, reason, state


class Simulator:
    """A core on a DRAM image that programs read and write in place.

    `memory` is a contiguous uint8 array. `strict` also traps where VTA implementations disagree or
    lose data; `check_initialised` traps on reads of scratchpad elements that nothing wrote.
    `choose` picks the module to go on among those that can; any choice gives the same result on a
    program whose tokens are right. Without it, a stream that runs for the second time is compiled,
    and then runs as few large operations. Scratchpads keep their contents from one `run` to the
    next.
    """

    def __init__(
        self,
        config: Config,
        memory: NDArray[np.uint8],
        *,
        strict: bool = True,
        check_initialised: bool = True,
        choose: Choose | None = None,
    ) -> None:
        plain = memory.flags.c_contiguous and memory.flags.writeable
        if memory.dtype != np.uint8 or memory.ndim != 1 or not plain:
            raise ValueError(
                f"memory: found {memory.dtype} {memory.shape}, "
                "expected contiguous writable uint8 (n,)"
            )
        self.config, self.memory = config, memory
        self.core = Core(config, memory, strict, check_initialised)
        self._choose = choose

    def run(self, words: Words) -> None:
        """Execute a stream (n, 2) to its end. Raises `Trap`, or `EncodingError` from decoding."""
        if self._choose:
            _Run(self.core, decode(words, self.config)).to_end(self._choose)
            return
        checks = (self.core.strict, self.core.check_initialised)
        key = (self.config, checks, len(self.memory), words.tobytes())
        known = _KNOWN.get(key)
        if isinstance(known, Flow) and replay(known, self.core):
            return
        insns = decode(words, self.config)
        if isinstance(known, list):
            known = _KNOWN[key] = self._compile(insns, known)
            if known and replay(known, self.core):
                return
        run = _Run(self.core, insns)
        run.to_end()
        if key not in _KNOWN or known:
            _KNOWN[key] = run.order
            while len(_KNOWN) > 1 and sum(len(key[-1]) for key in _KNOWN) > _MOST_KNOWN_BYTES:
                del _KNOWN[next(iter(_KNOWN))]

    def execute(self, insns: Records) -> None:
        """Execute decoded instructions one after the other, whatever their tokens say.

        That is one of the orders that right tokens allow, and lets a program be run in parts.
        Raises `Trap`.
        """
        for index, insn in enumerate(records(insns)):
            try:
                self.core.execute(insn)
            except Fault as fault:
                state = f"done: {index} of {len(insns)}"
                raise Trap(index, format_instruction(insn), str(fault), state) from None

    def _compile(self, insns: Records, order: list[int]) -> Flow | None:
        try:
            return dataflow(records(insns[order]), self.memory, self.config)
        except NotReplayable:
            return None


class _Run:
    """One stream on its way through the three modules."""

    def __init__(self, core: Core, insns: Records) -> None:
        self._core, self._insns, self._records = core, records(insns), insns
        modules: list[int] = module_of(insns).tolist()
        self._waiting = [deque(i for i, m in enumerate(modules) if m == n) for n in Module]
        self._total = [len(queue) for queue in self._waiting]
        self._beyond = beyond_neighbours(insns) if core.strict else set[int]()
        self.order: list[int] = []
        """Instructions in the order of their execution."""
        # Tokens by consumer: from the previous module, from the next one.
        self._tokens = [[0, 0] for _ in Module]

    def to_end(self, choose: Choose | None = None) -> None:
        """Run. Without a choice, modules take turns and go as far as they can."""
        if self._core.strict:
            self._check_tokens()
        if choose:
            while ready := [module for module in Module if self._is_ready(module)]:
                self._advance(choose(ready), 1)
        else:
            while sum([self._advance(module, len(self._insns)) for module in Module]):
                pass
        if any(self._waiting):
            raise self._deadlock()
        finishes = self._records["opcode"] == Opcode.FINISH
        if self._core.strict and self._insns and not finishes.any():
            raise self._trap(len(self._insns) - 1, "found the end, expected FINISH before it")

    def _is_ready(self, module: Module) -> bool:
        return bool(self._waiting[module]) and not self._lacks(module)

    def _lacks(self, module: Module) -> list[str]:
        """Whose tokens the next instruction of a module lacks."""
        insn = self._insns[self._waiting[module][0]]
        return missing(module, (insn.pop_prev, insn.pop_next), self._tokens[module])

    def _advance(self, module: Module, most: int) -> int:
        """Execute up to `most` instructions of a module, as tokens allow: how many."""
        queue, insns, execute = self._waiting[module], self._insns, self._core.execute
        held = self._tokens[module]
        before = self._tokens[module - 1] if module != Module.LOAD else [0, 0]
        behind = self._tokens[module + 1] if module != Module.STORE else [0, 0]
        done = 0
        while queue and done < most:
            index = queue[0]
            insn = insns[index]
            if insn.pop_prev > held[0] or insn.pop_next > held[1]:
                break
            try:
                if insn.opcode == Opcode.FINISH or index in self._beyond:
                    self._check(insn, module)
                execute(insn)
            except Fault as fault:
                raise self._trap(index, str(fault)) from None
            queue.popleft()
            self.order.append(index)
            done += 1
            held[0] -= insn.pop_prev
            held[1] -= insn.pop_next
            before[1] += insn.push_prev
            behind[0] += insn.push_next
        return done

    def _check(self, insn: Instruction, module: Module) -> None:
        """Raise `Fault` for tokens of no neighbour, and for what FINISH would cut off."""
        if not self._core.strict:
            return
        if insn.opcode != Opcode.FINISH:
            raise Fault(f"found a token to or from beyond {module.name}, expected a neighbour")
        index = not_awaited(self._records, self._waiting[module][0])
        if index is not None:
            name = Opcode(self._insns[index].opcode).name
            raise Fault(f"found FINISH that does not wait for the {name} at {index}")

    def _check_tokens(self) -> None:
        overflow = token_overflow(self._records, self._core.config.token_depth)
        if overflow:
            raise self._trap(*overflow)

    def _deadlock(self) -> Trap:
        """Placed at the first instruction that waits."""
        waits = {
            module: (queue[0], self._lacks(module))
            for module, queue in zip(Module, self._waiting, strict=True)
            if queue
        }
        return self._trap(min(index for index, _ in waits.values()), explain_deadlock(waits))

    def _trap(self, index: int, reason: str) -> Trap:
        done = ", ".join(
            f"{module.name.lower()} {total - len(queue)} of {total}"
            for module, queue, total in zip(Module, self._waiting, self._total, strict=True)
        )
        return Trap(index, format_instruction(self._insns[index]), reason, f"done: {done}")
