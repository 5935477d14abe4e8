"""Inside the simulator: a program that ran once becomes few large operations on any data.

Reading order: `dataflow` (finds the segments of a run), `renaming` (scratchpad cells to values),
`merge_steps` (many small operations to few large ones), `segments` (what results), `replay` (runs
it).
"""
