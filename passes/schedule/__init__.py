"""Which tiles, loop order and buffer slots a nest gets.

Reading order: `affine_nest_schedule` (the pass), `scheduler` (from a tuning log, or searched once
for equal nests), `schedule_search` (all candidates at once), `costed_tiles` (what one tile costs),
`uop_loads` (how long micro-ops are loaded), `estimate` (what a program of tiles costs, with what
overlaps), `sequence` (kernels one after the other), `tuning_log` (schedules kept in a file),
`objective` (what is to be small), `measure` (the timing model's word), `affine_nest_fuse_windows`
(a pool takes the sums of a convolution from the accumulators, where that takes fewer cycles).
"""
