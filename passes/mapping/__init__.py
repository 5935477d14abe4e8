"""Mapping perfect nests on arrays of PEs: exact search.

Reading order: `nest_problem` (a nest as `hw/array` sees it), `factorings` (which tiles and factors
fit), `wanted` (objectives: what is still worth looking at), `mapping_bounds` (what a mapping takes
at least), `mapping_search`.
"""
