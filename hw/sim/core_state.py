"""The state of a core and the effect of single instructions on it, each one vectorised step.

What would go wrong is found first: `Fault`. What a GEMM or ALU instruction does is prepared once
for its micro-ops and loop fields, see `kernels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import AluOp, Instruction, Memory, Opcode, element_bytes
from nopt.hw.isa.footprint import (
    MicroOps,
    addresses,
    dram_end,
    loaded_span,
    never_ends,
    reach,
    transferred,
)
from nopt.hw.sim.product_groups import Indices
from nopt.hw.sim.step_kernels import (
    AluKernel,
    Fault,
    GemmKernel,
    Kernel,
    ResetKernel,
    Scratchpads,
    check_shift,
)
from nopt.hw.sim.step_plans import AluPlan, Cells, Plans

MOST_KERNELS = 4096
MOST_STEPS = 1 << 22
"""Steps of one instruction: more than any program needs, and few enough to hold their indices."""
STEPS = slice(Instruction._fields.index("reset"), len(Instruction._fields))
"""The fields of a GEMM or ALU that say what it does."""
LOOP = slice(Instruction._fields.index("iter_out"), Instruction._fields.index("use_imm") + 1)
"""Those that say, with its micro-ops, what it does to which entries."""


class _Target(NamedTuple):
    """Where a LOAD goes, by its memory."""

    memory: Memory
    """The scratchpad."""
    entries: NDArray[np.generic]
    written: NDArray[np.bool_]
    kind: np.dtype[np.generic]
    """Type of a value in DRAM."""
    size: int
    """Bytes of an element there."""
    shape: tuple[int, ...]
    """Of an element."""
    strides: tuple[int, ...]
    """Bytes in DRAM between rows of an element, and between values."""


class Core:
    """Scratchpads and a DRAM image. `Simulator` says what the options mean."""

    def __init__(
        self,
        config: Config,
        memory: NDArray[np.uint8],
        strict: bool,
        check_initialised: bool,
        plans: Plans,
    ) -> None:
        c = config
        self.config, self.memory = config, memory
        self.strict, self.check_initialised = strict, check_initialised
        self._plans = plans
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
        self._targets: dict[int, _Target] = {
            Memory.UOP: self._target(Memory.UOP, self.uop, np.dtype(np.uint32)),
            Memory.WGT: self._target(Memory.WGT, self.wgt, np.dtype(np.int8)),
            Memory.INP: self._target(Memory.INP, self.inp, np.dtype(np.int8)),
            Memory.ACC: self._target(Memory.ACC, self.acc, np.dtype(np.int32)),
            Memory.ACC_8BIT: self._target(Memory.ACC, self.acc, np.dtype(np.int8)),
        }
        self._pads = Scratchpads(self.inp, self.wgt, self.acc, self.out, self.written[Memory.OUT])
        self._kernels: dict[tuple[object, ...], Kernel] = {}
        self._ready: dict[tuple[object, ...], Kernel] = {}
        """Those of instructions, as long as the micro-ops stay."""

    def _target(
        self, memory: Memory, entries: NDArray[np.generic], kind: np.dtype[np.generic]
    ) -> _Target:
        shape, size = entries.shape[1:], kind.itemsize * prod(entries.shape[1:])
        strides = tuple(size // prod(shape[: i + 1]) for i in range(len(shape)))
        return _Target(memory, entries, self.written[memory], kind, size, shape, strides)

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
        target = self._targets[Memory(insn.memory)]
        begin, end = self._scratchpad_range(target.memory, insn)
        if target.memory == Memory.UOP:
            one_row = insn.y_size == 1 and not any(pads)
            self._strict(one_row, "found rows or padding of micro-ops, expected one plain row")
        self._check_dram(insn)
        place = (insn.dram_base, insn.y_size, insn.x_size, insn.x_stride)
        self.copy_in(insn.memory, begin, end, place, pads)

    def copy_in(
        self, memory: int, begin: int, end: int, place: Sequence[int], pads: Sequence[int]
    ) -> None:
        """Load what lies at a place in DRAM (element, rows, columns, elements from row to row) to
        entries `begin` to `end - 1` of a scratchpad, with zeros around it. All must exist."""
        of, entries, written, kind, size, shape, strides = self._targets[memory]
        first, rows, columns, stride = place
        written[begin:end] = True
        if of == Memory.ACC:
            self.written[Memory.OUT][begin:end] = False
        elif of == Memory.UOP:
            self._ready.clear()
        window = ((rows, columns, *shape), kind, self.memory.data, first * size)
        data = np.ndarray(*window, (stride * size, size, *strides))
        if any(pads):
            top, bottom, left, right = pads
            area = entries[begin:end].reshape(top + rows + bottom, left + columns + right, *shape)
            area[:] = 0
            area[top : top + rows, left : left + columns] = data
        else:
            entries[begin:end].reshape(data.shape)[:] = data

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
        self._check_dram(insn)
        self.copy_out(np.arange(begin, end), addresses(insn).ravel())

    def copy_out(self, cells: Indices, addresses: Indices) -> bool:
        """Store entries of OUT to elements of DRAM, one after the other; all must exist.

        False, and nothing has happened, if any entry was never written.
        """
        if self.check_initialised and not self.written[Memory.OUT][cells].all():
            return False
        size = self.config.out_bytes
        element = f"V{size}"  # numpy moves elements fast if it takes each for one value
        whole = len(self.memory) // size * size
        entries = self.out.reshape(len(self.out), size).view(element)[:, 0]
        self.memory[:whole].view(element)[addresses] = entries[cells]
        return True

    def _scratchpad_range(self, memory: Memory, insn: Instruction) -> tuple[int, int]:
        begin, end = loaded_span(insn)
        entries = len(self.written[memory])
        if end > entries:
            raise Fault(f"found {memory.name} {begin} to {end}, expected within {entries} entries")
        return begin, end

    def _check_dram(self, insn: Instruction) -> None:
        size = self.element_bytes[insn.memory]
        end = dram_end(insn) * size
        if end > len(self.memory):
            raise Fault(
                f"found DRAM bytes {insn.dram_base * size:#x} to {end:#x}, expected within "
                f"{len(self.memory):#x}"
            )

    def _compute(self, insn: Instruction) -> None:
        key = (insn.opcode, insn[STEPS])
        kernel = self._ready.get(key)
        if kernel is None:
            kernel = self._kernel(insn)
            if kernel is None:
                return
            # From now on it needs no checks: what it reads was written, and stays so.
            self._ready[key] = kernel
        kernel.run(insn.imm)

    def _kernel(self, insn: Instruction) -> Kernel | None:
        """What a GEMM or ALU does with the micro-ops that are there; None if that is nothing."""
        begin, end = insn.uop_begin, insn.uop_end
        if end > len(self.uop):
            raise Fault(
                f"found micro-ops {begin} to {end}, expected within {len(self.uop)} entries"
            )
        if begin >= end or not insn.iter_out or not insn.iter_in:
            self._strict(False, "found no steps, expected at least one")
            return None
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
            make = self._alu if alu else self._gemm
            kernel = make(insn, MicroOps(uops, self.config))
            if len(self._kernels) >= MOST_KERNELS:
                self._kernels.clear()
            self._kernels[key] = kernel
        return kernel

    def _gemm(self, insn: Instruction, uops: MicroOps) -> Kernel:
        dst, src, wgt = uops.touched(reach(insn))
        self._within(Memory.ACC, dst.begin, dst.end)
        if insn.reset:
            cells = self._plans.destinations(insn, uops)
            self.written[Memory.ACC][cells] = True
            return ResetKernel(self._pads, cells)
        self._within(Memory.INP, src.begin, src.end)
        self._within(Memory.WGT, wgt.begin, wgt.end)
        tiles = self._plans.gemm(insn, uops)
        self._initialised(Memory.INP, *src, [tile.src for tile in tiles])
        self._initialised(Memory.WGT, *wgt, [tile.wgt.T for tile in tiles])
        self._initialised(Memory.ACC, *dst, [tile.dst for tile in tiles])
        for tile in tiles:
            self.written[Memory.ACC][tile.cells] = True
        return GemmKernel(self._pads, tiles)

    def _check_alu(self, insn: Instruction) -> None:
        if insn.alu_op == AluOp.MUL and not self.config.alu_multiply:
            raise Fault("found MUL, expected a core with alu_multiply")
        self._strict(not insn.reset, "found reset of an ALU instruction, expected none")
        if self.strict and insn.alu_op == AluOp.SHR and insn.use_imm:
            check_shift(insn.imm)

    def _alu(self, insn: Instruction, uops: MicroOps) -> Kernel:
        dst, src, _ = uops.touched(reach(insn))
        self._within(Memory.ACC, dst.begin, dst.end)
        self._within(Memory.ACC, src.begin, src.end)
        plan = self._plans.alu(insn, uops)
        self._check_hazards(insn, plan)
        written = self.written[Memory.ACC]
        for dst, src in plan.rounds:
            known = written[src].all() and (insn.use_imm or written[dst].all())
            if self.check_initialised and not known:
                self._initialised(Memory.ACC, 0, 0, self._plans.alu_reads(insn, uops))
            written[dst] = True
        return AluKernel(self._pads, plan, AluOp(insn.alu_op), bool(insn.use_imm), self.strict)

    def _check_hazards(self, insn: Instruction, plan: AluPlan) -> None:
        if insn.use_imm:
            self._strict(
                plan.foreign is None,
                f"found an immediate step to ACC {plan.foreign} from another, expected src = dst",
            )
        self._strict(
            plan.stale is None,
            f"found ACC {plan.stale} read right after the step that wrote it, expected a step "
            "between (the ALU does not forward)",
        )

    def _within(self, memory: Memory, begin: int, end: int) -> None:
        entries = len(self.written[memory])
        if end > entries:
            raise Fault(f"found {memory.name} index {end - 1}, expected at most {entries - 1}")

    def _initialised(
        self, memory: Memory, begin: int, end: int, exact: Sequence[Cells | Indices] | None = None
    ) -> None:
        """Trap on elements never written: of a range, or of `exact` when the range has any."""
        written = self.written[memory]
        if not self.check_initialised or (begin < end and written[begin:end].all()):
            return
        for elements in [slice(begin, end)] if exact is None else exact:
            if not written[elements].all():
                numbers = np.arange(len(written))[elements]
                first = int(numbers[~written[elements]][0])
                stale = memory == Memory.OUT and self.written[Memory.ACC][first]
                reason = f"no GEMM or ALU has written since ACC {first} was loaded or reset"
                reason = reason if stale else "nothing has written"
                raise Fault(f"found a read of {memory.name} {first}, which {reason}")

    def _strict(self, condition: bool, reason: str) -> None:
        if self.strict and not condition:
            raise Fault(reason)
