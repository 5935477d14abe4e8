"""What a program computes, bit for bit.

Reading order: `simulator` (runs a program), `core_state` (effects of single instructions),
`transfer_batches` (many LOADs or STOREs at once), `step_plans`, `product_groups` and `step_kernels`
(all iterations of a GEMM or ALU at once), `memo` (what runs leave for later ones) and behind it
`_trace` (a program that ran before, as few large operations).
"""
