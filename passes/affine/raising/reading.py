"""Loop code as statements: every access to a memref with its loops, indices, domain and time.

Dimension k of an index is the counter of the k-th enclosing loop, from 0 in steps of 1, whatever
the loop's own bounds and step are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import islpy as isl
from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, NoneAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.ir.affine import (
    AffineConstantExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)
from xdsl.utils.hints import isa

from nopt.dialects.affine_math import dim_ranges, simplify
from nopt.passes.affine.analysis import box_of, isl_expr, points_where, relation_where
from nopt.passes.places import about

AccessOp = affine.LoadOp | affine.StoreOp | memref.LoadOp | memref.StoreOp

_SILENT = (
    affine.ApplyOp,
    affine.YieldOp,
    memref.DeallocOp,
    memref.GetGlobalOp,
    ReturnOp,
)
"""Operations that neither loop nor access elements; what uses their results looks at them."""


@dataclass(frozen=True, eq=False)
class Loop:
    """An `affine.for` that turns `extent` times; `index` is its variable, by the counters."""

    op: affine.ForOp
    extent: int
    index: AffineExpr

    @property
    def name(self) -> str:
        return self.op.body.block.args[0].name_hint or "i"


@dataclass(frozen=True, eq=False)
class Access:
    """A load or store: which element at which point of which loops."""

    op: AccessOp
    memref: SSAValue
    loops: tuple[Loop, ...]
    index: tuple[AffineExpr, ...]
    domain: isl.Set
    """The counters at which it happens: the loops' box, less what conditions keep out."""
    time: tuple[AffineExpr, ...]
    """Before another access at another point if this is lexicographically less."""

    @property
    def extents(self) -> tuple[int, ...]:
        return tuple(loop.extent for loop in self.loops)


@dataclass
class Program:
    """What a function does with memrefs, in the order of the text."""

    function: FuncOp
    loads: dict[SSAValue, Access] = field(default_factory=dict[SSAValue, Access])
    """By the value loaded."""
    stores: list[Access] = field(default_factory=list[Access])
    stored: set[SSAValue] = field(default_factory=set[SSAValue])
    """Memrefs that the text has stores to, even if these are never reached."""
    loops: dict[Operation, tuple[Loop, ...]] = field(
        default_factory=dict[Operation, tuple[Loop, ...]]
    )
    """The loops around each `affine.for`, `affine.if` and allocation; for a loop with itself."""
    branches: dict[Operation, tuple[isl.Set, isl.Set]] = field(
        default_factory=dict[Operation, tuple[isl.Set, isl.Set]]
    )
    """The counters at which each `affine.if` takes its first region, and its second."""
    buffers: list[memref.AllocOp | memref.AllocaOp] = field(
        default_factory=list[memref.AllocOp | memref.AllocaOp]
    )

    shapes: dict[SSAValue, tuple[int, ...]] = field(default_factory=dict[SSAValue, tuple[int, ...]])
    """Of each memref; a size that is left open is as large as the indices reach."""

    @property
    def terminator(self) -> ReturnOp:
        last = self.function.body.block.last_op
        assert isinstance(last, ReturnOp)
        return last

    def accesses(self, buffer: SSAValue) -> list[Access]:
        """The loads and stores of a memref."""
        every = [*self.loads.values(), *self.stores]
        return [access for access in every if access.memref is buffer]


def read(function: FuncOp) -> Program:
    """The accesses of a function. Raises an error about the first operation that has no form."""
    program = Program(function)
    if len(function.body.blocks) != 1:
        raise ValueError(f"expected a body of one block, found {len(function.body.blocks)}")
    end = function.body.block.last_op
    if not isinstance(end, ReturnOp):
        raise ValueError("expected a body that returns")
    with about(end):
        for value in end.operands:
            if not isa(value.type, MemRefType[Attribute]):
                raise ValueError(f"returns {value.type}, expected a memref; store it to one")
    for value in function.body.block.args:
        check_memref(value)
    _Reader(program).block(function.body.block, (), isl.Set("{ [] }"), ())
    _find_shapes(program)
    return program


