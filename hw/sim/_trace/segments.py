"""What a program computes, without buffers, addresses and order: `dataflow` finds it, `replay`
executes it on any data.

Values are accumulator vectors, numbered in the order in which they are made; 0 is zero. INP and
WGT elements are denoted by their element address in DRAM, or by a negative number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nopt.hw.isa.encoding import AluOp, Memory, Micro
from nopt.hw.sim.product_groups import Indices

ZERO = 0
"""The value that is zero in all its elements."""
PADDING = -1
"""An element of INP or WGT that is zero."""


def kept(cells: Indices) -> Indices:
    """How what a cell of INP or WGT held before is denoted: less than -1. Its own inverse."""
    return -2 - cells


@dataclass(frozen=True)
class Fetched:
    """Accumulators loaded from DRAM: value `first + i` is element `addresses[i]`."""

    memory: Memory
    addresses: Indices
    first: int


@dataclass(frozen=True)
class Product:
    """Values `first` + (m, n): `base` plus rows `src` (m, k) of INP times `wgt` (n, k)."""

    src: Indices
    wgt: Indices
    base: Indices | None
    first: int


@dataclass(frozen=True)
class Step:
    """Values `first + i`: operation of `x[i]` and `y[i]`, or of `x[i]` and an immediate."""

    op: AluOp
    imm: int | None
    x: Indices
    y: Indices | None
    first: int


@dataclass(frozen=True)
class Final:
    """What scratchpad cells hold in the end."""

    cells: Indices
    values: Indices


@dataclass(frozen=True)
class Segment:
    """Part of a program that loads nothing which it stores: all loads, then steps, then stores.

    `Product.src` and `final` of INP count in `inputs`, which is ascending.
    """

    inputs: Indices
    kept: Indices
    """Cells of ACC, then of OUT (from `acc_entries` on), whose contents are values 1, 2, …"""
    fetched: list[Fetched]
    steps: list[Product | Step]
    values: int
    stored: Indices
    """The value for each of `store_addresses`, which are ascending."""
    store_addresses: Indices
    final: dict[Memory, Final]
    stale: Indices
    """Cells of OUT that do not hold what ACC was loaded with or reset to."""
    reads: dict[Memory, Indices]
    """Cells of which the contents from before are read."""


@dataclass
class Flow:
    """A whole program. It is right as long as the micro-ops at bytes of DRAM are `uops`."""

    uops: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    segments: list[Segment] = field(default_factory=list[Segment])
    final_uops: list[tuple[int, Micro]] = field(default_factory=list[tuple[int, Micro]])
    """What is written to the micro-op buffer, by first entry."""


class NotReplayable(Exception):
    """A program whose effect depends on more than its instructions and micro-ops."""
