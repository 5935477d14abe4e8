"""Assembly text to instructions and micro-ops; with `format_assembly`, exact inverses.

The grammar is in `assembly.lark`. What a number may be comes from the field table of `encoding`,
so a value that does not fit is an error at its line and column.

A long text has few shapes of lines that differ in their numbers only. Each shape is parsed once,
and numbers are read in bulk; a text with any error is parsed line by line, to tell its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_assembly, mnemonic, neighbour
from nopt.hw.isa.encoding import (
    INSTRUCTION,
    AluOp,
    Field,
    Instruction,
    Memory,
    Micro,
    Module,
    Opcode,
    Records,
    encode_uops,
    layout,
    module_of,
    uop_layout,
)

__all__ = ["AssemblyError", "format_assembly", "parse_assembly"]

Keys = dict[str, tuple[str, ...]]


class AssemblyError(ValueError):
    """Text that is no program; the message starts with line:column."""


_TRANSFER: Keys = {
    "sram": ("sram_base",),
    "dram": ("dram_base",),
    "x": ("x_size",),
    "y": ("y_size",),
    "stride": ("x_stride",),
    "pad": ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1"),
}
_LOOP: Keys = {
    "uop": ("uop_begin", "uop_end"),
    "loop": ("iter_out", "iter_in"),
    "dst": ("dst_out", "dst_in"),
    "src": ("src_out", "src_in"),
}
_KEYS: dict[Opcode, Keys] = {
    Opcode.LOAD: _TRANSFER,
    Opcode.STORE: _TRANSFER,
    Opcode.GEMM: _LOOP | {"wgt": ("wgt_out", "wgt_in")},
    Opcode.ALU: _LOOP | {"imm": ("imm",), "unused": ("imm",)},
    Opcode.FINISH: {},
}
"""The operands of each kind of instruction, with the record fields that their numbers fill."""
_REQUIRED = ("sram", "dram", "x", "uop")
_DIGITS = re.compile(r"(?<=[=,:])-?(?:0x[0-9a-f]+|[0-9]+)")
_LABEL = re.compile(r"[0-9]+: ?")
_PLAIN = re.compile(r"[\t\n -~]*")
_COMMENTS = re.compile(r"#[^\n]*")
_USUAL = {"y_size": 1, "iter_out": 1, "iter_in": 1}
_TERMINALS = {
    "_NL": "the end of the line",
    "$END": "the end of the text",
    "WAIT": "<token",
    "GIVE": ">token",
    "MNEMONIC": "an operation",
    "KEY": "an operand",
    "NUMBER": "a number",
    "INT": "a number",
    "_INDEX": "an index",
    "COMMA": "','",
    "COLON": "':'",
    "EQUAL": "'='",
    "__ANON_0": ".uop",
    "__ANON_1": ".text",
}


@dataclass(frozen=True)
class _Shape:
    """A kind of line: what it implies, and the field that each of its numbers fills."""

    base: Instruction
    fields: list[Field]
    has_stride: bool


def parse_assembly(text: str, config: Config) -> tuple[Records, Micro]:
    """Instruction records (n,) and micro-op words (m,).

    Raises `AssemblyError` with line:column, found and expected.
    """
    try:
        return parse_in_bulk(text, config)
    except (AssemblyError, ValueError, KeyError, OverflowError):
        return parse_by_line(text, config)


def parse_by_line(text: str, config: Config) -> tuple[Records, Micro]:
    """As `parse_assembly`, slowly."""
    sections = _sections(text)
    rows: list[Instruction] = []
    for node in _trees(sections.get("text")):
        shape = _shape(node, config)
        numbers = [_number(t, f) for t, f in zip(_numbers(node), shape.fields, strict=True)]
        values = dict(zip((field.name for field in shape.fields), numbers, strict=True))
        if "x_size" in values and not shape.has_stride:
            values["x_stride"] = values["x_size"]
        rows.append(shape.base._replace(**values))
    words = [_uop(node, config) for node in _trees(sections.get("uops"))]
    return np.array(rows, INSTRUCTION), np.array(words, np.uint32)


def parse_in_bulk(text: str, config: Config) -> tuple[Records, Micro]:
    """The same, for a text without errors; raises any of several exceptions for others."""
    text = _COMMENTS.sub("", text.replace("\r\n", "\n"))
    spaced = (" ".join(line.split()) for line in text.split("\n"))
    lines = [line[m.end() :] if (m := _LABEL.match(line)) else line for line in spaced if line]
    at = lines.index(".text") if ".text" in lines else len(lines)
    uops = [number for line in lines[1:at] for number in line.split()]
    plain = _PLAIN.fullmatch(text) and all(map(str.isdigit, uops))
    if not plain or (at and lines[0] != ".uop"):
        raise ValueError
    columns = np.array([line.split() for line in lines[1:at]], np.int64).reshape(-1, 3).T
    dst, src, wgt = columns
    return _instructions(lines[at + 1 :], config), encode_uops(dst, src, wgt, config)


def _instructions(lines: list[str], config: Config) -> Records:
    text = "\n".join(lines)
    numbers = np.array([int(number, 0) for number in _DIGITS.findall(text)], np.int64)
    by_shape: dict[str, list[int]] = {}
    for row, line in enumerate(_DIGITS.sub("0", text).split("\n") if lines else []):
        by_shape.setdefault(line, []).append(row)
    shapes = [(np.array(rows), _shape_of(line, config)) for line, rows in by_shape.items()]
    counts = np.zeros(len(lines), np.int64)
    for rows, shape in shapes:
        counts[rows] = len(shape.fields)
    starts = np.cumsum(counts) - counts
    columns = {name: np.zeros(len(lines), np.int64) for name in Instruction._fields}
    for rows, shape in shapes:
        for name, value in shape.base._asdict().items():
            if value:
                columns[name][rows] = value
        for i, field in enumerate(shape.fields):
            column = numbers[starts[rows] + i]
            if column.min() < field.low or column.max() > field.high:
                raise ValueError
            columns[field.name][rows] = column
            if field.name == "x_size" and not shape.has_stride:
                columns["x_stride"][rows] = column
    insns = np.empty(len(lines), INSTRUCTION)
    for name, column in columns.items():
        insns[name] = column
    return insns


def _shape_of(line: str, config: Config) -> _Shape:
    (node,) = _trees(_sections(f".text\n{line}")["text"])
    return _shape(node, config)


def _sections(text: str) -> dict[str, Tree[Token]]:
    try:
        tree = _parse(text + "\n")
    except UnexpectedInput as error:
        raise _syntax_error(error) from None
    return {str(section.data): section for section in _trees(tree)}


def _parse(text: str) -> Tree[Token]:
    return _parser().parse(text)  # pyright: ignore[reportUnknownMemberType]


@cache
def _parser() -> Lark:
    return Lark(Path(__file__).with_name("assembly.lark").read_text(), parser="lalr")


@cache
def _operations() -> dict[str, Instruction]:
    """Every operation's name with the record fields that it implies."""
    kinds = [Instruction(opcode=Opcode.FINISH)]
    for memory in Memory:
        kinds += [Instruction(opcode=op, memory=memory) for op in (Opcode.LOAD, Opcode.STORE)]
    for reset in (0, 1):
        kinds.append(Instruction(opcode=Opcode.GEMM, reset=reset))
        kinds += [Instruction(opcode=Opcode.ALU, reset=reset, alu_op=op) for op in AluOp]
    return {mnemonic(insn): insn for insn in kinds}


