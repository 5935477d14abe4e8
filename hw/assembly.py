"""Assembly text to instructions and micro-ops; with `format_assembly`, exact inverses.

The grammar is in `assembly.lark`. What a number may be comes from the field table of `encoding`,
so a value that does not fit is an error at its line and column.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from .config import Config
from .disassembly import format_assembly, mnemonic, neighbour
from .encoding import (
    INSTRUCTION,
    AluOp,
    Field,
    Instruction,
    Memory,
    Micro,
    Module,
    Opcode,
    Records,
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


def parse_assembly(text: str, config: Config) -> tuple[Records, Micro]:
    """Instruction records (n,) and micro-op words (m,).

    Raises `AssemblyError` with line:column, found and expected.
    """
    try:
        tree = _parse(text + "\n")
    except UnexpectedInput as error:
        raise _syntax_error(error) from None
    sections = {str(section.data): section for section in _trees(tree)}
    rows = [_instruction(node, config) for node in _trees(sections.get("text"))]
    words = [_uop(node, config) for node in _trees(sections.get("uops"))]
    return np.array(rows, INSTRUCTION), np.array(words, np.uint32)


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


def _instruction(node: Tree[Token], config: Config) -> Instruction:
    (name,) = _tokens(node, "MNEMONIC")
    base = _operations().get(name)
    if base is None:
        raise _unknown(name, list(_operations()))
    opcode = Opcode(base.opcode)
    fields = {field.name: field for field in layout(opcode, config)}
    values = {field: value for field, value in _USUAL.items() if field in fields}
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
        for field, number in zip(names, numbers, strict=True):
            values[field] = _number(number, fields[field])
    for key in _REQUIRED:
        if key in _KEYS[opcode] and key not in given:
            raise _error(name, f"{name}: found no {key}, expected {key}=…")
    if "x_size" in values:
        values.setdefault("x_stride", values["x_size"])
    if "imm" in given:
        values["use_imm"] = 1
    module = Module(int(module_of(np.array([base], INSTRUCTION))[0]))
    for action, kind in (("pop", "WAIT"), ("push", "GIVE")):
        for token in _tokens(node, kind):
            values[f"{action}_{_side(token, module)}"] = 1
    return base._replace(**values)


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
