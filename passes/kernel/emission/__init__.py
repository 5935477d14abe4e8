"""From scheduled nests to kernels of tiles.

Reading order: `convert_affine_nest_to_tensor_intrinsic` (the pass), `kernel_inputs` (tensors and
constants that a kernel reads), `tile_loops` (where the current tile begins, how large it is),
`kernel_loads` (buffers, slots, loads), `print_steps` (the tile program as ops), `kernel_builder`
(loops and ops that mention only the loops they use).
"""
