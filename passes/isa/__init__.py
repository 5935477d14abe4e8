"""From kernels of tiles to instructions, and from these to a program.

Reading order: `convert_tensor_intrinsic_to_isa` (the pass: buffers placed, tile ops as rolled
instructions), `reach` (whether they stay inside of buffers), `expand` (a kernel's instructions for
its whole iteration space), `place_uops` (micro-op kernels in their buffer), `vta_targets` (text and
program files), `program` (assembling).
"""
