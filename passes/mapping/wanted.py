"""Objectives: what of energy and cycles is wanted, and which mappings can still be better."""

from __future__ import annotations

from typing import Any

import numpy as np

OBJECTIVES = ("edp", "energy", "cycles", "pareto")


class Wanted:
    """The best mappings so far by an objective; those of a front, by energy.

    All objectives only grow with energy and with cycles, so lower bounds of both say whether
    something can be better. Raises ValueError for an unknown objective.
    """

    def __init__(self, objective: str):
        if objective not in OBJECTIVES:
            raise ValueError(f"objective {objective}: expected one of {', '.join(OBJECTIVES)}")
        self.objective = objective
        self.points: list[tuple[float, float, Any]] = []
        """Energy, cycles, and what has them."""

    def score(self, energy: Any, cycles: Any) -> Any:
        """What is to be least; for a front, what is looked at first."""
        if self.objective == "energy":
            return np.broadcast_arrays(energy, cycles)[0]
        if self.objective == "cycles":
            return np.broadcast_arrays(cycles, energy)[0]
        return energy * cycles

    @property
    def best(self) -> float:
        """The least score."""
        return min((self.score(e, t) for e, t, _ in self.points), default=np.inf)

    def limit(self, energy: Any) -> Any:
        """Cycles that something of at least this energy must stay below to be better."""
        if self.objective == "edp":
            return self.best / energy
        if self.objective == "cycles":
            return np.full(np.shape(energy), self.best)
        if self.objective == "energy":
            return np.where(energy < self.best, np.inf, 0)
        below = np.searchsorted([e for e, _, _ in self.points], energy, side="right")
        return np.array([np.inf, *(t for _, t, _ in self.points)])[below]

    def offer(self, energy: Any, cycles: Any, what: Any) -> None:
        """Take what is better of these mappings; `what` of an index says which it is."""
        scores = self.score(energy, cycles)
        if self.objective != "pareto":
            first = int(np.argmin(scores))
            if scores[first] < self.best:
                self.points = [(float(energy[first]), float(cycles[first]), what(first))]
            return
        while len(better := np.flatnonzero(cycles < self.limit(energy))):
            first = int(better[np.argmin(scores[better])])
            point = (float(energy[first]), float(cycles[first]), what(first))
            kept = [p for p in self.points if p[0] < point[0] or p[1] < point[1]]
            self.points = sorted([point, *kept], key=lambda p: p[:2])
