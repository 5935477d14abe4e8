"""Where a mapping puts its tiles: which PEs share them, and their places in buffers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import Mapping, check_mapping, violations
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.pass_schedule import Whole
from nopt.hw.array.sim.tile_boxes import Boxes, Walk, loop_digits


@dataclass(frozen=True, eq=False)
class PlacedTiles:
    """A mapping on a machine that it fits.

    Raises ValueError for one that does not, with each limit that it breaks, for outputs whose tiles
    overlap, and for sums that the PEs' pipelines cannot make.
    """

    machine: ArrayMachine
    problem: Problem
    mapping: Mapping

    def __post_init__(self) -> None:
        check_mapping(self.problem, self.mapping)
        if broken := violations(self.machine, self.problem, self.mapping):
            raise ValueError("; ".join(map(str, broken)))
        if not self.machine.spm.double_buffered:
            raise ValueError("spm.double_buffered: found false, expected true, as passes overlap")
        bank, word = self.machine.spm.bank_bytes, self.machine.word_bytes
        if bank % word and word % bank:
            raise ValueError(f"spm.bank_bytes: found {bank}, expected whole words of {word}")
        output = self.problem.operands[self.problem.output]
        for i, dim in enumerate(output.dims):
            loops = [self.problem.loops[x] for x, step in enumerate(dim.strides) if step]
            if len(loops) > 1:
                raise ValueError(
                    f"operand {output.name}: index {i} sums loops {', '.join(loops)}, expected one "
                    "loop at most, since tiles of an output must not overlap"
                )
        stages = self.machine.pipeline.adder_stages
        if stages > 1 and self.terms > 1:
            raise ValueError(
                f"pipeline.adder_stages: found {stages}, expected 1 where a PE sums up "
                f"{self.terms} products, one a cycle"
            )

    @cached_property
    def boxes(self) -> tuple[Boxes, ...]:
        """The tiles of each operand."""
        return tuple(Boxes(each, self.mapping) for each in self.problem.operands)

    @cached_property
    def over_dram(self) -> Walk:
        """Passes of the scratchpad."""
        return Walk(self.mapping.order_dram, self.mapping.dram)

    @cached_property
    def over_spm(self) -> Walk:
        """Passes of the array in each of them."""
        return Walk(self.mapping.order_spm, self.mapping.spm)

    @property
    def pes(self) -> int:
        """How many are used."""
        return prod(self.mapping.spatial)

    @property
    def senders(self) -> int:
        """PEs that write results back, the first ones; the others add theirs to these."""
        return prod(self.mapping.spatial[loop] for loop in self._kept)

    @property
    def terms(self) -> int:
        """Products that a PE adds to each of its sums in a pass."""
        return prod(self.mapping.rf[loop] for loop in self._summed)

    def wanted(self, operand: int) -> Whole:
        """Which words of its network each PE takes, in the order of its registers: PEs x words.

        The loops that sum are outermost among PEs, so that those which send results come first.
        """
        digits = loop_digits([*self._summed, *self._kept], self.mapping.spatial)
        return self.boxes[operand].wanted(digits, self.pes)

    def registers(self, operand: int) -> Whole:
        """The register that each instruction of a pass uses of an operand: sums x terms. A PE adds
        all terms of a sum before the next one, as its adder has the last sum at hand."""
        digits = loop_digits([*self._kept, *self._summed], self.mapping.rf)
        points = prod(self.mapping.rf)
        return self.boxes[operand].registers(digits, points).reshape(-1, self.terms)

    @cached_property
    def spm_bases(self) -> list[int]:
        """Where each operand's tile lies in a half of the scratchpad, in words: at whole banks."""
        word, bank_bytes = self.machine.word_bytes, self.machine.spm.bank_bytes
        bases, banks = list[int](), 0
        for each in self.boxes:
            bases.append(-(-banks * bank_bytes // word))
            banks += -(-each.words("tile") * word // bank_bytes)
        return bases

    @cached_property
    def rf_bases(self) -> list[int]:
        """The first register of each operand in a half of a register file."""
        sizes = [each.words("rf") for each in self.boxes]
        return [sum(sizes[:x]) for x in range(len(sizes))]

    @property
    def _kept(self) -> list[int]:
        return sorted(self.problem.operands[self.problem.output].loops)

    @property
    def _summed(self) -> list[int]:
        return [loop for loop in range(len(self.problem.loops)) if loop not in self._kept]
