"""Choosing scales: what is observed, which tensors share one, and the best for all.

Reading order: `centring` (the middles of channels, before all else), `observe` and
`observed_ranges` (magnitudes over all samples), `scale_methods` (largest, percentile, mean
square), `ties` (scales that depend on each other), `channel_factors`, `choose_factors` and
`balance` (factors of channels), `weight_rows` and `integer_weights`.
"""
