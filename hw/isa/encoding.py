"""VTA's bits: instruction records to 128-bit words and back, micro-ops to 32-bit words and back.

`layout` is the only place that knows where a field sits; the encoder, the decoder, the assembly
printer and the assembly parser all read it. Whole arrays are converted at once.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import SRAM_BASE_BITS, Config
from nopt.hw.isa.fields import COMMON, Widths, alu_widths, gemm_widths, packed, uop_widths

Words = NDArray[np.uint64]
Micro = NDArray[np.uint32]
Records = NDArray[np.void]
Columns = dict[str, NDArray[np.int64]]


class Opcode(IntEnum):
    """What an instruction does, by its lowest three bits."""

    LOAD = 0
    STORE = 1
    GEMM = 2
    FINISH = 3
    ALU = 4


class Memory(IntEnum):
    """The scratchpad of a transfer; ACC_8BIT fills ACC from bytes, sign-extended."""

    UOP = 0
    WGT = 1
    INP = 2
    ACC = 3
    OUT = 4
    ACC_8BIT = 5


class AluOp(IntEnum):
    """What an ALU instruction computes; SHR by a negative number shifts left."""

    MIN = 0
    MAX = 1
    ADD = 2
    SHR = 3
    MUL = 4


class Module(IntEnum):
    """The three modules that execute instructions; neighbours exchange dependency tokens."""

    LOAD = 0
    COMPUTE = 1
    STORE = 2


class EncodingError(ValueError):
    """A value that does not fit its field, or bits that are no instruction."""


class Instruction(NamedTuple):
    """One instruction as plain integers; `INSTRUCTION` has the same fields in the same order."""

    opcode: int = 0
    pop_prev: int = 0
    pop_next: int = 0
    push_prev: int = 0
    push_next: int = 0
    memory: int = 0
    sram_base: int = 0
    dram_base: int = 0
    y_size: int = 0
    x_size: int = 0
    x_stride: int = 0
    y_pad_0: int = 0
    y_pad_1: int = 0
    x_pad_0: int = 0
    x_pad_1: int = 0
    reset: int = 0
    uop_begin: int = 0
    uop_end: int = 0
    iter_out: int = 0
    iter_in: int = 0
    dst_out: int = 0
    dst_in: int = 0
    src_out: int = 0
    src_in: int = 0
    wgt_out: int = 0
    wgt_in: int = 0
    alu_op: int = 0
    use_imm: int = 0
    imm: int = 0


INSTRUCTION = np.dtype([(name, np.int64) for name in Instruction._fields])
"""An instruction record, every field a signed 64-bit integer; fields a kind lacks are zero."""

INSTRUCTION_BYTES = 16


class Field(NamedTuple):
    """Where a value sits: bits `offset` to `offset + width - 1`, least significant first."""

    name: str
    offset: int
    width: int
    signed: bool = False

    @property
    def low(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        return (1 << (self.width - self.signed)) - 1


@cache
def layout(opcode: Opcode, config: Config) -> tuple[Field, ...]:
    """The fields of one instruction kind. A field never crosses bit 64."""
    uop, acc = config.uop_begin_bits, config.acc_index_bits
    match opcode:
        case Opcode.LOAD | Opcode.STORE:
            widths = [*COMMON, ("memory", 3), ("sram_base", SRAM_BASE_BITS), ("dram_base", 32)]
            widths += [("y_size", 16), ("x_size", 16), ("x_stride", 16)]
            widths += [(pad, 4) for pad in ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")]
        case Opcode.GEMM:
            widths = gemm_widths(uop, acc, config.inp_index_bits, config.wgt_index_bits)
        case Opcode.ALU:
            widths = alu_widths(uop, acc)
        case Opcode.FINISH:
            widths = COMMON
    return _fields(widths)


def _fields(widths: Widths) -> tuple[Field, ...]:
    return tuple(Field(*each, signed=each[0] == "imm") for each in packed(widths))


def uop_layout(config: Config) -> tuple[Field, ...]:
    """The fields of a micro-op. An ALU micro-op has its source in `src`."""
    indices = config.acc_index_bits, config.inp_index_bits, config.wgt_index_bits
    return _fields(uop_widths(*indices))


def records(insns: Records) -> list[Instruction]:
    """Records as tuples of Python integers, for code that goes through them one by one."""
    return [*map(Instruction._make, insns.tolist())]


def module_of(insns: Records) -> NDArray[np.int64]:
    """The `Module` that executes each record: LOAD goes by its memory, the rest by opcode."""
    opcode, memory = insns["opcode"], insns["memory"]
    to_load = (opcode == Opcode.LOAD) & ((memory == Memory.INP) | (memory == Memory.WGT))
    module = np.full(len(insns), Module.COMPUTE, np.int64)
    module[to_load] = Module.LOAD
    module[opcode == Opcode.STORE] = Module.STORE
    return module


def element_bytes(config: Config) -> tuple[int, ...]:
    """Bytes of one element in DRAM, indexed by `Memory`."""
    c = config
    return (c.uop_bytes, c.wgt_bytes, c.inp_bytes, c.acc_bytes, c.out_bytes, c.out_bytes)


def encode(insns: Records, config: Config) -> Words:
    """Instruction records (n,) to words (n, 2), the low 64 bits first.

    Raises `EncodingError` naming the first record and field whose value does not fit, is unknown,
    or stands in a field that its kind of instruction does not have.
    """
    words = np.zeros((len(insns), 2), np.uint64)
    columns: Columns = {name: insns[name].copy() for name in Instruction._fields}
    opcode = columns["opcode"]
    _check_known("opcode", opcode, Opcode)
    for kind in Opcode:
        rows = np.flatnonzero(opcode == kind)
        if not len(rows):
            continue
        table = layout(kind, config)
        part = {name: column[rows] for name, column in columns.items()}
        _check_absent(part, rows, table, kind)
        both = np.zeros((2, len(rows)), np.uint64)
        for field in table:
            value = part[field.name]
            _check_fits(field, value, rows)
            bits = value.view(np.uint64) & np.uint64((1 << field.width) - 1)
            both[field.offset // 64] |= bits << np.uint64(field.offset % 64)
        words[rows] = both.T
    _check_subkinds(insns)
    return words


def decode(words: Words, config: Config) -> Records:
    """Words (n, 2) to records (n,); unused bits are ignored.

    Raises `EncodingError` with the index of the first word that is no instruction.
    """
    words = np.ascontiguousarray(words, np.uint64).reshape(-1, 2)
    columns = np.zeros((len(Instruction._fields), len(words)), np.int64)
    opcode = (words[:, 0] & np.uint64(7)).astype(np.int64)
    _check_known("opcode", opcode, Opcode)
    for kind in Opcode:
        rows = np.flatnonzero(opcode == kind)
        if len(rows):
            bits = _bits(kind, config)
            value = words[rows].T[bits.word] >> bits.shift & bits.mask
            columns[bits.column, rows] = ((value ^ bits.sign) - bits.sign).view(np.int64)
    insns = np.ascontiguousarray(columns.T).view(INSTRUCTION)[:, 0]
    _check_subkinds(insns)
    return insns


class _Bits(NamedTuple):
    """The fields of an instruction kind, as columns (fields, 1): which one of a record, in which of
    the two words, how far up, the bits that it may have, and its sign bit, if any."""

    column: NDArray[np.int64]
    word: NDArray[np.int64]
    shift: Words
    mask: Words
    sign: Words


@cache
def _bits(kind: Opcode, config: Config) -> _Bits:
    table = layout(kind, config)
    return _Bits(
        np.array([[Instruction._fields.index(field.name)] for field in table]),
        np.array([field.offset // 64 for field in table]),
        np.array([[field.offset % 64] for field in table], np.uint64),
        np.array([[(1 << field.width) - 1] for field in table], np.uint64),
        np.array([[field.signed << field.width >> 1] for field in table], np.uint64),
    )


def encode_uops(dst: Any, src: Any, wgt: Any, config: Config) -> Micro:
    """Micro-ops as 32-bit words from index arrays that broadcast to one shape (n,)."""
    values = [np.asarray(value, np.int64) for value in (dst, src, wgt)]
    columns = np.broadcast_arrays(*values)
    rows = np.arange(columns[0].size)
    words = np.zeros(columns[0].size, np.uint32)
    for field, column in zip(uop_layout(config), columns, strict=True):
        column = column.ravel()
        _check_fits(field, column, rows, "micro-op")
        words |= column.astype(np.uint32) << np.uint32(field.offset)
    return words


def decode_uops(words: Any, config: Config) -> NDArray[np.int64]:
    """The indices of micro-op words (n,), as rows dst, src and wgt (3, n)."""
    offsets, masks = _uop_bits(config)
    return np.asarray(words, np.uint32).astype(np.int64) >> offsets & masks


@cache
def _uop_bits(config: Config) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How far up each field of a micro-op sits, and the bits that it may have: (3, 1)."""
    fields = uop_layout(config)
    masks = [[(1 << field.width) - 1] for field in fields]
    return np.array([[field.offset] for field in fields]), np.array(masks)


