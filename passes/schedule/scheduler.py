"""Schedules for nests: what a tuning log says, or else what the search finds; each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.measure import measured
from nopt.passes.schedule.objective import Objective
from nopt.passes.schedule.schedule_search import Search
from nopt.passes.schedule.tuning_log import TuningLog


class Scheduler:
    """Schedules for the nests of one machine; what is searched is added to the log, if any.

    By an `objective`; of the `measure` cheapest by the cost model the best by the timing model; as
    if the core had a `share` of its port's bytes a cycle. Raises TuningLogError if the file is no
    tuning log, ValueError for what no objective, count or share is.
    """

    def __init__(
        self,
        config: Config,
        tuning_log: str | None = None,
        objective: str = "cycles",
        measure: int = 0,
        share: float = 1.0,
    ):
        self.config, self.objective, self.measure = config, Objective(objective), measure
        if measure < 0:
            raise ValueError(f"measure: found {measure}, expected 0 or more schedules")
        port = config.bytes_per_cycle * share
        if not 0 < share <= 1 or port < 1 or port != 1 << (int(port).bit_length() - 1):
            expected = f"a part of its {config.bytes_per_cycle} bytes a cycle, a power of two"
            raise ValueError(f"share: found {share}, expected {expected}")
        self.shared = replace(config, bytes_per_cycle=int(port))
        asked = {} if objective == "cycles" else {"objective": objective}
        asked |= {} if share == 1 else {"share": share}
        self.log = None if tuning_log is None else TuningLog(Path(tuning_log), config, asked)
        self._known: dict[str, ScheduleAttr] = {}

    def schedule(self, tiling: Tiling) -> ScheduleAttr:
        """The schedule of a nest.

        Raises NoScheduleError if none fits, TuningLogError if what the log says is not legal.
        """
        if (known := self._known.get(tiling.signature)) is not None:
            return known
        found = None if self.log is None else self.log.schedule(tiling)
        if found is None:
            found, cycles = self._found(tiling)
            if self.log is not None:
                self.log.add(tiling, found, cycles)
        self._known[tiling.signature] = found
        return found

    def _found(self, tiling: Tiling) -> tuple[ScheduleAttr, int | None]:
        """What a search finds, and its cycles if they were measured."""
        search = Search(tiling, self.shared, objective=self.objective)
        cheapest = search.best(max(self.measure, 1))
        if not self.measure:
            return cheapest[0], None
        # Of equal ones the first: the cost model's order.
        timed = [(measured(tiling.nest, each, self.shared), each) for each in cheapest]
        (cycles, _), best = min(timed, key=lambda each: self._weighed(*each[0]))
        return best, cycles

    def _weighed(self, cycles: int, picojoules: float) -> float:
        weights = {"cycles": cycles, "energy": picojoules, "edp": cycles * picojoules}
        return weights[self.objective.name]

    def save(self) -> None:
        """Write what was searched to the log. Raises TuningLogError if that is not possible."""
        if self.log is not None:
            self.log.save()
