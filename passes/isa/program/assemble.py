"""Assembling a module: kernels become one stream of instructions, the rest host functions.

Steps alternate between the core and the host, each as long as data allows. Tensors that kernels
touch get DRAM addresses, shared where they are not needed at the same time; micro-ops are placed,
tokens inserted, words encoded. The result is a program file's content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from nopt.dialects import isa
from nopt.dialects.constants import numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import is_tensor
from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, EncodingError, encode
from nopt.hw.program.archive import Data
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep, HostStep, Symbol, Value
from nopt.hw.sync.synchronize import synchronized
from nopt.passes.base.equal_bodies import structure
from nopt.passes.base.machine import machine_of
from nopt.passes.base.places import about
from nopt.passes.isa.expand import expand_relocatable
from nopt.passes.isa.instruction_streams import Records, Relocatable, Stream, UopKernels, Zeros
from nopt.passes.isa.place_uops import Words, place_uops
from nopt.passes.isa.program.check_program import check_program, find_function
from nopt.passes.isa.program.host_functions import HostFunctions
from nopt.passes.isa.program.layer_table import layer_of, spans
from nopt.passes.isa.program.phases import Phase, phases_of, tensors_read
from nopt.passes.isa.program.place_tensors import place_tensors
from nopt.passes.lowering.given_arguments import with_given_arguments

_MICRO_OPS = "micro_ops"
_ZEROS = "zeros"
"""Symbols that are no tensors of the network."""
_UOP_BYTES = 4


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
    module = with_given_arguments(module)
    function = find_function(module, entry)
    check_program(module, function)
    return _Assembler(function, machine_of(module)).assemble(ctx)


class _Assembler:
    def __init__(self, function: FuncOp, config: Config):
        *ops, self.terminator = function.body.block.ops
        self.arguments = function.body.block.args
        self.config = config
        self.names = _names([*self.arguments, *(result for op in ops for result in op.results)])
        self.phases = phases_of([op for op in ops if not isinstance(op, ConstantOp)])
        self.program = Program(config, np.zeros((0, 2), np.uint64))
        # Any memory may read any tensor, so all begin at a multiple of the largest element.
        self.alignment = max(config.inp_bytes, config.wgt_bytes, config.acc_bytes, 64)

    def assemble(self, ctx: Context) -> Assembled:
        program = self.program
        self.placement = place_tensors(
            self.phases, self.arguments, self.terminator.operands, self.alignment
        )
        program.dram_bytes = self.placement.size
        for value, address in self.placement.addresses.items():
            self._add_symbol(value, address)
        for address, constant in self.placement.contents.items():
            program.constants.append((address, _bytes_of(constant)))
        records, uops = self._assemble_phases()
        try:
            program.instructions = encode(records, self.config)
        except EncodingError:
            self._encode_each()
            raise
        self._add_host_steps(ctx)
        program.inputs = [self._value(argument) for argument in self.arguments]
        program.outputs = [self._value(result) for result in self.terminator.operands]
        return Assembled(program, records, uops)

    def _value(self, value: SSAValue) -> Value:
        tensor = value.type
        assert is_tensor(tensor)  # by check_program
        dtype = numpy_type(tensor.element_type).name
        return Value(self.names[value], tuple(tensor.get_shape()), dtype)

    def _add_symbol(self, value: SSAValue, address: int) -> None:
        described, kind = self._value(value), self.placement.kinds[value]
        symbol = Symbol(described.name, address, described.shape, described.dtype, kind)
        self.program.symbols.append(symbol)

    def _reserve(self, size: int) -> int:
        """The byte address of new space behind all other."""
        address = -(-self.program.dram_bytes // self.alignment) * self.alignment
        self.program.dram_bytes = address + size
        return address

    # --- Core steps.

    def _assemble_phases(self) -> tuple[Records, Words]:
        program = self.program
        uops, zeros = UopKernels(), Zeros(self._reserve(0))
        known: dict[Hashable, Relocatable] = {}
        expanded = [
            [self._expand(op, uops, zeros, known) for op in phase.ops] if phase.on_core else []
            for phase in self.phases
        ]
        if zeros.nbytes:
            address = self._reserve(zeros.nbytes)
            program.symbols.append(Symbol(_ZEROS, address, (zeros.nbytes,), "int8", "constant"))
        base = self._reserve(0) // _UOP_BYTES
        all_records = [np.zeros(0, INSTRUCTION)]
        memory: Words = np.zeros(0, np.uint32)
        count = 0
        for phase, streams in zip(self.phases, expanded, strict=True):
            if not phase.on_core:
                program.steps.append(HostStep("", (), ()))  # its place; see _add_host_steps
                continue
            placed = place_uops(streams, uops.kernels, base + len(memory), self.config)
            memory = np.concatenate([memory, placed.uops])
            records, rows = synchronized(placed.records, memory, self.config, base)
            for op, (first, length) in zip(phase.ops, spans(rows, placed.counts), strict=True):
                layer = layer_of(op, self.names[op.results[0]], count + first, length)
                program.layers.append(layer)
            program.steps.append(CoreStep(count, len(records)))
            all_records.append(records)
            count += len(records)
        if len(memory):
            address = self._reserve(memory.nbytes)
            program.constants.append((address, memory.astype("<u4").tobytes()))
            program.symbols.append(Symbol(_MICRO_OPS, address, memory.shape, "uint32", "uop"))
        return np.concatenate(all_records), memory

    def _expand(
        self, op: Operation, uops: UopKernels, zeros: Zeros, known: dict[Hashable, Relocatable]
    ) -> Stream:
        """The instructions of a kernel; `known` has the bodies that were expanded before."""
        assert isinstance(op, isa.KernelOp)
        addresses = [self.placement.addresses[tensor] for tensor in (*op.inputs, op.result)]
        with about(op):
            same = structure(op.body)
            if same not in known:
                known[same] = expand_relocatable(op, uops, zeros, self.config)
            return known[same].at(addresses, self.config)

    def _encode_each(self) -> None:
        """Raises EncodingError about the kernel that has what cannot be encoded."""
        for op in (op for phase in self.phases if phase.on_core for op in phase.ops):
            with about(op):
                encode(self._expand(op, UopKernels(), Zeros(0), {}).records, self.config)

    # --- Host steps.

    def _add_host_steps(self, ctx: Context) -> None:
        """What each host phase takes from and gives to the rest, and the functions themselves."""
        functions = HostFunctions()
        readers: dict[SSAValue, set[int]] = {value: {-1} for value in self.terminator.operands}
        for number, phase in enumerate(self.phases):
            for op in phase.ops:
                for value in tensors_read(op):
                    readers.setdefault(value, set()).add(number)
        for number, phase in enumerate(self.phases):
            if phase.on_core:
                continue
            own = [result for op in phase.ops for result in op.results]
            outputs = [value for value in own if readers.get(value, {number}) != {number}]
            inputs = _inputs(phase, own)
            name = functions.add(phase.ops, inputs, outputs)
            taken, given = ([self.names[value] for value in values] for values in (inputs, outputs))
            self.program.steps[number] = HostStep(name, tuple(taken), tuple(given))
        self.program.host = functions.text(ctx)


def _names(values: Sequence[SSAValue]) -> dict[SSAValue, str]:
    """A name of its own for each value: its hint, numbered where it was taken before."""
    taken, names = {_MICRO_OPS, _ZEROS}, dict[SSAValue, str]()
    counts = Counter[str]()
    for value in values:
        hint = name = value.name_hint or "value"
        while name in taken:
            counts[hint] += 1
            name = f"{hint}_{counts[hint]}"
        taken.add(name)
        names[value] = name
    return names


def _inputs(phase: Phase, own: Sequence[SSAValue]) -> list[SSAValue]:
    """What a phase reads of others, each value once; its constants it has itself."""
    read = dict.fromkeys(value for op in phase.ops for value in tensors_read(op))
    inside = set(own)
    return [v for v in read if v not in inside and not isinstance(v.owner, ConstantOp)]


def _bytes_of(constant: ConstantOp) -> Data:
    return np.ascontiguousarray(constant.array).reshape(-1).view(np.uint8).data
