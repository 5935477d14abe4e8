"""The nest itself: what it writes where, what its body may be, how it reads and prints."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, cast

from xdsl.dialects.builtin import (
    AffineMapAttr,
    DenseArrayBase,
    IndexType,
    TensorType,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.irdl import irdl_op_definition, opt_operand_def, opt_prop_def, result_def, traits_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_math import check_magnitude, dim_ranges, expr_range, is_one_to_one
from nopt.dialects.affine_nest.attributes import MAPPING, verify_attributes
from nopt.dialects.affine_nest.body import LoadOp, ReduceOp, YieldOp
from nopt.dialects.affine_nest.iterators import NestOp, parse_iterators, print_iterators
from nopt.dialects.affine_nest.nest_mapping import MappingAttr
from nopt.dialects.affine_syntax import parse_exprs, print_exprs
from nopt.dialects.interpreters.scalars import check_scalar
from nopt.dialects.shaped import check_elements, is_tensor

MOST_POINTS = 1 << 62
"""As many as a product of two tensors of `MOST_ELEMENTS` can have."""


@irdl_op_definition
class ForOp(NestOp):
    """A perfect loop nest that computes every element of one tensor, or of a part of it.

    `parallel` and `reduction` are the iterators' extents. The body is evaluated at each point;
    what it yields may depend on reduction iterators only through `affine_nest.reduce`. The result's
    shape is the parallel extents.

    With `into`, a map over the parallel iterators, the result is as large as its type says and has
    what is yielded at the places of the map, no two at one; elsewhere it is `destination`, or
    unspecified without one:

    `%z = affine_nest.for (%c, %h) = (32, 9) into %y[%c + 64, %h] { … } : tensor<96x9xi8>`

    Each iterator is in one index of the map, or its floordiv and its mod by one number are in two.
    """

    destination = opt_operand_def(TensorType)
    into = opt_prop_def(AffineMapAttr)
    result = result_def(TensorType)

    traits = traits_def(Pure())

    def __init__(
        self,
        parallel: Sequence[int],
        reduction: Sequence[int],
        body: Region,
        result_type: TensorType[Attribute],
        attributes: dict[str, Attribute] | None = None,
        *,
        destination: SSAValue | None = None,
        into: AffineMap | None = None,
    ):
        super().__init__(
            operands=[destination],
            properties={
                "parallel": DenseArrayBase.from_list(i64, parallel),
                "reduction": DenseArrayBase.from_list(i64, reduction),
                "into": None if into is None else AffineMapAttr(into),
            },
            attributes=attributes or {},
            regions=[body],
            result_types=[result_type],
        )

    @property
    def loads(self) -> tuple[LoadOp, ...]:
        """The body's loads, in order."""
        return tuple(op for op in self.body.block.ops if isinstance(op, LoadOp))

    @property
    def yielded(self) -> SSAValue:
        """The scalar that becomes an element of the result."""
        terminator = self.body.block.last_op
        assert isinstance(terminator, YieldOp)
        return terminator.value

    @property
    def copied(self) -> LoadOp | None:
        """The load of a copy, a nest that only moves elements; None for others."""
        load = self.yielded.owner
        return load if isinstance(load, LoadOp) and not self.reduction_extents else None

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The result's shape: the parallel extents, but for a nest that writes into a tensor."""
        return self.result.type.get_shape()

    @property
    def places(self) -> AffineMap:
        """Where in the result the element of each point of the parallel iterators goes."""
        if self.into is None:
            return AffineMap.identity(len(self.parallel_extents))
        return self.into.data

    def verify_(self) -> None:
        extents = self.extents
        if any(extent <= 0 for extent in extents):
            raise VerifyException(f"iterator extents are {list(extents)}, expected 1 or more each")
        if prod(extents) > MOST_POINTS:
            raise VerifyException(f"has {prod(extents)} points, expected at most {MOST_POINTS}")
        check_elements(self.result.type)
        if self.body.block.arg_types != (IndexType(),) * len(extents):
            raise VerifyException(
                f"expected {len(extents)} iterators of type index, "
                f"found {len(self.body.block.args)} block arguments"
            )
        if not isinstance(self.body.block.last_op, YieldOp):
            raise VerifyException("expected the body to end with affine_nest.yield")
        if self.into is not None:
            self._verify_into(self.into.data)
        elif self.destination is not None:
            raise VerifyException("has a destination but no map into it")
        else:
            expected = TensorType(self.yielded.type, self.parallel_extents)
            if self.result.type != expected:
                raise VerifyException(
                    f"result has type {self.result.type}, "
                    f"expected {expected} from the parallel extents and the yielded value"
                )
        verify_attributes(self, self.result_shape)
        self._verify_body()
        if isinstance(mapping := self.attributes.get(MAPPING), MappingAttr):
            # Few nests have one, and what knows arrays takes time to import.
            from nopt.dialects.affine_nest.mapped_nest import check_nest_mapping
            from nopt.dialects.affine_nest.nest_problem import problem_of

            check_nest_mapping(problem_of(cast(Any, self)), mapping)

    def _verify_into(self, map: AffineMap) -> None:
        result = self.result.type
        if self.destination is not None and self.destination.type != result:
            raise VerifyException(
                f"destination has type {self.destination.type}, expected {result} as the result"
            )
        if result.element_type != self.yielded.type:
            raise VerifyException(f"yields {self.yielded.type} into a result of type {result}")
        shape = self.result_shape
        if len(map.results) != len(shape):
            raise VerifyException(f"result has rank {len(shape)}, found {len(map.results)} indices")
        iterators = len(self.parallel_extents)
        dims = max([map.num_dims, *(dim + 1 for dim in map.used_dims())])
        if dims != iterators or map.num_symbols:
            raise VerifyException(
                f"into must range over the {iterators} parallel iterators, "
                f"found {dims} dimensions and {map.num_symbols} symbols"
            )
        ranges = dim_ranges(self.parallel_extents)
        for axis, (expr, size) in enumerate(zip(map.results, shape, strict=True)):
            try:
                check_magnitude(expr, ranges)
                low, high = expr_range(expr, ranges)
            except ValueError as error:
                raise VerifyException(f"into, index {axis}: {error}") from error
            if low < 0 or high >= size:
                raise VerifyException(
                    f"into, index {axis} ranges over [{low}, {high}], outside [0, {size})"
                )
        if not is_one_to_one(map.results, ranges):
            raise VerifyException(
                "into may take two points to one place; expected each iterator in one index, "
                "or its floordiv and its mod by one number, "
                "by a factor larger than what the iterators of smaller factors add up to"
            )

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
            if not isinstance(op, ReduceOp | YieldOp):
                _check_scalar(op)
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
        parallel_names, parallel = parse_iterators(parser)
        reduction_names: list[Parser.UnresolvedArgument] = []
        reduction: list[int] = []
        if parser.parse_optional_keyword("reduce") is not None:
            reduction_names, reduction = parse_iterators(parser)
        destination, into = _parse_into(parser, parallel_names)
        arguments = [name.resolve(IndexType()) for name in parallel_names + reduction_names]
        body = parser.parse_optional_region(arguments)
        if body is None:
            parser.raise_error("expected 'reduce', 'into' or the body in braces")
        for op in body.block.ops:
            if isinstance(op, LoadOp):
                op.map = AffineMapAttr(AffineMap(len(arguments), 0, op.map.data.results))
        attributes = parser.parse_optional_attr_dict_with_keyword()
        parser.parse_punctuation(":")
        pos = parser.pos
        result_type = parser.parse_type()
        if not is_tensor(result_type):
            parser.raise_error(f"expected a tensor type, found {result_type}", pos, parser.pos)
        return cls(
            parallel,
            reduction,
            body,
            result_type,
            dict(attributes.data) if attributes else None,
            destination=destination and parser.resolve_operand(destination, result_type),
            into=into,
        )

    def print(self, printer: Printer) -> None:
        split = len(self.parallel_extents)
        printer.print_string(" ")
        print_iterators(printer, self.iterators[:split], self.parallel_extents)
        if self.reduction_extents:
            printer.print_string(" reduce ")
            print_iterators(printer, self.iterators[split:], self.reduction_extents)
        if self.into is not None:
            self._print_into(printer, self.into.data)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    def _print_into(self, printer: Printer, map: AffineMap) -> None:
        printer.print_string(" into ")
        if self.destination is not None:
            printer.print_ssa_value(self.destination)
        print_exprs(printer, map.results, self.iterators)


def _parse_into(
    parser: Parser, names: Sequence[Parser.UnresolvedArgument]
) -> tuple[UnresolvedOperand | None, AffineMap | None]:
    """(`into` ssa-value? `[` expr, … `]`)?"""
    if parser.parse_optional_keyword("into") is None:
        return None, None
    destination = parser.parse_optional_unresolved_operand()
    dims: dict[str, AffineExpr] = {
        name.name.text[1:]: AffineDimExpr(dim) for dim, name in enumerate(names)
    }
    return destination, AffineMap(len(names), 0, tuple(parse_exprs(parser, dims)))


def _check_scalar(op: Operation) -> None:
    if op.dialect_name() != "arith":
        raise VerifyException(
            f"expected loads, reductions and arith operations on scalars, found '{op.name}'"
        )
    try:
        check_scalar(op)
    except ValueError as error:
        raise VerifyException(f"'{op.name}' {error}") from error
