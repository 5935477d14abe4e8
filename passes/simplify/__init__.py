"""The same nest with fewer scalar steps, or none.

Reading order: `affine_nest_simplify` (steps after a reduction), `constant_vectors` (epilogues whose
constants are tensors), `narrowing` (64-bit arithmetic that 32 bits hold), and
`affine_nest_fold_constants` (nests that read only constants are evaluated);
`affine_nest_split_iterators` (for arrays of PEs: indices without divisions).
"""
