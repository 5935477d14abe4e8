"""`nopt-objdump`: print a program file, or any instruction binary, as assembly with symbols.

nopt-objdump model.vta --trace
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nopt.hw.files.whole_files import output_stream
from nopt.tools.command_line import command
from nopt.tools.errors import about_file, errors_for_people

if TYPE_CHECKING:
    from nopt.hw.config import Config
    from nopt.hw.isa.encoding import Micro, Records, Words
    from nopt.hw.program.program_file import Program
    from nopt.hw.timing.program_timing import Timing


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command("nopt-objdump", "Print a program file or an instruction binary as assembly.")
    parser.add_argument(
        "file", help="a .vta file, a .npz file with a program, or 16 bytes for each instruction"
    )
    parser.add_argument("--uops", metavar="FILE", help="micro-op binary that belongs to FILE")
    parser.add_argument(
        "--config", metavar="NAME|FILE", help="core of a binary (a .vta file names its own)"
    )
    parser.add_argument(
        "--trace", action="store_true", help="cycles in which each instruction runs, beside it"
    )
    parser.add_argument("--latency", type=int, metavar="CYCLES", help="memory latency for --trace")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there, not to stdout")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if the file is no program."""
    with errors_for_people():
        arguments = _arguments(argv)
        text = _dump(arguments)
        with output_stream(arguments.output) as stream:
            stream.write(text)


def _dump(arguments: argparse.Namespace) -> str:
    from nopt.hw.config import Config
    from nopt.hw.files.whole_files import read_bytes
    from nopt.hw.program.program_file import Program
    from nopt.tools.raw import load_raw, read_micro_ops, words_of

    uops = read_micro_ops(arguments.uops)
    if arguments.file.endswith(".npz"):
        config = _config(arguments, Config.load(arguments.config or "default"))
        raw = load_raw(arguments.file)
        insns = _decoded(raw.words, config, arguments)
        return _listing(insns, uops if arguments.uops else raw.uops, config, arguments)
    data = read_bytes(arguments.file)
    if data.startswith(b"PK"):
        program = Program.of_bytes(data, arguments.file)
        config = _config(arguments, program.config)
        insns = _decoded(program.instructions, config, arguments)
        return _header(program) + _listing(insns, _uops(program), config, arguments, program)
    config = _config(arguments, Config.load(arguments.config or "default"))
    insns = _decoded(words_of(data, arguments.file), config, arguments)
    return _listing(insns, uops, config, arguments)


def _decoded(words: Words, config: Config, arguments: argparse.Namespace) -> Records:
    from nopt.hw.isa.encoding import decode

    with about_file(arguments.file):
        return decode(words, config)


def _config(arguments: argparse.Namespace, config: Config) -> Config:
    if arguments.latency is None:
        return config
    return replace(config, memory_latency=arguments.latency)


def _listing(
    insns: Records,
    uops: Micro,
    config: Config,
    arguments: argparse.Namespace,
    program: Program | None = None,
) -> str:
    from nopt.hw.program.program_notes import listing
    from nopt.hw.timing.program_timing import time_program

    timings: list[Timing] = []
    if arguments.trace:
        parts = _parts(len(insns), program)
        with about_file(arguments.file):
            timings = [time_program(insns[part], config) for part in parts]
    return listing(insns, uops, config, program.symbols if program else (), timings)


def _parts(count: int, program: Program | None) -> list[slice]:
    """What runs in one go: the core steps, if they are all instructions one after the other."""
    from nopt.hw.program.program_parts import CoreStep

    steps = [step for step in program.steps if isinstance(step, CoreStep)] if program else []
    parts = [slice(step.first, step.first + step.count) for step in steps]
    ends = [0, *(part.stop for part in parts)]
    consecutive = ends == [*(part.start for part in parts), count]
    return parts if consecutive else [slice(0, count)]


def _uops(program: Program) -> Micro:
    """All micro-ops of a program, in the order of their addresses."""
    import numpy as np

    memory = program.memory()
    places = sorted((s.address, s.nbytes) for s in program.symbols if s.kind == "uop")
    parts = [memory[address : address + size] for address, size in places]
    return np.concatenate([np.zeros(0, np.uint8), *parts]).view(np.uint32)


def _header(program: Program) -> str:
    from nopt.hw.program.program_parts import HostStep

    kinds = ", ".join(f"{count} {kind}" for kind, count in program.dram_by_kind().items())
    lines = [f"# core {program.config.name}, {program.dram_bytes} bytes of DRAM: {kinds}"]
    for symbol in sorted(program.symbols, key=lambda symbol: symbol.address):
        shape = "x".join(map(str, (*symbol.shape, symbol.dtype)))
        lines.append(f"# {symbol.address:#10x} {symbol.kind:8} {symbol.name}: {shape}")
    for step in program.steps:
        if isinstance(step, HostStep):
            inputs, outputs = ", ".join(step.inputs), ", ".join(step.outputs)
            lines.append(f"# host {step.function}({inputs}) -> {outputs}")
        else:
            lines.append(f"# core {step.first} to {step.first + step.count - 1}")
    for layer in program.layers:
        shape = "x".join(map(str, layer.shape))
        stands_for = f" is {layer.tensor}" if layer.tensor else ""
        last = layer.first + layer.count - 1
        lines.append(f"# layer {layer.first} to {last}: {layer.name}: {shape}{stands_for}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt_objdump()
