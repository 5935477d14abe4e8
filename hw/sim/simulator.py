"""What the core computes, bit for bit: runs encoded programs on a DRAM image.

The stream is decoded once; modules then take turns as their dependency tokens allow. Whatever a
core would do wrongly, or otherwise than another core, is a `Trap`.

    memory = program.memory()
    simulator = Simulator(program.config, memory)
    simulator.run(program.instructions)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_instruction
from nopt.hw.isa.encoding import Instruction, Module, Opcode, Records, Words, decode, records
from nopt.hw.sim.core_state import Core
from nopt.hw.sim.memo import Memo
from nopt.hw.sim.step_kernels import Fault
from nopt.hw.sim.transfer_batches import LoadBatches, StoreBatches
from nopt.hw.sync.deadlocks import (
    beyond_neighbours,
    explain_deadlock,
    not_awaited,
    token_overflow,
)
from nopt.hw.sync.token_queues import Choose, TokenTurns, TokenWalk


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
    program whose tokens are right. Without it, a stream that runs for the second time is traced,
    and then runs as few large operations: `memo` is what the simulator knows of streams, one that
    others had before if it is given. Scratchpads keep their contents from one `run` to the next.
    """

    def __init__(
        self,
        config: Config,
        memory: NDArray[np.uint8],
        *,
        strict: bool = True,
        check_initialised: bool = True,
        choose: Choose | None = None,
        memo: Memo | None = None,
    ) -> None:
        plain = memory.flags.c_contiguous and memory.flags.writeable
        if memory.dtype != np.uint8 or memory.ndim != 1 or not plain:
            raise ValueError(
                f"memory: found {memory.dtype} {memory.shape}, "
                "expected contiguous writable uint8 (n,)"
            )
        self.memo = memo or Memo(config)
        if self.memo.config != config:
            raise ValueError(f"memo: found one of core '{self.memo.config.name}', expected its own")
        self.config, self.memory = config, memory
        self.core = Core(config, memory, strict, check_initialised, self.memo.plans)
        self._choose = choose

    def run(self, words: Words) -> None:
        """Execute a stream (n, 2) to its end. Raises `Trap`, or `EncodingError` from decoding."""
        if self._choose:
            _Run(self.core, decode(words, self.config), self._choose).to_end()
        elif not self.memo.replay(words, self.core):
            run = _Run(self.core, decode(words, self.config))
            run.to_end()
            self.memo.ran(words, self.core, run.order)

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


class _Run:
    """One stream on its way through the three modules."""

    def __init__(self, core: Core, insns: Records, choose: Choose | None = None) -> None:
        self._core, self._insns = core, insns
        self._walk = TokenTurns(insns) if choose is None else TokenWalk(insns, choose)
        self._own = [insns[rows] for rows in self._walk.own]
        none = np.zeros(len(insns), np.bool_)
        self._beyond = beyond_neighbours(insns) if core.strict else none
        self._done = [0] * len(Module)
        self.order: list[int] = []
        """Instructions in the order of their execution."""

    def to_end(self) -> None:
        """Run. Without a choice, modules take turns and go as far as they can."""
        if self._core.strict:
            overflow = token_overflow(self._insns, self._core.config.token_depth)
            if overflow:
                raise self._trap(*overflow)
        careful = [self._beyond[rows] for rows in self._walk.own]
        loads = LoadBatches(self._own[Module.LOAD], careful[Module.LOAD], self._core)
        stores = StoreBatches(self._own[Module.STORE], careful[Module.STORE], self._core)
        compute = records(self._own[Module.COMPUTE])
        for module, first, last in self._walk.turns():
            if module == Module.COMPUTE:
                self._execute(module, first, compute[first:last])
            else:
                self._transfer(loads if module == Module.LOAD else stores, module, first, last)
            self.order += self._walk.own[module][first:last]
        if waits := self._walk.waits():
            raise self._trap(min(index for index, _ in waits.values()), explain_deadlock(waits))
        finishes = self._insns["opcode"] == Opcode.FINISH
        if self._core.strict and len(self._insns) and not finishes.any():
            raise self._trap(len(self._insns) - 1, "found the end, expected FINISH before it")

    def _transfer(
        self, batches: LoadBatches | StoreBatches, module: Module, first: int, last: int
    ) -> None:
        """Transfers of a module from its number `first` to before number `last`."""
        while first < last:
            if together := batches.run(first, last):
                first = self._done[module] = first + together
            else:
                self._execute(module, first, records(self._own[module][first : first + 1]))
                first += 1

    def _execute(self, module: Module, first: int, insns: list[Instruction]) -> None:
        """The instructions of a module from its number `first` on."""
        execute, own = self._core.execute, self._walk.own[module]
        for at, insn in enumerate(insns, first):
            try:
                if insn.opcode == Opcode.FINISH or self._beyond[own[at]]:
                    self._check(insn, module, own[at])
                execute(insn)
            except Fault as fault:
                self._done[module] = at
                raise self._trap(own[at], str(fault)) from None
        self._done[module] = first + len(insns)

    def _check(self, insn: Instruction, module: Module, index: int) -> None:
        """Raise `Fault` for tokens of no neighbour, and for what FINISH would cut off."""
        if not self._core.strict:
            return
        if insn.opcode != Opcode.FINISH:
            raise Fault(f"found a token to or from beyond {module.name}, expected a neighbour")
        late = not_awaited(self._insns, index)
        if late is not None:
            name = Opcode(int(self._insns["opcode"][late])).name
            raise Fault(f"found FINISH that does not wait for the {name} at {late}")

    def _trap(self, index: int, reason: str) -> Trap:
        done = ", ".join(
            f"{module.name.lower()} {self._done[module]} of {len(self._own[module])}"
            for module in Module
        )
        (insn,) = records(self._insns[index : index + 1])
        return Trap(index, format_instruction(insn), reason, f"done: {done}")
