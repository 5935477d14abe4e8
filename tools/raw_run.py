"""`nopt-run --raw`: programs that other tools made, with their memory given as images."""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.files.npy import write_npy
from nopt.hw.files.whole_files import all_or_none, output_stream
from nopt.hw.isa.encoding import Opcode, decode
from nopt.hw.sim.simulator import Simulator
from nopt.hw.timing.perfetto_trace import Part, write_trace
from nopt.hw.timing.program_timing import time_program
from nopt.tools.errors import UsageError, about_file
from nopt.tools.raw import RawProgram, extent, load_raw, read_bytes, read_words
from nopt.tools.report import (
    print_csv,
    print_facts,
    report_beside,
    stall_rows,
    timing_row,
)


def run_raw(arguments: argparse.Namespace) -> None:
    """Run what the command line of `nopt-run --raw` says.

    Raises UserError for arguments that say nothing, ProgramError for files that are no program,
    Trap if the core stops.
    """
    config = Config.load(arguments.config or "default")
    program = _program(arguments)
    outputs = [_output(text) for text in arguments.output]
    ends = [address + size for _, address, size in outputs]
    with about_file(arguments.program):
        insns = decode(program.words, config)
        stored = extent(insns[insns["opcode"] == Opcode.STORE], config)
        memory = program.memory(max([*ends, stored]))
        start = time.perf_counter()
        strict = not arguments.no_strict
        Simulator(config, memory, strict=strict, check_initialised=strict).run(program.words)
        seconds = time.perf_counter() - start
        timing = time_program(insns, config)
    facts: dict[str, Any] = {
        "core": config.name,
        "instructions": len(insns),
        **timing_row([timing]),
        **stall_rows([timing]),
        "simulation_seconds": seconds,
    }
    if program.expected is not None and program.output is not None and program.has_memory:
        found = memory[program.output : program.output + len(program.expected)]
        facts["output_correct"] = bool(np.array_equal(found, program.expected))
    paths = [path for path, _, _ in outputs]
    with all_or_none():
        for path, address, size in outputs:
            _write(path, memory[address : address + size])
        if arguments.trace:
            with output_stream(arguments.trace) as stream:
                write_trace(stream.buffer, config, [Part(insns, timing)])
        with report_beside([*paths, arguments.trace or ""]):
            if arguments.json:
                print(json.dumps(facts, indent=2))
            elif arguments.csv:
                print_csv([facts])
            elif not arguments.quiet:
                print_facts(os.path.basename(arguments.program), facts)


def _program(arguments: argparse.Namespace) -> RawProgram:
    if arguments.program.endswith(".npz"):
        program = load_raw(arguments.program)
    else:
        words = read_words(arguments.program)
        program = RawProgram(arguments.program, words, np.zeros(0, np.uint32))
    for text in [*arguments.uops, *arguments.memory]:
        path, address = _place(text, "FILE@ADDRESS")
        program.images[address] = read_bytes(path)
    return program


def _place(text: str, form: str, found: str | None = None) -> tuple[str, int]:
    found = text if found is None else found
    path, _, address = text.rpartition("@")
    return path, _number(address if path else "", found, form)


def _output(text: str) -> tuple[str, int, int]:
    form = "FILE@ADDRESS:BYTES"
    place, _, size = text.rpartition(":")
    return *_place(place, form, text), _number(size, text, form)


def _number(text: str, found: str, form: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(f"found '{found}', expected {form}, such as x.bin@0x1000")
    return number


def _write(path: str, data: Any) -> None:
    with output_stream(path) as stream:
        if path.endswith(".npy"):
            write_npy(stream.buffer, data)
        else:
            stream.buffer.write(data.tobytes())
