"""What a run found: a row for each point, and how two of them differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from nopt.tools.errors import UserError
from nopt.tools.explore.designs import Design
from nopt.tools.explore.exploration import Exploration
from nopt.tools.explore.families.family import COUNTS, Facts
from nopt.tools.explore.front import Values, front
from nopt.tools.explore.space import Point
from nopt.tools.report import Row


@dataclass(frozen=True)
class Outcome:
    """What was found: of each point its facts, or why there are none."""

    asked: Exploration
    points: Sequence[Point]
    facts: Mapping[Point, list[Facts]]
    dropped: Mapping[Point, Values]

    @property
    def rows(self) -> list[Row]:
        """A row for each point: its keys, whether it is on the front, objectives, what it takes."""
        asked = self.asked
        values = {
            point: found
            for point, each in self.facts.items()
            if (found := asked.values(point, each)) is not None
        }
        best = {[*values][i] for i in front([*values.values()])}
        return [
            self._row(number, point, values.get(point), point in best)
            for number, point in enumerate(self.points)
        ]

    def _row(self, number: int, point: Point, values: Values | None, best: bool) -> Row:
        asked, design = self.asked, self.asked.design(point)
        row: Row = {"point": number, **asked.space.changes(point)}
        row["status"], row["reason"] = self._status(point, design, values, best)
        for name, value in zip(
            asked.objectives, values or ("",) * len(asked.objectives), strict=True
        ):
            row[name] = int(value) if name in COUNTS and value != "" else value
        if design.taken is not None:
            row |= {f"{name}_taken": taken for name, taken in asdict(design.taken).items()}
        for network, each in zip(asked.names, self.facts.get(point, []), strict=False):
            if "reason" not in each:
                row |= {f"{network}_{name}": fact for name, fact in each.items()}
        return row

    def _status(
        self, point: Point, design: Design, values: Values | None, best: bool
    ) -> tuple[str, str]:
        if design.reason is not None:
            return "illegal", design.reason
        if point in self.dropped:
            names = zip(self.asked.objectives, self.dropped[point], strict=True)
            least = ", ".join(f"{name} {value:,.4g}" for name, value in names)
            return "bounded", f"others are better than it can be: at least {least}"
        if values is None:
            reasons = [each["reason"] for each in self.facts.get(point, []) if "reason" in each]
            return "no program", reasons[0] if reasons else "not tried"
        binds = sorted({each["binds"] for each in self.facts[point]})
        return ("front" if best else "beaten"), f"bound by {' and '.join(binds)}"

    @property
    def front(self) -> list[Row]:
        """The rows of designs that no other one beats: keys and objectives."""
        names = ("point", *self.asked.space.values, *self.asked.objectives, "reason")
        on_it = [row for row in self.rows if row["status"] == "front"]
        return [{name: row[name] for name in names} for row in on_it]

    def differences(self, one: int, other: int) -> list[Row]:
        """What differs between two points, term by term. Raises UserError for none such."""
        rows = self.rows
        for number in (one, other):
            if not 0 <= number < len(rows):
                raise UserError(f"--why: found point {number}, expected 0 to {len(rows) - 1}")
        first, second = rows[one], rows[other]
        found: list[Row] = []
        for name in dict.fromkeys([*first, *second]):
            a, b = first.get(name, ""), second.get(name, "")
            if a != b and name != "point":
                numbers = isinstance(a, int | float) and isinstance(b, int | float) and a
                ratio = f"{b / a:.3f}" if numbers else ""
                row = {"what": name, f"point {one}": _short(a), f"point {other}": _short(b)}
                found.append({**row, "ratio": ratio})
        return found


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
