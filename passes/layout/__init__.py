"""How tensors lie in memory: chosen for a whole function, then applied.

Reading order: `affine_nest_infer_layout` (choose; its choices, requirements and costs are in
`choices`), `tensor_orders` and `ordered_tensors` (tensors that do not lie row by row),
`blocked_layouts` (one dimension divided by the block), `affine_nest_apply_layout` (apply),
`fold_reshapes` (copies that move nothing), `pack_results` and `pack_reads` (stores and loads in
another nest's layout), `copy_insertion` (what may be overwritten), `copy_remarks` (which copies are
left, and why).
"""
