"""From loop code on memrefs, as `mlir-opt` and C frontends print it, to nests on tensors.

Reading order: `raise_affine_to_nest` (the pass), `loops` (loop code as data: what is computed where
and when, exactly), `nests` (its statements as nests).
"""
