"""xDSL's lexer, made linear in the text and exact about where a string goes wrong."""

from __future__ import annotations

import re

from typing_extensions import override
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Position, Span
from xdsl.utils.mlir_lexer import MLIRToken

from nopt.dialects.xdsl_internals import OpenLexer

_STRING_TO_QUOTE = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+')


class LinearLexer(OpenLexer):
    """The lexer of all our parsers; it knows the token before the last one.

    xDSL 0.75 matches a string by a repetition inside a repetition. Where the closing quote is
    missing, that tries every way to divide the string between the two, which never ends. Here
    both are possessive: what was matched is not tried again.
    """

    _previous: MLIRToken | None = None
    _latest: MLIRToken | None = None

    @property
    def previous(self) -> MLIRToken | None:
        """The token before the one that was lexed last: what the parser has just taken."""
        return self._previous

    @override
    def lex(self) -> MLIRToken:
        token = super().lex()
        self._previous, self._latest = self._latest, token
        return token

    @override
    def lex_string(self, start: Position) -> MLIRToken:
        text = self.input.content
        match = _STRING_TO_QUOTE.match(text, start)
        assert match is not None
        end = match.end()
        if text[end : end + 1] != '"':
            span = Span(start, end, self.input)
            raise ParseError(span, f"expected the closing quote, found {_what(text, end)}")
        return super().lex_string(start)


def _what(text: str, at: int) -> str:
    """What ends a string too early."""
    if at == len(text):
        return "the end of the text"
    if text[at] == "\\":
        return f"the unknown escape '{text[at : at + 2]}'"
    return "the end of the line"
