"""Copies that may vanish if their readers find the elements elsewhere."""

from __future__ import annotations

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.annotations import PLACEMENT


def removable_copy(nest: ForOp) -> LoadOp | None:
    """The load of a copy that is a tensor of its own, of elements of another one; else None.

    Not if somebody said where it runs.
    """
    load = nest.copied
    if load is None or nest.into is not None or PLACEMENT in nest.attributes:
        return None
    return None if load.reads_outside() else load
