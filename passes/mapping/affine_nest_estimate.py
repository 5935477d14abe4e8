"""`affine-nest-estimate`: what the mappings of nests take, as remarks.

Nothing is changed. With `nopt --remarks`, each nest that has a whole mapping says its cycles by
cause, and its words and picojoules by level and operand.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp
from nopt.hw.array.array_estimate import Estimate
from nopt.passes.base.remarks import remark
from nopt.passes.mapping.estimates import estimate_of


@dataclass(frozen=True)
class AffineNestEstimatePass(ModulePass):
    """Say what each mapped nest takes on its array."""

    name = "affine-nest-estimate"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for nest in op.walk():
            if isinstance(nest, ForOp) and (said := estimate_of(nest)) is not None:
                for line in _lines(said):
                    remark(nest, line)


def _lines(said: Estimate) -> list[str]:
    causes = ", ".join(f"{cause} {cycles:,}" for cause, cycles in said.by_cause.items())
    lines = [
        f"takes {said.cycles:,} cycles, {said.energy:,} pJ, edp {said.edp:.4e}",
        f"cycles: {causes}",
    ]
    for level, energy in said.by_level.items():
        words = ", ".join(f"{name} {count:,}" for name, count in said.words.get(level, {}).items())
        share = f"{energy:,.0f} pJ ({energy / said.energy:.1%})"
        lines.append(f"{level}: {share}, words: {words}" if words else f"{level}: {share}")
    return lines