def _trees(node: Tree[Token] | None) -> list[Tree[Token]]:
    return [child for child in node.children if isinstance(child, Tree)] if node else []


def _tokens(node: Tree[Token], kind: str) -> list[Token]:
    return [c for c in node.children if isinstance(c, Token) and c.type == kind]


def _numbers(node: Tree[Token]) -> list[Token]:
    return [token for operand in _trees(node) for token in _tokens(operand, "NUMBER")]


def _shape(node: Tree[Token], config: Config) -> _Shape:
    (name,) = _tokens(node, "MNEMONIC")
    base = _operations().get(name)
    if base is None:
        raise _unknown(name, list(_operations()))
    opcode = Opcode(base.opcode)
    table = {field.name: field for field in layout(opcode, config)}
    values = {field: value for field, value in _USUAL.items() if field in table}
    fields: list[Field] = []
    given: set[str] = set()
    for operand in _trees(node):
        (key,) = _tokens(operand, "KEY")
        if key not in _KEYS[opcode]:
            raise _unknown(key, list(_KEYS[opcode]))
        if key in given:
            raise _error(key, f"found {key} twice, expected it once")
        given.add(str(key))
        names, numbers = _KEYS[opcode][key], _tokens(operand, "NUMBER")
        if len(numbers) != len(names):
            raise _error(key, f"{key}: found {len(numbers)} numbers, expected {len(names)}")
        fields += [table[field] for field in names]
    for key in _REQUIRED:
        if key in _KEYS[opcode] and key not in given:
            raise _error(name, f"{name}: found no {key}, expected {key}=…")
    if "imm" in given:
        values["use_imm"] = 1
    module = Module(int(module_of(np.array([base], INSTRUCTION))[0]))
    for action, kind in (("pop", "WAIT"), ("push", "GIVE")):
        for token in _tokens(node, kind):
            values[f"{action}_{_side(token, module)}"] = 1
    return _Shape(base._replace(**values), fields, "stride" in given)


def _side(token: Token, module: Module) -> str:
    sides = {neighbour(module, side): side for side in ("prev", "next")}
    if token[1:] not in sides:
        raise _error(token, f"found {token}, expected {' or '.join(token[0] + s for s in sides)}")
    return sides[token[1:]]


def _uop(node: Tree[Token], config: Config) -> int:
    word = 0
    for field, token in zip(uop_layout(config), _tokens(node, "INT"), strict=True):
        word |= _number(token, field) << field.offset
    return word


def _number(token: Token, field: Field) -> int:
    value = int(token, 0) if "0x" in token else int(token)
    if not field.low <= value <= field.high:
        raise _error(
            token,
            f"{field.name}: found {token}, expected {field.low} to {field.high} "
            f"({field.width} bits)",
        )
    return value


def _unknown(token: Token, known: list[str]) -> AssemblyError:
    near = get_close_matches(token, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(known) or 'none'}"
    return _error(token, f"found {token}, {hint}")


def _error(token: Token, message: str) -> AssemblyError:
    return AssemblyError(f"{token.line}:{token.column}: {message}")


def _syntax_error(error: UnexpectedInput) -> AssemblyError:
    if isinstance(error, UnexpectedToken):
        terminals = error.accepts or error.expected
        token = cast(Token, error.token)  # pyright: ignore[reportUnknownMemberType]
        found = "the end of the line" if token.type in ("_NL", "$END") else str(token)
    else:
        terminals = getattr(error, "allowed", None) or set[str]()
        found = str(getattr(error, "char", "this text"))
    expected = ", ".join(sorted({_TERMINALS.get(name, name) for name in terminals}))
    return AssemblyError(f"{error.line}:{error.column}: found {found}, expected {expected}")
