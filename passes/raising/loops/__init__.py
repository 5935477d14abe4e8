"""Loop code as data: what is computed where, when and from what, exactly.

Reading order: `loop_program` (loops and accesses), `loop_reading` (from text to these), `indices`
(values of type index as affine expressions), `isl_maps` (between ISL's sets and expressions),
`value_flow` (which store each load reads), `statements` and `signatures` (stores that are one
computation), `statement_order` (whether statements can run one after the other).
"""
