"""An array of PEs pass by pass: exact cycles, and the data that its tables move.

Reading order: `pass_schedule` (what an array does), `pass_timing` (when, in whole cycles),
`bank_ports` (how long networks read), `pass_timeline` (what is busy when); `tile_boxes` and
`placed_tiles` (where the words of a mapping's tiles lie), `array_tables` (the schedule that it
means), `array_run` (the words that this moves, through buffers), `nest_result` (what they must be);
`array_trace` (a run for Perfetto).
"""
