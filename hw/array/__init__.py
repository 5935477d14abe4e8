"""Arrays of processing elements: machines, perfect nests, mappings of one on the other, their cost.

Reading order: `array_machine` (levels, networks, DMA, energies, from JSON), `problem` (a perfect
nest: loops and what they index), `mapping` (its loops on the levels of an array, and what does not
fit), `loop_orders` (what orders keep), `array_cost` (cycles and energy of many mappings at once),
`array_estimate` (of one, with its parts), `sim` (one pass by pass, exact in cycles, with its data).
`levels` has machines of any number of memories and spatial levels, by Timeloop's model;
`any_machine` finds an array of either model by name.
"""
