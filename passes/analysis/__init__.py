"""Exact questions about the index maps of nests; what can be told at once is not asked of ISL.

    read, written = access_of(load), access_of(nest)
    read.is_bijection(load.source_shape)  # is each element read, and once?
    read.is_disjoint(written)             # does it miss what the nest writes?
    read.points_of(written)               # where in the nest is what it reads computed?
    read.window((1, 8, 8, 3, 3))          # which box of elements does a tile of the iterators need?
    read.reuse_dims                       # along which iterators are elements read again?

Answers are remembered, by map and extents.

Reading order: `accessed_elements` (what is asked), `relations` (index maps as relations of ISL),
`inverse` (maps from these), `components` and `spans` (what needs no ISL, or less of it), `digits`
(iterators cut so that no index divides them), `tile_windows` (the box that a tile needs), and
`integer_ranges` (intervals of scalars).
"""

from nopt.passes.analysis.accessed_elements import Access, access, access_of
from nopt.passes.analysis.digits import useful_cut
from nopt.passes.analysis.inverse import affine_expr, function_of, with_mod
from nopt.passes.analysis.relations import (
    are_inside,
    box_of,
    isl_expr,
    points_where,
    relation_where,
    value_range,
)
from nopt.passes.analysis.tile_windows import Window

__all__ = [
    "Access",
    "Window",
    "access",
    "access_of",
    "affine_expr",
    "are_inside",
    "box_of",
    "function_of",
    "isl_expr",
    "points_where",
    "relation_where",
    "useful_cut",
    "value_range",
    "with_mod",
]
