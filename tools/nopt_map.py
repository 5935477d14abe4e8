"""`nopt-map`: the best mapping of each layer of a network on an array of PEs, proven.

nopt-map resnet18.onnx --machine pe256 -o mapped.mlir
nopt-map --einsum 'C[x,y] += A[x,k] * B[k,y]' --extents x=64 y=64 k=256 --objective cycles
nopt-map mapped.mlir --why other.mlir
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from nopt.tools.command_line import command
from nopt.tools.errors import UsageError, errors_for_people
from nopt.tools.open_sizes import add_sizes, sizes_of

if TYPE_CHECKING:
    from nopt.tools.mapped.mapped_networks import MappedNetwork
    from nopt.tools.mapped.simulated import Simulated


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command("nopt-map", "Map the layers of a network on an array of PEs.")
    parser.add_argument("network", nargs="?", help="an .onnx model or .mlir text; - is stdin")
    parser.add_argument("--einsum", metavar="NEST", help="instead: 'C[x,y] += A[x,k] * B[k,y]'")
    parser.add_argument("--extents", nargs="+", default=[], metavar="LOOP=N", help="of its loops")
    add_sizes(parser)
    parser.add_argument(
        "--machine",
        default="pe256",
        help="a preset or a JSON file, with changes as in pe256+rf=1024 (default: %(default)s)",
    )
    parser.add_argument(
        "--objective",
        choices=("edp", "energy", "cycles", "pareto"),
        default="edp",
        help="what is to be least (default: %(default)s)",
    )
    parser.add_argument(
        "--pack",
        nargs="+",
        default=[],
        metavar="TENSOR",
        help="operands that may lie in DRAM tile by tile, the result as out; or all",
    )
    parser.add_argument(
        "--seconds", type=float, default=inf, help="for each layer at most (default: until proven)"
    )
    parser.add_argument(
        "--pad",
        type=float,
        default=0.0,
        metavar="PART",
        help="extents may be so much larger, as 0.15, so that tiles need not divide them",
    )
    parser.add_argument(
        "--bypass",
        nargs="+",
        default=[],
        metavar="MEMORY",
        help="memories of a machine of levels that operands need not be held by; or all",
    )
    parser.add_argument("--terms", action="store_true", help="print all numbers of each layer, too")
    parser.add_argument(
        "--simulate", action="store_true", help="simulate each layer pass by pass, with data"
    )
    parser.add_argument(
        "--trace", metavar="TRACE", help="write the run of the first layer for Perfetto there"
    )
    parser.add_argument("--why", metavar="OTHER", help="print how other mappings of this differ")
    parser.add_argument("--json", action="store_true", help="print all tables as one JSON object")
    parser.add_argument("--page", metavar="PAGE.html", help="write a page of figures there")
    parser.add_argument("-o", "--output", metavar="FILE.mlir", help="write mapped nests there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if a file is wrong or a layer does not fit."""
    with errors_for_people():
        arguments = _arguments(argv)
        if (arguments.network is None) == (arguments.einsum is None):
            raise UsageError("expected a network, or --einsum with --extents")
        _map(arguments)


def _map(arguments: argparse.Namespace) -> None:
    from nopt.dialects.printing import MlirTarget
    from nopt.hw.array.any_machine import load_any
    from nopt.hw.files.whole_files import output_stream
    from nopt.passes.mapping.estimates import terms
    from nopt.passes.mapping.nest_search import NestSearch
    from nopt.tools.compiling import every_dialect
    from nopt.tools.mapped.einsums import einsum_module, extents_of
    from nopt.tools.mapped.mapped_networks import map_network, read_network
    from nopt.tools.mapped.mapping_page import mapping_page
    from nopt.tools.progress import Counted
    from nopt.tools.report import print_rows, report_beside

    load_any(arguments.machine)
    search = NestSearch(
        arguments.machine,
        arguments.objective,
        arguments.pack,
        arguments.seconds,
        arguments.pad,
        arguments.bypass,
    )
    if arguments.einsum is not None:
        module = einsum_module(arguments.einsum, extents_of(arguments.extents))
    else:
        module = read_network(arguments.network, *sizes_of(arguments))
    with Counted("layers") as counted:
        network = map_network(module, search, counted.done)
    tables = {"layers": [*(each.row for each in network.layers), network.total]}
    if arguments.objective == "pareto":
        tables["fronts"] = [row for each in network.layers for row in each.front_rows]
    if arguments.terms:
        tables["terms"] = [{"name": each.name, **terms(each.said)} for each in network.layers]
    runs = _simulated(network, arguments.trace) if arguments.simulate or arguments.trace else []
    if runs:
        tables["pass by pass"] = [each.row for each in runs]
    if arguments.why:
        tables["why"] = network.why(map_network(read_network(arguments.why), search))
    with report_beside([arguments.output or "", arguments.page or ""]):
        if arguments.json:
            print(json.dumps(tables, indent=2))
        else:
            for title, rows in tables.items():
                print_rows(f"{title} on {network.machines}", rows)
    if arguments.page:
        what = arguments.network or arguments.einsum
        page = mapping_page(network, f"{what} on {network.machines}", runs)
        with output_stream(arguments.page) as stream:
            stream.write(page)
    if arguments.output:
        with output_stream(arguments.output) as stream:
            MlirTarget().emit(every_dialect(), module, stream)


def _simulated(network: MappedNetwork, trace: str | None) -> list[Simulated]:
    from nopt.hw.array.sim.array_trace import write_array_trace
    from nopt.hw.files.whole_files import output_stream
    from nopt.tools.mapped.simulated import simulate

    runs = [simulate(layer) for layer in network.layers]
    if trace:
        with output_stream(trace) as stream:
            write_array_trace(stream.buffer, runs[0].timing, runs[0].layer.name)
    return runs


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt_map()
