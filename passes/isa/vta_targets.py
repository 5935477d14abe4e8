"""The targets `vta-asm` and `vta-program`: a module at the isa level as text or as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from nopt.hw.isa.disassembly import format_assembly
from nopt.passes.base.machine import machine_of
from nopt.passes.isa.program.assemble import assemble


@dataclass(frozen=True)
class VtaAsmTarget(Target):
    """Assembly text: micro-ops, then instructions with dependency tokens."""

    name = "vta-asm"

    entry: str = "main"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        assembled = assemble(module, ctx, self.entry)
        output.write(format_assembly(assembled.records, assembled.uops, machine_of(module)))


@dataclass(frozen=True)
class VtaProgramTarget(Target):
    """A program file for nopt-run: instructions, constants, symbols, host steps, configuration."""

    name = "vta-program"

    entry: str = "main"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        raise ValueError("vta-program is binary: write it with nopt -t vta-program -o FILE")

    def emit_bytes(self, ctx: Context, module: ModuleOp, output: IO[bytes]) -> None:
        """Write the file's bytes."""
        assemble(module, ctx, self.entry).program.write(output)
