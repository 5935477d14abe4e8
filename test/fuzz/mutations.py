"""Small damage to bytes and to text: each function makes one random change.

Text is a list of tokens whose concatenation it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import reduce
from typing import Any

from numpy.random import Generator

Tokens = list[str]

_TOKEN = re.compile(
    r"""//[^\n]*|"(?:[^"\\\n]|\\.)*"|[%@#!^][\w.$-]*|0x[0-9a-fA-F]+|(?<=[\d?*])x"""
    r"""|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[A-Za-z_][\w.$]*|->|::|\{-#|#-\}|\s+|.""",
    re.DOTALL,
)
"""The extents of `4x8xi8` are tokens of their own."""
_SMALL = ("0", "1", "2", "3", "4", "7", "15", "16", "17", "32", "33")
_NUMBERS = (
    *_SMALL,
    *("-1", "127", "128", "255", "-129", "1.5", "1e400", "0x7F", "-0.0", "0x7FC00000", "1000003"),
    *("2147483647", "2147483648", "-9223372036854775808", "9223372036854775808", "4294967296"),
    *("18446744073709551616", "1" + "0" * 40, "1" * 5000),
)
_TYPES = (
    *("i1", "i8", "i16", "i32", "i64", "i128", "si8", "ui8", "i0", "f16", "bf16", "f32", "f64"),
    *("index", "complex<f32>", "none", "vector<4xi8>", "tensor<*xi8>", "tensor<?x2xi8>", "i65536"),
)
_WORDS = (
    *(
        "nan",
        "inf",
        "true",
        "unit",
        "dense",
        "array",
        "loc",
        "private",
        "attributes",
        "\\",
        '"',
        "\0",
    ),
    *("é", "\ufeff", "\r", "//", "/*", "-", "{-#", "affine_map", "distinct", "<", ">", "((", "[["),
)
_OPEN = dict(zip("([{<", ")]}>", strict=True))


def tokens_of(text: str) -> Tokens:
    """Spaces and comments are tokens, too."""
    return _TOKEN.findall(text)


def damaged_text(rng: Generator, text: str, others: Sequence[str]) -> bytes:
    """Half of it often reads; the rest has up to three faults of any kind. `others` lend tokens."""
    tokens, pool = tokens_of(text), tokens_of(others[rng.integers(len(others))])
    gently = rng.random() < 0.5
    for _ in range(rng.geometric(0.8) if gently else rng.integers(1, 4)):
        if any(tokens):
            tokens = pick(rng, GENTLE if gently else TEXT)(rng, tokens, pool)
    data = "".join(tokens).encode("utf-8", "surrogatepass")
    return damaged_bytes(rng, data) if not gently and rng.random() < 0.2 else data


def damaged_bytes(rng: Generator, data: bytes) -> bytes:
    """One to three changes of bytes."""
    steps = [pick(rng, BYTES) for _ in range(rng.integers(1, 4))]
    return reduce(lambda found, step: step(rng, found) if found else found, steps, data)


def pick(rng: Generator, options: Sequence[Any]) -> Any:
    return options[rng.integers(len(options))]


def damaged_json(rng: Generator, value: Any) -> Any:
    """One or two entries of objects and lists, at any depth, are others, gone, more or odd."""
    value = deepcopy(value)
    for _ in range(rng.integers(1, 3)):
        places = list(_places(value))
        if places:
            holder, key = pick(rng, places)
            other, name = pick(rng, places)
            match rng.integers(6):
                case 0:
                    del holder[key]
                case 1 if isinstance(holder, dict):
                    holder[pick(rng, ("", "more", name))] = pick(rng, _VALUES)
                case 1:
                    holder.append(deepcopy(holder[key]))
                case 2:
                    holder[key] = deepcopy(other[name])
                case 3 if type(holder[key]) is int:
                    holder[key] += int(pick(rng, (-1, 1, 2, -100)))
                case _:
                    holder[key] = pick(rng, _VALUES)
    return value


