"""Building a kernel's body: tile loops, buffers, and ops that mention only the loops they use.

While a kernel is built, symbol i of every expression is the variable of loop i, outermost first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr, IndexType, MemRefType, i8, i32
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineExpr, AffineMap, AffineSymExpr

from nopt.dialects.affine_math import simplify
from nopt.dialects.affine_points import Range
from nopt.dialects.tensor_intrinsic import (
    AllocOp,
    AluKind,
    AluOp,
    GemmOp,
    LoadOp,
    Memory,
    MemoryAttr,
    ResetOp,
    StoreOp,
)

Exprs = Sequence[AffineExpr]
Size = tuple[AffineExpr, ...]
"""The least of some expressions over loop variables."""


def number(value: int) -> AffineExpr:
    return AffineConstantExpr(value)


@dataclass
class KernelBuilder:
    """Appends ops at the end of the innermost open block."""

    block: Block
    variables: list[SSAValue] = field(default_factory=list[SSAValue])
    trips: list[int] = field(default_factory=list[int])

    def add(self, op: Operation) -> None:
        self.block.add_op(op)

    def alloc(
        self, memory: Memory, shape: Sequence[int], lanes: Sequence[int], name: str
    ) -> SSAValue:
        """A buffer of [slots, window…] elements of a scratchpad."""
        element: Attribute = i32 if memory is Memory.ACC else i8
        type = MemRefType(element, [*shape, *lanes], memory_space=MemoryAttr(memory))
        op = AllocOp(type)
        op.result.name_hint = name
        self.add(op)
        return op.result

    def open_loop(self, trips: int, name: str, size: Size = ()) -> AffineExpr:
        """Open a loop; its variable. Ops go to its body until `close_loop`.

        With a `size`, the loop turns as often as that says, at most `trips` times.
        """
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = name
        used = _Used(self, size or (number(trips),))
        bound = AffineMap(0, len(used.variables), tuple(used.exprs(size or (number(trips),))))
        self.add(
            affine.ForOp.from_region(
                [], used.variables, [], [], 0, AffineMapAttr(bound), Region(body)
            )
        )
        self.variables.append(body.args[0])
        self.trips.append(trips)
        self.block = body
        return AffineSymExpr(len(self.variables) - 1)

    def close_loop(self) -> None:
        self.block.add_op(affine.YieldOp.get())
        loop = self.block.parent_op()
        assert loop is not None and loop.parent is not None
        self.block = loop.parent
        self.variables.pop()
        self.trips.pop()

    @contextmanager
    def first_turn(self, loops: Sequence[int]) -> Generator[None]:
        """What is built inside runs only in the first turn of all these open loops."""
        others = number(1)
        for loop in loops:
            others = others - AffineSymExpr(loop)
        if loops:
            # A loop, since a condition would be an op of its own at every level below.
            self.open_loop(1, "once", (number(1), others))
        yield
        if loops:
            self.close_loop()

    @contextmanager
    def last_turn(self, loops: Sequence[int]) -> Generator[None]:
        """As `first_turn`, in the last turn."""
        left = number(1)
        for loop in loops:
            left = left + AffineSymExpr(loop) - (self.trips[loop] - 1)
        if loops:
            self.open_loop(1, "once", (number(1), left))
        yield
        if loops:
            self.close_loop()

    @contextmanager
    def earlier_turn(self, loops: Sequence[int]) -> Generator[None]:
        """As `first_turn`, wherever not all loops are in their last turn."""
        left = number(0)
        for loop in loops:
            left = left + (self.trips[loop] - 1) - AffineSymExpr(loop)
        self.open_loop(1, "once", (number(1), left))
        yield
        self.close_loop()

    @contextmanager
    def later_turn(self, loop: int) -> Generator[None]:
        """As `first_turn`, in all turns of a loop but the first."""
        self.open_loop(1, "once", (number(1), AffineSymExpr(loop)))
        yield
        self.close_loop()

    @property
    def ranges(self) -> dict[AffineExpr, Range]:
        return {AffineSymExpr(i): (0, trips - 1) for i, trips in enumerate(self.trips)}

    def turn(self, loops: int) -> AffineExpr:
        """Which turn of the `loops` outermost loops together this is, counted from 0."""
        position = number(0)
        for loop in range(loops):
            position = position * self.trips[loop] + AffineSymExpr(loop)
        return position

    def load(
        self,
        source: SSAValue,
        buffer: SSAValue,
        offsets: Exprs,
        slot: AffineExpr,
        sizes: Sequence[Size],
        steps: Sequence[int],
    ) -> None:
        used = _Used(self, [*offsets, slot, *(e for size in sizes for e in size)])
        self.add(
            LoadOp(
                source,
                buffer,
                used.variables,
                used.exprs(offsets),
                used.expr(slot),
                used.sizes(sizes),
                steps,
            )
        )

    def store(
        self,
        buffer: SSAValue,
        destination: SSAValue,
        slot: Exprs,
        offsets: Exprs,
        sizes: Sequence[Size],
    ) -> None:
        used = _Used(self, [*offsets, *slot, *(e for size in sizes for e in size)])
        self.add(
            StoreOp(
                buffer,
                destination,
                used.variables,
                used.exprs(slot),
                used.exprs(offsets),
                used.sizes(sizes),
            )
        )

    def reset(self, sizes: Sequence[Size], acc: tuple[SSAValue, Exprs]) -> None:
        used = _Used(self, [*acc[1], *(e for size in sizes for e in size)])
        self.add(ResetOp(used.variables, used.sizes(sizes), (acc[0], used.exprs(acc[1]))))

    def gemm(
        self,
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Exprs],
        inp: tuple[SSAValue, Exprs],
        wgt: tuple[SSAValue, Exprs],
    ) -> None:
        used = _Used(self, [*acc[1], *inp[1], *wgt[1], *(e for size in sizes for e in size)])
        operands = [(memref, used.exprs(exprs)) for memref, exprs in (acc, inp, wgt)]
        self.add(GemmOp(used.variables, used.sizes(sizes), *operands))

    def alu(
        self,
        kind: AluKind,
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Exprs],
        operand: tuple[SSAValue, Exprs] | int,
    ) -> None:
        exprs = [*acc[1], *(e for size in sizes for e in size)]
        if not isinstance(operand, int):
            exprs += operand[1]
        used = _Used(self, exprs)
        other = operand if isinstance(operand, int) else (operand[0], used.exprs(operand[1]))
        self.add(
            AluOp(kind, used.variables, used.sizes(sizes), (acc[0], used.exprs(acc[1])), other)
        )


class _Used:
    """The loop variables that some expressions use, and the expressions over just those."""

    def __init__(self, builder: KernelBuilder, exprs: Exprs):
        ranges = builder.ranges
        simple = {expr: simplify(expr, ranges) for expr in exprs}
        loops = sorted(
            {
                part.position
                for expr in simple.values()
                for part in expr.dfs()
                if isinstance(part, AffineSymExpr)
            }
        )
        self.variables = [builder.variables[loop] for loop in loops]
        symbols: list[AffineExpr] = [
            AffineSymExpr(loops.index(i)) if i in loops else number(0)
            for i in range(len(builder.variables))
        ]
        self._exprs = {
            expr: _with_symbols(simplified, symbols) for expr, simplified in simple.items()
        }

    def expr(self, expr: AffineExpr) -> AffineExpr:
        return self._exprs[expr]

    def exprs(self, exprs: Exprs) -> list[AffineExpr]:
        return [self.expr(expr) for expr in exprs]

    def sizes(self, sizes: Sequence[Size]) -> list[Size]:
        return [tuple(self.expr(alternative) for alternative in size) for size in sizes]


def _with_symbols(expr: AffineExpr, symbols: Sequence[AffineExpr]) -> AffineExpr:
    dims = range(max(expr.used_dims(), default=-1) + 1)
    return expr.replace_dims_and_symbols([AffineExpr.dimension(dim) for dim in dims], symbols)
