"""`affine-nest-fold-constants`: evaluate nests that read only constants, such as packed weights."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.constants import attribute_of, load_resource_dialect
from nopt.dialects.graph import ConstantOp
from nopt.dialects.interpreters.affine_nest import evaluate_nest
from nopt.passes.base.dead_code import erase_dead_code


@dataclass(frozen=True)
class AffineNestFoldConstantsPass(ModulePass):
    """Replace nests that read only constants by their value."""

    name = "affine-nest-fold-constants"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        for nest in [nest for nest in op.walk() if isinstance(nest, ForOp)]:
            sources = {load.source for load in nest.loads}
            constant = all(isinstance(source.owner, ConstantOp) for source in sources)
            if sources and constant and nest.into is None:
                self._fold(nest)
        erase_dead_code(op)

    @staticmethod
    def _fold(nest: ForOp) -> None:
        arrays = {
            load.source: load.source.owner.array
            for load in nest.loads
            if isinstance(load.source.owner, ConstantOp)
        }
        value = evaluate_nest(nest, arrays)
        folded = ConstantOp(attribute_of(value, nest.result.name_hint or "constant"))
        folded.result.name_hint = nest.result.name_hint
        Rewriter.replace_op(nest, folded)
