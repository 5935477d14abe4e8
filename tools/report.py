"""Tables of what a program cost: printed for people with rich, or as JSON rows."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import Any, TextIO

from nopt.hw.files.whole_files import names_stdout
from nopt.hw.timing.program_timing import Roofline, Timing

Row = dict[str, Any]

_PIPE_WIDTH = 240
_NAME_WIDTH = 8
"""What a narrow terminal leaves for names, at least."""
_BORDER = 3
"""What a table adds to a column."""


def timing_row(timings: Sequence[Timing]) -> Row:
    """Cycles, utilisation and DRAM traffic of a program's core steps together."""
    cycles = sum(timing.cycles for timing in timings)
    steps = sum(timing.gemm_steps for timing in timings)
    traffic: dict[str, int] = {}
    busy: dict[str, int] = {}
    for timing in timings:
        for kind, count in timing.dram_bytes.items():
            traffic[kind] = traffic.get(kind, 0) + count
        for module, count in timing.busy.items():
            busy[module] = busy.get(module, 0) + count
    return {
        "cycles": cycles,
        "utilisation": steps / cycles if cycles else 0.0,
        "dram_bytes": sum(traffic.values()),
        **{f"{kind}_bytes": count for kind, count in traffic.items()},
        **{f"{module}_busy": count for module, count in busy.items()},
    }


def stall_rows(timings: Sequence[Timing]) -> Row:
    """Why modules lose cycles, and the position under the roofline, of all core steps together."""
    stalls: Row = {}
    for timing in timings:
        for module, reasons in timing.stalls.items():
            for reason, count in reasons.items():
                name = f"{module}_waits_for_{reason}"
                stalls[name] = stalls.get(name, 0) + count
    cycles = sum(timing.cycles for timing in timings)
    traffic = sum(timing.roofline.traffic for timing in timings)
    macs = sum(timing.macs for timing in timings)
    peak = max((timing.roofline.peak for timing in timings), default=0)
    bandwidth = max((timing.roofline.bandwidth for timing in timings), default=0)
    line = Roofline(macs, traffic, cycles, peak, bandwidth)
    return {
        **stalls,
        "macs_per_byte": line.intensity,
        "macs_per_cycle": line.achieved,
        "attainable_macs_per_cycle": line.attainable,
        "bound": line.bound,
    }


def format_value(name: str, value: Any) -> str:
    """A cell: shares in percent, seconds to the millisecond, counts with thousands separated."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name.startswith(("utilisation", "accuracy", "share", "of_limit", "top1")):
        return f"{100 * value:.1f} %"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}"


def report_beside(outputs: Sequence[str]) -> AbstractContextManager[object]:
    """What the body prints goes to stderr if one of the outputs takes stdout."""
    return redirect_stdout(sys.stderr) if any(map(names_stdout, outputs)) else nullcontext()


def print_facts(title: str, facts: Row) -> None:
    """Two columns: what, and how much."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), format_value(name, value))
    Console().print(table)


def print_rows(title: str, rows: Sequence[Row], as_json: bool = False) -> None:
    """One line a row, or the rows as a JSON list.

    Columns that do not fit the terminal come below, each block with the names of rows."""
    if as_json:
        print(json.dumps(list(rows), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    # A pipe has no width to fit: let no column be cut.
    console = console if console.is_terminal else Console(width=_PIPE_WIDTH)
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [format_value(name, row.get(name, "")) for row in rows] for name in names}
    for number, block in enumerate(_blocks(cells, console.width)):
        table = Table(title=None if number else title)
        for name in block:
            if name == names[0]:
                table.add_column(name.replace("_", " "), min_width=_NAME_WIDTH, overflow="fold")
            else:
                table.add_column(name.replace("_", " "), justify="right")
        for line in zip(*(cells[name] for name in block), strict=True):
            table.add_row(*line)
        console.print(table)


def print_csv(rows: Sequence[Row]) -> None:
    """Rows for spreadsheets: a line of names, then values as they are."""
    write_csv(rows, sys.stdout)


def write_csv(rows: Sequence[Row], stream: TextIO) -> None:
    """The same to a stream."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _blocks(cells: Mapping[str, Sequence[str]], width: int) -> Iterator[list[str]]:
    """The columns in blocks of at most a width, the first in front of each."""

    def wide(name: str) -> int:
        words = name.split("_")
        return max(map(len, [*words, *cells[name]])) + _BORDER

    if not cells:
        return
    first, *others = cells
    # One line closes the table.
    named = min(max(wide(first), _NAME_WIDTH + _BORDER), width // 3) + 1
    block, used = [first], named
    for name in others:
        if used + wide(name) > width and len(block) > 1:
            yield block
            block, used = [first], named
        block.append(name)
        used += wide(name)
    yield block
