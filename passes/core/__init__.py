"""What the core can do, in terms of nests: what kernels, layouts and instructions ask.

Reading order: `core_intrinsics` (the core's operations described as nests), `core_nest` (which
nests are made of them: one product or window, then ALU steps), `product_factors` (which loads a
nest multiplies), `byte_planes` (results wider than the core stores), `vectors` (tensors as the core
sees them), `beginning` (what accumulators begin with, if not zero), `separable_pooling` (windows
compared axis by axis), `bias_digits` (constants added by products), `transfers` (how a window
becomes two-dimensional transfers), `hardware_loops` (how a box becomes one instruction).
"""
