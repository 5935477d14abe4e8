"""What a nest must look like for the core: one reduction or load, then a chain of ALU steps.

The chain is read backwards from the yielded value. Each step combines the running vector with an
immediate or with a loaded vector; widening and the final narrowing cost nothing, since the core
accumulates in 32 bits and its stores keep the low 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import StringAttr, i8, i32
from xdsl.ir import Operation, SSAValue

from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction
from nopt.dialects.affine_nest.attributes import IN_READER
from nopt.dialects.annotations import LAYOUT, PLACEMENT, REPRESENTS
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.hw.config import Config
from nopt.hw.limits import immediate
from nopt.passes.analysis.integer_ranges import Intervals, constant_value, fits
from nopt.passes.core.byte_planes import plane_count
from nopt.passes.core.core_intrinsics import alu_kind, gemm
from nopt.passes.core.product_factors import loaded

DESCRIPTIONS = (REPRESENTS, LAYOUT)
"""Attributes of a nest that describe its result, whatever computes it."""

LARGEST_WEIGHT = 127
"""The largest factor that an i8 matrix element is, and the negative of the smallest one."""


class NotOnCore(ValueError):
    """Why a nest cannot run on the core."""


Operand: TypeAlias = LoadOp | int


@dataclass(frozen=True)
class Step:
    """`accumulator = kind(accumulator, operand * scale)`; a negative shift goes left.

    Only loads of i8 are scaled.
    """

    kind: AluKind
    operand: Operand
    scale: int = 1

    def shifts_to_multiply(self, config: Config) -> tuple[int, ...]:
        """How to multiply without an instruction for it: shifts left, an addition after each.

        What is added is the value before. After the last shift there is no addition. Empty if the
        step is no multiplication, or the ALU has an immediate one.
        """
        if self.kind is not AluKind.MUL or not isinstance(self.operand, int):
            return ()
        if config.alu_multiply and self.operand <= immediate(config).high:
            return ()
        ones = [bit for bit in range(self.operand.bit_length()) if self.operand >> bit & 1]
        gaps = [high - low for low, high in pairwise(ones)]
        return (*reversed(gaps), ones[0])


@dataclass(frozen=True)
class Product:
    """Sum over the reduction iterators of input * weight, both i8."""

    input: LoadOp
    weight: LoadOp


@dataclass(frozen=True)
class Window:
    """Reduction of one load over the reduction iterators; the load itself if there are none.

    What is loaded, or their sum, is multiplied by `scale`.
    """

    kind: Reduction | None
    input: LoadOp
    scale: int = 1


Start: TypeAlias = Product | Window


@dataclass(frozen=True)
class CoreNest:
    """A nest as the core runs it: how the accumulator starts, and the ALU steps that follow."""

    nest: ForOp
    start: Start
    steps: tuple[Step, ...]
    planes: int = 1
    """How many bytes of each result are stored; above 1, the first iterator runs over them."""


def _scaled(value: SSAValue) -> tuple[LoadOp, int] | None:
    """The load behind a value, and the number it is multiplied by."""
    product = value.owner
    if isinstance(product, arith.MuliOp):
        for factor, other in ((product.rhs, product.lhs), (product.lhs, product.rhs)):
            number, load = constant_value(factor), loaded(other)
            if number is not None and load is not None and load.result.type == i8:
                return load, number
    load = loaded(value)
    return None if load is None else (load, 1)


def recognise(nest: ForOp, config: Config) -> CoreNest:
    """Read the nest's body as a start and a chain of steps that the core's intrinsics describe.

    Raises NotOnCore with the reason otherwise.
    """
    if not nest.parallel_extents:
        raise NotOnCore("it has no parallel iterator")
    value = nest.yielded
    if value.type != i8:
        raise NotOnCore(f"it yields {value.type}; the core stores i8")
    if isinstance(value.owner, arith.TruncIOp):
        value = value.owner.input
    planes = plane_count(nest, value)
    if planes > 1:
        assert isinstance(value.owner, arith.ShRSIOp)
        value = value.owner.lhs
    # A nest in blocks was recognised before; zero lanes make its sums look larger than they are.
    intervals = None if PLACEMENT in nest.attributes else Intervals()
    steps: list[Step] = []
    while (found := _start(value, config)) is None:
        value = _strip(value, steps, intervals, config)
    if isinstance(found, Window) and found.kind is None and nest.reduction_extents:
        raise NotOnCore("it has reduction iterators but no reduction")
    steps.reverse()
    if isinstance(found, Window):
        found, steps = _scaled_start(found, steps)
    return CoreNest(nest, found, tuple(steps), planes)


def _scaled_start(start: Window, steps: list[Step]) -> tuple[Window, list[Step]]:
    """A multiplication of what is loaded costs nothing in the matrix that brings it in."""
    if start.kind not in (None, Reduction.ADD) or start.input.result.type != i8 or not steps:
        return start, steps
    first, *rest = steps
    factor = first.operand if first.kind is AluKind.MUL else None
    if not isinstance(factor, int) or factor > LARGEST_WEIGHT:
        return start, steps
    return replace(start, scale=factor), rest


def _start(value: SSAValue, config: Config) -> Start | None:
    if (load := loaded(value)) is not None:
        _check_loadable(load)
        return Window(None, load)
    reduction = value.owner
    if not isinstance(reduction, ReduceOp):
        return None
    if (loads := gemm(config).match_added(value)) is not None:
        return Product(loads["inp"], loads["wgt"])
    load = loaded(reduction.operand)
    if load is None:
        raise NotOnCore("it reduces something else than a load or an i32 product of two i8 loads")
    if load.result.type != i8 and inner_product(load, config) is None:
        raise NotOnCore(f"it reduces elements of type {load.result.type}; the core loads i8")
    return Window(reduction.kind.data, load)


def inner_product(load: LoadOp, config: Config) -> Product | None:
    """The product whose sums a load takes from the accumulators, if its nest is placed so."""
    made = load.source.owner
    if not isinstance(made, ForOp) or made.attributes.get(PLACEMENT) != StringAttr(IN_READER):
        return None
    loads = gemm(config).match_added(made.yielded)
    return None if loads is None else Product(loads["inp"], loads["wgt"])


def _check_loadable(load: LoadOp) -> None:
    if load.result.type not in (i8, i32):
        raise NotOnCore(f"it loads {load.result.type}; the core loads i8 and i32")


def _strip(
    value: SSAValue, steps: list[Step], intervals: Intervals | None, config: Config
) -> SSAValue:
    """Take the last step off the chain that computes `value`; what it was applied to."""
    op = value.owner
    if isinstance(op, arith.ExtSIOp):
        return op.input
    if isinstance(op, arith.TruncIOp):
        if op.input.type != i32:
            raise NotOnCore(f"it computes in {op.input.type}; the core computes in i32")
        narrow = intervals is None or fits(intervals.of(op.input), i8)
        if op.result.type == i8 and narrow:
            return op.input
        raise NotOnCore("it narrows a value that may not fit before the end")
    assert isinstance(op, Operation)
    leftwards = isinstance(op, arith.ShLIOp)
    kind = AluKind.SHR if leftwards else alu_kind(op, config)
    if isinstance(op, arith.MuliOp) and (constant_value(op.rhs) or 0) > 0:
        # An ALU that does not multiply still shifts and adds.
        kind = AluKind.MUL
    if kind is None:
        raise NotOnCore(f"'{op.name}' has no instruction on this core")
    if value.type != i32 and not (value.type == i8 and kind in (AluKind.MAX, AluKind.MIN)):
        raise NotOnCore(f"it computes in {value.type}; the core computes in i32")
    left, right = op.operands
    if kind is AluKind.SHR:
        steps.append(_shift(right, leftwards))
        return left
    for chain, operand in ((left, right), (right, left)):
        number = constant_value(operand)
        if number is not None:
            steps.append(Step(kind, number))
            return chain
        if (scaled := _scaled(operand)) is not None:
            load, scale = scaled
            _check_loadable(load)
            if staged_scale(scale) is None:
                raise NotOnCore(f"it scales an operand by {scale}; the core's weights are i8")
            steps.append(Step(kind, load, scale))
            return chain
    raise NotOnCore(f"'{op.name}' combines two computed values")


def _shift(amount: SSAValue, leftwards: bool) -> Step:
    number, load = constant_value(amount), loaded(amount)
    if number is not None and 0 <= number < 32:
        return Step(AluKind.SHR, -number if leftwards else number)
    if load is not None and load.result.type == i32 and not leftwards:
        low, high = Intervals().of(amount)
        if 0 <= low <= high < 32:
            return Step(AluKind.SHR, load)
    raise NotOnCore("it shifts by something else than constants 0 to 31")


def staged_scale(scale: int) -> tuple[int, int] | None:
    """`scale` as weight * 2^shift, the weight an i8; None if it is no such product."""
    shift = 0
    while not -LARGEST_WEIGHT <= scale <= LARGEST_WEIGHT:
        if scale % 2:
            return None
        scale, shift = scale // 2, shift + 1
    return scale, shift
