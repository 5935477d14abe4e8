"""A parser that remembers where each operation was written."""

from bisect import bisect_right
from itertools import accumulate

from xdsl.context import Context
from xdsl.dialects.builtin import UNKNOWN_LOC, FileLineColLoc, IntAttr, StringAttr
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, ShrinkException


class LocatingParser(Parser):
    """xDSL's parser; every operation without a `loc(…)` of its own gets its place in the file.

    Clones keep it, so an operation can often be named by place passes later. What goes wrong while
    an operation is being built (a verifier of an attribute, a value out of range) becomes a parse
    error at that operation.
    """

    def __init__(self, ctx: Context, text: str, name: str, first_line: int = 1):
        """`first_line` is the line number of the first line of `text` in the file `name`."""
        super().__init__(ctx, text, name)
        self._file = StringAttr(name)
        self._first_line = first_line
        self._line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def parse_operation(self) -> Operation:
        """Parse one operation and note where it starts."""
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
