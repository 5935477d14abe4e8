"""An array of PEs pass by pass: exact cycles, and the data that its tables move.

Reading order: `pass_schedule` (what an array does), `bank_ports` and `pass_timing` (when, in whole
cycles), `pass_timeline` (what is busy when), `tile_boxes` (where words of tiles lie),
`array_tables` (the schedule that a mapping means), `array_run` (the words that it moves, through
buffers).
"""
