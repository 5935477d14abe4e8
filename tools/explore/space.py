"""What is swept: keys of a machine, each with the values that it is to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from math import prod
from typing import TypeAlias

from nopt.hw.config import key_types
from nopt.tools.errors import UserError

Value: TypeAlias = int | float | bool | str
Point: TypeAlias = tuple[Value, ...]
"""A value for each key."""

_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Space:
    """All combinations of the values of some keys, the last one varying fastest."""

    values: Mapping[str, tuple[Value, ...]]

    @classmethod
    def of(cls, sweep: Mapping[str, Sequence[Value]]) -> Space:
        """Checked. Raises UserError for an unknown key, or one without values."""
        known = key_types()
        for key, values in sweep.items():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f", did you mean {near[0]}?" if near else ""
                raise UserError(f"--sweep {key}: unknown key of a machine{hint}")
            if not values:
                raise UserError(f"--sweep {key}: found no values, expected one at least")
        return cls({key: tuple(dict.fromkeys(values)) for key, values in sweep.items()})

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Space:
        """`KEY=1,2` or `KEY=3..6`. Raises UserError for other text."""
        sweep: dict[str, list[Value]] = {}
        for text in texts:
            key, equals, values = text.partition("=")
            if not equals or key in sweep:
                expected = "KEY=VALUE,… or KEY=LEAST..MOST, each key once"
                raise UserError(f"--sweep: found '{text}', expected {expected}")
            sweep[key] = [each for part in values.split(",") for each in _values(text, part)]
        return cls.of(sweep)

    def __len__(self) -> int:
        return prod(map(len, self.values.values()))

    def __iter__(self) -> Iterator[Point]:
        return product(*self.values.values())

    def changes(self, point: Point) -> dict[str, Value]:
        """The keys and values of a point."""
        return dict(zip(self.values, point, strict=True))


def _values(text: str, part: str) -> Iterator[Value]:
    low, dots, high = part.partition("..")
    if dots:
        try:
            least, most = int(low), int(high)
        except ValueError:
            raise UserError(
                f"--sweep: found '{part}' in '{text}', expected 3..6 of numbers"
            ) from None
        if least > most:
            raise UserError(f"--sweep: found '{part}' in '{text}', expected the lesser one first")
        yield from range(least, most + 1)
        return
    if not part:
        raise UserError(f"--sweep: found '' in '{text}', expected a value")
    if part in _WORDS:
        yield _WORDS[part]
        return
    for kind in (int, float):
        try:
            yield kind(part)
            return
        except ValueError:
            continue
    yield part
