"""From a network of floats to one of integers, by what it computes on samples.

Reading order: `graph_quantize` (the pass), `quantize_function` (all steps for one function),
`samples` (calibration data), `execution` (running op by op), `integer_layers` (what becomes
integer), `quantization_plan` (which scales depend on each other), `scales` (choosing them),
`integer_rewrite` (from floats to integers), `mixed_precision` (what stays float) and `mixed_report`
(its table), `comparison` and `tensor_names` (the report).
"""
