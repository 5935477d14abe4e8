"""What `tensor_intrinsic.kernel` and `isa.kernel` share: tensors outside, memrefs inside.

%y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w) to (%y_mem)
    : (tensor<4x16xi8>, tensor<4x16x16xi8>) -> tensor<4x16xi8> {
  …
}

Attributes, if there are any, come before the body: `attributes {…}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from xdsl.dialects import affine
from xdsl.dialects.builtin import FunctionType, MemRefType, TensorType
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    opt_operand_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.shaped import is_tensor


def memref_of(type: Attribute) -> MemRefType[Attribute]:
    """The memref in DRAM that a kernel's body sees for a tensor."""
    if not is_tensor(type):
        raise VerifyException(f"expected a tensor, found {type}")
    return MemRefType(type.element_type, type.get_shape())


def _verify_loop(loop: affine.ForOp) -> None:
    """A kernel's loops count from 0; the most turns are known, so that they can be expanded."""
    numbers = [e for e in loop.upperBoundMap.data.results if isinstance(e, AffineConstantExpr)]
    from_zero = loop.lowerBoundMap.data.results == (AffineConstantExpr(0),)
    if not from_zero or loop.step.value.data != 1 or len(numbers) != 1:
        raise VerifyException(
            f"a loop runs from {loop.lowerBoundMap.data} to {loop.upperBoundMap.data} step "
            f"{loop.step.value.data}, expected from 0 to a number, or the least of it and others"
        )


class BaseKernelOp(IRDLOperation):
    """An op with tensor `inputs`, one `result` and a body over memrefs, the result's last.

    With a `destination`, of the result's type, the result is that tensor with what the body stores
    in its place: both are the same memory. Elsewhere, what no one stores is unspecified.
    """

    inputs = var_operand_def(TensorType)
    destination = opt_operand_def(TensorType)
    body = region_def("single_block")
    result = result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure(), NoTerminator())

    def __init__(
        self,
        inputs: Sequence[SSAValue],
        result: Attribute,
        body: Region,
        destination: SSAValue | None = None,
    ):
        super().__init__(operands=[inputs, destination], result_types=[result], regions=[body])

    def verify_(self) -> None:
        if self.destination is not None and self.destination.type != self.result.type:
            raise VerifyException(
                f"destination has type {self.destination.type}, "
                f"expected {self.result.type} as the result"
            )
        tensors = [value.type for value in (*self.inputs, self.result)]
        expected = tuple(memref_of(type) for type in tensors)
        found = self.body.block.arg_types
        if found != expected:
            wanted = ", ".join(map(str, expected))
            raise VerifyException(
                f"the body has arguments ({', '.join(map(str, found))}), expected ({wanted})"
            )
        for op in self.body.walk():
            if isinstance(op, affine.ForOp):
                _verify_loop(op)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """The types at the end of the header give the block arguments theirs."""

        def parse_input():
            name = parser.parse_argument(expect_type=False)
            parser.parse_punctuation("=")
            return name, parser.parse_unresolved_operand()

        inputs = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parse_input)
        parser.parse_keyword("to")
        parser.parse_punctuation("(")
        result_name = parser.parse_argument(expect_type=False)
        written = None
        if parser.parse_optional_punctuation("=") is not None:
            written = parser.parse_unresolved_operand()
        parser.parse_punctuation(")")
        parser.parse_punctuation(":")
        pos = parser.pos
        type = parser.parse_type()
        if not isinstance(type, FunctionType) or len(type.outputs) != 1:
            parser.raise_error(f"expected a function type with one result, found {type}", pos)
        (result,) = type.outputs
        operands = parser.resolve_operands(
            [operand for _, operand in inputs], type.inputs.data, pos
        )
        try:
            memrefs = [memref_of(tensor) for tensor in (*type.inputs, result)]
        except VerifyException as error:
            parser.raise_error(str(error), pos)
        names = [*(name for name, _ in inputs), result_name]
        arguments = [name.resolve(memref) for name, memref in zip(names, memrefs, strict=True)]
        attributes = parser.parse_optional_attr_dict_with_keyword()
        destination = written and parser.resolve_operand(written, result)
        kernel = cls(operands, result, parser.parse_region(arguments), destination)
        if attributes is not None:
            kernel.attributes.update(attributes.data)
        return kernel

    def print(self, printer: Printer) -> None:
        *names, result_name = self.body.block.args

        def print_input(pair: tuple[SSAValue, SSAValue]) -> None:
            printer.print_ssa_value(pair[0])
            printer.print_string(" = ")
            printer.print_ssa_value(pair[1])

        printer.print_string(" ")
        with printer.in_parens():
            printer.print_list(list(zip(names, self.inputs, strict=True)), print_input)
        printer.print_string(" to ")
        with printer.in_parens():
            printer.print_ssa_value(result_name)
            if self.destination is not None:
                printer.print_string(" = ")
                printer.print_ssa_value(self.destination)
        printer.print_string(" : ")
        printer.print_attribute(
            FunctionType.from_lists(list(self.inputs.types), [self.result.type])
        )
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)
