"""`nopt-run`: run a program file on the modeled core, and say what happened.

nopt-run model.vta -i x.npy -o y.npy
nopt-run --raw insns.bin --uops uops.bin@0x8000 --memory x.bin@0 -o y.bin@0x4000:1024
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nopt.tools.errors import UserError, errors_for_people, usage_error
from nopt.tools.output import output_stream

if TYPE_CHECKING:
    from nopt.tools.runtime import RunResult, Runtime


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="nopt-run", description="Run a program file on the modeled core."
    )
    parser.error = usage_error
    parser.add_argument(
        "program",
        help="a file that nopt -t vta-program wrote; with --raw, a binary or .npz file",
    )
    parser.add_argument(
        "-i", "--input", action="append", default=[], metavar="X.npy", help="one for each input"
    )
    parser.add_argument(
        "-o", "--output", action="append", default=[], metavar="Y.npy", help="one for each output"
    )
    parser.add_argument(
        "--trace", metavar="T.json", help="write when each instruction runs, for ui.perfetto.dev"
    )
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    parser.add_argument(
        "--no-strict",
        action="store_true",
        help="do not trap on what VTA implementations do differently",
    )
    raw = parser.add_argument_group("programs of other tools")
    raw.add_argument(
        "--raw",
        action="store_true",
        help="PROGRAM is 16 bytes for each instruction, or .npz with all that it needs; "
        "-o takes FILE@ADDRESS:BYTES",
    )
    for option, what in (("--uops", "a micro-op binary"), ("--memory", "bytes or .npy array")):
        raw.add_argument(
            option,
            action="append",
            default=[],
            metavar="FILE@ADDRESS",
            help=f"{what} that lies at a byte address before the run",
        )
    raw.add_argument("--config", metavar="NAME|FILE", help="the core (default: default)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if a file is wrong or the core traps."""
    with errors_for_people():
        arguments = _arguments(argv)
        if arguments.raw:
            from nopt.tools.raw_run import run_raw

            run_raw(arguments)
        elif arguments.uops or arguments.memory or arguments.config:
            raise UserError("found --uops, --memory or --config, expected --raw with it")
        else:
            _run(arguments)


def _run(arguments: argparse.Namespace) -> None:
    from nopt.hw.program import Program
    from nopt.tools.runtime import RunError, Runtime

    program = Program.load(arguments.program)
    if not arguments.input and program.inputs:
        wanted = ", ".join(f"{v.name}: {v.dtype}{list(v.shape)}" for v in program.inputs)
        raise UserError(f"expected an input file (-i) for each of {wanted}")
    outputs = len(program.outputs)
    if arguments.output and len(arguments.output) != outputs:
        raise UserError(f"found {len(arguments.output)} output files, expected {outputs}")
    inputs = [_load_array(path) for path in arguments.input]
    runtime = Runtime(program, strict=not arguments.no_strict)
    try:
        result = runtime.run(inputs)
    except RunError as error:
        raise UserError(f"{', '.join(arguments.input)}: {error}") from error
    for path, array in zip(arguments.output, result.outputs, strict=False):
        _save_array(path, array)
    if arguments.trace:
        _trace(runtime, arguments.trace)
    if not arguments.quiet:
        _report(runtime, result, arguments)


def _load_array(path: str) -> Any:
    import numpy as np

    with open(path, "rb") as stream:
        begin = stream.read(len(np.lib.format.MAGIC_PREFIX))
        if begin != np.lib.format.MAGIC_PREFIX:
            found = f"a file that begins with {begin!r}" if begin else "an empty file"
            raise UserError(f"{path}: found {found}, expected a .npy file, as numpy.save writes it")
        stream.seek(0)
        try:
            return np.lib.format.read_array(stream, allow_pickle=False)
        except (ValueError, EOFError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{path}: not a readable .npy file: {reason}") from error


def _save_array(path: str, array: Any) -> None:
    import numpy as np

    with output_stream(path) as stream:
        np.save(stream.buffer, array)


def _trace(runtime: Runtime, path: str) -> None:
    from nopt.hw.encoding import decode
    from nopt.hw.program import CoreStep
    from nopt.tools.report import write_trace

    program = runtime.program
    insns = decode(program.instructions, program.config)
    steps = [step for step in program.steps if isinstance(step, CoreStep)]
    parts = [insns[step.first : step.first + step.count] for step in steps]
    write_trace(path, list(zip(parts, runtime.timings, strict=True)))


def _report(runtime: Runtime, result: RunResult, arguments: argparse.Namespace) -> None:
    from nopt.tools.report import print_facts, stall_rows, timing_row

    program = runtime.program
    facts = {
        "core": program.config.name,
        "instructions": len(program.instructions),
        **timing_row(runtime.timings),
        **stall_rows(runtime.timings),
        "host_steps": sum(1 for step in result.steps if not step.on_core),
        "host_seconds": result.host_seconds,
        "simulation_seconds": result.core_seconds,
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print_facts(arguments.program, facts)
