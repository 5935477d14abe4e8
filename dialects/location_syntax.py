"""Reading locations as MLIR prints them: by aliases that come later, and on loops' variables."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    ArrayAttr,
    CallSiteLoc,
    FusedLoc,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
)
from xdsl.ir import Attribute, Operation
from xdsl.parser import Parser
from xdsl.utils.hints import isa
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from nopt.dialects.xdsl_internals import OpenParser


@dataclass
class _LocatedArgument(Parser.UnresolvedArgument):
    location: LocationAttr

    @override
    def resolve(self, type: Attribute) -> Parser.Argument:
        return Parser.Argument(self.name, type, self.location)


class LocationParser(OpenParser):
    """xDSL 0.75's parser, which wants the alias of a location before its use.

    A location by an alias that is not defined yet is a stand-in until `resolve_locations`.
    """

    def __init__(self, ctx: Context, input: str, name: str) -> None:
        super().__init__(ctx, input, name)
        self._stand_ins: dict[str, tuple[LocationAttr, Span[str]]] = {}

    @override
    def parse_location(self) -> LocationAttr:
        token = self.next_token
        name = token.text
        if name == "fused":
            self.take_token()
            return self._parse_fused()
        if token.kind != MLIRTokenKind.HASH_IDENT or "." in name or name in self.attribute_aliases:
            return super().parse_location()
        self.take_token()
        stand_in = NameLoc(StringAttr(name), UNKNOWN_LOC)
        return self._stand_ins.setdefault(name, (stand_in, token.span))[0]

    def _parse_fused(self) -> FusedLoc:
        """[`<` metadata `>`] `[` locations `]`"""
        metadata: Attribute = NoneAttr()
        if self.parse_optional_punctuation("<") is not None:
            metadata = self.parse_attribute()
            self.parse_punctuation(">")
        parts = self.parse_comma_separated_list(self.Delimiter.SQUARE, self.parse_location)
        return FusedLoc(tuple(parts), metadata)

    @override
    def parse_optional_argument(  # pyright: ignore[reportIncompatibleMethodOverride] (overloads)
        self, expect_type: bool = True
    ) -> Parser.UnresolvedArgument | Parser.Argument | None:
        """Without a type, a location may follow at once: `%i loc("a.c":2:8)`."""
        argument = super().parse_optional_argument(expect_type)
        if not isinstance(argument, Parser.UnresolvedArgument):
            return argument
        location = self.parse_optional_location()
        return argument if location is None else _LocatedArgument(argument.name, location)

    def resolve_locations(self, module: Operation) -> None:
        """Put what aliases stand for where they were used. Raises ParseError for unknown ones."""
        if not self._stand_ins:
            return
        aliases = {id(stand_in): alias for alias, (stand_in, _) in self._stand_ins.items()}

        def resolved(attr: Attribute, inside: tuple[str, ...] = ()) -> Attribute:
            match attr:
                case NameLoc() if (alias := aliases.get(id(attr))) is not None:
                    if alias in inside:
                        self.raise_error(f"{alias} stands for itself", self._stand_ins[alias][1])
                    return resolved(self._location_of(alias), (*inside, alias))
                case NameLoc(desc=name, location=inner):
                    return NameLoc(name, resolved(inner, inside))
                case CallSiteLoc(callee=callee, caller=caller):
                    return CallSiteLoc(resolved(callee, inside), resolved(caller, inside))
                case FusedLoc(locations=parts, metadata=metadata) if isa(parts, ArrayAttr):
                    return FusedLoc(tuple(resolved(part, inside) for part in parts), metadata)
                case _:
                    return attr

        for op in module.walk():
            for owner in (op, *(arg for r in op.regions for b in r.blocks for arg in b.args)):
                location = resolved(owner.location)
                assert isa(location, LocationAttr)
                owner.location = location
            for attributes in (op.attributes, op.properties):
                attributes.update({name: resolved(attr) for name, attr in attributes.items()})

    def _location_of(self, alias: str) -> LocationAttr:
        location = self.attribute_aliases.get(alias)
        if not isa(location, LocationAttr):
            _, span = self._stand_ins[alias]
            self.raise_error(f"expected a location with the alias {alias}", span)
        return location
