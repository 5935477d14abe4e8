"""Parts of the custom syntax that xDSL's assembly formats do not have."""

import math
from typing import ClassVar

import numpy as np
from typing_extensions import override
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, f32, i32, i64
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.floats import float_attr, number_text, parse_optional_number


@irdl_custom_directive
class Number(CustomDirective):
    """A plain number, an f32 if it has a point and else an i64; or any attribute, such as a
    dense vector."""

    INTEGER: ClassVar[IntegerType] = i64
    """The type of a number without a point."""

    attribute: AttributeVariable

    @override
    def is_anchorable(self) -> bool:
        return True

    @override
    def is_present(self, op: IRDLOperation) -> bool:
        return self.attribute.is_present(op)

    @override
    def parse(self, parser: Parser, state: ParsingState) -> None:
        start = parser.pos
        number = parse_optional_number(parser)
        if number is None:
            self.attribute.set(state, parser.parse_attribute())
            return
        try:
            if isinstance(number, float):
                attr = float_attr(number, f32)
            else:
                attr = IntegerAttr(number, self.INTEGER)
        except (VerifyException, OverflowError) as error:
            parser.raise_error(str(error), start, parser.pos)
        self.attribute.set(state, attr)

    @override
    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        match attr := self.attribute.get(op):
            case IntegerAttr():
                printer.print_string(str(attr.value.data))
            case FloatAttr():
                number = attr.value.data
                if not math.isnan(number):
                    # The fewest digits that say which f32 it is.
                    number = float(str(np.float32(number)))
                printer.print_string(number_text(number))
            case _:
                assert attr is not None
                printer.print_attribute(attr)


@irdl_custom_directive
class Factor(Number):
    """A number, an i32 if it has no point; or any attribute, such as a dense vector."""

    INTEGER: ClassVar[IntegerType] = i32

    attribute: AttributeVariable
