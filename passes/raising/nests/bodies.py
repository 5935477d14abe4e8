"""The body of a nest: scalar values of loop code, computed at its iterators' points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import islpy as isl
import numpy as np
from xdsl.dialects import affine, arith, scf
from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    i1,
    i64,
)
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr
from xdsl.utils.hints import isa

from nopt.dialects.affine_math import dim_ranges, expr_range, simplify
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.constants import Array, attribute_of, numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.dialects.interpreters.scalars import DIVISIONS, check_scalar
from nopt.passes.analysis import are_inside, box_of, points_where
from nopt.passes.analysis.integer_ranges import constant_value
from nopt.passes.base.places import about
from nopt.passes.raising.loops.indices import index_expr
from nopt.passes.raising.loops.isl_maps import Exprs, Image, dims
from nopt.passes.raising.loops.loop_program import (
    LOOPS,
    Access,
    Loop,
    Program,
    loads_of,
    name_of,
    result_number,
    yielded,
)
from nopt.passes.raising.nests.clips import extreme_of
from nopt.passes.raising.nests.guards import Number, condition, known, pads_that_keep

Content = SSAValue | Number | None
"""What a memref holds: a tensor, one number everywhere, or nothing yet."""

_MOST_TURNS = 1 << 24
"""Of which a loop's variable is a table."""


@dataclass
class Memory:
    """The memrefs of a function at some point of its nests, and where nests are put."""

    program: Program
    contents: dict[SSAValue, Content]
    apart: dict[SSAValue, tuple[int, ...]]
    """For which of the outermost loops the elements of a memref are kept apart."""
    insert: Callable[[Operation], object]
    _filled: dict[tuple[Number, tuple[int, ...]], SSAValue] = field(
        default_factory=dict[tuple[Number, tuple[int, ...]], SSAValue]
    )

    def index(self, access: Access, index: Exprs) -> Exprs:
        """The element of the tensor that stands for the memref, for an index of that."""
        outer = self.apart.get(access.memref, ())
        return (*(access.loops[dim].turn(AffineDimExpr(dim)) for dim in outer), *index)

    def shape(self, access: Access) -> tuple[int, ...]:
        outer = self.apart.get(access.memref, ())
        sizes = (access.loops[dim].extent for dim in outer)
        return (*sizes, *self.program.shapes[access.memref])

    def constant(self, array: Array, name: str) -> SSAValue:
        """A tensor of numbers."""
        op = ConstantOp(attribute_of(array, name))
        op.result.name_hint = name
        self.insert(op)
        return op.result

    def filled(self, number: Number, shape: Sequence[int], name: str = "constant") -> SSAValue:
        """A tensor of one number."""
        key = number, tuple(shape)
        if key not in self._filled:
            array = np.full(shape, number.value.data, numpy_type(number.type))
            self._filled[key] = self.constant(array, name)
        return self._filled[key]


@dataclass(frozen=True)
class Frame:
    """Where points of loops are among the iterators of a nest."""

    loops: tuple[Loop, ...]
    """Their variables are the first dimensions of the points."""
    image: Image

    def has(self, loops: Sequence[Loop]) -> bool:
        """Whether these are the outermost of its loops."""
        same = [one is other for one, other in zip(loops, self.loops, strict=False)]
        return all(same) and len(loops) <= len(self.loops)

    def at(self, exprs: Exprs) -> Exprs:
        """Expressions of points by the iterators. Raises ValueError where they are not affine."""
        found = self.image.at(exprs)
        if found is None:
            raise ValueError("goes through memrefs in an order whose inverse is not one affine map")
        return found


