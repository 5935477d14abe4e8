"""`nopt-import`: an ONNX model as MLIR text in the graph dialect.

nopt-import model.onnx --list
nopt-import model.onnx -o model.mlir --dim batch=1
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from nopt.hw.files.whole_files import output_stream
from nopt.tools.command_line import command
from nopt.tools.errors import UsageError, errors_for_people
from nopt.tools.open_sizes import add_sizes, pairs, sizes_of


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command(
        "nopt-import", "Import an ONNX model, of floats or quantized, as a function @main."
    )
    parser.add_argument("model", metavar="MODEL.onnx", help="any operator set; - is stdin")
    parser.add_argument("-o", "--output", metavar="FILE.mlir", help="write there, not to stdout")
    add_sizes(parser)
    parser.add_argument(
        "--fix",
        action="append",
        default=[],
        metavar="INPUT=NUMBER[,NUMBER…]",
        help="make a constant of an input, of one number for all elements or one for each",
    )
    parser.add_argument(
        "--from",
        action="append",
        default=[],
        dest="starts",
        metavar="TENSOR",
        help="import a part only, with this tensor of the model as an input",
    )
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        dest="ends",
        metavar="TENSOR",
        help="import a part only, up to this tensor of the model",
    )
    parser.add_argument(
        "--drop-quantization",
        action="store_true",
        help="import a quantized model as the network of floats that it stands for",
    )
    parser.add_argument("--quiet", action="store_true", help="print no notes")
    parser.add_argument(
        "--list",
        action="store_true",
        help="print what the model has, and what of it would be imported and run where, and exit",
    )
    _add_tables(parser)
    return parser.parse_args(argv)


def _add_tables(parser: argparse.ArgumentParser) -> None:
    """How `--list` prints its two tables."""
    tables = parser.add_mutually_exclusive_group()
    tables.add_argument("--json", action="store_true", help="with --list, print JSON")
    names = ("tensors", "operators")
    tables.add_argument("--csv", choices=names, help="with --list, print one of its tables as CSV")


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if the model is wrong or not supported."""
    with errors_for_people():
        arguments = _arguments(argv)
        if arguments.list:
            return _list(arguments)
        dims, shapes = sizes_of(arguments)
        fixed = {
            name: [_number(name, number) for number in text.split(",")]
            for name, text in pairs("--fix", arguments.fix)
        }
        _import(arguments, dims, shapes, fixed)


def _list(arguments: argparse.Namespace) -> None:
    from nopt.tools.importer.model_listing import list_model
    from nopt.tools.report import print_csv, print_rows

    tables = dict(zip(("tensors", "operators"), list_model(arguments.model), strict=True))
    if arguments.json:
        print(json.dumps(tables))
    elif arguments.csv:
        print_csv(tables[arguments.csv])
    else:
        for name, rows in tables.items():
            print_rows(name, rows)


def _import(
    arguments: argparse.Namespace,
    dims: dict[str, int],
    shapes: dict[str, list[int]],
    fixed: dict[str, list[float]],
) -> None:
    from xdsl.context import Context
    from xdsl.dialects.builtin import Builtin

    from nopt.dialects.printing import MlirTarget
    from nopt.tools.importer import import_model
    from nopt.tools.progress import Stages

    context = Context()
    context.register_dialect(Builtin.name, lambda: Builtin)
    with output_stream(arguments.output) as stream, Stages() as stages:
        imported = import_model(
            arguments.model,
            dims=dims,
            shapes=shapes,
            begin=stages.begin,
            drop_quantization=arguments.drop_quantization,
            fixed=fixed,
            starts=arguments.starts,
            ends=arguments.ends,
        )
        stages.begin("writing" if arguments.output else "")
        MlirTarget().emit(context, imported.module, stream)
    if not arguments.quiet:
        for note in imported.notes:
            print(f"note: {note}", file=sys.stderr)


def _number(name: str, text: str) -> float:
    words = {"false": 0.0, "true": 1.0}
    try:
        return words[text] if text in words else int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise UsageError(f"--fix: '{name}' is '{text}', expected numbers") from None


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt_import()
