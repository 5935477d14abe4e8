"""From scheduled nests to kernels of tiles.

Reading order: `operands` (what loads read, seen by tiles), `tiling` (a nest seen by tiles),
`convert_affine_nest_to_tensor_intrinsic` (the pass: what each tile does), `kernel_windows` (windows
of a tile), `kernel_operands` (buffers and indices into them), `kernel_builder` (loops and ops).
"""
