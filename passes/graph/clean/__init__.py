"""A float network as imported, with fewer and plainer ops: the pipeline `graph-clean`.

Reading order: `graph_fuse_softmax`, `graph_fuse_activations` and `graph_fuse_layer_norm` (ops that
are spelled out become one; `algebra` reads the arithmetic), `graph_merge_constants` (chains of
constants), `graph_hoist_scale`, `graph_fold_scale` and `graph_scale_to_conv` (factors into weights;
`weighted` finds what has some).
"""
