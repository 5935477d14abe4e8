"""What is asked of a run: networks, machines, limits, objectives; and what these make of facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nopt.hw.config import Config
from nopt.hw.resources import Resources
from nopt.tools.errors import UserError
from nopt.tools.explore.designs import Design, Limits
from nopt.tools.explore.families.family import OBJECTIVES, Family, Machine
from nopt.tools.explore.front import Values
from nopt.tools.explore.space import Point, Space


@dataclass(frozen=True)
class Exploration:
    """What is asked: networks (paths of text), a machine whose keys are swept, what counts."""

    networks: Sequence[str]
    family: Family
    base: Machine
    space: Space
    limits: Limits
    objectives: Sequence[str] = ("cycles", "energy", "area")
    trials: int | None = None
    pipeline: str | None = None
    """The family's own, if none."""
    check: bool = False
    _designs: dict[Point, Design] = field(
        default_factory=dict[Point, Design], init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if unknown := [each for each in self.objectives if each not in OBJECTIVES]:
            known = ", ".join(OBJECTIVES)
            raise UserError(f"--objective: found '{unknown[0]}', expected one of {known}")
        self.family.check_pipeline(self.how)
        if self.trials is not None and self.trials < 1:
            raise UserError(f"--trials: found {self.trials}, expected 1 or more")
        if self.limits.board is not None and not isinstance(self.base, Config):
            raise UserError("--board: found an array, expected a core of the VTA family")
        if "seconds" in self.objectives and self.limits.board is None:
            raise UserError("--objective: found seconds, expected a --board, which has a clock")

    @property
    def how(self) -> str:
        """The pipeline."""
        return self.pipeline or self.family.pipeline

    @property
    def name(self) -> str:
        """Of the study: who asks what, as a digest, so that others do not mix with it."""
        texts = [Path(path).read_bytes() for path in self.networks]
        space, machine = dict(self.space.values), self.base.to_json()
        objectives, how = [*self.objectives], (self.how, self.check)
        asked = repr((version("nopt"), machine, space, objectives, how))
        digest = hashlib.sha256(b"".join([*texts, asked.encode()]))
        return f"nopt-explore {digest.hexdigest()[:16]}"

    @property
    def names(self) -> list[str]:
        """One for each network: its file's, and a number if others have that, too."""
        stems = [Path(path).stem for path in self.networks]
        return [
            stem if stems.count(stem) == 1 else f"{stem}{number}"
            for number, stem in enumerate(stems)
        ]

    def design(self, point: Point) -> Design:
        if point not in self._designs:
            changes = self.space.changes(point)
            self._designs[point] = Design.of(self.family, self.base, changes, self.limits)
        return self._designs[point]

    def task(self, config: Machine) -> tuple[Sequence[str], dict[str, Any], str, bool]:
        """What the family's `evaluate` takes for a machine."""
        return self.networks, config.to_json(), self.how, self.check

    def values(self, point: Point, facts: Sequence[Mapping[str, Any]]) -> Values | None:
        """The objectives of an evaluated point; None if some network has no program."""
        if any("reason" in each for each in facts):
            return None
        together = {
            name: float(sum(each[name] for each in facts)) for name in ("cycles", "energy", "bytes")
        }
        return self._objectives(point, together)

    def least(self, point: Point) -> Values:
        """What no programs for a legal point can beat."""
        config = self.design(point).config
        assert config is not None
        return self._objectives(point, self.family.least(self.networks, config))

    def _objectives(self, point: Point, found: Mapping[str, float]) -> Values:
        taken, board = self.design(point).taken, self.limits.board
        assert taken is not None
        values = {**found, "area": taken.area, "sram": float(taken.sram)}
        values["edp"] = found["cycles"] * found["energy"]
        mhz = board.frequency(taken) if board and isinstance(taken, Resources) else None
        if mhz is not None:
            values["seconds"] = found["cycles"] / (mhz * 1e6)
        return tuple(values[name] for name in self.objectives)

    @property
    def tried(self) -> list[Point]:
        """The points whose design was asked for."""
        return [*self._designs]
