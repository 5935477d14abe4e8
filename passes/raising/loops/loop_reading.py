"""From the text of loop code to its accesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import islpy as isl
from xdsl.dialects import affine, memref, scf
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, MemRefType, NoneAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr
from xdsl.utils.hints import isa

from nopt.dialects.floats import has_bits
from nopt.dialects.upstream_syntax import MaxOp
from nopt.dialects.upstream_syntax.upstream_accesses import DelinearizeIndexOp
from nopt.passes.analysis import are_inside, points_where
from nopt.passes.base.places import about
from nopt.passes.raising.loops.indices import (
    cases,
    comparison,
    if_condition,
    index_expr,
    index_exprs,
)
from nopt.passes.raising.loops.isl_maps import Exprs, dims, numbers, values
from nopt.passes.raising.loops.loop_program import (
    Access,
    AccessOp,
    Program,
    Scope,
    Turns,
    name_of,
    root,
)

_SILENT = (
    DelinearizeIndexOp,
    MaxOp,
    affine.ApplyOp,
    affine.MinOp,
    affine.YieldOp,
    memref.CastOp,
    memref.DeallocOp,
    memref.GetGlobalOp,
    scf.ReduceOp,
    scf.YieldOp,
    ReturnOp,
)
"""Operations that neither loop nor access elements; what uses their results looks at them."""

_ADVICE = {
    "affine.vector_load": "read single elements",
    "affine.vector_store": "store single elements",
    "func.call": "inline it first",
    "memref.dim": "make sizes numbers first",
    "memref.subview": "fold it into the accesses first",
    "scf.while": "write a loop that counts",
}
"""What to do about operations that are not taken."""


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
        _check_memref(value)
    _Reader(program).block(function.body.block, Scope((), isl.Set("{ [] }")), ())
    _find_shapes(program)
    return program


def _check_memref(value: SSAValue) -> None:
    """Raise ValueError for a memref whose elements lie elsewhere than row by row."""
    if isa(value.type, MemRefType[Attribute]) and not isinstance(value.type.layout, NoneAttr):
        raise ValueError(f"has {value.type} with a layout, expected elements row by row")


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
        elements = values(access.domain, access.index)
        ranges.append((access, elements))
        for axis, size in enumerate(type.get_shape()):
            if size < 0:
                largest = elements.dim_max_val(axis).to_python()
                sizes[axis] = max(sizes[axis], largest + 1)
    for access, elements in ranges:
        sizes = reached[access.memref]
        if not elements.is_subset(points_where(len(sizes), are_inside(dims(len(sizes)), sizes))):
            with about(access.op):
                raise ValueError(
                    f"reaches outside of {name_of(access.memref)}, {access.memref.type}"
                )
    for op in program.function.walk():
        for value in (*op.results, *(arg for r in op.regions for b in r.blocks for arg in b.args)):
            if isa(value.type, MemRefType[Attribute]) and root(value) is value:
                sizes = reached.get(value, value.type.get_shape())
                if any(size < 0 for size in sizes):
                    raise ValueError(f"{name_of(value)} has no size, and nothing reaches into it")
                program.shapes[value] = tuple(sizes)


class _Reader:
    def __init__(self, program: Program):
        self.program = program

    def block(self, block: Block, scope: Scope, before: Exprs) -> None:
        """Read the operations of a block; `before` is the time at which it starts."""
        self.program.scopes[block] = scope
        if not scope.is_reached:
            return
        for position, op in enumerate(block.ops):
            with about(op):
                self._operation(op, scope, (*before, *numbers(position)))

    def _operation(self, op: Operation, scope: Scope, time: Exprs) -> None:
        match op:
            case affine.ForOp():
                turns = _turns(lambda part: _bounds(op, part), scope)
                inner = scope.entered(op.body.block.args[0], turns, op.step.value.data)
                self._body(op.body.block, inner, time)
            case scf.ForOp():
                inner = _counted(op.body.block.args[0], (op.lb, op.ub, op.step), scope, scope)
                self._body(op.body.block, inner, time)
            case affine.ParallelOp():
                self._parallel(op, scope, time)
            case scf.ParallelOp():
                self._scf_parallel(op, scope, time)
            case affine.IfOp():
                self._branches(op, if_condition(op, scope), scope, time)
            case scf.IfOp():
                self._branches(op, comparison(op.cond, scope), scope, time)
            case affine.LoadOp() | affine.StoreOp():
                self._access(op, scope, index_exprs(op.map.data, op.indices, scope), time)
            case memref.LoadOp() | memref.StoreOp():
                index = tuple(index_expr(value, scope) for value in op.indices)
                self._access(op, scope, index, time)
            case memref.CopyOp():
                self._copy(op, scope, time)
            case memref.AllocOp() | memref.AllocaOp():
                _check_memref(op.memref)
                if op.dynamic_sizes:
                    raise ValueError("has a size that is computed, expected numbers")
                self.program.buffers[op.memref] = scope
            case _ if isinstance(op, _SILENT) or op.dialect_name() == "arith":
                pass
            case _:
                advice = _ADVICE.get(op.name)
                raise ValueError("has no form in a nest" + (f"; {advice}" if advice else ""))

    def _body(self, block: Block, inner: Scope, time: Exprs) -> None:
        self.block(block, inner, (*time, AffineDimExpr(len(inner.loops) - 1)))

    def _parallel(self, op: affine.ParallelOp, scope: Scope, time: Exprs) -> None:
        inner, count = scope, len(scope.loops)
        for number, (variable, step) in enumerate(zip(op.body.block.args, op.steps, strict=True)):

            def bounds(part: Scope, number: int = number) -> tuple[Exprs, Exprs]:
                return _parallel_bounds(op, number, part)

            inner = inner.entered(variable, _turns(bounds, scope), step.value.data)
        self.block(op.body.block, inner, (*time, *dims(len(inner.loops) - count, count)))

    def _scf_parallel(self, op: scf.ParallelOp, scope: Scope, time: Exprs) -> None:
        if op.initVals:
            raise ValueError("carries values in parallel, expected scf.for with iter_args")
        inner, count = scope, len(scope.loops)
        bounds = zip(op.lowerBound, op.upperBound, op.step, strict=True)
        for variable, each in zip(op.body.block.args, bounds, strict=True):
            inner = _counted(variable, each, scope, inner)
        self.block(op.body.block, inner, (*time, *dims(len(inner.loops) - count, count)))

    def _branches(
        self, op: affine.IfOp | scf.IfOp, holds: isl.Set, scope: Scope, time: Exprs
    ) -> None:
        fails = scope.domain.subtract(holds).coalesce()
        self.program.branches[op] = (holds, fails)
        for number, (region, domain) in enumerate(zip(op.regions, (holds, fails), strict=True)):
            for block in region.blocks:
                self.block(block, Scope(scope.loops, domain), (*time, *numbers(number)))

    def _access(self, op: AccessOp, scope: Scope, index: Exprs, time: Exprs) -> None:
        assert isa(op.memref.type, MemRefType[Attribute])
        element = op.memref.type.get_element_type()
        is_number = has_bits(element) if isinstance(element, AnyFloat) else False
        if not is_number and not isinstance(element, IntegerType | IndexType):
            raise ValueError(f"accesses {element}, expected integers or floats")
        access = Access(op, root(op.memref), scope, index, time)
        if op.results:
            self.program.loads[op.results[0]] = access
        else:
            self.program.stores.append(access)

    def _copy(self, op: memref.CopyOp, scope: Scope, time: Exprs) -> None:
        """A copy is the loops that copy every element."""
        assert isa(op.source.type, MemRefType[Attribute])
        shape = op.source.type.get_shape()
        if any(size < 0 for size in shape):
            raise ValueError("copies a memref whose size is open")
        inner = scope
        for axis, size in enumerate(shape):
            variable = Block(arg_types=[IndexType()]).args[0]
            variable.name_hint = f"i{axis}"
            inner = inner.entered(variable, [Turns(numbers(0), numbers(size))], 1)
        index = dims(len(shape), len(scope.loops))
        indices = [loop.variable for loop in inner.loops[len(scope.loops) :]]
        block = Block()
        load = memref.LoadOp.get(op.source, indices)
        store = memref.StoreOp.get(load, op.destination, indices)
        block.add_ops([load, store])
        self.program.scopes[block] = inner
        for number, access in enumerate((load, store)):
            access.location = op.location
            self._access(access, inner, index, (*time, *index, *numbers(number)))


def _counted(
    variable: BlockArgument, bounds: tuple[SSAValue, SSAValue, SSAValue], scope: Scope, inner: Scope
) -> Scope:
    """`inner` within a loop from a value to another by a third, which are known in `scope`."""
    lower, upper, step = bounds
    number = index_expr(step, scope)
    if not isinstance(number, AffineConstantExpr) or number.value < 1:
        raise ValueError("has a step that is not a number above 0")

    def exprs(part: Scope) -> tuple[Exprs, Exprs]:
        return (index_expr(lower, part),), (index_expr(upper, part),)

    return inner.entered(variable, _turns(exprs, scope), number.value)


def _turns(bounds: Callable[[Scope], tuple[Exprs, Exprs]], scope: Scope) -> list[Turns]:
    """The bounds of a loop in each part of the points around that decides them."""
    return [Turns(lower, upper, part) for part, (lower, upper) in cases(bounds, scope)]


def _bounds(op: affine.ForOp, scope: Scope) -> tuple[Exprs, Exprs]:
    lower = index_exprs(op.lowerBoundMap.data, op.lowerBoundOperands, scope)
    return lower, index_exprs(op.upperBoundMap.data, op.upperBoundOperands, scope)


def _parallel_bounds(op: affine.ParallelOp, number: int, scope: Scope) -> tuple[Exprs, Exprs]:
    lower_map, upper_map = op.lowerBoundsMap.data, op.upperBoundsMap.data
    split = lower_map.num_dims + lower_map.num_symbols
    lower = index_exprs(lower_map, op.map_operands[:split], scope)
    upper = index_exprs(upper_map, op.map_operands[split:], scope)
    lower_sizes, upper_sizes = op.lowerBoundsGroups.get_values(), op.upperBoundsGroups.get_values()
    return _groups(lower, lower_sizes)[number], _groups(upper, upper_sizes)[number]


def _groups(exprs: Exprs, sizes: Sequence[int]) -> list[Exprs]:
    """The alternatives of each bound."""
    groups: list[Exprs] = []
    for size in sizes:
        groups.append(exprs[:size])
        exprs = exprs[size:]
    return groups
