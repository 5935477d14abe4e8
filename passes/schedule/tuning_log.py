"""A tuning log: schedules that a search found, one JSON line each, to keep and read back.

    {"machine": {"LOG_BLOCK": 4, …}, "nest": "…", "tile": […], "order": […], "slots": […],
     "within": […], "strips": 1, "cycles": 12345}

A line serves every nest on that machine whose `Tiling.signature` is `nest`; `cycles` is what the
cost model said, or with `"measured": true` the timing model. Another objective than cycles, or a
share of the port, stands as `asked`. Lines can be edited by hand: the last of equal ones counts,
and a schedule that is not legal is refused with its line. Lines for other machines and nests stay,
and are not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xdsl.utils.exceptions import VerifyException

from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.files.whole_files import append_lines, is_regular
from nopt.passes.kernel.legality import check_schedule
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.estimate import estimate_schedule

_LISTS = ("tile", "order", "slots", "within")


class TuningLogError(ValueError):
    """A log that cannot be read or written, or a line of it that says no legal schedule."""


class TuningLog:
    """The lines of a file that are for one machine; new ones are added by `save`.

    Raises TuningLogError if the file is there but no tuning log.
    """

    def __init__(self, path: Path, config: Config, asked: Mapping[str, Any] | None = None):
        self.path, self.asked = path, dict(asked or {})
        self.config = config
        self._machine = config.to_json()
        self._found: dict[str, tuple[int, dict[str, Any]]] = {}
        self._used: set[str] = set()
        self._foreign = 0
        self._added: list[dict[str, Any]] = []
        try:
            # A device or a pipe keeps nothing that could be read back.
            text = path.read_text(encoding="utf-8") if is_regular(path) else ""
        except OSError as error:
            raise TuningLogError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TuningLogError(f"{path}: not text: byte {error.start} is no UTF-8") from error
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            # Also numbers of thousands of digits, and lists within thousands of lists.
            raise self._error(number, f"found no JSON: {error}") from error
        if not (isinstance(entry, dict) and isinstance(entry.get("nest"), str)):
            raise self._error(number, "found no object with a 'nest', expected a schedule")
        for name in _LISTS:
            values = entry.get(name)
            if not isinstance(values, list) or not all(type(v) is int for v in values):
                raise self._error(number, f"'{name}': found {values}, expected a list of integers")
        if type(strips := entry.get("strips", 1)) is not int:
            raise self._error(number, f"'strips': found {strips}, expected an integer")
        if (entry.get("machine"), entry.get("asked", {})) == (self._machine, self.asked):
            self._found[entry["nest"]] = (number, entry)
        else:
            self._foreign += 1

    def _error(self, number: int, message: str) -> TuningLogError:
        return TuningLogError(f"{self.path}:{number}: {message}")

    def schedule(self, tiling: Tiling) -> ScheduleAttr | None:
        """What the log says for a nest, if anything.

        Raises TuningLogError if that is no legal schedule of it.
        """
        if tiling.signature not in self._found:
            return None
        number, entry = self._found[tiling.signature]
        self._used.add(tiling.signature)
        try:
            lists = (entry[name] for name in _LISTS)
            schedule = ScheduleAttr.of(*lists, strips=entry.get("strips", 1))
            check_schedule(tiling, schedule, self.config)
        except (ValueError, VerifyException) as error:
            raise self._error(number, str(error)) from error
        return schedule

    @property
    def unused(self) -> str | None:
        """What of the log served no nest that was asked for, in words; None if all of it did."""
        reasons = {"machines": self._foreign, "nests": len(self._found) - len(self._used)}
        counts = [f"{count} for other {what}" for what, count in reasons.items() if count]
        return f"leaves out schedules of {self.path}: {', '.join(counts)}" if counts else None

    def add(self, tiling: Tiling, schedule: ScheduleAttr, measured: int | None = None) -> None:
        """Remember what a search found, and its cycles if they were measured."""
        estimated = estimate_schedule(tiling, schedule, self.config).cycles[0]
        cycles = round(float(estimated)) if measured is None else measured
        lists: Sequence[Sequence[int]] = (
            schedule.tiles,
            schedule.loop_order,
            schedule.slots.get_values(),
            schedule.scopes.get_values(),
        )
        named = {name: list(values) for name, values in zip(_LISTS, lists, strict=True)}
        numbers = {"strips": schedule.strip_count, "cycles": cycles}
        entry = {"machine": self._machine, "nest": tiling.signature, **named, **numbers}
        entry |= {"asked": self.asked} if self.asked else {}
        entry |= {} if measured is None else {"measured": True}
        self._added.append(entry)

    def save(self) -> None:
        """Add the new lines at the end of the file, where other processes add theirs."""
        if not self._added:
            return
        try:
            append_lines(self.path, map(json.dumps, self._added))
        except OSError as error:
            raise TuningLogError(f"{self.path}: {error.strerror}") from error
