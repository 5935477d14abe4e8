"""`affine-nest-insert-copies`: nests on the core overwrite only what nobody reads any more.

On the core a nest that writes into a tensor does so in that tensor's own memory. Whoever reads the
tensor as it was, at whatever time, may only read what no nest down the chain overwrites; else the
nest gets a copy to write into. No order is relied upon but that of values. What is written into a
constant has memory of its own, which begins as that.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis import access_of
from nopt.passes.base.placement import ON_CORE, is_on_core


@dataclass(frozen=True)
class AffineNestInsertCopiesPass(ModulePass):
    """Copy what nests on the core write into, where something reads what that was."""

    name = "affine-nest-insert-copies"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for nest in [each for each in op.walk() if isinstance(each, ForOp)]:
            if nest.destination is not None and is_on_core(nest) and _is_needed(nest):
                _copy_destination(nest)


def _is_needed(nest: ForOp) -> bool:
    """Whether something reads an element of the destination, or of what that was, overwritten."""
    value = nest.destination
    while value is not None:
        if _is_constant(value):
            return False
        if isinstance(value, BlockArgument):
            return True
        for use in value.uses:
            user = use.operation
            if isinstance(user, LoadOp) and _misses(user, nest):
                continue
            if not isinstance(user, ForOp) or (user is not nest and not _is_before(user, nest)):
                return True
        maker = value.owner
        value = maker.destination if isinstance(maker, ForOp) and is_on_core(maker) else None
    return False


def _is_constant(value: SSAValue) -> bool:
    """Whether a tensor is a constant, or a copy of one in blocks, which is about to be one."""
    owner = value.owner
    if isinstance(owner, ForOp) and owner.into is None and owner.copied and not is_on_core(owner):
        owner = owner.copied.source.owner
    return isinstance(owner, ConstantOp)


def _is_before(link: ForOp, nest: ForOp) -> bool:
    """Whether a nest is on the way to the destination of another."""
    value = nest.destination
    while value is not None and isinstance(value.owner, ForOp):
        if value.owner is link:
            return True
        value = value.owner.destination
    return False


def _misses(load: LoadOp, nest: ForOp) -> bool:
    """Whether no point of a load reads what a nest writes."""
    return access_of(load).is_disjoint(access_of(nest))


def _copy_destination(nest: ForOp) -> None:
    destination: SSAValue = nest.operands[0]
    *outer, lanes = nest.result_shape
    copy = NestBuilder.of([*((f"i{i}", n) for i, n in enumerate(outer)), ("lane", lanes)], [])
    copied = copy.finish(copy.load(destination, copy.dims))
    copied.attributes[PLACEMENT] = ON_CORE
    copied.location = nest.location
    copied.result.name_hint = destination.name_hint
    Builder(InsertPoint.before(nest)).insert(copied)
    nest.operands = [copied.result]
