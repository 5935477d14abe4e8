"""Mapping perfect nests on arrays of PEs: exact search.

Reading order: `factorings` (which tiles and factors fit), `wanted` (objectives: what is still worth
looking at), `mapping_bounds` (what a mapping takes at least), `mapping_search`, `levels` (the
search on machines of any number of levels), `nest_search` (of many nests, with what people pinned),
`pad_iterators` (extents that tiles divide), `affine_nest_map` (the pass), `estimates` and
`affine_nest_estimate` (what mappings take). What a nest is to an array:
`affine_nest.nest_problem`.
"""
