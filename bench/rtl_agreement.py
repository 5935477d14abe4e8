"""Cycles of the timing model against cycles measured on an RTL, for a folder of programs.

    python bench/rtl_agreement.py [FOLDER] [--json] [--config NAME|FILE]

FOLDER is searched for `.npz` files of the forms that `nopt.tools.raw` describes. There is a row for
each program and memory latency: `cycles`, `rtl_cycles` and `error` (their difference as a share of
the RTL's), the same for the busy cycles of each module, the number of instructions whose cycles
are exactly the RTL's where a trace is given, and `output_correct` where memory is given.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import decode
from nopt.hw.program.program_parts import ProgramError
from nopt.hw.sim.simulator import Simulator, Trap
from nopt.hw.timing.program_timing import Timing, time_program
from nopt.tools.raw import MODULES, RawProgram, RtlRun, extent, load_raw
from nopt.tools.report import Row, print_rows

BESIDE = Path(__file__).resolve().parents[1] / "../shared/vta"


def compare(program: RawProgram, config: Config) -> list[Row]:
    """Rows of one program, by latency."""
    insns = decode(program.words, config)
    correct = output_correct(program, config)
    rows: list[Row] = []
    for latency, run in program.runs.items():
        timing = time_program(insns, replace(config, memory_latency=latency))
        row: Row = {"name": program.name, "latency": latency}
        row |= _agreement("", run.cycles, timing.cycles)
        for name in MODULES:
            if name in run.busy:
                row |= _agreement(f"{name}_busy_", run.busy[name], timing.busy[name])
        if run.trace is not None:
            row |= {"instructions": len(insns), "exact": _exact(timing, run)}
        if correct is not None:
            row["output_correct"] = correct
        rows.append(row)
    return rows


def output_correct(program: RawProgram, config: Config) -> bool | None:
    """Whether the simulator's output is the expected one, bit for bit; None if none is known."""
    if program.expected is None or program.output is None or not program.has_memory:
        return None
    insns = decode(program.words, config)
    memory = program.memory(extent(insns, config))
    try:
        Simulator(config, memory, strict=False, check_initialised=False).run(program.words)
    except Trap as trap:
        print(f"{program.name}: {trap}", file=sys.stderr)
        return False
    found = memory[program.output : program.output + len(program.expected)]
    return bool(np.array_equal(found, program.expected))


def _agreement(prefix: str, expected: int, found: int) -> Row:
    error = (found - expected) / max(expected, 1)
    return {f"{prefix}rtl_cycles": expected, f"{prefix}cycles": found, f"{prefix}error": error}


def _exact(timing: Timing, run: RtlRun) -> int:
    """Instructions that keep their module busy exactly as long as on the RTL."""
    assert run.trace is not None
    exact = 0
    for module in range(len(MODULES)):
        expected = run.trace[run.trace[:, 0] == module]
        found = (timing.end - timing.begin)[timing.module == module]
        if len(expected) == len(found):
            exact += int((found == expected[:, 2] - expected[:, 1]).sum())
    return exact


def _shown(row: Row) -> Row:
    """A row that fits a terminal."""
    shown = {name: row[name] for name in ("name", "latency", "rtl_cycles", "cycles")}
    shown["error"] = f"{100 * row['error']:.3f} %"
    for name in MODULES:
        if (error := row.get(f"{name}_busy_error")) is not None:
            shown[f"{name}_busy"] = f"{row[f'{name}_busy_cycles']:,} ({100 * error:.2f} %)"
    if "exact" in row:
        shown["exact"] = f"{row['exact']}/{row['instructions']}"
    correct = row.get("output_correct")
    return {**shown, "output": "" if correct is None else "correct" if correct else "wrong"}


def main() -> None:
    parser = argparse.ArgumentParser(description="The timing model against RTL runs.")
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=BESIDE,
        help="where the .npz files are, in it or below (default: ../shared/vta, if it is there)",
    )
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    parser.add_argument("--config", default="default", help="a preset or a JSON file")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.rglob("*.npz"))
    if not files and arguments.folder == BESIDE:
        print("no programs to compare: name a FOLDER", file=sys.stderr)
    elif not files:
        parser.error(f"{arguments.folder}: found no .npz files")
    config = Config.load(arguments.config)
    rows: list[Row] = []
    failed = False
    for path in files:
        try:
            rows += compare(load_raw(path), config)
        except (ProgramError, ValueError) as error:
            print(f"error: {path}: {error}", file=sys.stderr)
            failed = True
    if arguments.json:
        print_rows("", rows, as_json=True)
    else:
        print_rows("cycles: the model and the RTL", [_shown(row) for row in rows])
        if errors := [abs(row["error"]) for row in rows]:
            worst, middle = 100 * max(errors), 100 * median(errors)
            print(f"{len(rows)} runs: worst {worst:.3f} %, median {middle:.3f} %")
    sys.exit(failed)


if __name__ == "__main__":
    main()
