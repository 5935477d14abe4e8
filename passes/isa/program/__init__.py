"""Assembling: kernels become one stream of instructions, the rest host functions.

Reading order: `assemble` (all of it), `check_program` (what a function must be), `phases` (what
runs when on core and host), `place_tensors` and `plan_memory` (which tensor lies where in DRAM),
`host_functions`, `layer_table`, `idle_core` (a
word about programs that leave the core idle).
"""
