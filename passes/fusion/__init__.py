"""Fewer nests: producers inside their consumers, pieces in their place in joined tensors.

Reading order: `affine_nest_fuse` (the pass), `move_bodies` (one nest's body inside another),
`in_place` (joined tensors without copies), `block_parts` (parts of tensors in whole blocks),
`iterator_order` (iterators in the order of what they write), `nest_cse` (equal nests are one),
`affine_nest_materialize_pads` (pads that lie in memory).
"""
