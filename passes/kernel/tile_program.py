"""What a kernel does in a tile: buffers, and a short list of steps whose sizes are symbolic in it.

A tile program is selected once for a nest and variant (`select_program`) and read three times:
`tile_cost` evaluates it over arrays of candidates, `capacity` sums its buffers, `emission` prints
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.ir.affine import AffineExpr

from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.passes.core.separable_pooling import Phase
from nopt.passes.kernel.operands import Operand


@dataclass(frozen=True)
class Points:
    """As many elements as a tile has points along an iterator, and `more`."""

    iterator: int
    more: int = 0


@dataclass(frozen=True)
class Span:
    """As many elements as an operand's window has along one of its dimensions."""

    operand: Operand
    axis: int


Size: TypeAlias = Points | Span | int
Box: TypeAlias = tuple[Size, ...]
"""The iteration space of a step, or the shape of a buffer."""


@dataclass(frozen=True, eq=False)
class Buffer:
    """A part of a scratchpad with `shape` entries for each tile that it holds at once.

    Those are as many as the schedule says of `operand`, or of the result; otherwise one.
    """

    name: str
    memory: Memory
    shape: Box
    operand: Operand | None = None
    is_result: bool = False


@dataclass(frozen=True)
class Access:
    """An entry of the tile that a buffer holds now.

    In `indices`, dimension i is that of the step's box; symbol i is the point along iterator i
    that a `ForEach`, `Border`, `After` or `Strips` around the step holds.
    """

    buffer: Buffer
    indices: tuple[AffineExpr, ...]
    before: bool = False
    """Whether it is an entry of the tile before, which may lie in another slot."""


@dataclass(frozen=True)
class Reset:
    """acc = 0."""

    box: Box
    acc: Access


@dataclass(frozen=True)
class Clear:
    """buffer = 0, whole: all tiles that it holds at once."""

    buffer: Buffer


@dataclass(frozen=True)
class Gemm:
    """acc += inp · wgtᵀ; `is_windowed` if iterators that move one operand share a dimension."""

    box: Box
    acc: Access
    inp: Access
    wgt: Access
    is_windowed: bool = False


@dataclass(frozen=True)
class Alu:
    """acc = kind(acc, other)."""

    kind: AluKind
    box: Box
    acc: Access
    other: Access | int


@dataclass(frozen=True)
class ForEach:
    """The steps, once for each point of the tile along the iterators."""

    iterators: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Border:
    """The steps, only where a tile has this element of a parallel iterator: its first or last."""

    axis: int
    element: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class After:
    """The steps, only where a tile has one before it along a parallel axis, by so many points as
    symbol `axis` holds."""

    axis: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Strips:
    """The steps, in a kernel's last tile on one strip of it after the other, as many as the
    schedule says. Symbols are where along each axis a strip begins."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Store:
    """Move the tile to DRAM: one byte plane of the result, 0 if it has one only."""

    acc: Access
    plane: int


Step: TypeAlias = Reset | Clear | Gemm | Alu | ForEach | Border | After | Strips | Store


@dataclass(frozen=True, eq=False)
class Buffers:
    """All buffers of a kernel, by what lies in them."""

    result: Buffer
    windows: dict[Operand, Buffer]
    stages: dict[Operand, Buffer]
    """Accumulators that an i8 operand is brought to before the ALU reads it."""
    planes: dict[Phase, Buffer]
    """Phases of windows; the last one, the result's, is `result`."""
    copy: Buffer | None
    """A copy of the tile that it is multiplied with by shifts and additions."""
    ones: Buffer | None
    """The input that adds constants by a product."""
    diagonals: Buffer | None
    inside: Buffer | None
    """Where a padded maximum reads inside of its operand."""
    pad: Buffer | None

    def __iter__(self) -> Iterator[Buffer]:
        yield from (plane for plane in self.planes.values() if plane is not self.result)
        yield self.result
        for operand, window in self.windows.items():
            yield window
            if operand in self.stages:
                yield self.stages[operand]
        others = (self.copy, self.ones, self.diagonals, self.inside, self.pad)
        yield from (buffer for buffer in others if buffer is not None)


@dataclass(frozen=True, eq=False)
class TileProgram:
    """What a kernel does once before all tiles; what a tile does: at its begin, for each chunk of
    its reduction, at its end."""

    buffers: Buffers
    once: tuple[Step, ...]
    begin: tuple[Step, ...]
    chunk: tuple[Step, ...]
    end: tuple[Step, ...]
