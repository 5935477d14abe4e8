"""What a program computes, bit for bit.

Reading order: `simulator` (runs a program), `core_state` (effects of single instructions),
`step_plans` and `step_kernels` (all iterations of one at once), `_trace` (a program that ran
before, as few large operations).
"""
