"""`nopt-report`: a program as one page of figures, for any browser, without a network.

nopt-report model.vta -o report.html
nopt-report model.vta --network model.mlir -i x.npy --compare model.onnx -o report.html
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nopt.tools.command_line import command
from nopt.tools.errors import UsageError, UserError, about_file, errors_for_people

if TYPE_CHECKING:
    from nopt.passes.base.fidelity import Fidelity
    from nopt.tools.runtime import Runtime


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command("nopt-report", "Show what a program takes, as one HTML page.")
    parser.add_argument("program", help="a file that nopt -t vta-program wrote; - is stdin")
    parser.add_argument(
        "-o", "--output", required=True, metavar="REPORT.html", help="write there; - is stdout"
    )
    parser.add_argument(
        "--network",
        metavar="NETWORK.mlir",
        help="what it was compiled from by -p vta: its layers are shown at each level",
    )
    parser.add_argument(
        "-i",
        "--input",
        action="append",
        default=[],
        metavar="X.npy",
        help="one for each input, or a .npz by name: for host seconds and --compare",
    )
    parser.add_argument(
        "--compare",
        metavar="MODEL",
        help="the network of floats, .onnx or .mlir: signal-to-noise of each tensor",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if a file is wrong or plotly is missing."""
    with errors_for_people():
        arguments = _arguments(argv)
        if arguments.compare and not arguments.input:
            raise UsageError("found --compare, expected inputs (-i) with it")
        _report(arguments)


def _report(arguments: argparse.Namespace) -> None:
    from nopt.hw.files.whole_files import output_stream
    from nopt.hw.program.program_file import Program
    from nopt.tools.compiling import read_text
    from nopt.tools.progress import Stages
    from nopt.tools.report_page.page import report_page
    from nopt.tools.runtime import Runtime

    with Stages() as stages:
        stages.begin("reading")
        runtime = Runtime(Program.load(Path(arguments.program)))
        network = read_text(arguments.network) if arguments.network else None
        tensors, seconds = _run(runtime, arguments, stages) if arguments.input else ([], None)
        with about_file(arguments.program):
            _ = runtime.timings
        with about_file(arguments.network or arguments.program):
            title = Path(arguments.program).name
            page = report_page(runtime, title, network, tensors, seconds, stages.begin)
        with output_stream(arguments.output) as stream:
            stream.write(page)


def _run(
    runtime: Runtime, arguments: argparse.Namespace, stages: Any
) -> tuple[list[Fidelity], float]:
    """How close tensors are, if that is asked, and seconds of the host; of the first sample."""
    from nopt.tools.arrays import load_inputs, samples_of
    from nopt.tools.compare_run import FloatNetwork, compare_layers
    from nopt.tools.runtime import RunError

    program, place = runtime.program, ", ".join(arguments.input)
    samples = samples_of(load_inputs(arguments.input, program.inputs), program.inputs)
    if not samples:
        raise UserError("found no sample, expected one at least", place)
    sample = samples[0]
    stages.begin("running")
    try:
        seconds = runtime.run(sample).host_seconds
    except RunError as error:
        raise UserError(str(error), place) from error
    if not arguments.compare:
        return [], seconds
    stages.begin("comparing")
    network = FloatNetwork(arguments.compare, program.inputs)
    return compare_layers(runtime, network, sample), seconds


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt_report()
