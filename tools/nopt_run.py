"""`nopt-run`: run a program file on the modeled core, and say what happened.

nopt-run model.vta -i x.npy -o y.npy
nopt-run model.vta -i images.npy -o scores.npy --compare model.onnx --profile
nopt-run --raw insns.bin --uops uops.bin@0x8000 --memory x.bin@0 -o y.bin@0x4000:1024
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nopt.tools.command_line import command
from nopt.tools.errors import UsageError, UserError, about_file, errors_for_people

if TYPE_CHECKING:
    from nopt.passes.base.fidelity import Fidelity
    from nopt.tools.compare_run import OutputAgreement
    from nopt.tools.runtime import RunResult, Runtime

    Samples = Sequence[Sequence[Any]]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command("nopt-run", "Run a program file on the modeled core.")
    parser.add_argument(
        "program",
        help="a file that nopt -t vta-program wrote; with --raw, a binary or .npz file; "
        "- is stdin or stdout wherever a file is read or written",
    )
    parser.add_argument(
        "-i",
        "--input",
        action="append",
        default=[],
        metavar="X.npy",
        help="one for each input, or a .npz by name; with more along the first dimension, samples",
    )
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="Y.npy",
        help="one for each output, or a .npz for all",
    )
    parser.add_argument(
        "--compare",
        metavar="MODEL",
        help="the network of floats that it was made from, .onnx or .mlir: how close each layer is",
    )
    parser.add_argument(
        "--profile", action="store_true", help="print cycles, bytes and energy of each layer"
    )
    parser.add_argument(
        "--trace", metavar="T.pftrace", help="write what runs when, for ui.perfetto.dev"
    )
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print a table as CSV: layers with --profile, tensors with --compare, or the facts",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    parser.add_argument(
        "--no-strict",
        action="store_true",
        help="do not trap on what VTA implementations do differently",
    )
    _add_raw_arguments(parser.add_argument_group("programs of other tools"))
    return parser.parse_args(argv)


def _add_raw_arguments(raw: argparse._ArgumentGroup) -> None:  # pyright: ignore[reportPrivateUsage]
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


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if a file is wrong or the core traps."""
    with errors_for_people():
        arguments = _arguments(argv)
        if arguments.csv and (arguments.json or (arguments.profile and arguments.compare)):
            raise UsageError(
                "found --csv, expected one table: not --json, nor --profile and --compare"
            )
        if arguments.raw:
            from nopt.tools.raw_run import run_raw

            run_raw(arguments)
        elif arguments.uops or arguments.memory or arguments.config:
            raise UsageError("found --uops, --memory or --config, expected --raw with it")
        else:
            _run(arguments)


def _run(arguments: argparse.Namespace) -> None:
    from nopt.hw.files.whole_files import all_or_none
    from nopt.hw.program.program_file import Program
    from nopt.tools.arrays import collect, is_npz, load_inputs, samples_of, save_outputs
    from nopt.tools.progress import track
    from nopt.tools.report import report_beside
    from nopt.tools.runtime import RunError, Runtime

    program = Program.load(arguments.program)
    if not arguments.input and program.inputs:
        wanted = ", ".join(f"{v.name}: {v.dtype}{list(v.shape)}" for v in program.inputs)
        raise UsageError(f"expected an input file (-i) for each of {wanted}")
    outputs = len(program.outputs)
    paths = arguments.output
    if paths and len(paths) != outputs and not is_npz(paths):
        raise UsageError(f"found {len(paths)} output files, expected {outputs}")
    arrays = load_inputs(arguments.input, program.inputs)
    samples = samples_of(arrays, program.inputs)
    with about_file(arguments.program):
        runtime = Runtime(program, strict=not arguments.no_strict)
        try:
            results = [runtime.run(sample) for sample in track(samples, "running")]
        except RunError as error:
            raise UserError(f"{', '.join(arguments.input)}: {error}") from error
    found = [result.outputs for result in results]
    with all_or_none():
        if paths:
            save_outputs(paths, collect(found, arrays, program.inputs), program.outputs)
        if arguments.trace:
            _trace(runtime, arguments.trace)
        comparison = (
            _compare(arguments.compare, runtime, samples, found) if arguments.compare else None
        )
        with report_beside([*paths, arguments.trace or ""]):
            _report(runtime, results, comparison, arguments)


def _compare(
    path: str, runtime: Runtime, samples: Samples, found: Samples
) -> tuple[list[Fidelity], list[OutputAgreement]]:
    """How close tensors are on the first sample, and outputs on all."""
    from nopt.tools.compare_run import FloatNetwork, compare_layers, compare_outputs
    from nopt.tools.progress import track

    network = FloatNetwork(path, runtime.program.inputs)
    expected = [network.run(sample) for sample in track(samples, "running the float network")]
    agreement = compare_outputs(runtime.program.outputs, found, expected)
    return compare_layers(runtime, network, samples[0]), agreement


def _trace(runtime: Runtime, path: str) -> None:
    from nopt.hw.files.whole_files import output_stream
    from nopt.hw.timing.perfetto_trace import Part, write_trace

    parts: list[Part] = []
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        own = runtime.layers_of(step)
        layers = [(layer.name, layer.first - step.first, layer.count) for layer in own]
        memory = runtime.program.memory()
        parts.append(Part(runtime.part(step), timing, layers, memory))
    with output_stream(path) as stream:
        write_trace(stream.buffer, runtime.program.config, parts, runtime.host_cycles)


def _report(
    runtime: Runtime,
    results: Sequence[RunResult],
    comparison: tuple[list[Fidelity], list[OutputAgreement]] | None,
    arguments: argparse.Namespace,
) -> None:
    from nopt.passes.base.fidelity import worst_first
    from nopt.tools.compare import print_comparison
    from nopt.tools.profile import layer_rows
    from nopt.tools.report import print_csv, print_facts, print_rows

    rows = layer_rows(runtime) if arguments.profile else []
    tensors, outputs = comparison or ([], [])
    facts = _facts(runtime, results)
    if arguments.json:
        lists = {
            "layers": rows,
            "tensors": [tensor.row() for tensor in worst_first(tensors)],
            "outputs": [output.row() for output in outputs],
        }
        facts |= {name: rows for name, rows in lists.items() if rows}
        print(json.dumps(facts, indent=2))
        return
    if arguments.csv:
        if arguments.profile:
            print_csv(rows)
        elif comparison:
            print_csv([each.row() for each in worst_first(tensors)])
        else:
            print_csv([facts])
        return
    if not arguments.quiet:
        # The name alone: a whole path would be broken somewhere in the title.
        print_facts(os.path.basename(arguments.program), facts)
    if rows:
        print_rows("layers", rows)
    if comparison:
        print_comparison(tensors)
        print_rows("outputs", [output.row() for output in outputs])


def _facts(runtime: Runtime, results: Sequence[RunResult]) -> dict[str, Any]:
    from nopt.tools.profile import energy_row, memory_row
    from nopt.tools.report import stall_rows, timing_row

    program = runtime.program
    samples = {"samples": len(results)} if len(results) > 1 else {}
    return {
        "core": program.config.name,
        "instructions": len(program.instructions),
        **timing_row(runtime.timings),
        **stall_rows(runtime.timings),
        **memory_row(program),
        **energy_row(runtime),
        **samples,
        "host_steps": len(program.steps) - len(runtime.core_steps),
        "host_seconds": sum(result.host_seconds for result in results),
        "simulation_seconds": sum(result.core_seconds for result in results),
    }
