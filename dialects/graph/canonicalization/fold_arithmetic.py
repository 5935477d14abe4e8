"""Sums and products with constants, casts, and scales that cancel or are powers of two."""

import numpy as np

from nopt.dialects.constants import numpy_type
from nopt.dialects.graph.binary import AddOp, BinaryOp, DivOp, MulOp, PowOp, SubOp
from nopt.dialects.graph.canonicalization.fold_constants import folded
from nopt.dialects.graph.elementwise import CastOp
from nopt.dialects.graph.moves import ConstantOp
from nopt.dialects.graph.pieces import BroadcastOp
from nopt.dialects.graph.quantize import DequantizeOp, QuantizeOp
from nopt.dialects.graph.queries import splat_of
from nopt.dialects.graph.requantize import RequantizeOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import INTEGERS, NARROW_INTEGERS
from nopt.dialects.shaped import shape_of, tensor_of

_NEUTRAL: dict[type[BinaryOp], int] = {AddOp: 0, SubOp: 0, MulOp: 1, DivOp: 1, PowOp: 1}


def drop_neutral(op: BinaryOp) -> Replacement:
    """x + 0, x - 0, x * 1, x / 1 and x^1 are x."""
    neutral = _NEUTRAL.get(type(op))
    same = neutral is not None and op.lhs.type == op.result.type
    return op.lhs if same and splat_of(op.rhs) == neutral else None


def add_negative(op: SubOp) -> Replacement:
    """x - c is x + (-c), if the constant's type holds -c."""
    if not isinstance(constant := op.rhs.owner, ConstantOp):
        return None
    array = constant.array
    if array.dtype.kind == "i" and array.min() == np.iinfo(array.dtype).min:
        return None
    negative = folded(-array, op.rhs, constant.value)
    return [negative, AddOp(op.lhs, negative, op.result.type.element_type)]


def multiply_by_reciprocal(op: DivOp) -> Replacement:
    """x / c is x * (1 / c), bit for bit if c is a power of two with a reciprocal that is normal."""
    if not isinstance(constant := op.rhs.owner, ConstantOp):
        return None
    array = constant.array
    with np.errstate(all="ignore"):
        reciprocal = 1 / array
    fraction, _ = np.frexp(array)
    smallest = np.finfo(array.dtype).tiny
    normal = (np.abs(reciprocal) >= smallest) & np.isfinite(reciprocal)
    if not bool((normal & (np.abs(fraction) == 0.5)).all()):
        return None
    factor = folded(reciprocal, op.rhs, constant.value)
    return [factor, MulOp(op.lhs, factor)]


def merge_integers(op: AddOp | MulOp) -> Replacement:
    """(x + c) + d is x + (c + d) for integers of the sums' width, which wrap; products likewise."""
    kind, inner = type(op), op.lhs.owner
    element = op.result.type.element_type
    if not isinstance(inner, kind) or not op.lhs.has_one_use() or element not in INTEGERS:
        return None
    first, second = inner.rhs.owner, op.rhs.owner
    if (
        not isinstance(first, ConstantOp)
        or not isinstance(second, ConstantOp)
        or inner.result.type.element_type != element
    ):
        return None
    a, b = (constant.array.astype(numpy_type(element)) for constant in (first, second))
    both = a + b if kind is AddOp else a * b
    if both.size > max(a.size, b.size):
        return None
    merged = folded(both, op.rhs, first.value, second.value)
    return [merged, kind(inner.lhs, merged, element)]


def read_before_broadcast(op: BinaryOp) -> Replacement:
    """Operands broadcast by themselves."""
    operands = [
        value.owner.input if isinstance(value.owner, BroadcastOp) else value
        for value in op.operands
    ]
    if operands == [*op.operands]:
        return None
    for lhs, rhs in (operands, (op.lhs, operands[1]), (operands[0], op.rhs)):
        shape = np.broadcast_shapes(shape_of(lhs), shape_of(rhs))
        if shape == op.result.type.get_shape() and [lhs, rhs] != [*op.operands]:
            return [type(op).create(operands=[lhs, rhs], result_types=[op.result.type])]
    return None


def skip_cast(op: CastOp) -> Replacement:
    """A cast of integers that were only widened casts the integers."""
    if not isinstance(inner := op.input.owner, CastOp):
        return None
    narrow, wide = tensor_of(inner.input).element_type, inner.result.type.element_type
    if narrow not in INTEGERS or wide not in INTEGERS[INTEGERS.index(narrow) :]:
        return None
    return [CastOp(inner.input, op.result.type.element_type)]


def cancel_scales(op: QuantizeOp) -> Replacement:
    """Integers that are read as numbers and rounded to the same steps again are the same."""
    if not isinstance(inner := op.input.owner, DequantizeOp):
        return None
    # The product and the quotient are off by 2^-24 each: 16 bits survive that.
    alike = inner.properties == op.properties and inner.input.type == op.result.type
    return inner.input if alike and op.result.type.element_type in NARROW_INTEGERS[:2] else None


def requantize_by_shift(op: RequantizeOp) -> Replacement:
    """(x * 2^k + 2^(s-1)) >> s is (x + 2^(s-k-1)) >> (s - k)."""
    if (multipliers := op.multipliers) is None:
        return None
    shifts = op.shifts - np.log2(multipliers).astype(np.int64)
    powers = multipliers & (multipliers - 1) == 0
    if not powers.all() or shifts.min() < 0 or shifts.max() > 31:
        return None
    element, axis = op.result.type.element_type, op.axis
    if axis is None:
        return [RequantizeOp(op.input, element, int(shifts))]
    vector = np.broadcast_to(shifts.reshape(-1), shape_of(op.input)[axis.value.data])
    return [RequantizeOp(op.input, element, vector, axis=axis.value.data)]


RULES = (
    Rule(BinaryOp, drop_neutral),
    Rule(BinaryOp, read_before_broadcast),
    Rule(SubOp, add_negative),
    Rule(DivOp, multiply_by_reciprocal),
    Rule(AddOp, merge_integers),
    Rule(MulOp, merge_integers),
    Rule(CastOp, skip_cast),
    Rule(QuantizeOp, cancel_scales),
    Rule(RequantizeOp, requantize_by_shift),
)
