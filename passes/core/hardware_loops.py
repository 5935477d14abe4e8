"""How a box becomes one instruction: two hardware loops, a micro-op kernel, loops around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.access import constant_size
from nopt.dialects.affine_math import Ranges, to_sum
from nopt.dialects.isa import Loop
from nopt.hw.config import Config

_MOST_UOPS = 256

ONE: tuple[AffineExpr, ...] = (AffineConstantExpr(1),)


@dataclass(frozen=True)
class BoxLoop:
    """A dimension of the box: its size, and how far each address moves a step."""

    size: tuple[AffineExpr, ...]
    factors: tuple[int, ...]

    @property
    def count(self) -> int | None:
        """The size if it is a number."""
        match self.size:
            case (AffineConstantExpr(value=value),):
                return value
            case _:
                return None


@dataclass(frozen=True)
class Instruction:
    """Base addresses and loops of one instruction, inside `around`."""

    bases: tuple[AffineExpr, ...]
    around: tuple[BoxLoop, ...]
    outer: BoxLoop
    inner: BoxLoop
    uops: tuple[Loop, ...]


def most_uops(config: Config) -> int:
    """Micro-ops of one kernel at most; larger boxes get a loop around the instruction."""
    return min(_MOST_UOPS, config.uop_entries)


def arrange(
    addresses: Sequence[AffineExpr],
    sizes: Sequence[AffineMapAttr],
    ranges: Ranges,
    config: Config,
) -> Instruction:
    """One instruction for a box whose `addresses` are affine in its dimensions.

    Dimensions that move all addresses as one longer loop would are merged. The hardware loops are
    the dimensions whose size varies (a micro-op kernel is fixed), then the largest; the rest is
    enumerated in micro-ops, which are few that way.
    """
    sums = [to_sum(address, ranges) for address in addresses]
    dims = [AffineDimExpr(position) for position in range(len(sizes))]
    factors = [tuple(total.terms.pop(dim, 0) for total in sums) for dim in dims]
    bases = tuple(total.expr() for total in sums)
    loops = [
        BoxLoop(size.data.results, factor)
        for size, factor in zip(sizes, factors, strict=True)
        if constant_size(size) != 1
    ]
    loops = _merged(loops)
    # Preference is for varying sizes, then for large ones; execution order stays the box's.
    ranked = sorted(range(len(loops)), key=lambda i: _rank(loops[i]))
    hardware = sorted(ranked[:2])
    rest = [i for i in range(len(loops)) if i not in hardware]
    around = [i for i in rest if loops[i].count is None]
    uops = [i for i in rest if i not in around]
    while _product(loops[i].count for i in uops) > most_uops(config):
        around.append(uops.pop(0))
    unit = BoxLoop(ONE, (0,) * len(addresses))
    chosen = [unit] * (2 - len(hardware)) + [loops[i] for i in hardware]
    return Instruction(
        bases,
        tuple(loops[i] for i in sorted(around)),
        chosen[0],
        chosen[1],
        tuple(Loop(loops[i].count or 1, loops[i].factors) for i in uops),
    )


def _rank(loop: BoxLoop) -> int:
    return -(1 << 30) if loop.count is None else -loop.count


def _product(counts: Iterable[int | None]) -> int:
    return prod(count or 1 for count in counts)


def _merged(loops: list[BoxLoop]) -> list[BoxLoop]:
    """Merge an outer loop with the next inner one where both together step evenly."""
    result: list[BoxLoop] = []
    for loop in reversed(loops):
        inner = result[0] if result else None
        count = inner.count if inner is not None else None
        if (
            inner is not None
            and count is not None
            and loop.factors == tuple(factor * count for factor in inner.factors)
        ):
            size = tuple(alternative * count for alternative in loop.size)
            result[0] = BoxLoop(size, inner.factors)
        else:
            result.insert(0, loop)
    return result
