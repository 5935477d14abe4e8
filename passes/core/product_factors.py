"""Sums of products as nests: which loads are the factors, and along what their outputs run."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from nopt.dialects.affine_nest import LoadOp, NestOp, ReduceOp
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis import access_of


def factors(nest: NestOp) -> tuple[LoadOp, LoadOp] | None:
    """The loads whose products a nest sums, in order; None if it sums none."""
    for op in nest.body.block.ops:
        if isinstance(op, ReduceOp) and isinstance(product := op.operand.owner, arith.MuliOp):
            first, second = loaded(product.lhs), loaded(product.rhs)
            if first is not None and second is not None:
                return first, second
    return None


def loaded(value: SSAValue) -> LoadOp | None:
    """The load behind a value, through a widening."""
    owner = value.owner
    if isinstance(owner, arith.ExtSIOp):
        owner = owner.input.owner
    return owner if isinstance(owner, LoadOp) else None


def is_constant(load: LoadOp) -> bool:
    """Whether a load reads a constant."""
    return isinstance(load.source.owner, ConstantOp)


def output_channels(input: LoadOp, weight: LoadOp) -> list[int]:
    """The parallel iterators that run along output channels of the weights, and nothing else.

    Those that move the weights only; with none, those that move both: then the weights of a block
    of outputs are a block on a diagonal.
    """
    in_input = input.map.data.used_dims()
    moving = parallel_dims(weight)
    own = [i for i in moving if i not in in_input]
    return [i for i in own or moving if _indexes_alone(weight, i)]


def shared_channels(input: LoadOp, weight: LoadOp) -> list[int]:
    """The parallel iterators that run along channels of both factors."""
    in_input = input.map.data.used_dims()
    return [i for i in parallel_dims(weight) if i in in_input and _indexes_alone(weight, i)]


def parallel_dims(load: LoadOp) -> list[int]:
    """The parallel iterators that a load's indices use."""
    used = load.map.data.used_dims()
    return [i for i in range(len(load.nest.parallel_extents)) if i in used]


def _indexes_alone(load: LoadOp, iterator: int) -> bool:
    """Whether blocks of the iterator are blocks of one index: it has coefficient 1 there."""
    read = access_of(load)
    axes = read.axes_of(iterator)
    return len(axes) == 1 and read.factor(axes[0], iterator) == 1
