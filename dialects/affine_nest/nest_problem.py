"""A nest as a problem for an array of PEs, from its own access maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_math import to_sum
from nopt.dialects.affine_nest.body import LoadOp, ReduceOp, Reduction
from nopt.hw.array.problem import Dim, Operand, Problem

if TYPE_CHECKING:
    from nopt.dialects.affine_nest.nest import ForOp


def problem_of(nest: ForOp) -> Problem:
    """The nest's loops, its result and what its reductions load (all it loads if it has none), in
    order.

    A padded tensor counts with what is padded, as if that lay in DRAM. Loops that share a name are
    told apart by numbers. Raises VerifyException for an index that is no sum of multiples of
    iterators.
    """
    loops = _distinct([name for name, _ in (*nest.named_parallel, *nest.named_reduction)])
    operands = [_operand(nest, "out", nest.places, nest.result_shape)]
    for load in _loads(nest):
        name = load.source.name_hint or "in"
        operands.append(_operand(nest, name, load.map.data, load.source_shape))
    names = _distinct([operand.name for operand in operands])
    named = (Operand(name, each.dims) for name, each in zip(names, operands, strict=True))
    return Problem(loops, nest.extents, tuple(named), output=0)


def sums_products(nest: ForOp) -> bool:
    """Whether the nest is work for multipliers that accumulate."""
    return any(
        isinstance(op, ReduceOp) and op.kind.data is Reduction.ADD and _is_product(op.operand)
        for op in nest.body.block.ops
    )


def _is_product(value: SSAValue) -> bool:
    """Whether this multiplies, at least where a mask says so."""
    match value.owner:
        case arith.MuliOp() | arith.MulfOp():
            return True
        case arith.SelectOp(lhs=lhs, rhs=rhs):
            return _is_product(lhs) or _is_product(rhs)
        case _:
            return False


def _loads(nest: ForOp) -> list[LoadOp]:
    """The loads that reductions need, each element of a tensor once."""
    ops = [*nest.body.block.ops]
    needed = {op.operand for op in ops if isinstance(op, ReduceOp)}
    every = not needed
    found: dict[object, LoadOp] = {}
    for op in reversed(ops):
        if isinstance(op, LoadOp) and (every or op.result in needed):
            found[op.source, op.map] = op
        elif any(result in needed for result in op.results):
            needed.update(op.operands)
    return [*found.values()][::-1]


def _operand(nest: ForOp, name: str, map: AffineMap, shape: tuple[int, ...]) -> Operand:
    dims: list[Dim] = []
    for i, (expr, size) in enumerate(zip(map.results, shape, strict=True)):
        strides = [0] * len(nest.extents)
        for atom, stride in to_sum(expr, nest.ranges).terms.items():
            if not isinstance(atom, AffineDimExpr):
                raise VerifyException(
                    f"operand {name}: index {i} is {expr}, expected a sum of multiples of iterators"
                )
            strides[atom.position] = stride
        dims += _digits(strides, nest.extents, size)
    return Operand(name, tuple(dims))


def _digits(strides: list[int], extents: tuple[int, ...], size: int) -> list[Dim]:
    """One dimension, or one for each loop if these are the digits of its index, as groups and the
    channels in them are: what a tile touches then is no box of all in between."""
    used = sorted((i for i, stride in enumerate(strides) if stride), key=lambda i: -strides[i])
    outer = [strides[i] for i in used[:-1]]
    filled = [extents[i] * strides[i] for i in used[1:]]
    if len(used) < 2 or filled != outer or strides[used[-1]] != 1 or size % outer[0]:
        reach = Dim(0, tuple(strides)).width(extents)
        return [Dim(max(size, reach), tuple(strides))]
    sizes = [size // outer[0], *(extents[i] for i in used[1:])]
    return [
        Dim(max(extents[i], each), tuple(int(i == j) for j in range(len(strides))))
        for i, each in zip(used, sizes, strict=True)
    ]


def _distinct(names: list[str]) -> tuple[str, ...]:
    """The names, with a number where one comes again."""
    taken: list[str] = []
    for name in names:
        number = 1
        chosen = name
        while chosen in taken:
            number += 1
            chosen = f"{name}_{number}"
        taken.append(chosen)
    return tuple(taken)
