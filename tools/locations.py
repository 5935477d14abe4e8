"""A parser that remembers where each operation was written."""

from bisect import bisect_right
from itertools import accumulate

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import UNKNOWN_LOC, FileLineColLoc, IntAttr, StringAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import ParseError, ShrinkException

from nopt.dialects.parsing import ModuleParser
from nopt.tools.errors import nearest


class LocatingParser(ModuleParser):
    """The parser of a tool; every operation without a `loc(…)` of its own gets its place.

    Clones keep it, so an operation can often be named by place passes later. What goes wrong while
    an operation is being built (a verifier of an attribute, a value out of range) becomes a parse
    error at that operation, and an unknown name is met with the nearest known one.
    """

    def __init__(self, ctx: Context, text: str, name: str, first_line: int = 1):
        """`first_line` is the line number of the first line of `text` in the file `name`."""
        super().__init__(ctx, text, name)
        self._file = StringAttr(name)
        self._first_line = first_line
        self._line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    @override
    def parse_operation(self) -> Operation:
        span = self._current_token.span
        try:
            op = super().parse_operation()
        except (ParseError, ShrinkException):
            raise
        except Exception as error:
            raise ParseError(span, str(error) or type(error).__name__) from error
        if op.location is UNKNOWN_LOC:
            line = bisect_right(self._line_starts, span.start)
            column = span.start - self._line_starts[line - 1] + 1
            op.location = FileLineColLoc(
                self._file, IntAttr(line - 1 + self._first_line), IntAttr(column)
            )
        return op

    @override
    def _get_op_by_name(self, name: str) -> type[Operation]:
        end = self._current_token.span.start
        try:
            return super()._get_op_by_name(name)
        except ParseError:
            start = self.lexer.input.content.rfind(name, 0, end)
            message = f"unknown operation '{name}'{self._nearest(name)}"
            self.raise_error(message, start, start + len(name))

    def _nearest(self, op_name: str) -> str:
        dialect = op_name.partition(".")[0]
        if dialect not in (registered := list(self.ctx.registered_dialect_names)):
            return nearest(dialect, registered)
        # Looking the operation up has loaded its dialect.
        known = (op.name for op in self.ctx.loaded_ops)
        return nearest(op_name, (name for name in known if name.startswith(f"{dialect}.")))
