"""Mappings of nests on arrays of processing elements, as an attribute that people can write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IntegerType,
    NoneAttr,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

_BARE = re.compile(r"[A-Za-z_][\w$.]*", re.ASCII)
"""What the parser takes for a name; other names of values are written in quotes."""
_OPEN = 0
"""The factor of a loop that is open."""


@irdl_attr_definition
class LevelAttr(ParametrizedAttribute):
    """The loops of one level, outermost first: `dram (m 8, c 64)`.

    An open factor is `?`. With `...` at the end, loops that are not named are open too, and so is
    the order; without it, they have one trip here.
    """

    name = "affine_nest.level"

    level: StringAttr
    loops: ArrayAttr[StringAttr]
    factors: DenseArrayBase[IntegerType]
    rest: UnitAttr | NoneAttr

    @classmethod
    def of(cls, level: str, factors: Mapping[str, int | None], rest: bool = False) -> LevelAttr:
        """Factors by loop, None for an open one."""
        return cls(
            StringAttr(level),
            ArrayAttr(map(StringAttr, factors)),
            DenseArrayBase.from_list(i64, [f or _OPEN for f in factors.values()]),
            UnitAttr() if rest else NoneAttr(),
        )

    @property
    def named(self) -> dict[str, int | None]:
        """The factor of each loop that is named, None for an open one."""
        names = [loop.data for loop in self.loops]
        return {n: f or None for n, f in zip(names, self.factors.get_values(), strict=True)}

    @property
    def is_open(self) -> bool:
        """Whether loops that are not named are open."""
        return isinstance(self.rest, UnitAttr)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is open."""
        return not self.is_open and None not in self.named.values()

    @property
    def text(self) -> str:
        """As `#affine_nest.mapping` prints it."""
        parts = [f"{_written(loop)} {factor or '?'}" for loop, factor in self.named.items()]
        return f"{self.level.data} ({', '.join([*parts, *['...'] * self.is_open])})"

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_level(parser, parser.parse_identifier()).parameters

    @classmethod
    def parse_level(cls, parser: AttrParser, level: str) -> LevelAttr:
        """What follows the name of a level."""
        factors: dict[str, int | None] = {}
        rest = False

        def loop() -> None:
            nonlocal rest
            pos = parser.pos
            if rest:
                parser.raise_error("expected nothing behind '...'", pos, pos + 1)
            if parser.parse_optional_punctuation("...") is not None:
                rest = True
                return
            name = _parse_name(parser)
            if name in factors:
                parser.raise_error(f"loop {name} comes twice in {level}", pos, parser.pos)
            if parser.parse_optional_punctuation("?") is not None:
                factors[name] = None
                return
            pos = parser.pos
            factor = parser.parse_integer(allow_boolean=False, allow_negative=False)
            if factor < 1:
                parser.raise_error(f"found factor {factor}, expected 1 or more", pos, parser.pos)
            factors[name] = factor

        parser.parse_comma_separated_list(AttrParser.Delimiter.PAREN, loop)
        return cls.of(level, factors, rest)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.text)


@irdl_attr_definition
class BypassAttr(ParametrizedAttribute):
    """Operands that a memory does not hold, although it could: `shared_glb (x, w)`."""

    name = "affine_nest.bypass"

    memory: StringAttr
    operands: ArrayAttr[StringAttr]

    @classmethod
    def of(cls, memory: str, operands: Iterable[str]) -> BypassAttr:
        return cls(StringAttr(memory), ArrayAttr(map(StringAttr, operands)))

    @property
    def text(self) -> str:
        """As `#affine_nest.mapping` prints it."""
        return f"{self.memory.data} {_names(self.operands)}"

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_bypass(parser).parameters

    @classmethod
    def parse_bypass(cls, parser: AttrParser) -> BypassAttr:
        """The name of a memory and its operands."""
        memory = StringAttr(parser.parse_identifier())
        return cls(memory, ArrayAttr(_parse_names(parser)))

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.text)


