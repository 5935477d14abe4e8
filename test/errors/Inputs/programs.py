"""Damage a program file, by hand or with checksums that fit."""

import os
import sys

import numpy as np

from nopt.hw.program import program_file as program_module
from nopt.hw.program.program_file import Program

os.chdir(sys.argv[1])
with open("p.vta", "rb") as file:
    whole = file.read()


def write(name: str, content: bytes) -> None:
    with open(f"{name}.vta", "wb") as file:
        file.write(content)


write("empty", b"")
write("text", b"hello")
write("begin", whole[: len(whole) // 3])
write("cut", whole[:-1])
write("longer", whole + b"\0")
at = whole.index(b'"dram_bytes"')
write("flipped", whole[:at] + b"'" + whole[at + 1 :])
# A time stamp: no checksum of the archive covers it.
write("stamp", whole[:10] + b"\1" + whole[11:])


def altered(name: str, **changes: object) -> None:
    program = Program.load("p.vta")
    for key, value in changes.items():
        setattr(program, key, value)
    program.save(f"{name}.vta")


program = Program.load("p.vta")
altered("host", host=program.host.replace("affine_nest.load", "affine_nest.lod"))
altered("other_host", host=program.host.replace("@host_0", "@host_7"))
words = program.instructions.copy()
words[0, 0] |= np.uint64(7)
altered("opcode", instructions=words)
program_module.VERSION += 1
program.save("newer.vta")