def _find_shapes(program: Program) -> None:
    """Fill in the shapes. Raises an error about an access outside of its memref."""
    reached: dict[SSAValue, list[int]] = {}
    ranges: list[tuple[Access, isl.Set]] = []
    for access in (*program.loads.values(), *program.stores):
        type = access.memref.type
        assert isa(type, MemRefType[Attribute])
        sizes = reached.setdefault(access.memref, list(type.get_shape()))
        if not sizes:
            continue
        relation = relation_where(len(access.loops), [], access.index)
        elements = relation.intersect_domain(access.domain).range()
        ranges.append((access, elements))
        for axis, size in enumerate(type.get_shape()):
            if size < 0:
                largest = elements.dim_max_val(axis).to_python()
                sizes[axis] = max(sizes[axis], largest + 1)
    for access, elements in ranges:
        sizes = reached[access.memref]
        if not elements.is_subset(box_of(sizes)):
            with about(access.op):
                raise ValueError(
                    f"reaches outside of {name_of(access.memref)}, {access.memref.type}"
                )
    for op in program.function.walk():
        for value in (*op.results, *(arg for r in op.regions for b in r.blocks for arg in b.args)):
            if isa(value.type, MemRefType[Attribute]):
                sizes = reached.get(value, value.type.get_shape())
                if any(size < 0 for size in sizes):
                    raise ValueError(f"{name_of(value)} has no size, and nothing reaches into it")
                program.shapes[value] = tuple(sizes)


def check_memref(value: SSAValue) -> None:
    """Raise ValueError for a memref whose elements lie elsewhere than row by row."""
    if isa(value.type, MemRefType[Attribute]) and not isinstance(value.type.layout, NoneAttr):
        raise ValueError(f"has {value.type} with a layout, expected elements row by row")


def index_expr(value: SSAValue, loops: Sequence[Loop]) -> AffineExpr:
    """A value of type index, by the loops' counters. Raises ValueError if it is not affine."""
    if isinstance(value, BlockArgument):
        for loop in loops:
            if value is loop.op.body.block.args[0]:
                return loop.index
        raise ValueError("has an index or bound by an argument, expected loops and numbers")
    match value.owner:
        case affine.ApplyOp() as op:
            (result,) = _composed(op.map.data, op.mapOperands, loops)
            return result
        case arith.ConstantOp(value=IntegerAttr() as number):
            return AffineConstantExpr(number.value.data)
        case arith.AddiOp() as op:
            return index_expr(op.lhs, loops) + index_expr(op.rhs, loops)
        case arith.SubiOp() as op:
            return index_expr(op.lhs, loops) - index_expr(op.rhs, loops)
        case arith.MuliOp() as op:
            left, right = index_expr(op.lhs, loops), index_expr(op.rhs, loops)
            if isinstance(left, AffineConstantExpr):
                left, right = right, left
            if isinstance(right, AffineConstantExpr):
                return left * right
            raise ValueError("has an index or bound that multiplies two loop variables")
        case owner:
            name = owner.name if isinstance(owner, Operation) else "a block"
            raise ValueError(f"has an index or bound computed by '{name}', which is not affine")


def _composed(
    map: AffineMap, operands: Sequence[SSAValue], loops: Sequence[Loop]
) -> tuple[AffineExpr, ...]:
    """The results of a map of SSA values, simplified."""
    values = [index_expr(operand, loops) for operand in operands]
    dims, symbols = values[: map.num_dims], values[map.num_dims :]
    ranges = dim_ranges([loop.extent for loop in loops])
    return tuple(
        simplify(result.replace_dims_and_symbols(dims, symbols), ranges) for result in map.results
    )


