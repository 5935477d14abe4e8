"""Pads and transposes that convolutions, pools and products do themselves, and pools of it all."""

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import numpy_type
from nopt.dialects.graph.canonicalization.fold_clips import limited
from nopt.dialects.graph.contractions import Conv2dOp, MatmulOp
from nopt.dialects.graph.moves import ReshapeOp, TransposeOp
from nopt.dialects.graph.pieces import PadOp
from nopt.dialects.graph.pooling import AvgPoolOp, GlobalAvgPoolOp, MaxPoolOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.statistics import ReduceOp, Statistic
from nopt.dialects.shaped import shape_of


def _padded(value: SSAValue, pads: Sequence[int]) -> tuple[PadOp, list[int]] | None:
    """The pad op behind an image, and a window op's pads with its border added."""
    if not isinstance(pad := value.owner, PadOp):
        return None
    low, high = pad.low.get_values(), pad.high.get_values()
    if any((*low[:2], *high[:2])):
        return None
    return pad, [sum(both) for both in zip(pads, (*low[2:], *high[2:]), strict=True)]


def pad_in_convolution(op: Conv2dOp) -> Replacement:
    """A convolution pads with zeros itself."""
    found = _padded(op.input, op.pads.get_values())
    if found is None or found[0].value.value.data != 0:
        return None
    return [
        Conv2dOp(
            found[0].input,
            op.weight,
            strides=op.strides.get_values(),
            pads=found[1],
            dilations=op.dilations.get_values(),
            groups=op.groups.value.data,
        )
    ]


def pad_in_pool(op: MaxPoolOp | AvgPoolOp) -> Replacement:
    """A pool pads with what changes no window's result itself."""
    found = _padded(op.input, op.pads.get_values())
    kernel = op.kernel.get_values()
    if found is None or any(p >= k for p, k in zip(found[1], (*kernel, *kernel), strict=True)):
        return None
    pad, pads = found
    if not (_never_wins(pad) if isinstance(op, MaxPoolOp) else _counts(pad, op)):
        return None
    return [type(op)(pad.input, kernel, strides=op.strides.get_values(), pads=pads)]


def _never_wins(pad: PadOp) -> bool:
    """Whether the border is no larger than any element can be."""
    value, element = pad.value.value.data, pad.result.type.element_type
    if value == -np.inf or (
        numpy_type(element).kind == "i" and value == np.iinfo(numpy_type(element)).min
    ):
        return True
    range = limited(pad.input)
    return range is not None and value <= range[1][0]


def _counts(pad: PadOp, op: AvgPoolOp) -> bool:
    """Whether the mean counts the border as it counts its own pads."""
    return pad.value.value.data == 0 and op.exclude_pads is None


def count_all(op: AvgPoolOp) -> Replacement:
    """Without pads there are none to exclude."""
    if op.exclude_pads is None or any(op.pads.get_values()):
        return None
    return [AvgPoolOp(op.input, op.kernel.get_values(), strides=op.strides.get_values())]


def pool_of_all(op: AvgPoolOp) -> Replacement:
    """One window that is the whole image."""
    if any(op.pads.get_values()) or op.kernel.get_values() != shape_of(op.input)[2:]:
        return None
    return [GlobalAvgPoolOp(op.input)]


def pool_of_one(op: MaxPoolOp | AvgPoolOp) -> Replacement:
    """Windows of one element, one for each."""
    one = op.kernel.get_values() == (1, 1) and op.input.type == op.result.type
    return op.input if one else None


def reduce_by_pool(op: ReduceOp) -> Replacement:
    """The mean or the maximum of each channel of an image."""
    shape = shape_of(op.input)
    if len(shape) != 4 or op.axes.get_values() != (2, 3):
        return None
    match op.kind.data:
        case Statistic.MEAN:
            pool = GlobalAvgPoolOp(op.input)
        case Statistic.MAX:
            pool = MaxPoolOp(op.input, shape[2:])
        case _:
            return None
    return [pool] if op.keep_dims is not None else [pool, ReshapeOp(pool, shape[:2])]


def transpose_in_product(op: MatmulOp) -> Replacement:
    """A matrix product swaps the last two dimensions of an operand itself."""
    swaps = [_is_swap(value) for value in op.operands]
    if not any(swaps):
        return None
    lhs, rhs = (
        value.owner.input if isinstance(value.owner, TransposeOp) and swap else value
        for value, swap in zip(op.operands, swaps, strict=True)
    )
    flags = (op.transpose_a is not None, op.transpose_b is not None)
    transpose_a, transpose_b = (a != b for a, b in zip(flags, swaps, strict=True))
    return [MatmulOp(lhs, rhs, transpose_a=transpose_a, transpose_b=transpose_b)]


def _is_swap(value: SSAValue) -> bool:
    if not isinstance(transpose := value.owner, TransposeOp):
        return False
    permutation = [*transpose.permutation.get_values()]
    rank = len(permutation)
    return rank > 1 and permutation == [*range(rank - 2), rank - 1, rank - 2]


RULES = (
    Rule(Conv2dOp, pad_in_convolution),
    Rule(MaxPoolOp, pad_in_pool),
    Rule(AvgPoolOp, pad_in_pool),
    Rule(AvgPoolOp, count_all),
    Rule(AvgPoolOp, pool_of_all),
    Rule(MaxPoolOp, pool_of_one),
    Rule(AvgPoolOp, pool_of_one),
    Rule(ReduceOp, reduce_by_pool),
    Rule(MatmulOp, transpose_in_product),
)
