"""Which designs no other one beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Values: TypeAlias = tuple[float, ...]
"""One of each objective."""


def beats(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one design is nowhere worse, and somewhere better: less is better."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and tuple(one) != tuple(other)


def front(values: Sequence[Sequence[float]]) -> list[int]:
    """The positions of those that no other one beats."""
    return [i for i, each in enumerate(values) if not any(beats(other, each) for other in values)]
