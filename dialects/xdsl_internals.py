"""The private names of xDSL that nopt needs, with why: no other file may use one.

xDSL's parser has no steps to override but private ones. Here each has a public name, by which our
parsers override it and call xDSL's; a new version of xDSL is met in this file alone.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from typing_extensions import override
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import AnyDenseElement, DenseArrayBase, LocationAttr, RankedStructure
from xdsl.ir import Operation
from xdsl.parser import Parser, ParserState
from xdsl.printer import Printer
from xdsl.utils.lexer import Position
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRToken

ListedElement: TypeAlias = Parser._TensorLiteralElement  # pyright: ignore[reportPrivateUsage]
"""A number in a dense literal: it keeps its place, by which we know how it was written."""


class OpenLexer(MLIRLexer):
    """A lexer whose strings can be read otherwise."""

    def lex_string(self, start: Position) -> MLIRToken:
        """A string that begins at `start`; xDSL's pattern takes forever if it does not end."""
        return super()._lex_string_literal(start)

    @override
    def _lex_string_literal(self, start_pos: Position) -> MLIRToken:
        return self.lex_string(start_pos)


class OpenParser(Parser):
    """A parser whose steps can be overridden.

    First what a step needs to know or do, then the steps, each by its public name."""

    @property
    def next_token(self) -> MLIRToken:
        """What comes next; messages name its place."""
        return self._current_token

    def take_token(self) -> None:
        """Go past a token of any kind; xDSL's public methods take those of one kind."""
        self._consume_token()

    def go_back(self, position: Position) -> None:
        """Read again from there: which syntax it is shows only later."""
        self._resume_from(position)

    def read_from(self, lexer: MLIRLexer) -> None:
        """Begin with a lexer of ours, which no argument of the constructor takes."""
        self._parser_state = ParserState(lexer)

    def parse_metadata(self) -> None:
        """`{-# … #-}`, for a `parse_module` that says what it found instead of an operation."""
        self._parse_file_metadata_dictionary()

    def parse_listed(self) -> tuple[list[ListedElement], list[int]]:
        """The elements of a dense literal and the shape of their list, before they have a type."""
        return self._parse_tensor_literal()

    def parse_dense_type(self) -> RankedStructure[AnyDenseElement]:
        """The type behind a dense literal, checked as xDSL does."""
        return self._parse_dense_literal_type()

    def listed_element(self, element: ListedElement) -> ListedElement:
        """A number of a dense literal just read; xDSL takes the bits of a float for an integer."""
        return element

    def parse_alias(self) -> None:
        """The definition of an alias: what goes wrong in it has a place."""
        super()._parse_alias_def()

    def parse_location(self) -> LocationAttr:
        """What stands in `loc(…)`; xDSL knows no alias before it is defined."""
        return super()._parse_location()

    def parse_dense_array(self) -> DenseArrayBase | None:
        """`<f32: 1.0>`; xDSL does not read the bits of floats here."""
        return super()._parse_builtin_densearray_attr()

    def parse_resource_key(self, dialect: str, interface: OpAsmDialectInterface) -> str:
        """Where a resource is named; xDSL renames one key differently at each place."""
        return super()._parse_dialect_resource_handle(dialect, interface)

    def parse_resource(self, dialect: str, interface: OpAsmDialectInterface) -> None:
        """A key and its bytes, which xDSL neither checks nor takes as anything but text."""
        super()._parse_resource(dialect, interface)

    def parse_external_resources(self) -> None:
        """What xDSL stops at without a place."""
        super()._parse_external_resources()

    def operation_class(self, name: str) -> type[Operation]:
        """The operation of a name: some are read by classes of ours, none is left unknown."""
        return super()._get_op_by_name(name)

    def parse_generic(self, op_type: type[Operation]) -> Operation:
        """An operation in generic syntax: older and newer attributes have other names."""
        return super()._parse_generic_operation(op_type)

    def parse_body(self, name: str, is_type: bool, is_opaque: bool, start: Position | None) -> Any:
        """What follows the name of a type or an attribute of a dialect, which may be unknown."""
        return super()._parse_dialect_type_or_attribute_body(name, is_type, is_opaque, start)

    @override
    def _parse_tensor_literal_element(self) -> ListedElement:
        return self.listed_element(super()._parse_tensor_literal_element())

    @override
    def _parse_alias_def(self) -> None:
        self.parse_alias()

    @override
    def _parse_location(self) -> LocationAttr:
        return self.parse_location()

    @override
    def _parse_builtin_densearray_attr(self) -> DenseArrayBase | None:
        return self.parse_dense_array()

    @override
    def _parse_dialect_resource_handle(
        self, dialect_name: str, interface: OpAsmDialectInterface
    ) -> str:
        return self.parse_resource_key(dialect_name, interface)

    @override
    def _parse_resource(self, dialect_name: str, interface: OpAsmDialectInterface) -> None:
        self.parse_resource(dialect_name, interface)

    @override
    def _parse_external_resources(self) -> None:
        self.parse_external_resources()

    @override
    def _get_op_by_name(self, name: str) -> type[Operation]:
        return self.operation_class(name)

    @override
    def _parse_generic_operation(self, op_type: type[Operation]) -> Operation:
        return self.parse_generic(op_type)

    @override
    def _parse_dialect_type_or_attribute_body(
        self, attr_name: str, is_type: bool, is_opaque: bool, starting_opaque_pos: Position | None
    ) -> Any:
        return self.parse_body(attr_name, is_type, is_opaque, starting_opaque_pos)


class OpenPrinter(Printer):
    """A printer that knows which resources it has named."""

    @property
    def named_resources(self) -> dict[str, set[str]]:
        """Keys by dialect, to be printed part by part; xDSL prints each as one string."""
        return self._dialect_resources


def stored_resources(interface: OpAsmDialectInterface) -> dict[str, str]:
    """A dialect's store, one for the whole process: xDSL never gives up what no module names."""
    return interface._blob_storage  # pyright: ignore[reportPrivateUsage]
