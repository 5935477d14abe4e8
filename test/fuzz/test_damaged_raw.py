"""Programs of other tools: instruction binaries whose fields and bytes are anything."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from kinds import Input, Kind
from mutations import damaged_bytes, pick
from numpy.random import Generator
from programs import networks, program

from nopt.hw.isa.encoding import Opcode, layout
from nopt.tools.nopt_objdump import main as nopt_objdump
from nopt.tools.nopt_run import main as nopt_run

PLACE = 1 << 20
"""Where the micro-ops are said to lie, besides those of the image."""
OPTIONS = (
    *([], [], ["--no-strict"], ["--json"], ["--config", "default"], ["--trace", "trace.json"]),
    ["--config", "1x32x32"],
)


def test_raw(part: int):
    Kind("raw", made).check(part)


def made(rng: Generator) -> Input:
    """A program's instructions, some of them damaged, with the memory that it needs or without."""
    which = pick(rng, on_core())
    data = pick(rng, (damaged_fields, damaged_fields, damaged_order, damaged_whole))(rng, which)
    dumps, has_memory = rng.random() < 0.25, rng.random() < 0.8
    options, uops = (
        pick(rng, OPTIONS),
        damaged_bytes(rng, micro_ops()) if rng.random() < 0.3 else b"",
    )

    def check(path: Path) -> None:
        arguments = [str(path), *options]
        if uops:
            Path("uops.bin").write_bytes(uops)
            arguments += ["--uops", "uops.bin" if dumps else f"uops.bin@{PLACE}"]
        if dumps:
            known = [o for o in options if o not in ("--no-strict", "--json", "trace.json")]
            nopt_objdump([str(path), *known, *arguments[1 + len(options) :], "-o", "output"])
            return
        if has_memory:
            Path("memory.bin").write_bytes(program(which).memory().tobytes())
            arguments += ["--memory", "memory.bin@0"]
        nopt_run(["--raw", *arguments, "-o", "output@0:64"])
        assert Path("output").stat().st_size == 64

    return Input(data, ".bin", check, r"\b(input|uops)\.bin\b")


@cache
def on_core() -> list[int]:
    return [which for which in range(len(networks())) if len(program(which).instructions)]


def words(which: int) -> np.ndarray:
    return program(which).instructions.copy()


def damaged_fields(rng: Generator, which: int) -> bytes:
    """Up to three fields have other numbers: the least, the greatest, near ones."""
    found = words(which)
    for _ in range(rng.integers(1, 4)):
        row = found[rng.integers(len(found))]
        opcode = Opcode(int(row[0]) & 7) if int(row[0]) & 7 in [*Opcode] else Opcode.GEMM
        field = pick(rng, layout(opcode, program(which).config))
        word, at, ones = field.offset // 64, field.offset % 64, (1 << field.width) - 1
        old = int(row[word]) >> at & ones
        new = pick(rng, (0, 1, ones, ones, ones >> 1, old + 1, old - 1, 2 * old)) & ones
        row[word] = np.uint64(int(row[word]) & ~(ones << at) | new << at)
    return found.astype("<u8").tobytes()


def damaged_order(rng: Generator, which: int) -> bytes:
    """Instructions left out, repeated or elsewhere."""
    found = [*words(which)]
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(found)))
        match rng.integers(3):
            case 0 if len(found) > 1:
                del found[at]
            case 1:
                found += found[at:] * int(pick(rng, (1, 1, 100)))
            case _:
                found.insert(at, found.pop(int(rng.integers(len(found)))))
    return np.array(found).astype("<u8").tobytes()


def damaged_whole(rng: Generator, which: int) -> bytes:
    return damaged_bytes(rng, words(which).astype("<u8").tobytes())


@cache
def micro_ops() -> bytes:
    return b"".join(int(uop).to_bytes(4, "little") for uop in range(0, 1 << 15, 33))
