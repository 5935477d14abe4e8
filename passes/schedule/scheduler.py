"""Schedules for nests: what a tuning log says, or else what the search finds; each once."""

from __future__ import annotations

from pathlib import Path

from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.schedule_search import search
from nopt.passes.schedule.tuning_log import TuningLog


class Scheduler:
    """Schedules for the nests of one machine; what is searched is added to the log, if any.

    Raises TuningLogError if the file is no tuning log.
    """

    def __init__(self, config: Config, tuning_log: str | None = None):
        self.config = config
        self.log = None if tuning_log is None else TuningLog(Path(tuning_log), config)
        self._known: dict[str, ScheduleAttr] = {}

    def schedule(self, tiling: Tiling) -> ScheduleAttr:
        """The schedule of a nest.

        Raises NoScheduleError if none fits, TuningLogError if what the log says is not legal.
        """
        if (known := self._known.get(tiling.signature)) is not None:
            return known
        found = None if self.log is None else self.log.schedule(tiling)
        if found is None:
            found = search(tiling, self.config)
            if self.log is not None:
                self.log.add(tiling, found)
        self._known[tiling.signature] = found
        return found

    def save(self) -> None:
        """Write what was searched to the log. Raises TuningLogError if that is not possible."""
        if self.log is not None:
            self.log.save()
