"""Loop code as data: loops, and every access to a memref with its loops, index, points and time.

Dimension k of an index or of a set of points is the variable of the k-th enclosing loop.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import islpy as isl
from xdsl.dialects import affine, memref, scf
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_points import Range, Ranges
from nopt.passes.analysis import isl_expr, points_where, value_range
from nopt.passes.raising.loops.isl_maps import Exprs, extreme_text

LOOPS = (affine.ForOp, affine.ParallelOp, scf.ForOp)
"""Operations whose body is executed for every value of its variables, in order."""


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop with one variable, of which `range` holds all values."""

    variable: BlockArgument
    range: Range
    step: int
    """The distance of its values, as far as that is known for all turns of the loops around."""

    @property
    def name(self) -> str:
        return self.variable.name_hint or "i"

    @property
    def extent(self) -> int:
        """How many values the variable may have."""
        low, high = self.range
        return (high - low) // self.step + 1

    def turn(self, variable: AffineExpr) -> AffineExpr:
        """Which of its values the variable has."""
        return (variable - self.range[0]) // self.step


@dataclass(frozen=True)
class Turns:
    """A loop runs from the greatest of `lower` to below the least of `upper`."""

    lower: Sequence[AffineExpr]
    upper: Sequence[AffineExpr]
    where: isl.Set | None = None
    """At which points of the first loops around; None for all of them."""


@dataclass(frozen=True, eq=False)
class Scope:
    """A place in the code: the loops around it, and the values of their variables there."""

    loops: tuple[Loop, ...]
    domain: isl.Set

    @property
    def is_reached(self) -> bool:
        return not self.domain.is_empty()

    @property
    def ranges(self) -> Ranges:
        """The range of each variable, by dimension."""
        return {AffineDimExpr(dim): loop.range for dim, loop in enumerate(self.loops)}

    def where(self, conditions: Sequence[str]) -> isl.Set:
        """The points of the domain at which conditions hold."""
        return self.domain.intersect(points_where(len(self.loops), conditions)).coalesce()

    def entered(self, variable: BlockArgument, turns: Sequence[Turns], step: int) -> Scope:
        """The body of a loop, whose bounds may be others in each part of the points around."""
        dim = len(self.loops)
        domain = isl.Set.empty(self.domain.insert_dims(isl.dim_type.set, dim, 1).get_space())
        for part in turns:
            domain = domain.union(self._within(part, step))
        domain = domain.coalesce()
        reached = not domain.is_empty()
        range = value_range(domain, dim) if reached else (0, 0)
        known = int(domain.get_stride(dim).to_python()) if reached else 1
        return Scope((*self.loops, Loop(variable, range, max(1, known))), domain)

    def _within(self, turns: Turns, step: int) -> isl.Set:
        """The points of a loop's body in one part of those around."""
        dim = len(self.loops)
        if not turns.lower or not turns.upper:
            raise ValueError("has a bound that is the maximum or minimum of nothing")
        conditions = [f"{isl_expr(bound)} <= d{dim}" for bound in turns.lower]
        conditions += [f"d{dim} < {isl_expr(bound)}" for bound in turns.upper]
        if step > 1:
            conditions.append(f"(d{dim} - {extreme_text('max', turns.lower)}) mod {step} = 0")
        around = self.domain
        if turns.where is not None:
            known = turns.where.dim(isl.dim_type.set)
            where = turns.where.insert_dims(isl.dim_type.set, known, dim - known)
            around = around.intersect(where)
        deeper = around.insert_dims(isl.dim_type.set, dim, 1)
        return deeper.intersect(points_where(dim + 1, conditions))


AccessOp = affine.LoadOp | affine.StoreOp | memref.LoadOp | memref.StoreOp


@dataclass(frozen=True, eq=False)
class Access:
    """A load or store: which element at which points of which loops."""

    op: AccessOp
    memref: SSAValue
    scope: Scope
    index: Exprs
    time: Exprs
    """Before another access at another point if this is lexicographically less."""

    @property
    def loops(self) -> tuple[Loop, ...]:
        return self.scope.loops

    @property
    def domain(self) -> isl.Set:
        return self.scope.domain

    @property
    def value(self) -> SSAValue:
        """What is stored, of a store; what is loaded, of a load."""
        return self.op.results[0] if self.op.results else self.op.operands[0]


@dataclass
class Program:
    """What a function does with memrefs, in the order of the text."""

    function: FuncOp
    loads: dict[SSAValue, Access] = field(default_factory=dict[SSAValue, Access])
    """By the value loaded."""
    stores: list[Access] = field(default_factory=list[Access])
    scopes: dict[Block, Scope] = field(default_factory=dict[Block, Scope])
    branches: dict[Operation, tuple[isl.Set, isl.Set]] = field(
        default_factory=dict[Operation, tuple[isl.Set, isl.Set]]
    )
    """The points at which each `affine.if` takes its first region, and its second."""
    buffers: dict[SSAValue, Scope] = field(default_factory=dict[SSAValue, Scope])
    """The memrefs that the function allocates."""
    shapes: dict[SSAValue, tuple[int, ...]] = field(default_factory=dict[SSAValue, tuple[int, ...]])
    """Of each memref; a size that is left open is as large as the indices reach."""
    forms: dict[SSAValue, tuple[int | None, int]] = field(
        default_factory=dict[SSAValue, tuple[int | None, int]]
    )
    """What `signatures` found about values: the number of a form, and how many leaves it has."""
    form_numbers: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    @property
    def arguments(self) -> Sequence[SSAValue]:
        return self.function.body.block.args

    @cached_property
    def stored(self) -> set[SSAValue]:
        """Memrefs that the text has stores to, even if these are never reached."""
        found = set[SSAValue]()
        for op in self.function.walk():
            if isinstance(op, affine.StoreOp | memref.StoreOp):
                found.add(root(op.memref))
            elif isinstance(op, memref.CopyOp):
                found.add(root(op.destination))
        return found

    @property
    def terminator(self) -> ReturnOp:
        last = self.function.body.block.last_op
        assert isinstance(last, ReturnOp)
        return last

    def scope_of(self, op: Operation) -> Scope:
        """Where an operation is."""
        block = op.parent
        assert block is not None
        return self.scopes[block]

    def accesses(self, buffer: SSAValue) -> list[Access]:
        """The loads and stores of a memref."""
        every = [*self.loads.values(), *self.stores]
        return [access for access in every if access.memref is buffer]


def root(value: SSAValue) -> SSAValue:
    """The memref that a value is another type of."""
    while isinstance(value.owner, memref.CastOp):
        value = value.owner.source
    return value


def name_of(value: SSAValue) -> str:
    """A value for a message."""
    return f"%{value.name_hint}" if value.name_hint else "a memref"


def result_number(value: SSAValue) -> int:
    """Which result of its operation a value is."""
    assert isinstance(value, OpResult)
    return value.index


def yielded(block: Block, number: int) -> SSAValue:
    """A value that a block ends with."""
    assert block.last_op is not None
    return block.last_op.operands[number]


def starts(op: Operation) -> Sequence[SSAValue]:
    """The values that a loop begins to carry; none where it only combines."""
    match op:
        case affine.ForOp():
            return op.inits
        case scf.ForOp():
            return op.iter_args
        case _:
            return ()


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
        elif isinstance(op, (*LOOPS, affine.IfOp, scf.IfOp)):
            number = result_number(value)
            stack += [yielded(block, number) for region in op.regions for block in region.blocks]
            stack += starts(op)[number : number + 1]
            stack += [op.cond] if isinstance(op, scf.IfOp) else []
        else:
            stack += op.operands
    return list(found.values())
