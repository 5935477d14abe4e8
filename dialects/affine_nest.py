"""The `affine_nest` dialect: one op is one perfect loop nest over tensors.

A nest names its iterators, split in parallel and reduction ones. Its body loads elements by affine
index maps, computes on scalars with `arith`, reduces, computes on, and yields one scalar: element
`(p0, p1, …)` of the result, one for each point of the parallel iterators. A convolution with bias,
residual, activation and requantization is one nest:

    %y = affine_nest.for (%o, %h, %w) = (64, 56, 56) reduce (%i, %kh, %kw) = (64, 3, 3) {
      %a = affine_nest.load %x[%i, %h + %kh - 1, %w + %kw - 1] pad 0 : tensor<64x56x56xi8>
      %b = affine_nest.load %weights[%o, %i, %kh, %kw] : tensor<64x64x3x3xi8>
      …
      %s = affine_nest.reduce add %p : i32
      …
      affine_nest.yield %v : i8
    } : tensor<64x56x56xi8>

Maps are over the iterators of the enclosing nest, parallel ones first: dimension i is iterator i.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import auto
from typing import ClassVar

from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    DenseArrayBase,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    TensorType,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    BlockArgument,
    Dialect,
    Operation,
    Region,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
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
    region_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.affine_math import Range, dim_ranges, expr_range
from nopt.dialects.affine_syntax import number_text, parse_exprs, parse_number, print_exprs


class Reduction(StrEnum):
    """How `affine_nest.reduce` combines values; integers wrap modulo 2^width."""

    ADD = auto()
    MAX = auto()
    MIN = auto()


@irdl_attr_definition
class ReductionAttr(EnumAttribute[Reduction], SpacedOpaqueSyntaxAttribute):
    name = "affine_nest.reduction"


@irdl_op_definition
class ForOp(IRDLOperation):
    """A perfect loop nest that computes every element of one tensor.

    `parallel` and `reduction` are the iterators' extents. The body is evaluated at each point;
    what it yields may depend on reduction iterators only through `affine_nest.reduce`. The result's
    shape is the parallel extents.
    """

    name = "affine_nest.for"

    parallel = prop_def(DenseArrayBase.constr(i64))
    reduction = prop_def(DenseArrayBase.constr(i64))
    body = region_def("single_block")
    result = result_def(TensorType)

    traits = traits_def(Pure())

    def __init__(
        self,
        parallel: Sequence[int],
        reduction: Sequence[int],
        body: Region,
        result_type: TensorType[Attribute],
        attributes: dict[str, Attribute] | None = None,
    ):
        super().__init__(
            properties={
                "parallel": DenseArrayBase.from_list(i64, parallel),
                "reduction": DenseArrayBase.from_list(i64, reduction),
            },
            attributes=attributes or {},
            regions=[body],
            result_types=[result_type],
        )

    @property
    def parallel_extents(self) -> tuple[int, ...]:
        return self.parallel.get_values()

    @property
    def reduction_extents(self) -> tuple[int, ...]:
        return self.reduction.get_values()

    @property
    def extents(self) -> tuple[int, ...]:
        """Extents of all iterators, parallel ones first."""
        return self.parallel_extents + self.reduction_extents

    @property
    def ranges(self) -> dict[AffineExpr, Range]:
        """The range of each iterator, as dimension expressions."""
        return dim_ranges(self.extents)

    @property
    def iterators(self) -> tuple[BlockArgument, ...]:
        return self.body.block.args

    @property
    def named_parallel(self) -> list[tuple[str, int]]:
        """(name, extent) of each parallel iterator."""
        split = len(self.parallel_extents)
        return [
            (iterator.name_hint or "i", extent)
            for iterator, extent in zip(self.iterators[:split], self.parallel_extents, strict=True)
        ]

    @property
    def named_reduction(self) -> list[tuple[str, int]]:
        """(name, extent) of each reduction iterator."""
        split = len(self.parallel_extents)
        return [
            (iterator.name_hint or "i", extent)
            for iterator, extent in zip(self.iterators[split:], self.reduction_extents, strict=True)
        ]

    @property
    def loads(self) -> tuple[LoadOp, ...]:
        return tuple(op for op in self.body.block.ops if isinstance(op, LoadOp))

    @property
    def yielded(self) -> SSAValue:
        terminator = self.body.block.last_op
        assert isinstance(terminator, YieldOp)
        return terminator.value

    def verify_(self) -> None:
        extents = self.extents
        if any(extent <= 0 for extent in extents):
            raise VerifyException(f"iterator extents are {list(extents)}, expected 1 or more each")
        if self.body.block.arg_types != (IndexType(),) * len(extents):
            raise VerifyException(
                f"expected {len(extents)} iterators of type index, "
                f"found {len(self.body.block.args)} block arguments"
            )
        if not isinstance(self.body.block.last_op, YieldOp):
            raise VerifyException("expected the body to end with affine_nest.yield")
        expected = TensorType(self.yielded.type, self.parallel_extents)
        if self.result.type != expected:
            raise VerifyException(
                f"result has type {self.result.type}, "
                f"expected {expected} from the parallel extents and the yielded value"
            )
        self._verify_body()

    def _computes(self, value: SSAValue) -> bool:
        return isinstance(value.owner, Operation) and value.owner.parent is self.body.block

    def _verify_body(self) -> None:
        """Only loads and scalar arithmetic inside; no reduction iterator shows in the result."""
        varying: set[SSAValue] = set()
        first_reduction = len(self.parallel_extents)
        for op in self.body.block.ops:
            if isinstance(op, LoadOp):
                if any(dim >= first_reduction for dim in op.map.data.used_dims()):
                    varying.add(op.result)
                continue
            if not isinstance(op, ReduceOp | YieldOp) and not _is_scalar_arithmetic(op):
                raise VerifyException(
                    f"expected loads, reductions and arith operations on scalars, found '{op.name}'"
                )
            if any(not self._computes(operand) for operand in op.operands):
                raise VerifyException(
                    f"an operand of '{op.name}' is not computed in the body; "
                    "iterators show in indices only, tensors are loaded"
                )
            if any(operand in varying for operand in op.operands):
                if isinstance(op, YieldOp):
                    raise VerifyException(
                        "the yielded value depends on a reduction iterator; reduce it first"
                    )
                if not isinstance(op, ReduceOp):
                    varying.add(op.results[0])

    @classmethod
    def parse(cls, parser: Parser) -> ForOp:
        parallel_names, parallel = _parse_iterators(parser)
        reduction_names: list[Parser.UnresolvedArgument] = []
        reduction: list[int] = []
        if parser.parse_optional_keyword("reduce") is not None:
            reduction_names, reduction = _parse_iterators(parser)
        arguments = [name.resolve(IndexType()) for name in parallel_names + reduction_names]
        body = parser.parse_region(arguments)
        for op in body.block.ops:
            if isinstance(op, LoadOp):
                op.map = AffineMapAttr(AffineMap(len(arguments), 0, op.map.data.results))
        attributes = parser.parse_optional_attr_dict_with_keyword()
        parser.parse_punctuation(":")
        pos = parser.pos
        result_type = parser.parse_type()
        if not isa(result_type, TensorType[Attribute]):
            parser.raise_error(f"expected a tensor type, found {result_type}", pos, parser.pos)
        return cls(
            parallel, reduction, body, result_type, dict(attributes.data) if attributes else None
        )

    def print(self, printer: Printer) -> None:
        split = len(self.parallel_extents)
        printer.print_string(" ")
        _print_iterators(printer, self.iterators[:split], self.parallel_extents)
        if self.reduction_extents:
            printer.print_string(" reduce ")
            _print_iterators(printer, self.iterators[split:], self.reduction_extents)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)


def _is_scalar_arithmetic(op: Operation) -> bool:
    return (
        op.dialect_name() == "arith"
        and not op.regions
        and len(op.results) == 1
        and isinstance(op.results[0].type, IntegerType | AnyFloat)
    )


def _parse_iterators(parser: Parser) -> tuple[list[Parser.UnresolvedArgument], list[int]]:
    names = parser.parse_comma_separated_list(
        Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    parser.parse_punctuation("=")
    pos = parser.pos
    extents = parser.parse_comma_separated_list(
        Parser.Delimiter.PAREN, lambda: parser.parse_integer(allow_boolean=False)
    )
    if len(names) != len(extents):
        parser.raise_error(f"expected {len(names)} extents, found {len(extents)}", pos, parser.pos)
    return names, extents


def _print_iterators(
    printer: Printer, names: Sequence[BlockArgument], extents: Sequence[int]
) -> None:
    with printer.in_parens():
        printer.print_list(names, lambda name: printer.print_block_argument(name, print_type=False))
    printer.print_string(" = ")
    with printer.in_parens():
        printer.print_list(extents, lambda extent: printer.print_string(str(extent)))


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

    traits = traits_def(Pure(), HasParent(ForOp))

    def __init__(
        self,
        source: SSAValue | Operation,
        map: AffineMap,
        pad: int | float | Attribute | None = None,
    ):
        source = SSAValue.get(source, type=TensorType[Attribute])
        element = source.type.get_element_type()
        if isinstance(pad, int | float):
            pad = (
                IntegerAttr(int(pad), element)
                if isa(element, IntegerType)
                else FloatAttr(float(pad), _float(element))
            )
        super().__init__(
            operands=[source],
            properties={"map": AffineMapAttr(map), "pad": pad},
            result_types=[element],
        )

    @property
    def source_type(self) -> TensorType[Attribute]:
        source_type = self.source.type
        assert isa(source_type, TensorType[Attribute])
        return source_type

    @property
    def source_shape(self) -> tuple[int, ...]:
        return self.source_type.get_shape()

    @property
    def pad_value(self) -> int | float | None:
        return None if self.pad is None else self.pad.value.data

    @property
    def nest(self) -> ForOp:
        parent = self.parent_op()
        assert isinstance(parent, ForOp)
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
        if self.result.type != element:
            raise VerifyException(f"result has type {self.result.type}, expected {element}")
        if self.pad is not None and self.pad.type != element:
            raise VerifyException(f"pad has type {self.pad.type}, expected {element}")
        if len(map.results) != len(self.source_shape):
            raise VerifyException(
                f"'source' has rank {len(self.source_shape)}, found {len(map.results)} indices"
            )
        if not isinstance(self.parent_op(), ForOp):
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
        map = self.map.data
        for axis, (expr, size) in enumerate(zip(map.results, self.source_shape, strict=True)):
            try:
                low, high = expr_range(expr, self.nest.ranges)
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
        if not isa(source_type, TensorType[Attribute]):
            parser.raise_error(f"expected a tensor type, found {source_type}", pos, parser.pos)
        if isinstance(pad, float) and isinstance(source_type.element_type, IntegerType):
            parser.raise_error(f"expected an integer pad, found {pad}")
        operand = parser.resolve_operand(source, source_type)
        # `ForOp.parse` sets the number of dimensions: it knows the iterators.
        op = cls(operand, AffineMap(0, 0, tuple(exprs)), pad)
        op.attributes.update(attributes)
        return op

    def print(self, printer: Printer) -> None:
        parent = self.parent_op()
        iterators = parent.iterators if isinstance(parent, ForOp) else ()
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

    traits = traits_def(Pure(), HasParent(ForOp))

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

    traits = traits_def(IsTerminator(), HasParent(ForOp), Pure())

    def __init__(self, value: SSAValue | Operation):
        super().__init__(operands=[value])


def _float(element: Attribute) -> AnyFloat:
    if not isinstance(element, AnyFloat):
        raise ValueError(f"expected an integer or float element type, found {element}")
    return element


AffineNest = Dialect("affine_nest", [ForOp, LoadOp, ReduceOp, YieldOp], [ReductionAttr])
