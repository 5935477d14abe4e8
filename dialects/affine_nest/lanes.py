"""Lanes: how a nest and its tensors are divided in the core's blocks, as an attribute."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import NoneAttr, StringAttr, UnitAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

_KEYS = ("output", "batch", "input", "weights")
_ITERATORS = ("output", "batch")

NO_BATCH = "none"
"""What `batch` is if no iterator runs through the rows of vectors."""


@irdl_attr_definition
class LanesAttr(ParametrizedAttribute):
    """What `affine-nest-infer-layout` decides for a nest, and a person may pin, whole or in part.

    `#affine_nest.lanes<output c, input 1, weights second>`
    `#affine_nest.lanes<output c, batch w, input 1, weights second>`

    The vectors of the result run along the parallel iterator `output`, given by name, or by
    position if its name is not its own. On a core with a batch, their rows run along the iterator
    `batch`, or `none`. For a sum of products, the vectors of its input run along dimension `input`
    of that tensor; `weights` says which factor of the product is the other operand. With `sum` in
    front that is all of the nest that runs on the core.
    """

    name = "affine_nest.lanes"

    sum: UnitAttr | NoneAttr
    output: StringAttr | NoneAttr
    batch: StringAttr | NoneAttr
    input: StringAttr | NoneAttr
    weights: StringAttr | NoneAttr

    @classmethod
    def of(
        cls,
        output: str | None = None,
        input: int | None = None,
        weights: str | None = None,
        batch: str | None = None,
        sum: bool = False,
    ) -> LanesAttr:
        """The choice; what is None is open."""
        values = (output, batch, None if input is None else str(input), weights)
        parts = (NoneAttr() if value is None else StringAttr(value) for value in values)
        return cls(UnitAttr() if sum else NoneAttr(), *parts)

    @property
    def is_sum(self) -> bool:
        """Whether only the nest's sum of products runs on the core."""
        return isinstance(self.sum, UnitAttr)

    def sum_only(self) -> LanesAttr:
        """The same for a nest of which only the sum runs on the core."""
        return LanesAttr(UnitAttr(), self.output, self.batch, self.input, self.weights)

    def allows(self, key: str, value: str) -> bool:
        """Whether `output`, `batch`, `input` or `weights` is open, or this."""
        pinned: StringAttr | NoneAttr = getattr(self, key)
        return isinstance(pinned, NoneAttr) or pinned.data == value

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        def part() -> tuple[str, Attribute]:
            pos = parser.pos
            key = parser.parse_identifier()
            if key == "sum":
                return key, UnitAttr()
            if key not in _KEYS:
                expected = ", ".join(("sum", *_KEYS))
                parser.raise_error(f"found '{key}', expected one of {expected}", pos, parser.pos)
            if key == "input":
                return key, StringAttr(str(parser.parse_integer(allow_boolean=False)))
            pos = parser.pos
            if (
                key in _ITERATORS
                and (number := parser.parse_optional_integer(False, False)) is not None
            ):
                return key, StringAttr(str(number))
            value = parser.parse_identifier()
            if key == "weights" and value not in ("first", "second"):
                parser.raise_error(
                    f"found weights '{value}', expected first or second", pos, parser.pos
                )
            return key, StringAttr(value)

        parts = dict(parser.parse_comma_separated_list(AttrParser.Delimiter.ANGLE, part))
        return [parts.get(key, NoneAttr()) for key in ("sum", *_KEYS)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.text)

    @property
    def text(self) -> str:
        """As printed between the brackets."""
        parts = ["sum"] if self.is_sum else []
        for key in _KEYS:
            value: StringAttr | NoneAttr = getattr(self, key)
            if isinstance(value, StringAttr):
                parts.append(f"{key} {value.data}")
        return ", ".join(parts)
