"""Executes loop code on memrefs as it is written, one operation after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import IndexType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstraintKind, AffineMap

from nopt.dialects.constants import numpy_type
from nopt.dialects.interpreters.scalars import evaluate_scalar
from nopt.dialects.upstream_syntax import MaxOp

ENDS = (affine.YieldOp, scf.YieldOp, ReturnOp)
COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "addi": np.add,
    "maxs": np.maximum,
    "mins": np.minimum,
}
INDEX: dict[type[Operation], Callable[..., Any]] = {
    arith.AddiOp: lambda a, b: a + b,
    arith.SubiOp: lambda a, b: a - b,
    arith.MuliOp: lambda a, b: a * b,
    arith.DivSIOp: lambda a, b: int(a / b),
    arith.RemSIOp: lambda a, b: a - b * int(a / b),
    arith.FloorDivSIOp: lambda a, b: a // b,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.SelectOp: lambda c, a, b: a if c else b,
}


def stored(function: FuncOp) -> set[SSAValue]:
    """The memrefs that a function has stores to."""
    found = set[SSAValue]()
    for op in function.walk():
        if isinstance(op, affine.StoreOp | memref.StoreOp):
            found.add(op.memref)
        elif isinstance(op, memref.CopyOp):
            found.add(op.destination)
    return found


class Loops:
    """Runs a function on arrays, which it changes; memory that it allocates is full of a number."""

    def __init__(self, function: FuncOp, arrays: Sequence[np.ndarray], unwritten: int = 77):
        self.unwritten = unwritten
        self.values: dict[SSAValue, Any] = dict(zip(function.body.block.args, arrays, strict=True))
        self.block(function.body.block)

    def block(self, block: Block) -> list[Any]:
        for op in block.ops:
            if isinstance(op, ENDS):
                return [self.values[operand] for operand in op.operands]
            self.step(op)
        return []

    def of(self, values: Iterable[SSAValue]) -> list[int]:
        return [int(self.values[value]) for value in values]

    def map(self, map: AffineMap, operands: Iterable[SSAValue]) -> tuple[int, ...]:
        known = self.of(operands)
        return map.eval(known[: map.num_dims], known[map.num_dims :])

    def step(self, op: Operation) -> None:
        match op:
            case affine.ForOp():
                first = max(self.map(op.lowerBoundMap.data, op.lowerBoundOperands))
                last = min(self.map(op.upperBoundMap.data, op.upperBoundOperands))
                self.loop(op, range(first, last, op.step.value.data), op.inits)
            case scf.ForOp():
                self.loop(op, range(*self.of([op.lb, op.ub, op.step])), op.iter_args)
            case affine.ParallelOp():
                self.parallel(op)
            case affine.IfOp():
                self.branch(op, self.holds(op))
            case scf.IfOp():
                self.branch(op, bool(self.values[op.cond]))
            case affine.ApplyOp():
                (self.values[op.result],) = self.map(op.map.data, op.mapOperands)
            case affine.MinOp() | MaxOp():
                extreme = min if isinstance(op, affine.MinOp) else max
                self.values[op.result] = extreme(self.map(op.map.data, op.operands))
            case affine.LoadOp():
                self.values[op.result] = self.values[op.memref][self.map(op.map.data, op.indices)]
            case affine.StoreOp():
                self.values[op.memref][self.map(op.map.data, op.indices)] = self.values[op.value]
            case memref.LoadOp():
                self.values[op.res] = self.values[op.memref][tuple(self.of(op.indices))]
            case memref.StoreOp():
                self.values[op.memref][tuple(self.of(op.indices))] = self.values[op.value]
            case memref.AllocOp() | memref.AllocaOp():
                type = op.memref.type
                array = np.full(type.get_shape(), self.unwritten, numpy_type(type.element_type))
                self.values[op.memref] = array
            case memref.CastOp():
                self.values[op.dest] = self.values[op.source]
            case memref.CopyOp():
                self.values[op.destination][...] = self.values[op.source]
            case _ if op.results:
                self.values[op.results[0]] = self.scalar(op)
            case _:
                pass

    def scalar(self, op: Operation) -> Any:
        operands = [self.values[operand] for operand in op.operands]
        indices = isinstance(op.results[0].type, IndexType)
        if isinstance(op, arith.ConstantOp) and indices:
            return op.value.value.data  # pyright: ignore
        if isinstance(op, arith.IndexCastOp):
            return int(operands[0]) if indices else numpy_type(op.result.type).type(operands[0])
        if indices:
            return INDEX[type(op)](*operands)
        return evaluate_scalar(op, [np.asarray(operand) for operand in operands])

    def loop(self, op: Operation, turns: range, starts: Iterable[SSAValue]) -> None:
        carried = [self.values[start] for start in starts]
        body = op.regions[0].block
        for turn in turns:
            self.values |= zip(body.args, [turn, *carried], strict=True)
            carried = self.block(body)
        self.values |= zip(op.results, carried, strict=True)

    def parallel(self, op: affine.ParallelOp) -> None:
        lower, upper = op.lowerBoundsMap.data, op.upperBoundsMap.data
        split = lower.num_dims + lower.num_symbols
        first = grouped(self.map(lower, op.map_operands[:split]), op.lowerBoundsGroups, max)
        last = grouped(self.map(upper, op.map_operands[split:]), op.upperBoundsGroups, min)
        steps = [step.value.data for step in op.steps]
        carried: list[Any] = []
        kinds = [COMBINE[kind.data] for kind in op.reductions]
        for turn in product(*map(range, first, last, steps)):
            self.values |= zip(op.body.block.args, turn, strict=True)
            values = self.block(op.body.block)
            pairs = zip(kinds, carried, values, strict=True) if carried else ()
            carried = [kind(a, b) for kind, a, b in pairs] or values
        self.values |= zip(op.results, carried, strict=True)

    def holds(self, op: affine.IfOp) -> bool:
        condition = op.condition.data
        args = self.of(op.args)
        known, symbols = args[: condition.num_dims], args[condition.num_dims :]
        for constraint in condition.constraints:
            value = constraint.lhs.eval(known, symbols) - constraint.rhs.eval(known, symbols)
            if value < 0 or (value and constraint.kind is AffineConstraintKind.eq):
                return False
        return True

    def branch(self, op: affine.IfOp | scf.IfOp, holds: bool) -> None:
        region = op.regions[0 if holds else 1]
        chosen = self.block(region.block) if region.blocks else []
        self.values |= zip(op.results, chosen, strict=True)


def grouped(values: Sequence[int], groups: Any, extreme: Callable[..., int]) -> list[int]:
    """One bound for each group of alternatives."""
    found: list[int] = []
    for size in groups.get_values():
        found.append(extreme(values[:size]))
        values = values[size:]
    return found