_VALUES = (
    *(None, True, "", "x", "int8", [], {}, [[]], -1, 0, 1, 3, 1.5, 31, 32, 33, 64, 255, 1 << 31),
    *(
        1 << 32,
        1 << 40,
        1 << 63,
        10**30,
        -(10**30),
        1e300,
        float("nan"),
        float("inf"),
        "\0",
        "\ud800",
    ),
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every entry of objects and lists, as what holds it and its key."""
    keys = (
        list(value)
        if isinstance(value, dict)
        else range(len(value) if isinstance(value, list) else 0)
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


# Bytes.


def _flip_bit(rng: Generator, data: bytes) -> bytes:
    at = rng.integers(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.integers(8)]) + data[at + 1 :]


def _set_byte(rng: Generator, data: bytes) -> bytes:
    at = rng.integers(len(data))
    value = pick(rng, (0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))))
    return data[:at] + bytes([value]) + data[at + 1 :]


def _insert_bytes(rng: Generator, data: bytes) -> bytes:
    at = rng.integers(len(data) + 1)
    return data[:at] + rng.bytes(int(rng.integers(1, 9))) + data[at:]


def _delete_bytes(rng: Generator, data: bytes) -> bytes:
    begin, end = _range(rng, len(data))
    return data[:begin] + data[end:]


def _repeat_bytes(rng: Generator, data: bytes) -> bytes:
    begin, end = _range(rng, len(data))
    return data[:end] + data[begin:]


def _move_bytes(rng: Generator, data: bytes) -> bytes:
    begin, end = _range(rng, len(data))
    rest = data[:begin] + data[end:]
    at = rng.integers(len(rest) + 1)
    return rest[:at] + data[begin:end] + rest[at:]


def _cut_bytes(rng: Generator, data: bytes) -> bytes:
    return data[: rng.integers(len(data))]


def _append_bytes(rng: Generator, data: bytes) -> bytes:
    return data + rng.bytes(int(rng.integers(1, 40)))


def _range(rng: Generator, length: int) -> tuple[int, int]:
    """Mostly short."""
    begin = int(rng.integers(length))
    return begin, min(length, begin + 1 + int(rng.exponential(8)))


BYTES = (
    *(_flip_bit, _flip_bit, _set_byte, _set_byte, _insert_bytes),
    *(_delete_bytes, _repeat_bytes, _move_bytes, _cut_bytes, _append_bytes),
)


# Tokens. What is said, not how it is spaced, is changed more often than chance would.


def _spot(rng: Generator, tokens: Tokens, what: str = r"\S") -> int | None:
    spots = [at for at, token in enumerate(tokens) if re.match(what, token)]
    return spots[rng.integers(len(spots))] if spots else None


def _replaced(tokens: Tokens, at: int | None, *new: str) -> Tokens:
    return tokens if at is None else [*tokens[:at], *new, *tokens[at + 1 :]]


def _delete_token(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    return _replaced(tokens, _spot(rng, tokens))


def _double_token(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    at = _spot(rng, tokens)
    return tokens if at is None else _replaced(tokens, at, tokens[at], " ", tokens[at])


def _swap_tokens(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    first, second = _spot(rng, tokens), _spot(rng, tokens)
    if first is not None and second is not None:
        tokens = list(tokens)
        tokens[first], tokens[second] = tokens[second], tokens[first]
    return tokens


def _other_of_its_kind(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    """A name for a name of the same mark, a number for a number, an op for one of its dialect."""
    at = _spot(rng, tokens, r"[%@#!^\w\"]")
    return tokens if at is None else _replaced(tokens, at, _alike(rng, tokens[at], tokens, pool))


def _alike(rng: Generator, token: str, tokens: Tokens, pool: Tokens) -> str:
    dialect, point, _ = token.partition(".")
    if token[0].isdigit():
        kind = r"\d"
    elif token[0].isalpha():
        kind = re.escape(dialect) + r"\." if point else r"[A-Za-z_]\w*$"
    else:
        kind = re.escape(token[0])
    source = pool if rng.random() < 0.3 else tokens
    other = _spot(rng, source, kind)
    return token if other is None else source[other]


def _number(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    return _replaced(tokens, _spot(rng, tokens, r"\d"), pick(rng, _NUMBERS))


def _near_number(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    at = _spot(rng, tokens, r"\d+$")
    by = int(pick(rng, (-2, -1, 1, 2, 5)))
    return tokens if at is None else _replaced(tokens, at, str(int(tokens[at]) + by))


def _setting(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    """A number that is no extent of a shape."""
    spots = [
        at
        for at, token in enumerate(tokens)
        if token.isdecimal() and "x" not in tokens[max(at - 1, 0) : at + 2]
    ]
    if not spots:
        return tokens
    at = pick(rng, spots)
    near = str(max(int(tokens[at]) + int(pick(rng, (-1, 1, 2, 3))), 0))
    return _replaced(tokens, at, pick(rng, (near, near, near, "-" + tokens[at], *_SMALL)))


def _type(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    return _replaced(tokens, _spot(rng, tokens, r"[is]\d+$|b?f\d+$|index$"), pick(rng, _TYPES))


def _everywhere(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    """One token for another, wherever it stands: what fitted mostly fits again."""
    at = _spot(rng, tokens, r"[%@#!^\w]")
    if at is None:
        return tokens
    old = tokens[at]
    new = pick(rng, _SMALL) if old[0].isdigit() else _alike(rng, old, tokens, pool)
    return [new if token == old else token for token in tokens]


def _type_everywhere(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    at = _spot(rng, tokens, r"[is]\d+$|b?f\d+$|index$")
    new = pick(rng, _TYPES)
    return [new if at is not None and token == tokens[at] else token for token in tokens]


def _odd_word(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    at = rng.integers(len(tokens) + 1)
    return [*tokens[:at], pick(rng, _WORDS), *tokens[at:]]


def _cut_after_token(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    return tokens[: rng.integers(len(tokens))]


def _cut_in_token(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    """Each kind of token as often as others, however rare it is."""
    kinds = sorted({token[0] for token in tokens if len(token) > 1})
    at = _spot(rng, tokens, re.escape(pick(rng, kinds)) + "." if kinds else ".") or 0
    return [*tokens[:at], tokens[at][: rng.integers(len(tokens[at]) + 1)]]


# Lines and brackets.


def _lines(change: Callable[[Generator, list[str]], None]) -> Callable:
    def changed(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
        lines = "".join(tokens).splitlines(keepends=True)
        change(rng, lines)
        return tokens_of("".join(lines))

    return changed


def _delete_line(rng: Generator, lines: list[str]) -> None:
    del lines[rng.integers(len(lines))]


def _double_line(rng: Generator, lines: list[str]) -> None:
    lines.insert(rng.integers(len(lines) + 1), lines[rng.integers(len(lines))])


def _move_line(rng: Generator, lines: list[str]) -> None:
    line = lines.pop(rng.integers(len(lines)))
    lines.insert(rng.integers(len(lines) + 1), line)


def _group(rng: Generator, tokens: Tokens) -> tuple[int, int]:
    """Where a bracket is, and past its partner; (0, 0) if there is none."""
    at = _spot(rng, tokens, r"[(\[{<]$")
    if at is None:
        return 0, 0
    depth, ends = 0, _OPEN[tokens[at]]
    for end in range(at, len(tokens)):
        depth += (tokens[end] == tokens[at]) - (tokens[end] == ends)
        if not depth:
            return at, end + 1
    return 0, 0


def _delete_group(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    begin, end = _group(rng, tokens)
    return [*tokens[:begin], *tokens[end:]]


def _empty_group(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    begin, end = _group(rng, tokens)
    return [*tokens[: begin + 1], *tokens[end - 1 :]] if end else tokens


def _double_group(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    begin, end = _group(rng, tokens)
    return [*tokens[:end], *tokens[begin:]]


def _other_group(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    begin, end = _group(rng, tokens)
    first, last = _group(rng, pool)
    return [*tokens[:begin], *pool[first:last], *tokens[end:]]


def _deep(rng: Generator, tokens: Tokens, pool: Tokens) -> Tokens:
    begin, end = _group(rng, tokens)
    times = int(pick(rng, (3, 100, 20_000)))
    inner = tokens[begin:end]
    return [*tokens[:begin], *inner[:1] * times, *inner, *inner[-1:] * times, *tokens[end:]]


GENTLE = (
    *(_setting, _setting, _setting, _setting, _everywhere, _type_everywhere),
    *(_other_of_its_kind, _near_number, _number, _type, _lines(_move_line), _lines(_double_line)),
)
"""What leaves the form of a text as it is."""
TEXT = (
    *GENTLE,
    *(_delete_token, _double_token, _swap_tokens, _odd_word, _lines(_delete_line)),
    *(_cut_after_token, _cut_in_token, _cut_in_token),
    *(_delete_group, _empty_group, _double_group, _other_group, _deep),
)
