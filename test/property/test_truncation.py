"""A text that ends early is refused with one message, wherever it ends."""

import random
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.universe import Universe
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRToken, MLIRTokenKind

from nopt.dialects.lexing import LinearLexer
from nopt.tools.errors import parse_error_text
from nopt.tools.locations import LocatingParser

ROOT = Path(__file__).parent.parent.parent
TEXTS = sorted(
    [
        *(ROOT / "examples").glob("*/*.mlir"),
        *(ROOT / "test/dialects").glob("**/*.mlir"),
        *(ROOT / "test/property").glob("*.mlir"),
    ]
)
CONTEXT = Context()
for _name, _factory in Universe.get_multiverse().all_dialects.items():
    CONTEXT.register_dialect(_name, _factory)

STRINGS = (MLIRTokenKind.STRING_LIT, MLIRTokenKind.BYTES_LIT)
LONG = 1 << 13


def tokens_of(text: str) -> list[MLIRToken]:
    lexer = LinearLexer(Input(text, "text.mlir"))
    tokens = [lexer.lex()]
    while tokens[-1].kind != MLIRTokenKind.EOF:
        tokens.append(lexer.lex())
    return tokens


def refuse_or_read(text: str) -> str | None:
    """The message about a text, if it is not read."""
    try:
        LocatingParser(CONTEXT, text, "text.mlir").parse_module()
    except ParseError as error:
        message = parse_error_text(error)
        assert message.startswith("text.mlir:") and "internal error" not in message, message
        assert len(message.splitlines()) <= 3
        place = error.span.get_location()
        assert place.line >= 1 and place.col >= 1
        return message
    return None


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_cut_at_every_kind_of_token(path: Path):
    """Before, inside and after two tokens of each kind, and at random places."""
    source = path.read_text()
    text = source.split("\n// -----", 1)[0][:LONG]
    by_kind: dict[MLIRTokenKind, list[MLIRToken]] = {}
    chosen = random.Random(path.name)
    for token in tokens_of(text[: text.rfind("\n", 0, LONG)]):
        by_kind.setdefault(token.kind, []).append(token)
    cuts = {chosen.randrange(len(text)) for _ in range(10)}
    for tokens in by_kind.values():
        for token in chosen.sample(tokens, min(2, len(tokens))):
            cuts |= {token.span.start, (token.span.start + token.span.end) // 2, token.span.end}
    for cut in sorted(cuts):
        refuse_or_read(text[:cut])


@pytest.mark.parametrize("content", ["a" * 100_000, r"\0a" * 9999, r"a\n" * 9999, '\\"' * 9999])
@pytest.mark.parametrize(
    "start",
    [
        'module attributes {note = "',
        'func.func @"',
        '"',
        '{-# dialect_resources: { builtin: { w: "0x',
        '%w = graph.constant dense<"0x',
    ],
)
@pytest.mark.parametrize("end", ["", "\n}", "\\"])
def test_long_strings_without_end(start: str, content: str, end: str):
    """By trying how to divide a string in two, this would take longer than there is time."""
    message = refuse_or_read(start + content + end)
    assert message is not None and "expected the closing quote, found " in message
