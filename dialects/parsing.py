"""Parsing of modules, with resources that survive a second file with the same keys."""

from binascii import unhexlify
from pathlib import Path

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser


class ModuleParser(Parser):
    """xDSL's parser, but one key in a file is one resource in the process-wide store.

    A key that another file took already gets a new name when it is declared. xDSL 0.74 renames it
    again where the file gives its bytes, so they would never be found; here both get the same name.
    """

    def __init__(self, ctx: Context, input: str, name: str = "<unknown>") -> None:
        super().__init__(ctx, input, name)
        # A pass may make resources, and xDSL prints those of loaded dialects only.
        ctx.get_optional_dialect("builtin")
        self._resource_keys: dict[tuple[str, str], str] = {}

    @override
    def _parse_dialect_resource_handle(
        self, dialect_name: str, interface: OpAsmDialectInterface
    ) -> str:
        key = self.parse_identifier(" for resource handle")
        if (dialect_name, key) not in self._resource_keys:
            self._resource_keys[dialect_name, key] = interface.declare_resource(key)
        return self._resource_keys[dialect_name, key]

    @override
    def _parse_resource(self, dialect_name: str, interface: OpAsmDialectInterface) -> None:
        """A key and its bytes, refused here if they are not hexadecimal: later has no place."""
        key = self._current_token.span
        super()._parse_resource(dialect_name, interface)
        blob = interface.lookup(self._resource_keys[dialect_name, key.text]) or ""
        try:
            unhexlify(blob.removeprefix("0x"))
        except ValueError as error:
            self.raise_error(f"resource '{key.text}': {error}, expected hexadecimal digits", key)

    @override
    def _parse_external_resources(self) -> None:
        self.raise_error("found external_resources, expected only dialect_resources")


def parse_file(ctx: Context, path: Path) -> ModuleOp:
    """Parse a module from a file. Raises OSError, or ParseError with the place in the file."""
    return ModuleParser(ctx, path.read_text(), str(path)).parse_module()
