"""What is asked of a run: networks, machines, limits, objectives; and what these make of facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xdsl.universe import Universe

from nopt.hw.config import Config
from nopt.tools.errors import UserError
from nopt.tools.explore.designs import Design, Limits
from nopt.tools.explore.evaluate import OBJECTIVES, Values, least
from nopt.tools.explore.space import Point, Space
from nopt.tools.pipeline_text import build_passes


@dataclass(frozen=True)
class Exploration:
    """What is asked: networks (paths of text), a machine whose keys are swept, what counts."""

    networks: Sequence[str]
    base: Config
    space: Space
    limits: Limits
    objectives: Sequence[str] = ("cycles", "energy", "area")
    trials: int | None = None
    pipeline: str = "vta"
    check: bool = False
    _designs: dict[Point, Design] = field(
        default_factory=dict[Point, Design], init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if unknown := [each for each in self.objectives if each not in OBJECTIVES]:
            known = ", ".join(OBJECTIVES)
            raise UserError(f"--objective: found '{unknown[0]}', expected one of {known}")
        build_passes(self.pipeline, Universe.get_multiverse().all_passes)
        if self.trials is not None and self.trials < 1:
            raise UserError(f"--trials: found {self.trials}, expected 1 or more")
        if "seconds" in self.objectives and self.limits.board is None:
            raise UserError("--objective: found seconds, expected a --board, which has a clock")

    @property
    def name(self) -> str:
        """Of the study: who asks what, as a digest, so that others do not mix with it."""
        texts = [Path(path).read_bytes() for path in self.networks]
        space, machine = dict(self.space.values), self.base.to_json()
        objectives, how = [*self.objectives], (self.pipeline, self.check)
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
            self._designs[point] = Design.of(self.base, changes, self.limits)
        return self._designs[point]

    def task(self, config: Config) -> tuple[Sequence[str], dict[str, Any], str, bool]:
        """What `evaluate` takes for a machine."""
        return self.networks, config.to_json(), self.pipeline, self.check

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
        return self._objectives(point, least(self.networks, config))

    def _objectives(self, point: Point, found: Mapping[str, float]) -> Values:
        taken, board = self.design(point).taken, self.limits.board
        assert taken is not None
        values = {**found, "area": taken.area, "sram": float(taken.sram)}
        if board is not None and (mhz := board.frequency(taken)):
            values["seconds"] = found["cycles"] / (mhz * 1e6)
        return tuple(values[name] for name in self.objectives)

    @property
    def tried(self) -> list[Point]:
        """The points whose design was asked for."""
        return [*self._designs]
