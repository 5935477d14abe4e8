"""A mapping: how the extent of each loop is shared out among the levels of an array."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.problem import Problem

SPATIAL = "spatial"
LEVELS = (SPATIAL, "rf", "spm", "dram")
"""From compute outwards: PEs, and the loops over what one register file, the scratchpad and DRAM
hold. Orders matter in the last two."""


@dataclass(frozen=True)
class Mapping:
    """Factors of each loop at each level; and the loops of a level, outermost first."""

    spatial: tuple[int, ...]
    rf: tuple[int, ...]
    spm: tuple[int, ...]
    dram: tuple[int, ...]
    order_spm: tuple[int, ...]
    order_dram: tuple[int, ...]
    packed: frozenset[int] = frozenset()
    """Operands that lie in DRAM tile by tile, so that one burst moves a tile."""


@dataclass(frozen=True)
class Violation:
    """A limit that a mapping breaks: of which level, in what unit, how much each operand needs (of
    PEs, a nameless one)."""

    level: str
    unit: str
    needed: dict[str, int]
    available: int

    def __str__(self) -> str:
        parts = " + ".join(f"{name} {words:,}".strip() for name, words in self.needed.items())
        total = sum(self.needed.values())
        found = f"{parts} = {total:,}" if len(self.needed) > 1 else parts
        return f"{self.level}: found {found} {self.unit}, expected at most {self.available:,}"


def check_mapping(problem: Problem, mapping: Mapping) -> None:
    """Raises ValueError if factors do not multiply to extents, or orders miss a loop."""
    for i, (name, extent) in enumerate(zip(problem.loops, problem.extents, strict=True)):
        factors = [getattr(mapping, level)[i] for level in LEVELS]
        if prod(factors) != extent or min(factors) < 1:
            found = " * ".join(map(str, factors))
            raise ValueError(f"loop {name}: found {found} = {prod(factors)}, expected {extent}")
    for level in ("order_spm", "order_dram"):
        order: tuple[int, ...] = getattr(mapping, level)
        if sorted(order) != [*range(len(problem.loops))]:
            raise ValueError(f"{level}: found loops {list(order)}, expected each of them once")


def violations(machine: ArrayMachine, problem: Problem, mapping: Mapping) -> list[Violation]:
    """The limits of the array that a mapping breaks, from compute outwards."""
    held = [s * r for s, r in zip(mapping.spatial, mapping.rf, strict=True)]
    tile = [a * p for a, p in zip(held, mapping.spm, strict=True)]
    bank = machine.spm.bank_bytes
    words = {each.name: each.footprint(mapping.rf) for each in problem.operands}
    banks = {
        each.name: ceil(machine.word_bytes * each.footprint(tile) / bank)
        for each in problem.operands
    }
    limits = [
        Violation("spatial", "PEs", {"": prod(mapping.spatial)}, machine.pes),
        Violation("rf", "words", words, machine.rf_words),
        Violation("spm", f"banks of {bank:,} bytes", banks, machine.spm.banks),
    ]
    return [each for each in limits if sum(each.needed.values()) > each.available]
