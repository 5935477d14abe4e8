"""What a layout can be, what it costs, and the cheapest joint choice.

Reading order: `lane_choices` (a nest's legal lanes), `output_lanes` and `input_lanes` (along what
vectors lie), `input_blocks` (blocks that a block of outputs reads), `layout_requirements` (the
forms in which tensors are made and read), `layout_costs` (cycles and bytes of a choice), `pbqp`
(dynamic programming over all choices of a function).
"""
