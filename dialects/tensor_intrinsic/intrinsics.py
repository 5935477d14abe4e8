"""The intrinsics: matrix products and ALU steps over a box of accumulators."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AffineMapAttr,
    IntegerAttr,
    MemRefType,
    i32,
)
from xdsl.ir import (
    Attribute,
    SSAValue,
)
from xdsl.ir.affine import AffineExpr
from xdsl.irdl import (
    AttrSizedOperandSegments,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_access,
    parse_sizes,
    print_access,
    print_sizes,
    sizes_attr,
    verify_immediate,
)
from nopt.dialects.affine_syntax import OperandList
from nopt.dialects.tensor_intrinsic.tile_attributes import (
    AluKind,
    AluKindAttr,
    Memory,
)
from nopt.dialects.tensor_intrinsic.tile_op import (
    BoxOp,
    print_types,
    rank_of,
    resolve,
    shape_of,
    verify_maps,
)


@irdl_op_definition
class GemmOp(BoxOp):
    """acc[…, o] += sum over lanes i of inp[…, i] * wgt[…, o, i], at each point of the box.

    Points that share an accumulator add up. Products are exact, sums modulo 2^32. If inputs have
    several times the lanes i, they are rows of a batch one after the other, and accumulators have
    as many times the lanes o.
    """

    name = "tensor_intrinsic.gemm"

    acc = operand_def(MemRefType)
    inp = operand_def(MemRefType)
    wgt = operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)
    inp_map = prop_def(AffineMapAttr)
    wgt_map = prop_def(AffineMapAttr)

    def __init__(
        self,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
        inp: tuple[SSAValue, Sequence[AffineExpr]],
        wgt: tuple[SSAValue, Sequence[AffineExpr]],
    ):
        count, dims = len(variables), len(sizes)
        super().__init__(
            operands=[acc[0], inp[0], wgt[0], variables],
            properties={
                "sizes": sizes_attr(count, sizes),
                "acc_map": index_attr(dims, count, acc[1]),
                "inp_map": index_attr(dims, count, inp[1]),
                "wgt_map": index_attr(dims, count, wgt[1]),
            },
        )

    def verify_(self) -> None:
        verify_maps(
            self,
            len(self.sizes.data),
            ("acc", self.acc_map, rank_of(self.acc, Memory.ACC, "acc")),
            ("inp", self.inp_map, rank_of(self.inp, Memory.INP, "inp")),
            ("wgt", self.wgt_map, rank_of(self.wgt, Memory.WGT, "wgt")),
        )
        acc, inp, wgt = (shape_of(each) for each in (self.acc, self.inp, self.wgt))
        outputs, inputs = wgt[-2:]
        if acc[-1] * inputs != inp[-1] * outputs or inp[-1] % inputs:
            raise VerifyException(
                f"found lanes {acc[-1]} += {inp[-1]} * {outputs} by {inputs}, expected as many "
                "rows of a batch in accumulators as in inputs"
            )

    @classmethod
    def parse(cls, parser: Parser) -> GemmOp:
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        parser.parse_punctuation("+")
        parser.parse_punctuation("=")
        inp = parse_access(parser, variables)
        parser.parse_characters("*")
        wgt = parse_access(parser, variables)
        values = resolve(parser, [acc.memref, inp.memref, wgt.memref])
        exprs = (acc.exprs, inp.exprs, wgt.exprs)
        return cls(variables.values, sizes, *zip(values, exprs, strict=True))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        printer.print_string(" += ")
        print_access(printer, self.inp, self.inp_map, self.variables)
        printer.print_string(" * ")
        print_access(printer, self.wgt, self.wgt_map, self.variables)
        print_types(printer, [self.acc, self.inp, self.wgt])


@irdl_op_definition
class ResetOp(BoxOp):
    """acc[…] = 0 at each point of the box."""

    name = "tensor_intrinsic.reset"

    acc = operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)

    def __init__(
        self,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
    ):
        count = len(variables)
        super().__init__(
            operands=[acc[0], variables],
            properties={
                "sizes": sizes_attr(count, sizes),
                "acc_map": index_attr(len(sizes), count, acc[1]),
            },
        )

    def verify_(self) -> None:
        rank = rank_of(self.acc, Memory.ACC, "acc")
        verify_maps(self, len(self.sizes.data), ("acc", self.acc_map, rank))

    @classmethod
    def parse(cls, parser: Parser) -> ResetOp:
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        (value,) = resolve(parser, [acc.memref])
        return cls(variables.values, sizes, (value, acc.exprs))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        print_types(printer, [self.acc])


@irdl_op_definition
class AluOp(BoxOp):
    """acc[…] = kind(acc[…], operand) lane by lane, at each point of the box.

    The operand is another accumulator vector or a signed 16-bit immediate. No point may touch what
    the point before it wrote: the ALU does not forward.
    """

    name = "tensor_intrinsic.alu"

    kind = prop_def(AluKindAttr)
    acc = operand_def(MemRefType)
    other = opt_operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)
    other_map = opt_prop_def(AffineMapAttr)
    immediate = opt_prop_def(IntegerAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        kind: AluKind,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
        operand: tuple[SSAValue, Sequence[AffineExpr]] | int,
    ):
        count, dims = len(variables), len(sizes)
        properties: dict[str, Attribute | None] = {
            "kind": AluKindAttr(kind),
            "sizes": sizes_attr(count, sizes),
            "acc_map": index_attr(dims, count, acc[1]),
        }
        if isinstance(operand, int):
            properties["immediate"] = IntegerAttr(operand, i32)
        else:
            properties["other_map"] = index_attr(dims, count, operand[1])
        other = None if isinstance(operand, int) else operand[0]
        super().__init__(operands=[acc[0], other, variables], properties=properties)

    def verify_(self) -> None:
        maps = [("acc", self.acc_map, rank_of(self.acc, Memory.ACC, "acc"))]
        if (self.other is None) == (self.immediate is None):
            raise VerifyException("expected either another accumulator or an immediate")
        if self.other is not None:
            if self.other_map is None:
                raise VerifyException("expected a map for 'other'")
            maps.append(("other", self.other_map, rank_of(self.other, Memory.ACC, "other")))
        if self.immediate is not None:
            verify_immediate(self.immediate.value.data)
        verify_maps(self, len(self.sizes.data), *maps)

    @classmethod
    def parse(cls, parser: Parser) -> AluOp:
        kind = parser.parse_str_enum(AluKind)
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        parser.parse_punctuation(",")
        immediate = parser.parse_optional_integer(allow_boolean=False)
        if immediate is not None:
            (value,) = resolve(parser, [acc.memref])
            return cls(kind, variables.values, sizes, (value, acc.exprs), immediate)
        other = parse_access(parser, variables)
        value, other_value = resolve(parser, [acc.memref, other.memref])
        return cls(kind, variables.values, sizes, (value, acc.exprs), (other_value, other.exprs))

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.kind.data} ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        printer.print_string(", ")
        if self.immediate is not None:
            printer.print_string(str(self.immediate.value.data))
            print_types(printer, [self.acc])
        elif self.other is not None and self.other_map is not None:
            print_access(printer, self.other, self.other_map, self.variables)
            print_types(printer, [self.acc, self.other])
