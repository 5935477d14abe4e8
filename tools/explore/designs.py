"""A design: a machine, what it takes, and why it may not be built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nopt.hw.config import ConfigError
from nopt.hw.resources import Board
from nopt.tools.errors import UserError
from nopt.tools.explore.families.family import Family, Machine, Taken
from nopt.tools.explore.space import Value

_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}


@dataclass(frozen=True)
class Limits:
    """What a design may take at most."""

    budget: Mapping[str, float]
    board: Board | None = None

    @classmethod
    def parse(cls, budget: list[str], board: str | None, names: Sequence[str]) -> Limits:
        """`sram=512KiB`, `dsp=200`, of what has these names. Raises UserError for other text or an
        unknown board."""
        limits: dict[str, float] = {}
        for text in budget:
            name, equals, amount = text.partition("=")
            if not equals or name not in names:
                expected = f"NAME=MOST, the name one of {', '.join(names)}"
                raise UserError(f"--budget: found '{text}', expected {expected}")
            limits[name] = _amount(text, amount)
        try:
            return cls(limits, None if board is None else Board.load(board))
        except ConfigError as error:
            raise UserError(f"--{error}") from error

    def refusal(self, taken: Any) -> str | None:
        """Which limit is broken, and by how much."""
        for name, most in self.budget.items():
            found = asdict(taken)[name]
            if found > most:
                return f"{name}: takes {found:,}, {found - most:,} more than the budget of {most:,}"
        return None if self.board is None else self.board.refusal(taken)


def _amount(text: str, amount: str) -> float:
    number, factor = amount, 1
    for unit, size in _UNITS.items():
        if amount.endswith(unit):
            number, factor = amount.removesuffix(unit), size
    try:
        return float(number) * factor
    except ValueError:
        raise UserError(f"--budget: found '{text}', expected a number, perhaps of KiB") from None


@dataclass(frozen=True)
class Design:
    """A point as a machine: `config` and `taken`, or why there is none."""

    config: Machine | None
    taken: Taken | None
    reason: str | None

    @classmethod
    def of(
        cls, family: Family, base: Machine, changes: Mapping[str, Value], limits: Limits
    ) -> Design:
        try:
            config = base.varied(changes)
        except ConfigError as error:
            return cls(None, None, str(error))
        taken = family.taken(config)
        return cls(config, taken, limits.refusal(taken))
