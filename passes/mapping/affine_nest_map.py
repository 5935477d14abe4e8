"""`affine-nest-map`: the best mapping of each sum of products on an array of PEs, proven.

The choice is written to the nest as an attribute, which a person can read, edit and pin: a nest
that has a whole mapping keeps it, one with something open gets the best of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.passes.base.remarks import anyone_listens, remark
from nopt.passes.mapping.nest_search import MappedNest, NestSearch


@dataclass(frozen=True)
class AffineNestMapPass(ModulePass):
    """Map nests on an array: a preset or a JSON file, with changes as in `pe256+rf=1024`.

    Least is the `objective`: edp (energy times cycles), energy or cycles; for `pareto`, the front
    of energy and cycles is told in remarks, and its least edp is written. `pack` names the operands
    that may lie in DRAM tile by tile, the result as `out`, or is `all`. `bypass` names the memories
    of a machine of levels that need not hold an operand, or is `all`. After so many `seconds` of
    the processor a nest gets the best so far. With `pad=0.15`, extents may be 15 % larger: tiles
    need not divide them, and a copy takes what was wanted. Equal nests are searched once.
    """

    name = "affine-nest-map"
    level = "affine_nest"

    machine: str = "pe256"
    objective: str = "edp"
    pack: tuple[str, ...] = ()
    seconds: float = inf
    pad: float = 0.0
    bypass: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        search = NestSearch(
            self.machine, self.objective, self.pack, self.seconds, self.pad, self.bypass
        )
        for mapped in search.map_nests(op):
            if anyone_listens():
                _tell(mapped)


def _tell(mapped: MappedNest) -> None:
    found = mapped.found
    proven = "proven" if found.proven else f"at most {found.gap:.1%} better is possible"
    for said, mapping in zip(found.estimates, mapped.mappings, strict=True):
        numbers = f"{said.cycles:,} cycles, {said.energy:,} pJ, edp {said.edp:.4e}"
        remark(mapped.nest, f"takes {numbers}, {proven}: {mapping.text}")