@irdl_attr_definition
class MappingAttr(ParametrizedAttribute):
    """How a nest's loops are shared out among the levels of an array, outermost level first.

    `#affine_nest.mapping<"pe256", dram (m 8, c 64), spm (c 4), spatial (m 16, h 7), rf (m 4, i 3)>`
    `#affine_nest.mapping<"pe256", dram (...), spatial (m ?, h ?), rf (i 3, j 3, ...), packed (w)>`
    `#affine_nest.mapping<"eyeriss_like", DRAM (p 8), weights_spad (m 32), bypass shared_glb (x)>`

    The array is a preset or a JSON file, with changes as `pe256+rf=1024`. Loops go by the names of
    the nest's iterators; the second of a name is `c_2`. `packed` names the operands that lie in
    DRAM tile by tile: loads by their tensors, the result as `out`; `bypass`, which operands a
    memory does not hold although it could. With something open, `?` or `...`, the mapping is what
    `affine-nest-map` may choose from.
    """

    name = "affine_nest.mapping"

    machine: StringAttr
    levels: ArrayAttr[LevelAttr]
    packed: ArrayAttr[StringAttr]
    bypass: ArrayAttr[BypassAttr]

    @classmethod
    def of(
        cls,
        machine: str,
        levels: Sequence[LevelAttr],
        packed: Sequence[str] = (),
        bypass: Mapping[str, Sequence[str]] | None = None,
    ) -> MappingAttr:
        return cls(
            StringAttr(machine),
            ArrayAttr(levels),
            ArrayAttr(map(StringAttr, packed)),
            ArrayAttr(BypassAttr.of(memory, names) for memory, names in (bypass or {}).items()),
        )

    @property
    def bypassed(self) -> list[tuple[str, str]]:
        """Memories with an operand that they do not hold."""
        return [(each.memory.data, name.data) for each in self.bypass for name in each.operands]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is open."""
        return all(level.is_whole for level in self.levels)

    @property
    def text(self) -> str:
        """The levels as printed."""
        parts = [level.text for level in self.levels]
        if self.packed.data:
            parts.append(f"packed {_names(self.packed)}")
        return ", ".join([*parts, *(f"bypass {each.text}" for each in self.bypass)])

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        levels: list[LevelAttr] = []
        packed: list[StringAttr] = []
        bypass: list[BypassAttr] = []
        with parser.in_angle_brackets():
            machine = parser.parse_str_literal()
            while parser.parse_optional_punctuation(",") is not None:
                pos = parser.pos
                word = parser.parse_identifier()
                if word in [level.level.data for level in levels] or (word == "packed" and packed):
                    parser.raise_error(f"{word} comes twice", pos, parser.pos)
                if word == "packed":
                    packed.extend(_parse_names(parser))
                elif word == "bypass":
                    pos = parser.pos
                    bypass.append(BypassAttr.parse_bypass(parser))
                    if bypass[-1].memory in [each.memory for each in bypass[:-1]]:
                        found = f"bypass {bypass[-1].memory.data}"
                        parser.raise_error(f"{found} comes twice", pos, parser.pos)
                else:
                    levels.append(LevelAttr.parse_level(parser, word))
        return [StringAttr(machine), ArrayAttr(levels), ArrayAttr(packed), ArrayAttr(bypass)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.machine.data)
            if self.text:
                printer.print_string(f", {self.text}")


def _names(names: Iterable[StringAttr]) -> str:
    return f"({', '.join(_written(name.data) for name in names)})"


def _parse_names(parser: AttrParser) -> list[StringAttr]:
    return parser.parse_comma_separated_list(
        AttrParser.Delimiter.PAREN, lambda: StringAttr(_parse_name(parser))
    )


def _written(name: str) -> str:
    return name if _BARE.fullmatch(name) else f'"{name}"'


def _parse_name(parser: AttrParser) -> str:
    quoted = parser.parse_optional_str_literal()
    return parser.parse_identifier() if quoted is None else quoted
