"""What `nopt` reads MLIR text by: every operation knows its place, resources are no text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.frontend.mlir import MLIRFrontend

from nopt.dialects.blobs import read_text
from nopt.tools.errors import UserError
from nopt.tools.locations import LocatingParser


@dataclass(frozen=True)
class MlirFrontend(MLIRFrontend):
    """xDSL's frontend with a parser of ours."""

    @override
    def parse(
        self, ctx: Context, input: IO[bytes], input_name: str = "input", first_line: int = 1
    ) -> ModuleOp:
        """A module from text that starts on the line `first_line` of its file."""
        try:
            read = read_text(input)
        except UnicodeDecodeError as error:
            raise UserError(f"not text: byte {error.start} is no UTF-8", input_name) from error
        parser = LocatingParser(ctx, read.text, input_name, first_line, read.blobs)
        return parser.parse_module(not self.no_implicit_module)
