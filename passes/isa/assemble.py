"""Assembling a module: kernels become one stream of instructions, the rest host functions.

Steps alternate between the core and the host, each as long as data allows. Tensors that kernels
touch get DRAM addresses; micro-ops are placed, tokens inserted, words encoded. The result is a
program file's content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.printer import Printer
from xdsl.utils.hints import isa as is_a

from nopt.dialects import isa
from nopt.dialects.constants import numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.hw.config import Config
from nopt.hw.encoding import INSTRUCTION, encode
from nopt.hw.program import CoreStep, HostStep, Program, Symbol, Value
from nopt.hw.synchronize import synchronize
from nopt.passes.isa.check_program import check_program, find_function
from nopt.passes.isa.expand import Records, Stream, UopKernels, Zeros, expand
from nopt.passes.isa.place_uops import Words, place_uops
from nopt.passes.machine import machine_of
from nopt.passes.places import about

_MICRO_OPS = "micro_ops"
_ZEROS = "zeros"
"""Symbols that are no tensors of the network."""


@dataclass
class Assembled:
    """A program, with the records and micro-ops it was encoded from."""

    program: Program
    records: Records
    uops: Words


def assemble(module: ModuleOp, ctx: Context, entry: str = "main") -> Assembled:
    """Assemble function `entry`, or the only one.

    Raises AssembleError if the module is not at the isa level, ExpandError and EncodingError if an
    instruction does not exist on its machine.
    """
    function = find_function(module, entry)
    check_program(module, function)
    return _Assembler(function, machine_of(module), ctx).assemble()


@dataclass
class _Phase:
    """Consecutive ops that run on one side."""

    on_core: bool
    ops: list[Operation] = field(default_factory=list[Operation])


def _phases(ops: Sequence[Operation]) -> list[_Phase]:
    """All ops in an order that changes sides rarely: a side goes on while it has ready ops."""
    done: set[Operation] = set()
    waiting = list(ops)
    inside = set(waiting)
    result: list[_Phase] = []
    on_core = False
    while waiting:
        phase = _Phase(on_core)
        progress = True
        while progress:
            progress = False
            for op in list(waiting):
                is_kernel = isinstance(op, isa.KernelOp)
                if is_kernel == on_core and _producers(op) & inside <= done:
                    phase.ops.append(op)
                    done.add(op)
                    waiting.remove(op)
                    progress = True
        if phase.ops:
            result.append(phase)
        on_core = not on_core
    return result


def _used(op: Operation) -> set[SSAValue]:
    """Tensors an op reads, also inside its regions."""
    inner = {result for child in op.walk() for result in child.results}
    arguments = {
        argument
        for child in op.walk()
        for region in child.regions
        for block in region.blocks
        for argument in block.args
    }
    used = {operand for child in op.walk() for operand in child.operands}
    return used - inner - arguments


def _producers(op: Operation) -> set[Operation]:
    return {value.owner for value in _used(op) if isinstance(value.owner, Operation)}


class _Assembler:
    def __init__(self, function: FuncOp, config: Config, ctx: Context):
        self.function = function
        self.config = config
        self.ctx = ctx
        self.names: dict[SSAValue, str] = {}
        self.addresses: dict[SSAValue, int] = {}
        self.symbols: list[Symbol] = []
        self.constants: list[tuple[int, bytes]] = []
        self.dram_bytes = 0
        self.host = ModuleOp([])
        # Any memory may read any tensor, so all begin at a multiple of the largest element.
        self.alignment = max(config.inp_bytes, config.wgt_bytes, config.acc_bytes, 64)

    def assemble(self) -> Assembled:
        *ops, terminator = self.function.body.block.ops
        arguments = self.function.body.block.args
        self._name_values(arguments, ops)
        work = [op for op in ops if not isinstance(op, ConstantOp)]
        returned = [value for value in terminator.operands if isinstance(value.owner, ConstantOp)]
        self._place_tensors(arguments, work, returned)
        program = Program(self.config, np.zeros((0, 2), np.uint64))
        records, uops = self._assemble_phases(_phases(work), program, terminator)
        program.instructions = encode(records, self.config)
        program.symbols, program.constants = self.symbols, self.constants
        program.dram_bytes = self.dram_bytes
        program.host = self._host_text()
        program.inputs = [self._value(argument) for argument in arguments]
        program.outputs = [self._value(result) for result in terminator.operands]
        return Assembled(program, records, uops)

    # --- Names and addresses.

    def _name_values(self, arguments: Sequence[SSAValue], ops: Sequence[Operation]) -> None:
        taken = {_MICRO_OPS, _ZEROS}
        for value in [*arguments, *(result for op in ops for result in op.results)]:
            hint = value.name_hint or "value"
            name, count = hint, 0
            while name in taken:
                count += 1
                name = f"{hint}_{count}"
            taken.add(name)
            self.names[value] = name

    def _value(self, value: SSAValue) -> Value:
        tensor = value.type
        assert is_a(tensor, TensorType[Attribute])  # by check_program
        dtype = numpy_type(tensor.element_type).name
        return Value(self.names[value], tuple(tensor.get_shape()), dtype)

    def _place(self, size: int) -> int:
        """The byte address of new space in DRAM."""
        address = -(-self.dram_bytes // self.alignment) * self.alignment
        self.dram_bytes = address + size
        return address

    def _place_tensors(
        self,
        arguments: Sequence[SSAValue],
        ops: Sequence[Operation],
        returned: Sequence[SSAValue],
    ) -> None:
        """Addresses for tensors that kernels read or write, or that are `returned` constants."""
        kernels = [op for op in ops if isinstance(op, isa.KernelOp)]
        used = [value for kernel in kernels for value in (*kernel.inputs, kernel.result)]
        for value in dict.fromkeys([*used, *returned]):
            described = self._value(value)
            kind = "input" if value in arguments else "buffer"
            if isinstance(value.owner, ConstantOp):
                kind = "constant"
            symbol = Symbol(described.name, 0, described.shape, described.dtype, kind)
            address = self._place(symbol.nbytes)
            self.addresses[value] = address
            self.symbols.append(Symbol(symbol.name, address, symbol.shape, symbol.dtype, kind))
            if isinstance(value.owner, ConstantOp):
                self.constants.append((address, value.owner.array.tobytes()))

    # --- Steps.

    def _assemble_phases(
        self, phases: Sequence[_Phase], program: Program, terminator: Operation
    ) -> tuple[Records, Words]:
        uops = UopKernels()
        zeros = Zeros(self._place(0))
        expanded: list[list[Stream]] = []
        for phase in phases:
            if phase.on_core:
                expanded.append([self._expand(op, uops, zeros) for op in phase.ops])
        if zeros.nbytes:
            address = self._place(zeros.nbytes)
            self.symbols.append(Symbol(_ZEROS, address, (zeros.nbytes,), "int8", "constant"))
        uop_bytes = 4
        first_uop = self._place(0)
        all_records: list[Records] = []
        all_uops: list[Words] = []
        count = placed_uops = 0
        for phase in phases:
            if not phase.on_core:
                program.steps.append(self._host_step(phase, phases, terminator))
                continue
            base = first_uop // uop_bytes
            placed = place_uops(expanded.pop(0), uops.kernels, base + placed_uops, self.config)
            placed_uops += len(placed.uops)
            all_uops.append(placed.uops)
            memory = np.concatenate(all_uops)
            records = synchronize(placed.records, memory, self.config, base)
            program.steps.append(CoreStep(count, len(records)))
            all_records.append(records)
            count += len(records)
        memory = np.concatenate(all_uops) if all_uops else np.zeros(0, np.uint32)
        if len(memory):
            address = self._place(memory.nbytes)
            self.constants.append((address, memory.astype("<u4").tobytes()))
            self.symbols.append(Symbol(_MICRO_OPS, address, memory.shape, "uint32", "uop"))
        records = np.concatenate(all_records) if all_records else np.zeros(0, INSTRUCTION)
        return records, memory

    def _expand(self, op: Operation, uops: UopKernels, zeros: Zeros) -> Stream:
        assert isinstance(op, isa.KernelOp)
        tensors = [*op.inputs, op.result]
        memrefs = op.body.block.args
        addresses: dict[SSAValue, int] = {
            memref: self.addresses[tensor] for memref, tensor in zip(memrefs, tensors, strict=True)
        }
        with about(op):
            return expand(op, addresses, uops, zeros, self.config)

    def _host_step(
        self, phase: _Phase, phases: Sequence[_Phase], terminator: Operation
    ) -> HostStep:
        """A host function of the phase's ops: what it takes from and gives to the rest."""
        own = {result for op in phase.ops for result in op.results}
        used = [value for op in phase.ops for value in sorted(_used(op), key=self._name)]
        inputs = list(
            dict.fromkeys(
                value
                for value in used
                if value not in own and not isinstance(value.owner, ConstantOp)
            )
        )
        later = set(terminator.operands).union(
            *(_used(op) for other in phases if other is not phase for op in other.ops)
        )
        outputs = [result for op in phase.ops for result in op.results if result in later]
        name = f"host_{sum(1 for op in self.host.ops if isinstance(op, FuncOp))}"
        self._add_host_function(name, phase.ops, inputs, outputs)
        return HostStep(name, tuple(map(self._name, inputs)), tuple(map(self._name, outputs)))

    def _name(self, value: SSAValue) -> str:
        return self.names[value]

    def _add_host_function(
        self,
        name: str,
        ops: Sequence[Operation],
        inputs: Sequence[SSAValue],
        outputs: Sequence[SSAValue],
    ) -> None:
        block = Block(arg_types=[value.type for value in inputs])
        values: dict[SSAValue, SSAValue] = dict(zip(inputs, block.args, strict=True))
        for op in ops:
            for value in sorted(_used(op) - values.keys(), key=self._name):
                if isinstance(value.owner, ConstantOp):
                    constant = value.owner.clone()
                    block.add_op(constant)
                    values[value] = constant.result
            clone = op.clone(values)
            block.add_op(clone)
            values.update(zip(op.results, clone.results, strict=True))
        block.add_op(ReturnOp(*(values[value] for value in outputs)))
        types = ([value.type for value in inputs], [value.type for value in outputs])
        self.host.body.block.add_op(FuncOp(name, types, Region(block)))

    def _host_text(self) -> str:
        stream = StringIO()
        printer = Printer(stream=stream)
        printer.print_op(self.host)
        printer.print_metadata([Builtin, *self.ctx.loaded_dialects])
        return stream.getvalue()
