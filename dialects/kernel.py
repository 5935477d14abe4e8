"""What `tensor_intrinsic.kernel` and `isa.kernel` share: tensors outside, memrefs inside.

%y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w) to (%y_mem)
    : (tensor<4x16xi8>, tensor<4x16x16xi8>) -> tensor<4x16xi8> {
  …
}

A memref is the tensor's memory, row by row. Where its shape is not the tensor's, as if a dimension
of 768 is seen as 48 vectors of 16, it is stated: `(%x_mem = %x as memref<128x48x16xi8>)`.

Attributes, if there are any, come before the body: `attributes {…}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Self

from xdsl.dialects import affine
from xdsl.dialects.builtin import FunctionType, MemRefType, NoneAttr, TensorType
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

from nopt.dialects.annotations import RULES, verify_annotations
from nopt.dialects.shaped import is_memref, is_tensor


def memref_of(type: Attribute) -> MemRefType[Attribute]:
    """The memref in DRAM that a kernel's body sees for a tensor.

    Raises VerifyException for another type."""
    if not is_tensor(type):
        raise VerifyException(f"expected a tensor, found {type}")
    return MemRefType(type.element_type, type.get_shape())


def _verify_memref(tensor: Attribute, memref: Attribute) -> None:
    """A body sees a tensor's elements, all of them and nothing else."""
    same = (
        is_tensor(tensor)
        and is_memref(memref)
        and isinstance(memref.layout, NoneAttr)
        and isinstance(memref.memory_space, NoneAttr)
        and memref.element_type == tensor.element_type
        and prod(memref.get_shape()) == prod(tensor.get_shape())
    )
    if not same:
        raise VerifyException(
            f"the body has {memref} for {tensor}, "
            f"expected {memref_of(tensor)} or another shape of as many elements"
        )


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
        verify_annotations(self, RULES)
        if self.destination is not None and self.destination.type != self.result.type:
            raise VerifyException(
                f"destination has type {self.destination.type}, "
                f"expected {self.result.type} as the result"
            )
        tensors = [value.type for value in (*self.inputs, self.result)]
        found = self.body.block.arg_types
        if len(found) != len(tensors):
            raise VerifyException(
                f"the body has {len(found)} arguments, expected one for each of the "
                f"{len(tensors)} tensors"
            )
        for tensor, memref in zip(tensors, found, strict=True):
            _verify_memref(tensor, memref)
        for op in self.body.walk():
            if isinstance(op, affine.ForOp):
                _verify_loop(op)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """The types at the end of the header give the block arguments theirs."""

        def parse_argument():
            """`name`, or `name = tensor`; each maybe `as memref`."""
            name = parser.parse_argument(expect_type=False)
            tensor = None
            if parser.parse_optional_punctuation("=") is not None:
                tensor = parser.parse_unresolved_operand()
            seen = parser.parse_optional_keyword("as") and parser.parse_type()
            return name, tensor, seen

        pos = parser.pos
        inputs = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parse_argument)
        tensors = [tensor for _, tensor, _ in inputs if tensor is not None]
        if len(tensors) < len(inputs):
            parser.raise_error("expected a tensor for each input", pos)
        parser.parse_keyword("to")
        parser.parse_punctuation("(")
        output = parse_argument()
        parser.parse_punctuation(")")
        parser.parse_punctuation(":")
        pos = parser.pos
        type = parser.parse_type()
        if not isinstance(type, FunctionType) or len(type.outputs) != 1:
            parser.raise_error(f"expected a function type with one result, found {type}", pos)
        (result,) = type.outputs
        operands = parser.resolve_operands(tensors, type.inputs.data, pos)
        arguments: list[Parser.Argument] = []
        for (name, _, seen), tensor in zip([*inputs, output], (*type.inputs, result), strict=True):
            try:
                arguments.append(name.resolve(seen or memref_of(tensor)))
            except VerifyException as error:
                parser.raise_error(str(error), pos)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        destination = output[1] and parser.resolve_operand(output[1], result)
        kernel = cls(operands, result, parser.parse_region(arguments), destination)
        if attributes is not None:
            kernel.attributes.update(attributes.data)
        return kernel

    def print(self, printer: Printer) -> None:
        *names, result_name = self.body.block.args

        def print_argument(name: SSAValue, tensor: SSAValue | None, type: Attribute) -> None:
            printer.print_ssa_value(name)
            if tensor is not None:
                printer.print_string(" = ")
                printer.print_ssa_value(tensor)
            if name.type != memref_of(type):
                printer.print_string(" as ")
                printer.print_attribute(name.type)

        printer.print_string(" ")
        with printer.in_parens():
            pairs = [*zip(names, self.inputs, strict=True)]
            printer.print_list(pairs, lambda pair: print_argument(*pair, pair[1].type))
        printer.print_string(" to ")
        with printer.in_parens():
            print_argument(result_name, self.destination, self.result.type)
        printer.print_string(" : ")
        printer.print_attribute(
            FunctionType.from_lists(list(self.inputs.types), [self.result.type])
        )
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)