def _check_known(name: str, values: NDArray[np.int64], kinds: type[IntEnum]) -> None:
    known = [int(kind) for kind in kinds]
    bad = np.flatnonzero(~np.isin(values, known))
    if len(bad):
        expected = ", ".join(f"{kind.value} {kind.name}" for kind in kinds)
        raise EncodingError(
            f"instruction {bad[0]}: {name}: found {values[bad[0]]}, expected one of {expected}"
        )


def _check_subkinds(insns: Records) -> None:
    """Memory and ALU operation are enumerations too; records without them hold a valid zero."""
    _check_known("memory", insns["memory"], Memory)
    _check_known("alu_op", insns["alu_op"], AluOp)


def _check_fits(
    field: Field, values: NDArray[np.int64], rows: NDArray[np.int64], what: str = "instruction"
) -> None:
    if len(values) and not field.low <= values.min() <= values.max() <= field.high:
        at = int(np.flatnonzero((values < field.low) | (values > field.high))[0])
        raise EncodingError(
            f"{what} {rows[at]}: {field.name}: found {values[at]}, expected {field.low} to "
            f"{field.high} ({field.width} bits)"
        )


def _check_absent(
    part: Columns, rows: NDArray[np.int64], table: tuple[Field, ...], kind: Opcode
) -> None:
    present = {field.name for field in table}
    for name in Instruction._fields:
        if name not in present and part[name].any():
            at = int(np.flatnonzero(part[name])[0])
            raise EncodingError(
                f"instruction {rows[at]}: {name}: found {part[name][at]}, expected 0 "
                f"({kind.name} has no such field)"
            )
