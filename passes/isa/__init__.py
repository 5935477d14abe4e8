"""From kernels of tiles to instructions, and from these to a program.

Reading order: `convert_tensor_intrinsic_to_isa` (the pass: tile ops as rolled instructions),
`place_buffers` (where in the scratchpads), `reach` (whether instructions stay inside of buffers),
`expand` (a kernel's instructions for its whole iteration space), `place_uops` (micro-op kernels in
their buffer), `vta_targets` (text and program files), `program` (assembling).
"""