@dataclass
class Body:
    """A nest's body under construction."""

    builder: NestBuilder
    memory: Memory
    frames: list[Frame]
    """Where the loops around what is computed are, innermost ones last."""
    where: isl.Set
    """The points of the iterators at which values count."""
    carried: Callable[[Body, SSAValue], SSAValue]
    """What computes the result of a loop."""
    loads: dict[SSAValue, Exprs] = field(default_factory=dict[SSAValue, Exprs])
    """Indices of loads that are not told by the variables of loops."""
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    pads: dict[SSAValue, Number] = field(default_factory=dict[SSAValue, Number])
    reducing: bool = False
    """Whether terms of a reduction are being computed."""

    @property
    def program(self) -> Program:
        return self.memory.program

    def value(self, value: SSAValue) -> SSAValue:
        """A value of the loop code, here. Raises an error about what has no form in a nest."""
        if value not in self.values:
            if isinstance(value.owner, Operation):
                with about(value.owner):
                    self.values[value] = self._computed(value, value.owner)
            else:
                self.values[value] = self._argument(value)
        result = self.values[value]
        result.name_hint = result.name_hint or value.name_hint
        return result

    def _argument(self, value: SSAValue) -> SSAValue:
        assert isinstance(value, BlockArgument)
        place = value.owner.parent_op()
        if isinstance(value.type, IndexType) and isinstance(place, LOOPS):
            return self._variable(value, value, i64)
        if isinstance(place, LOOPS):
            raise ValueError("uses the running value of a loop other than to add to it")
        content = self.memory.contents[value]
        assert isinstance(content, SSAValue)
        return self.builder.load(content, [])

    def _computed(self, value: SSAValue, op: Operation) -> SSAValue:
        match op:
            case affine.ForOp() | affine.ParallelOp() | scf.ForOp():
                return self.carried(self, value)
            case affine.IfOp() | scf.IfOp():
                return self._chosen(value, op)
            case arith.SelectOp() if (extreme := extreme_of(op)) is not None:
                kind, left, right = extreme
                return self.builder.add(kind(self.value(left), self.value(right)))
            case arith.IndexCastOp() if isinstance(value.type, IntegerType):
                return self._variable(op.input, value, value.type)
            case arith.CmpiOp() if isinstance(op.lhs.type, IndexType):
                left, right = (self._variable(side, side, i64) for side in (op.lhs, op.rhs))
                return self.builder.add(arith.CmpiOp(left, right, op.predicate.value.data))
            case _ if value in self.program.loads:
                return self._load(value, self.program.loads[value])
            case _ if op.dialect_name() == "arith":
                check_scalar(op)
                if isinstance(op, DIVISIONS):
                    self._check_divisor(op)
                for operand in op.operands:
                    self.value(operand)
                return self.builder.add(op.clone(self.values))
            case _:
                raise ValueError("has no form in a nest")

    def _check_divisor(self, op: Operation) -> None:
        """A nest computes at all its points, what a condition then leaves out, too."""
        if constant_value(op.operands[1]):
            return
        parent = op.parent_op()
        while parent is not None and not isinstance(parent, affine.IfOp | scf.IfOp):
            parent = parent.parent_op()
        if parent is not None or not box_of(self.builder.extents).is_subset(self.where):
            raise ValueError(
                "divides at some points only, by what may be zero at others, where a nest "
                "computes, too; divide by a number other than 0"
            )

    # --- Loads.

    def _index(self, load: Access) -> Exprs | None:
        """The element that a load reads, by the iterators; None for a load of inner loops."""
        if load.value in self.loads:
            return self.frames[-1].at(self.memory.index(load, self.loads[load.value]))
        frame = self._frame(load.loops)
        return frame and frame.at(self.memory.index(load, load.index))

    def _frame(self, loops: Sequence[Loop]) -> Frame | None:
        return next((frame for frame in self.frames if frame.has(loops)), None)

    def turns(self, loops: Sequence[Loop]) -> Exprs:
        """Which turn of each loop this is."""
        frame = self._frame(loops)
        assert frame is not None
        variables = zip(loops, dims(len(loops)), strict=True)
        return frame.at(tuple(loop.turn(variable) for loop, variable in variables))

    def _load(self, value: SSAValue, load: Access) -> SSAValue:
        content = self.memory.contents[load.memref]
        pad = self.pads.get(value)
        if content is None:
            raise ValueError(f"loads from {name_of(load.memref)}, where nothing was stored before")
        if not isinstance(content, SSAValue):
            if pad is None or pad == content:
                return self.builder.constant(content.value.data, content.type)
            content = self.memory.filled(content, self.memory.shape(load))
        index = self._index(load)
        assert index is not None
        # Inside is checked exactly; the pad is for where intervals do not see it, and else dropped.
        return self.builder.load(content, index, pad or 0)

    def _variable(self, value: SSAValue, place: SSAValue, type: Attribute) -> SSAValue:
        """An affine function of loops' variables as a number: its values are a table."""
        owner = place.owner
        block = owner if not isinstance(owner, Operation) else owner.parent
        assert block is not None
        scope = self.program.scopes[block]
        frame = self._frame(scope.loops)
        assert frame is not None
        ranges = dim_ranges(self.builder.extents)
        expr = simplify(frame.at((index_expr(value, scope),))[0], ranges)
        low, high = expr_range(expr, ranges)
        if high - low >= _MOST_TURNS:
            raise ValueError(f"has {high - low + 1} values, expected at most {_MOST_TURNS}")
        numbers = np.arange(low, high + 1)
        if type == i1:  # the lowest bit; for numpy all but 0 is true
            numbers &= 1
        table = self.memory.constant(numbers.astype(numpy_type(type)), "turns")
        return self.builder.load(table, [expr - low])

    # --- Conditions.

    def is_padded(self, value: SSAValue, holds: isl.Set, otherwise: Attribute) -> bool:
        """Whether pads of loads make `value` a number where `holds` does not; they are then set."""
        return self._pad(value, box_of(self.builder.extents), holds, otherwise)

    def _pad(
        self, value: SSAValue, domain: isl.Set, holds: isl.Set, otherwise: Attribute | None
    ) -> bool:
        """Whether pads make `value` be `otherwise` where `holds` does not; they are then set."""
        insides: dict[SSAValue, isl.Set] = {}
        extents = self.builder.extents
        for load in loads_of(self.program, [value]):
            index = self._index(load)
            if index and load.value not in self.values:
                within = are_inside(index, self.memory.shape(load))
                insides[load.value] = points_where(len(extents), within)
        pads = pads_that_keep(value, insides, domain, holds, otherwise)
        if pads is None or any(self.pads.get(load, pad) != pad for load, pad in pads.items()):
            return False
        self.pads |= pads
        return True

    def number(self, number: Number) -> SSAValue:
        return self.builder.constant(number.value.data, number.type)

    def select(self, holds: isl.Set, value: SSAValue, otherwise: SSAValue) -> SSAValue:
        """The one or the other value, as the point is in a set."""
        return self.builder.add(arith.SelectOp(self._is_in(holds), value, otherwise))

    def _is_in(self, holds: isl.Set) -> SSAValue:
        """Whether the point is in a set: loads of true with the pad false."""
        either: list[SSAValue] = []
        for part in condition(holds, self.builder.extents):
            both = [self._test(expr, size) for expr, size in part]
            either.append(self._joined(arith.AndIOp, both, True))
        return self._joined(arith.OrIOp, either, False)

    def _test(self, expr: AffineExpr, size: int) -> SSAValue:
        yes = self.memory.filled(IntegerAttr(1, i1), [size], "inside")
        return self.builder.load(yes, [expr], 0)

    def _joined(
        self, op: type[arith.AndIOp | arith.OrIOp], parts: Sequence[SSAValue], none: bool
    ) -> SSAValue:
        result = parts[0] if parts else self.builder.add(arith.ConstantOp(IntegerAttr(none, i1)))
        for part in parts[1:]:
            result = self.builder.add(op(result, part))
        return result

    def _chosen(self, value: SSAValue, op: affine.IfOp | scf.IfOp) -> SSAValue:
        """The result of a condition: one of its values with pads that make the other, or both."""
        number = result_number(value)
        first, second = (yielded(region.block, number) for region in op.regions)
        frame = self._frame(self.program.scope_of(op).loops)
        assert frame is not None
        holds, fails = (frame.image.where(part) for part in self.program.branches[op])
        inner = len(self.builder.extents) - holds.dim(isl.dim_type.set)
        holds, fails = (
            part.insert_dims(isl.dim_type.set, part.dim(isl.dim_type.set), inner).intersect(
                self.where
            )
            for part in (holds, fails)
        )
        if fails.is_empty():
            return self.value(first)
        if holds.is_empty():
            return self.value(second)
        domain = holds.union(fails)
        for taken, one, other in ((holds, first, second), (fails, second, first)):
            constant = known(other, {})
            owner = other.owner
            if constant is None or not isinstance(owner, arith.ConstantOp):
                continue
            if self._pad(one, domain, taken, owner.value):
                return self.value(one)
        return self.select(holds, self.value(first), self.value(second))


def is_memref(value: SSAValue) -> bool:
    return isa(value.type, MemRefType[Attribute])
