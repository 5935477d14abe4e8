"""From statements of loop code to nests.

Reading order: `statement_nests` (one statement as a nest), `reduction_points` (elements and the
points of their reductions), `coordinates` (iterators for a set of points), `loop_reductions` (sums
and maxima in loop code), `bodies` (the scalars of a nest's body), `guards` (values that count at
some points only), `clips` (maxima written as comparisons), `tile_merging` (tiled reductions made
whole again), `reloading` (scalar replacement undone).
"""
