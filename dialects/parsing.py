"""Parsing of modules, with resources that survive a second file with the same keys."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineMap, AffineSet
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRTokenKind

from nopt.dialects.affine_syntax import ValueList, parse_exprs
from nopt.dialects.blobs import Blob, read_text
from nopt.dialects.element_syntax import ElementParser
from nopt.dialects.lexing import LinearLexer
from nopt.dialects.location_syntax import LocationParser

_FROM_UPSTREAM = frozenset(
    (
        *("affine.delinearize_index", "affine.for", "affine.if", "affine.load", "affine.max"),
        *("affine.parallel", "affine.store", "arith.trunci", "memref.alloc", "memref.alloca"),
        *("memref.cast", "memref.copy", "memref.global", "scf.parallel", "scf.reduce"),
    )
)
"""Operations that `upstream_syntax` helps to read; it is imported where one of them is met."""


def _upstream() -> ModuleType:
    return import_module("nopt.dialects.upstream_syntax")


def _accesses() -> ModuleType:
    return import_module("nopt.dialects.upstream_syntax.upstream_accesses")


class ModuleParser(ElementParser, LocationParser):
    """xDSL's parser, but one key in a file is one resource in the process-wide store.

    A key that another file took already gets a new name when it is declared. xDSL 0.75 renames it
    again where the file gives its bytes, so they would never be found; here both get the same name.

    `blobs` are resources that were taken out of the text, see `read_text`.
    """

    def __init__(
        self,
        ctx: Context,
        input: str,
        name: str = "<unknown>",
        blobs: Mapping[int, Blob] | None = None,
    ) -> None:
        super().__init__(ctx, "", name)
        self.tokens = LinearLexer(Input(input, name))
        self.read_from(self.tokens)
        self._blobs = blobs or {}
        # A pass may make resources, and xDSL prints those of loaded dialects only.
        ctx.get_optional_dialect("builtin")
        self._resource_keys: dict[tuple[str, str], str] = {}
        self._given_resources: set[str] = set()

    @override
    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        """A module; a text without any operation is an empty one, if that may be left out."""
        ops: list[Operation] = []
        while (kind := self.next_token.kind) != MLIRTokenKind.EOF:
            if kind in (MLIRTokenKind.HASH_IDENT, MLIRTokenKind.EXCLAMATION_IDENT):
                self.parse_alias()
            elif kind == MLIRTokenKind.FILE_METADATA_BEGIN:
                self.parse_metadata()
            elif (op := self.parse_optional_operation()) is not None:
                ops.append(op)
            else:
                self.raise_error("expected an operation")
        if self.forward_ssa_references:
            names = ", ".join(f"%{name}" for name in self.forward_ssa_references)
            self.raise_error(f"values used but not defined: {names}")
        if len(ops) == 1 and isinstance(ops[0], ModuleOp):
            module = ops[0]
        elif allow_implicit_module:
            module = ModuleOp(ops)
        else:
            self.raise_error("expected one builtin.module", 0)
        self.resolve_locations(module)
        return module

    @override
    def parse_resource_key(self, dialect: str, interface: OpAsmDialectInterface) -> str:
        key = self.parse_identifier(context_msg=" for resource handle")
        if (dialect, key) not in self._resource_keys:
            self._resource_keys[dialect, key] = interface.declare_resource(key)
        return self._resource_keys[dialect, key]

    @override
    def parse_resource(self, dialect: str, interface: OpAsmDialectInterface) -> None:
        """A key and its bytes, refused here if they are not hexadecimal: later has no place."""
        span = self.next_token.span
        key = self.parse_resource_key(dialect, interface)
        if key in self._given_resources:
            self.raise_error(f"resource '{span.text}' is given a second time", span)
        self._given_resources.add(key)
        self.parse_punctuation(":")
        at = self.next_token.span.start
        text = self.parse_str_literal()
        try:
            interface.parse_resource(key, self._blobs.get(at) or Blob.of_text(text))
        except ValueError as error:
            self.raise_error(f"resource '{span.text}': {error}, expected hexadecimal digits", span)

    @override
    def parse_affine_map(self) -> AffineMap:
        with self._refuses_products("an affine map"):
            return super().parse_affine_map()

    @override
    def parse_affine_set(self) -> AffineSet:
        with self._refuses_products("an affine set"):
            return super().parse_affine_set()

    @contextmanager
    def _refuses_products(self, what: str) -> Generator[None]:
        """Says where the text multiplies two variables, of which xDSL has no expression."""
        pos = self.pos
        try:
            yield
        except NotImplementedError:
            self.raise_error(
                f"expected {what}, found one that multiplies or divides by a variable; "
                "canonicalize first",
                pos,
                self.pos,
            )
        except ZeroDivisionError:
            self.raise_error(f"expected {what}, found one that divides by 0", pos, self.pos)

    @override
    def parse_affine_map_of_ssa_ids(self) -> tuple[AffineMap, Sequence[SSAValue[IndexType]]]:
        """`[%i + 1, symbol(%n) - %j#0]`"""
        variables = ValueList()
        exprs = parse_exprs(self, variables)
        values = cast(list[SSAValue[IndexType]], variables.values)
        return AffineMap(0, len(values), tuple(exprs)), values

    @override
    def operation_class(self, name: str) -> type[Operation]:
        if name == "affine.max":
            return _upstream().MaxOp
        if name == "affine.delinearize_index":
            return _accesses().DelinearizeIndexOp
        op_type = super().operation_class(name)
        return _upstream().reader_of(op_type) if name in _FROM_UPSTREAM else op_type

    @override
    def parse_generic(self, op_type: type[Operation]) -> Operation:
        if op_type.name not in _FROM_UPSTREAM:
            return super().parse_generic(op_type)
        upstream = _upstream()
        op = super().parse_generic(upstream.operation_of(op_type))
        return upstream.modernize(op)

    @override
    def parse_body(self, name: str, is_type: bool, is_opaque: bool, start: int | None) -> Any:
        if name == "dlti.dl_spec" and not is_opaque:
            return _accesses().parse_layout(self, self.ctx.get_attr(name))
        return super().parse_body(name, is_type, is_opaque, start)

    @override
    def parse_external_resources(self) -> None:
        self.raise_error("found external_resources, expected only dialect_resources")


def parse_file(ctx: Context, path: Path) -> ModuleOp:
    """Parse a module from a file.

    Raises OSError, UnicodeDecodeError, or ParseError with the place in the file."""
    with path.open("rb") as stream:
        found = read_text(stream)
    return ModuleParser(ctx, found.text, str(path), found.blobs).parse_module()
