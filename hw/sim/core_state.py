"""The state of a core and the effect of single instructions on it, each one vectorised step.

What would go wrong is found first: `Fault`. What a GEMM or ALU instruction does is prepared once
for its micro-ops and loop fields, see `kernels`.
"""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import AluOp, Instruction, Memory, Micro, Opcode, element_bytes
from nopt.hw.isa.footprint import Windows, dram_end, loaded_span, never_ends, transferred
from nopt.hw.sim.step_kernels import (
    AluKernel,
    Fault,
    GemmKernel,
    Kernel,
    ResetKernel,
    Scratchpads,
    check_shift,
)
from nopt.hw.sim.step_plans import AluPlan, Indices, alu_plan, destinations, gemm_plan

MOST_KERNELS = 4096
MOST_STEPS = 1 << 22
"""Steps of one instruction: more than any program needs, and few enough to hold their indices."""
LOOP = slice(Instruction._fields.index("iter_out"), Instruction._fields.index("use_imm") + 1)
"""The fields of an instruction that say, with its micro-ops, what a GEMM or ALU does."""


class Core:
    """Scratchpads and a DRAM image. `Simulator` says what the options mean."""

    def __init__(
        self, config: Config, memory: NDArray[np.uint8], strict: bool, check_initialised: bool
    ) -> None:
        c = config
        self.config, self.memory = config, memory
        self.strict, self.check_initialised = strict, check_initialised
        self.uop = np.zeros(c.uop_entries, np.uint32)
        self.inp = np.zeros((c.inp_entries, c.batch, c.block_in), np.float32)
        self.wgt = np.zeros((c.wgt_entries, c.block_out, c.block_in), np.float32)
        self.acc = np.zeros((c.acc_entries, c.batch, c.block_out), np.int32)
        self.out = np.zeros((c.acc_entries, c.batch, c.block_out), np.int8)
        self.written = {
            Memory.UOP: np.zeros(c.uop_entries, np.bool_),
            Memory.WGT: np.zeros(c.wgt_entries, np.bool_),
            Memory.INP: np.zeros(c.inp_entries, np.bool_),
            Memory.ACC: np.zeros(c.acc_entries, np.bool_),
            Memory.OUT: np.zeros(c.acc_entries, np.bool_),
        }
        self.element_bytes = element_bytes(config)
        self._windows = Windows(config)
        self._pads = Scratchpads(self.inp, self.wgt, self.acc, self.out, self.written[Memory.OUT])
        self._kernels: dict[tuple[object, ...], Kernel] = {}

    def execute(self, insn: Instruction) -> None:
        """The effect of one instruction, tokens left aside. Raises `Fault`."""
        if insn.opcode <= Opcode.STORE:
            reason = never_ends(insn, self.config)
            if reason and (self.strict or transferred(insn)):
                raise Fault(reason)
        if insn.opcode == Opcode.LOAD:
            self._load(insn)
        elif insn.opcode == Opcode.STORE:
            self._store(insn)
        elif insn.opcode != Opcode.FINISH:
            self._compute(insn)

    def _load(self, insn: Instruction) -> None:
        pads = (insn.y_pad_0, insn.y_pad_1, insn.x_pad_0, insn.x_pad_1)
        if not transferred(insn):
            self._strict(not any(pads), f"found padding {pads} of an empty transfer, expected none")
            return
        memory = Memory.ACC if insn.memory == Memory.ACC_8BIT else Memory(insn.memory)
        begin, end = self._scratchpad_range(memory, insn)
        self.written[memory][begin:end] = True
        c = self.config
        if memory == Memory.UOP:
            one_row = insn.y_size == 1 and not any(pads)
            self._strict(one_row, "found rows or padding of micro-ops, expected one plain row")
            target, data = self.uop, self._window(insn, np.dtype(np.uint32), ())
        elif memory == Memory.INP:
            target, data = self.inp, self._window(insn, np.dtype(np.int8), (c.batch, c.block_in))
        elif memory == Memory.WGT:
            target = self.wgt
            data = self._window(insn, np.dtype(np.int8), (c.block_out, c.block_in))
        else:
            kind = np.dtype(np.int32 if insn.memory == Memory.ACC else np.int8)
            target, data = self.acc, self._window(insn, kind, (c.batch, c.block_out))
            self.written[Memory.OUT][begin:end] = False
        if not any(pads):
            target[begin:end].reshape(data.shape)[:] = data
            return
        top, bottom, left, right = pads
        shape = (top + insn.y_size + bottom, left + insn.x_size + right, *target.shape[1:])
        area = target[begin:end].reshape(shape)
        area[:] = 0
        area[top : top + insn.y_size, left : left + insn.x_size] = data

    def _store(self, insn: Instruction) -> None:
        if not transferred(insn):
            return
        if insn.memory != Memory.OUT:
            raise Fault(f"found STORE from {Memory(insn.memory).name}, expected OUT")
        pads = (insn.y_pad_0, insn.y_pad_1, insn.x_pad_0, insn.x_pad_1)
        self._strict(not any(pads), f"found padding {pads} of a STORE, expected none")
        insn = insn._replace(y_pad_0=0, y_pad_1=0, x_pad_0=0, x_pad_1=0)
        begin, end = self._scratchpad_range(Memory.OUT, insn)
        self._initialised(Memory.OUT, begin, end)
        window = self._window(insn, np.dtype(np.int8), (self.config.batch, self.config.block_out))
        window[:] = self.out[begin:end].reshape(window.shape)

    def _scratchpad_range(self, memory: Memory, insn: Instruction) -> tuple[int, int]:
        begin, end = loaded_span(insn)
        entries = len(self.written[memory])
        if end > entries:
            raise Fault(f"found {memory.name} {begin} to {end}, expected within {entries} entries")
        return begin, end

    def _window(
        self, insn: Instruction, kind: np.dtype[np.generic], element: tuple[int, ...]
    ) -> NDArray[np.generic]:
        """The DRAM elements of a transfer as a view (y_size, x_size, *element)."""
        size = self.element_bytes[insn.memory]
        end = dram_end(insn) * size
        if end > len(self.memory):
            raise Fault(
                f"found DRAM bytes {insn.dram_base * size:#x} to {end:#x}, expected within "
                f"{len(self.memory):#x}"
            )
        inner = _inner_strides(size, element)
        return np.ndarray(
            (insn.y_size, insn.x_size, *element),
            kind,
            self.memory.data,
            insn.dram_base * size,
            (insn.x_stride * size, size, *inner),
        )

    def _compute(self, insn: Instruction) -> None:
        begin, end = insn.uop_begin, insn.uop_end
        if end > len(self.uop):
            raise Fault(
                f"found micro-ops {begin} to {end}, expected within {len(self.uop)} entries"
            )
        if begin >= end or not insn.iter_out or not insn.iter_in:
            self._strict(False, "found no steps, expected at least one")
            return
        count = (end - begin) * insn.iter_out * insn.iter_in
        if count > MOST_STEPS:
            raise Fault(f"found {count} steps, expected at most {MOST_STEPS}")
        self._initialised(Memory.UOP, begin, end)
        alu = insn.opcode == Opcode.ALU
        if alu:
            self._check_alu(insn)
        uops = self.uop[begin:end]
        key = (insn.opcode, insn.reset, insn[LOOP], uops.tobytes())
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._alu(insn, uops) if alu else self._gemm(insn, uops)
            if len(self._kernels) >= MOST_KERNELS:
                self._kernels.clear()
            # From now on it needs no checks: what it reads was written, and stays so.
            self._kernels[key] = kernel
        kernel.run(insn.imm)

    def _gemm(self, insn: Instruction, uops: Micro) -> Kernel:
        dst, src, wgt = self._windows.touched(insn, uops)
        self._within(Memory.ACC, dst.begin, dst.end)
        if insn.reset:
            cells = destinations(insn, uops, self.config)
            self.written[Memory.ACC][cells] = True
            return ResetKernel(self._pads, cells)
        self._within(Memory.INP, src.begin, src.end)
        self._within(Memory.WGT, wgt.begin, wgt.end)
        tiles = gemm_plan(insn, uops, self.config)
        self._initialised(Memory.INP, *src, [tile.src for tile in tiles])
        self._initialised(Memory.WGT, *wgt, [tile.wgt for tile in tiles])
        self._initialised(Memory.ACC, *dst, [tile.dst for tile in tiles])
        for tile in tiles:
            self.written[Memory.ACC][tile.dst] = True
        return GemmKernel(self._pads, tiles)

    def _check_alu(self, insn: Instruction) -> None:
        if insn.alu_op == AluOp.MUL and not self.config.alu_multiply:
            raise Fault("found MUL, expected a core with alu_multiply")
        self._strict(not insn.reset, "found reset of an ALU instruction, expected none")
        if self.strict and insn.alu_op == AluOp.SHR and insn.use_imm:
            check_shift(insn.imm)

    def _alu(self, insn: Instruction, uops: Micro) -> Kernel:
        dst, src, _ = self._windows.touched(insn, uops)
        self._within(Memory.ACC, dst.begin, dst.end)
        self._within(Memory.ACC, src.begin, src.end)
        plan = alu_plan(insn, uops, self.config)
        self._check_hazards(insn, plan)
        for dst, src in plan.rounds:
            self._initialised(Memory.ACC, 0, 0, [src] if insn.use_imm else [src, dst])
            self.written[Memory.ACC][dst] = True
        return AluKernel(self._pads, plan, AluOp(insn.alu_op), bool(insn.use_imm), self.strict)

    def _check_hazards(self, insn: Instruction, plan: AluPlan) -> None:
        if insn.use_imm:
            self._strict(
                plan.foreign < 0,
                f"found an immediate step to ACC {plan.foreign} from another, expected src = dst",
            )
        self._strict(
            plan.stale < 0,
            f"found ACC {plan.stale} read right after the step that wrote it, expected a step "
            "between (the ALU does not forward)",
        )

    def _within(self, memory: Memory, begin: int, end: int) -> None:
        entries = len(self.written[memory])
        if end > entries:
            raise Fault(f"found {memory.name} index {end - 1}, expected at most {entries - 1}")

    def _initialised(
        self, memory: Memory, begin: int, end: int, exact: list[Indices] | None = None
    ) -> None:
        """Trap on elements never written: of a range, or of `exact` when the range has any."""
        written = self.written[memory]
        if not self.check_initialised or (begin < end and written[begin:end].all()):
            return
        for elements in [np.arange(begin, end)] if exact is None else exact:
            unwritten = ~written[elements]
            if unwritten.any():
                first = int(elements[unwritten][0])
                stale = memory == Memory.OUT and self.written[Memory.ACC][first]
                reason = f"no GEMM or ALU has written since ACC {first} was loaded or reset"
                reason = reason if stale else "nothing has written"
                raise Fault(f"found a read of {memory.name} {first}, which {reason}")

    def _strict(self, condition: bool, reason: str) -> None:
        if self.strict and not condition:
            raise Fault(reason)


@cache
def _inner_strides(size: int, element: tuple[int, ...]) -> tuple[int, ...]:
    """Bytes between entries of an element of `size` bytes, along each of its dimensions."""
    return tuple(size // prod(element[: i + 1]) for i in range(len(element)))
