"""What stands in a nest's body: loads by affine maps, reductions, and the yield that ends it."""

from __future__ import annotations

from enum import auto
from typing import ClassVar

from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, BlockArgument, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.affine_math import check_magnitude, expr_range
from nopt.dialects.affine_nest.iterators import NestOp
from nopt.dialects.affine_syntax import parse_exprs, print_exprs
from nopt.dialects.floats import float_attr, has_bits, number_text, parse_number
from nopt.dialects.shaped import check_elements, is_tensor


class Reduction(StrEnum):
    """How `affine_nest.reduce` combines values; integers wrap modulo 2^width."""

    ADD = auto()
    MAX = auto()
    MIN = auto()


@irdl_attr_definition
class ReductionAttr(EnumAttribute[Reduction], SpacedOpaqueSyntaxAttribute):
    """A `Reduction`, printed as its word."""

    name = "affine_nest.reduction"


def _iterator_dim(value: SSAValue) -> AffineExpr:
    """An iterator of the enclosing nest as a dimension."""
    if not isinstance(value, BlockArgument):
        raise ValueError("expected an iterator of the enclosing nest")
    return AffineDimExpr(value.index)


@irdl_op_definition
class LoadOp(IRDLOperation):
    """Reads `source[map(iterators)]`; outside the tensor, `pad`.

    Without a `pad`, the verifier demands that no point of the nest reads outside.
    """

    name = "affine_nest.load"

    source = operand_def(TensorType)
    map = prop_def(AffineMapAttr)
    pad = opt_prop_def(IntegerAttr | FloatAttr)
    result = result_def()

    traits = traits_def(Pure(), HasParent(NestOp))

    def __init__(
        self,
        source: SSAValue | Operation,
        map: AffineMap,
        pad: int | float | Attribute | None = None,
    ):
        source = SSAValue.get(source)
        if not is_tensor(source.type):
            raise ValueError(f"expected a tensor to load from, found {source.type}")
        element = source.type.get_element_type()
        if isinstance(pad, int | float):
            pad = (
                IntegerAttr(int(pad), element)
                if isa(element, IntegerType)
                else float_attr(float(pad), _float(element))
            )
        super().__init__(
            operands=[source],
            properties={"map": AffineMapAttr(map), "pad": pad},
            result_types=[element],
        )

    @property
    def source_type(self) -> TensorType[Attribute]:
        """The type of the tensor that is read."""
        source_type = self.source.type
        assert is_tensor(source_type)
        return source_type

    @property
    def source_shape(self) -> tuple[int, ...]:
        """The sizes of the tensor that is read."""
        return self.source_type.get_shape()

    @property
    def pad_value(self) -> int | float | None:
        """What is read outside of the tensor; None if nothing is."""
        return None if self.pad is None else self.pad.value.data

    @property
    def nest(self) -> NestOp:
        """The nest whose body this stands in."""
        parent = self.parent_op()
        assert isinstance(parent, NestOp)
        return parent

    def reads_outside(self) -> bool:
        """Whether the interval of some index leaves the tensor."""
        ranges = self.nest.ranges
        for expr, size in zip(self.map.data.results, self.source_shape, strict=True):
            low, high = expr_range(expr, ranges)
            if low < 0 or high >= size:
                return True
        return False

    def verify_(self) -> None:
        map = self.map.data
        element = self.source_type.get_element_type()
        if any(size < 0 for size in self.source_shape):
            raise VerifyException(f"'source' has type {self.source_type}, expected a static shape")
        check_elements(self.source_type)
        if self.result.type != element:
            raise VerifyException(f"result has type {self.result.type}, expected {element}")
        if self.pad is not None and self.pad.type != element:
            raise VerifyException(f"pad has type {self.pad.type}, expected {element}")
        if len(map.results) != len(self.source_shape):
            raise VerifyException(
                f"'source' has rank {len(self.source_shape)}, found {len(map.results)} indices"
            )
        if not isinstance(self.parent_op(), NestOp):
            return
        if map.num_dims != len(self.nest.extents) or map.num_symbols:
            raise VerifyException(
                f"map must range over the {len(self.nest.extents)} iterators of the nest, "
                f"found {map.num_dims} dimensions and {map.num_symbols} symbols"
            )
        if unknown := sorted(dim for dim in map.used_dims() if dim >= map.num_dims):
            raise VerifyException(f"map uses d{unknown[0]} of {map.num_dims} iterators")
        self._verify_ranges()

    def _verify_ranges(self) -> None:
        """Every index is affine; without a pad, none leaves the tensor."""
        map, ranges = self.map.data, self.nest.ranges
        for axis, (expr, size) in enumerate(zip(map.results, self.source_shape, strict=True)):
            try:
                check_magnitude(expr, ranges)
                low, high = expr_range(expr, ranges)
            except ValueError as error:
                raise VerifyException(f"index {axis}: {error}") from error
            if self.pad is None and (low < 0 or high >= size):
                raise VerifyException(
                    f"index {axis} ranges over [{low}, {high}], outside [0, {size}); "
                    "stay inside or give a pad"
                )

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        source = parser.parse_unresolved_operand()
        exprs = parse_exprs(parser, _iterator_dim)
        pad: int | float | None = None
        if parser.parse_optional_keyword("pad") is not None:
            pad = parse_number(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        pos = parser.pos
        source_type = parser.parse_type()
        if not is_tensor(source_type):
            parser.raise_error(f"expected a tensor type, found {source_type}", pos, parser.pos)
        if isinstance(pad, float) and isinstance(source_type.element_type, IntegerType):
            parser.raise_error(f"expected an integer pad, found {pad}")
        operand = parser.resolve_operand(source, source_type)
        # `affine_nest.for` sets the number of dimensions: it knows the iterators.
        op = cls(operand, AffineMap(0, 0, tuple(exprs)), pad)
        op.attributes.update(attributes)
        return op

    def print(self, printer: Printer) -> None:
        parent = self.parent_op()
        iterators = parent.iterators if isinstance(parent, NestOp) else ()
        printer.print_string(" ")
        printer.print_ssa_value(self.source)
        print_exprs(printer, self.map.data.results, iterators)
        if self.pad_value is not None:
            printer.print_string(f" pad {number_text(self.pad_value)}")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.source.type)


@irdl_op_definition
class ReduceOp(IRDLOperation):
    """Combines its operand over all points of the reduction iterators.

    The result is the same at each of these points, so what follows is the nest's epilogue.
    """

    name = "affine_nest.reduce"

    T: ClassVar = VarConstraint("T", AnyAttr())

    kind = prop_def(ReductionAttr)
    operand = operand_def(T)
    result = result_def(T)

    assembly_format = "$kind $operand attr-dict `:` type($operand)"

    traits = traits_def(Pure(), HasParent(NestOp))

    def __init__(self, kind: Reduction, operand: SSAValue | Operation):
        operand = SSAValue.get(operand)
        super().__init__(
            operands=[operand],
            properties={"kind": ReductionAttr(kind)},
            result_types=[operand.type],
        )


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Gives the element of the result at this point of the parallel iterators."""

    name = "affine_nest.yield"

    value = operand_def()

    assembly_format = "$value attr-dict `:` type($value)"

    traits = traits_def(IsTerminator(), HasParent(NestOp), Pure())

    def __init__(self, value: SSAValue | Operation):
        super().__init__(operands=[value])


def _float(element: Attribute) -> AnyFloat:
    if not isinstance(element, AnyFloat) or not has_bits(element):
        raise ValueError(f"expected an integer or float element type, found {element}")
    return element
