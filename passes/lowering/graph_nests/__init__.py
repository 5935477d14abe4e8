"""The nest of each `graph` op: one rewrite pattern for each, grouped as the ops are.

Reading order: `nest_shapes` (what patterns share), `elementwise_nests`, `contraction_nests`,
`pool_nests`, `requantize_nests`, `move_nests` (elements in another order), `piece_nests` (tensors
put together, and parts of them).
"""
