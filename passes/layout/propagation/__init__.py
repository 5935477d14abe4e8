"""Copies between nests vanish: what affine-nest-propagate-packs does, in its order.

Reading order: `removable_copies` (which ones can), `pack_results` (stored as the one reader wants
it), `fold_reshapes` (copies that move nothing), `packed_arguments` (given as they are read),
`pack_reads` (read through copies), `copy_remarks` (which copies are left, and why).
"""
