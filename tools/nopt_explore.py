"""`nopt-explore`: which core to build for some networks, with the compiler in the loop.

nopt-explore resnet18.mlir --sweep LOG_BLOCK=3..5 memory_latency=16,64 -o out/
nopt-explore a.mlir b.mlir --sweep LOG_BATCH=0,2 --budget sram=512KiB --board zu3eg --jobs 4 -o out/
nopt-explore net.onnx --machine pe256 --sweep rf=256,512 spm=65536,131072 -o out/
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nopt.tools.command_line import command
from nopt.tools.errors import UserError, errors_for_people

if TYPE_CHECKING:
    from nopt.tools.explore.outcome import Outcome


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command("nopt-explore", "Compile networks for many machines; show the best of them.")
    parser.add_argument(
        "networks",
        nargs="+",
        help="text of 8-bit networks, as for nopt -p vta; for arrays also of floats, or .onnx",
    )
    parser.add_argument("--machine", default="rtl", help="a preset, or a JSON file (default: rtl)")
    parser.add_argument(
        "--sweep",
        nargs="+",
        required=True,
        metavar="KEY=VALUES",
        help="keys of the machine with the values to try: LOG_BLOCK=4,5 or LOG_BLOCK=3..5",
    )
    parser.add_argument(
        "--objective",
        default="cycles,energy,area",
        metavar="NAMES",
        help="what is to be small, of cycles, energy, edp, area, bytes, seconds, sram "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--budget", nargs="+", default=[], metavar="WHAT=MOST", help="sram=512KiB area=2 dsp=200 …"
    )
    parser.add_argument("--board", help="an FPGA that designs must fit on: zynq7020, zu3eg")
    parser.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help="try so many points, chosen by a search (default: all of up to 1,000)",
    )
    parser.add_argument(
        "-p",
        "--pipeline",
        metavar="PASSES",
        help="how networks are compiled: 'vta{measure=8 tuning-log=log.jsonl}', or mapped: "
        "'affine-nest-map{objective=cycles}' (default: vta, affine-nest-map)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare bits, too: of each program's run, or of layers on an array",
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once")
    parser.add_argument("--scheduler", metavar="URL", help="a dask cluster's, instead: tcp://…")
    parser.add_argument(
        "--storage", metavar="URL", help="a database of the study (default: SQLite in the folder)"
    )
    parser.add_argument(
        "--why", nargs=2, type=int, metavar=("A", "B"), help="print how two points differ, too"
    )
    parser.add_argument(
        "--reports",
        action="store_true",
        help="write nopt-report's page of each design on the front",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="write there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if a sweep, a file or the storage is wrong."""
    with errors_for_people():
        _explore(_arguments(argv))


def _explore(arguments: argparse.Namespace) -> None:
    from nopt.tools.compiling import read_text
    from nopt.tools.explore.designs import Limits
    from nopt.tools.explore.exploration import Exploration
    from nopt.tools.explore.families.known import ARRAYS, family_of
    from nopt.tools.explore.runs import explore
    from nopt.tools.explore.space import Space
    from nopt.tools.explore.studies import Study
    from nopt.tools.explore.workers import workers
    from nopt.tools.progress import Counted
    from nopt.tools.report import print_rows

    family = family_of(arguments.machine)
    if arguments.reports and family is ARRAYS:
        raise UserError("--reports: found an array, expected a core; nopt-map shows its mappings")
    asked = Exploration(
        [os.path.abspath(path) for path in arguments.networks],
        family,
        family.load(arguments.machine),
        Space.parse(arguments.sweep, family),
        Limits.parse(arguments.budget, arguments.board, family.taken_names),
        arguments.objective.split(","),
        arguments.trials,
        arguments.pipeline,
        arguments.check,
    )
    for path in arguments.networks:
        if not path.endswith(".onnx"):
            read_text(path)
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    storage = arguments.storage or f"sqlite:///{folder.resolve()}/study.db"
    study = Study(storage, asked.name, asked.space, asked.objectives)
    with workers(arguments.jobs, arguments.scheduler) as pool, Counted("machines") as counted:
        outcome = explore(asked, study, pool, counted.done)
    _write(outcome, folder, arguments)
    if not outcome.front:
        reasons = [row["reason"] for row in outcome.rows]
        raise UserError(f"no design has a program; the first: {reasons[0] if reasons else 'none'}")
    print_rows("designs that no other one beats", outcome.front)
    if arguments.why:
        print_rows("why", outcome.differences(*arguments.why))


def _write(outcome: Outcome, folder: Path, arguments: argparse.Namespace) -> None:
    """`points.csv`, `points.json` and the page."""
    from nopt.hw.files.whole_files import output_stream
    from nopt.tools.explore.front_page import exploration_page
    from nopt.tools.report import write_csv

    reports = _reports(outcome, folder) if arguments.reports else {}
    names = ", ".join(outcome.asked.names)
    page = exploration_page(outcome, f"Cores for {names}", reports)
    with output_stream(str(folder / "points.csv")) as stream:
        write_csv(outcome.rows, stream)
    with output_stream(str(folder / "points.json")) as stream:
        json.dump(outcome.rows, stream, indent=1)
    with output_stream(str(folder / "index.html")) as stream:
        stream.write(page)


def _reports(outcome: Outcome, folder: Path) -> dict[int, list[str]]:
    """The report of each network on each design of the front."""
    from nopt.hw.config import Config
    from nopt.hw.files.whole_files import output_stream
    from nopt.passes.base.machine import attach
    from nopt.tools.compiling import compile_program, read_text
    from nopt.tools.progress import track
    from nopt.tools.report_page.page import report_page
    from nopt.tools.runtime import Runtime

    written: dict[int, list[str]] = {}
    for row in track(outcome.front, "reports"):
        config = outcome.asked.design(outcome.points[row["point"]]).config
        assert isinstance(config, Config)
        for stem, path in zip(outcome.asked.names, outcome.asked.networks, strict=True):
            module = read_text(path)
            attach(module, config)
            network = module.clone()
            name = f"{stem}-{row['point']}.html"
            runtime = Runtime(compile_program(module, outcome.asked.how))
            page = report_page(runtime, f"{stem} on {config.name}", network)
            with output_stream(str(folder / name)) as stream:
                stream.write(page)
            written.setdefault(row["point"], []).append(name)
    return written


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt_explore()
