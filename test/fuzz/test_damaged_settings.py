"""Machines and tuning logs in JSON: what is taken compiles to programs that are right."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from checks import parse
from kinds import Input, Kind
from mutations import damaged_bytes, damaged_json, damaged_text, pick
from numpy.random import Generator
from programs import compare, main_of, networks, random_inputs

from nopt.dialects.constants import scoped_resources
from nopt.hw.program.program_file import Program
from nopt.tools.compiling import run_pipeline
from nopt.tools.nopt import main as nopt


def test_settings(part: int):
    Kind("settings", made).check(part)


def made(rng: Generator) -> Input:
    """A machine, or a log with a schedule for each nest of a network."""
    which, seed = int(rng.integers(len(networks()))), int(rng.integers(1 << 32))
    option, suffix = pick(rng, (("config", ".json"), ("tuning-log", ".jsonl")))
    text = pick(rng, machines()) if option == "config" else log(which)
    data = damaged_bytes(rng, text.encode()) if rng.random() < 0.1 else damaged(rng, text)

    def check(path: Path) -> None:
        network = path.with_name("network.mlir")
        network.write_text(networks()[which])
        with scoped_resources():
            pipeline = f'vta{{{option}="{path}"}}'
            nopt([str(network), "-p", pipeline, "-t", "vta-program", "-o", "output"])
        program = Program.load(Path("output").rename("program.vta"))
        with scoped_resources():
            module = parse(networks()[which])
            compare(program, module, random_inputs(main_of(module), seed), "graph")

    return Input(data, suffix, check, r"\b(input|network)\.")


def damaged(rng: Generator, text: str) -> bytes:
    """A value of it, or its text."""
    if rng.random() < 0.3:
        return damaged_text(rng, text, [text])
    entries = [json.loads(line) for line in text.splitlines()]
    at = int(rng.integers(len(entries)))
    entries[at] = damaged_json(rng, entries[at])
    return "\n".join(map(json.dumps, entries)).encode()


@cache
def machines() -> list[str]:
    """Each on one line."""
    presets = (files("nopt.hw") / "presets").iterdir()
    return sorted(json.dumps(json.loads(path.read_text())) for path in presets)


@cache
def log(which: int) -> str:
    """What a search says of a network."""
    with tempfile.TemporaryDirectory() as folder, scoped_resources():
        path = Path(folder) / "log.jsonl"
        run_pipeline(parse(networks()[which]), f'vta{{tuning-log="{path}"}}')
        return path.read_text() if path.exists() else "{}"
