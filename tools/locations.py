"""A parser that remembers where each operation was written."""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, NoReturn

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import AttributeInvT, Operation, SSAValue
from xdsl.parser import ForwardDeclaredValue, UnresolvedOperand
from xdsl.utils.exceptions import ParseError, ShrinkException
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from nopt.dialects.blobs import Blob
from nopt.dialects.parsing import ModuleParser
from nopt.tools.errors import nearest, one_line

_CLEARER = {
    " in block definition": "expected an operation or '}'",
    "Expected shape type.": "expected an element type",
}
"""What xDSL's parser expected, where its message does not say it."""


class LocatingParser(ModuleParser):
    """The parser of a tool; every operation without a `loc(…)` of its own gets its place.

    Clones keep it, so an operation can often be named by place passes later. What goes wrong while
    an operation is being built (a verifier of an attribute, a value out of range) becomes a parse
    error at that operation, an unknown name is met with the nearest known one, and a value may not
    be used before it is defined.
    """

    def __init__(
        self,
        ctx: Context,
        text: str,
        name: str,
        first_line: int = 1,
        blobs: Mapping[int, Blob] | None = None,
    ):
        """`first_line` is the line number of the first line of `text` in the file `name`."""
        super().__init__(ctx, text, name, blobs)
        self._file = StringAttr(name)
        self._first_line = first_line
        self._line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._early_uses: dict[str, Span[str]] = {}

    @override
    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        module = super().parse_module(allow_implicit_module)
        if self._early_uses:
            self._check_order(module)
        return module

    @override
    def parse_operation(self) -> Operation:
        span = self.next_token.span
        with _errors_at(span):
            op = super().parse_operation()
        if op.location is UNKNOWN_LOC:
            line = bisect_right(self._line_starts, span.start)
            column = span.start - self._line_starts[line - 1] + 1
            op.location = FileLineColLoc(
                self._file, IntAttr(line - 1 + self._first_line), IntAttr(column)
            )
        return op

    @override
    def parse_alias(self) -> None:
        with _errors_at(self.next_token.span):
            super().parse_alias()

    @override
    def raise_error(
        self,
        msg: str,
        at_position: Span[str] | int | None = None,
        end_position: int | None = None,
    ) -> NoReturn:
        msg = _CLEARER.get(msg, msg)
        token = self.next_token
        if token.kind == MLIRTokenKind.EOF and at_position in (None, token.span):
            if self.forward_ssa_references:
                name = next(iter(self.forward_ssa_references))
                super().raise_error(f"%{name} is not defined", self._early_uses[name])
            msg = f"{msg}, found the end of the text"
        if isinstance(at_position, int) and end_position is not None:
            super().raise_error(msg, at_position, end_position)
        super().raise_error(msg, at_position)

    @override
    def resolve_operand(
        self, operand: UnresolvedOperand, type: AttributeInvT
    ) -> SSAValue[AttributeInvT]:
        name = operand.operand_name
        if name not in self.ssa_values:
            self._early_uses.setdefault(name, operand.span)
        return super().resolve_operand(operand, type)

    def _check_order(self, module: ModuleOp) -> None:
        """Raise ParseError if an operand is defined later in its block, or in an inner region."""
        for op in module.walk():
            for value in op.operands:
                if not _comes_before(value, op):
                    name = value.name_hint or ""
                    span = self._early_uses.get(name) or next(iter(self._early_uses.values()))
                    self.raise_error(f"{span.text} is used before it is defined", span)

    @override
    def operation_class(self, name: str) -> type[Operation]:
        try:
            return super().operation_class(name)
        except ParseError:
            self._raise_unknown("operation", name, self._nearest(name))

    @override
    def parse_body(self, name: str, is_type: bool, is_opaque: bool, start: int | None) -> Any:
        known = self.ctx.get_optional_type if is_type else self.ctx.get_optional_attr
        if "." in name and known(name) is None:
            self._raise_unknown("type" if is_type else "attribute", name, "")
        return super().parse_body(name, is_type, is_opaque, start)

    def _raise_unknown(self, kind: str, name: str, hint: str) -> NoReturn:
        """Complain about a name that was just parsed."""
        token = self.tokens.previous
        assert token is not None
        start, end = token.span.start, token.span.end
        if token.kind == MLIRTokenKind.STRING_LIT:
            start, end = start + 1, end - 1
        else:  # without the sigil of a type or an attribute
            start = max(start, end - len(name))
        self.raise_error(f"unknown {kind} '{name}'{hint}", start, end)

    def _nearest(self, op_name: str) -> str:
        dialect = op_name.partition(".")[0]
        if dialect not in (registered := list(self.ctx.registered_dialect_names)):
            return nearest(dialect, registered)
        # Looking the operation up has loaded its dialect.
        known = (op.name for op in self.ctx.loaded_ops)
        return nearest(op_name, (name for name in known if name.startswith(f"{dialect}.")))


@contextmanager
def _errors_at(span: Span[str]) -> Iterator[None]:
    """Whatever goes wrong becomes a ParseError there, unless it is one that knows its place."""
    try:
        yield
    except (ParseError, ShrinkException):
        raise
    except (OverflowError, struct.error) as error:
        raise ParseError(span, f"a number is out of range: {error}") from error
    except Exception as error:
        raise ParseError(span, one_line(error)) from error


def _comes_before(value: SSAValue, user: Operation) -> bool:
    """Whether a value is defined where `user` may use it; blocks of a region in any order."""
    if isinstance(value, ForwardDeclaredValue):
        return False
    owner = value.owner
    region = owner.parent_region() if isinstance(owner, Operation) else owner.parent
    if region is None or not region.is_ancestor(user):
        return False
    if not isinstance(owner, Operation) or (block := owner.parent) is None:
        return True
    ancestor = block.find_ancestor_op_in_block(user)
    return ancestor is None or owner.is_before_in_block(ancestor)
