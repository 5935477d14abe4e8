"""What is swept: keys of a machine, each with the values that it is to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from nopt.tools.errors import UserError
from nopt.tools.explore.families.family import Family

Value: TypeAlias = int | float | bool | str
Point: TypeAlias = tuple[Value, ...]
"""A value for each key."""

_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Space:
    """All combinations of the values of some keys, the last one varying fastest."""

    values: Mapping[str, tuple[Value, ...]]

    @classmethod
    def of(cls, sweep: Mapping[str, Sequence[Value]], family: Family) -> Space:
        """Checked. Raises UserError for a key that the family has not, or one without values."""
        for key, values in sweep.items():
            family.check_key(key)
            if not values:
                raise UserError(f"--sweep {key}: found no values, expected one at least")
        return cls({key: tuple(dict.fromkeys(values)) for key, values in sweep.items()})

    @classmethod
    def parse(cls, texts: Sequence[str], family: Family) -> Space:
        """`KEY=1,2` or `KEY=3..6`. Raises UserError for other text."""
        sweep: dict[str, list[Value]] = {}
        for text in texts:
            key, equals, values = text.partition("=")
            if not equals or key in sweep:
                expected = "KEY=VALUE,… or KEY=LEAST..MOST, each key once"
                raise UserError(f"--sweep: found '{text}', expected {expected}")
            sweep[key] = [each for part in values.split(",") for each in _values(text, part)]
        return cls.of(sweep, family)

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
