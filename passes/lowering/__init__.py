"""From one level's ops to the next one's, where nothing is chosen.

Reading order: `convert_graph_to_affine_nest` (each graph op as one nest; the patterns are in
`graph_nests`, grouped as the ops are), `exact_division` (division by a constant as a product and a
shift), `convert_affine_nest_to_affine` (nests as loops over memrefs, in MLIR's own dialects:
`nest_loops`, and `mapped_loops` where a nest has a mapping on an array), `given_arguments`
(arguments as callers have them).
"""
