"""Scalars that were kept from a store for later, loaded again: scalar replacement undone."""

from __future__ import annotations

from xdsl.dialects import affine, arith, memref
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue


def reloaded(function: FuncOp) -> FuncOp | None:
    """A copy of a function in which each computed value that is stored is loaded after that.

    What a statement goes on with is then an element again, as before a pass kept it in a scalar.
    None if there is no such value.
    """
    copy, changed = function.clone(), False
    for before, store in zip(function.walk(), list(copy.walk()), strict=True):
        store.location = before.location
        if isinstance(store, affine.StoreOp | memref.StoreOp):
            changed |= _reload(store)
    return copy if changed else None


def _reload(store: affine.StoreOp | memref.StoreOp) -> bool:
    """Load what is stored where it is used later; whether it is."""
    value = store.operands[0]
    maker, block = value.owner, store.parent
    if not isinstance(maker, Operation) or maker.parent is not block or block is None:
        return False
    if isinstance(maker, affine.LoadOp | memref.LoadOp | arith.ConstantOp):
        return False
    later = [use for use in value.uses if _is_after(use.operation, store)]
    if not later:
        return False
    load = (
        affine.LoadOp(store.memref, store.indices, store.map)
        if isinstance(store, affine.StoreOp)
        else memref.LoadOp.get(store.memref, store.indices)
    )
    load.location = store.location
    loaded: SSAValue = load.results[0]
    loaded.name_hint = value.name_hint
    block.insert_op_after(load, store)
    for use in later:
        use.operation.operands[use.index] = loaded
    return True


def _is_after(op: Operation, store: Operation) -> bool:
    """Whether an operation, or what it is inside of, follows the store in its block."""
    place: Operation | None = op
    while place is not None and place.parent is not store.parent:
        place = place.parent_op()
    while place is not None and place is not store:
        place = place.prev_op
    return place is store and op is not store