class _Reader:
    def __init__(self, program: Program):
        self.program = program

    def block(
        self,
        block: Block,
        loops: tuple[Loop, ...],
        domain: isl.Set,
        before: tuple[AffineExpr, ...],
    ) -> None:
        """Read the operations of a block; `before` is the time at which it starts."""
        for position, op in enumerate(block.ops):
            time = (*before, AffineConstantExpr(position))
            with about(op):
                match op:
                    case affine.ForOp():
                        self._loop(op, loops, domain, time)
                    case affine.IfOp():
                        self._branches(op, loops, domain, time)
                    case affine.LoadOp() | affine.StoreOp() | memref.LoadOp() | memref.StoreOp():
                        self._access(op, loops, domain, time)
                    case memref.AllocOp() | memref.AllocaOp():
                        check_memref(op.memref)
                        if op.dynamic_sizes:
                            raise ValueError("has a size that is computed, expected numbers")
                        self.program.loops[op] = loops
                        self.program.buffers.append(op)
                    case _ if isinstance(op, _SILENT) or op.dialect_name() == "arith":
                        pass
                    case _:
                        raise ValueError("has no form in a nest")

    def _loop(
        self,
        op: affine.ForOp,
        loops: tuple[Loop, ...],
        domain: isl.Set,
        time: tuple[AffineExpr, ...],
    ) -> None:
        lower = _composed(op.lowerBoundMap.data, op.lowerBoundOperands, loops)
        upper = _composed(op.upperBoundMap.data, op.upperBoundOperands, loops)
        if len(lower) != 1 or len(upper) != 1:
            raise ValueError("has a bound that is a maximum or minimum, expected a whole tile")
        ranges = dim_ranges([loop.extent for loop in loops])
        length = simplify(upper[0] - lower[0], ranges)
        if not isinstance(length, AffineConstantExpr):
            raise ValueError(
                f"turns {_by_name(length, loops)} times, expected a number: "
                "a nest's iterators make a box, not a triangle"
            )
        step = op.step.value.data
        extent = max(0, -(-length.value // step))
        counter = AffineDimExpr(len(loops))
        index = lower[0] + counter * step
        inner = (*loops, Loop(op, extent, simplify(index, ranges | {counter: (0, extent)})))
        self.program.loops[op] = inner
        deeper = domain.insert_dims(isl.dim_type.set, len(loops), 1)
        box = f"0 <= d{len(loops)} < {extent}"
        deeper = deeper.intersect(points_where(len(inner), [box]))
        self.block(op.body.block, inner, deeper, (*time, counter))

    def _branches(
        self,
        op: affine.IfOp,
        loops: tuple[Loop, ...],
        domain: isl.Set,
        time: tuple[AffineExpr, ...],
    ) -> None:
        self.program.loops[op] = loops
        condition = op.condition.data
        args = [index_expr(arg, loops) for arg in op.args]
        dims, symbols = args[: condition.num_dims], args[condition.num_dims :]
        texts: list[str] = []
        for constraint in condition.constraints:
            difference = constraint.lhs - constraint.rhs
            value = isl_expr(difference.replace_dims_and_symbols(dims, symbols))
            sign = {
                AffineConstraintKind.ge: ">=",
                AffineConstraintKind.le: "<=",
                AffineConstraintKind.eq: "=",
            }[constraint.kind]
            texts.append(f"{value} {sign} 0")
        holds = domain.intersect(points_where(len(loops), texts))
        fails = domain.subtract(holds)
        self.program.branches[op] = (holds, fails)
        self.block(op.then_region.block, loops, holds, (*time, AffineConstantExpr(0)))
        for block in op.else_region.blocks:
            self.block(block, loops, fails, (*time, AffineConstantExpr(1)))

    def _access(
        self,
        op: AccessOp,
        loops: tuple[Loop, ...],
        domain: isl.Set,
        time: tuple[AffineExpr, ...],
    ) -> None:
        if isinstance(op, affine.LoadOp | affine.StoreOp):
            index = _composed(op.map.data, op.indices, loops)
        else:
            index = _composed(AffineMap.identity(len(op.indices)), op.indices, loops)
        access = Access(op, op.memref, loops, index, domain, time)
        if isinstance(op, affine.StoreOp | memref.StoreOp):
            self.program.stored.add(op.memref)
        if domain.is_empty():
            return
        if isinstance(op, affine.StoreOp | memref.StoreOp):
            self.program.stores.append(access)
        else:
            self.program.loads[op.results[0]] = access


def _by_name(expr: AffineExpr, loops: Sequence[Loop]) -> str:
    """An expression of counters with the names of the loops, for a message."""
    text = str(expr)
    for position in reversed(range(len(loops))):
        text = text.replace(f"d{position}", f"%{loops[position].name}")
    return text


def name_of(value: SSAValue) -> str:
    """A value for a message."""
    return f"%{value.name_hint}" if value.name_hint else "a memref"


def result_number(value: SSAValue) -> int:
    """Which result of its operation a value is."""
    assert isinstance(value, OpResult)
    return value.index


def loads_of(program: Program, values: Sequence[SSAValue]) -> list[Access]:
    """The loads that computing values does, in any loops."""
    found: dict[SSAValue, Access] = {}
    seen = set[SSAValue]()
    stack = list(values)
    while stack:
        value = stack.pop()
        op = value.owner
        if value in seen or not isinstance(op, Operation):
            continue
        seen.add(value)
        if value in program.loads:
            found[value] = program.loads[value]
        elif isinstance(op, affine.ForOp | affine.IfOp):
            number = result_number(value)
            ends = [block.last_op for region in op.regions for block in region.blocks]
            stack += [end.operands[number] for end in ends if end is not None]
            stack += [op.inits[number]] if isinstance(op, affine.ForOp) else []
        else:
            stack += op.operands
    return list(found.values())
