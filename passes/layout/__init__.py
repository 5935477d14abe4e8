"""How tensors lie in memory: chosen for a whole function, then applied.

Reading order: `tensor_layouts` (what a layout is), `affine_nest_infer_layout` (choose; its choices,
requirements and costs are in `choices`), `affine_nest_pack`, `nest_packing` and `packed_tensors`
(nests in the core's shape, their tensors packed), `affine_nest_insert_copies` (what may be
overwritten), `affine_nest_propagate_packs` (copies between nests vanish; its parts are in
`propagation`).
"""
