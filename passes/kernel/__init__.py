"""What a kernel does per tile: selected once, then costed, summed and printed.

Reading order: `operands` (what loads read, seen by tiles), `tiling` (a nest seen by tiles),
`tile_program` (buffers and steps, their sizes symbolic in the tile), `selection` (which ones a nest
needs), `constant_operands` (how constants of the epilogue arrive), `tile_sizes` and `candidates`
(tile sizes as arrays), `tile_cost` (cycles of a tile program), `reuse` and
`capacity` (what stays on chip, and how much that takes), `last_tile` (which part of it is stored
when), `legality` (which schedules a nest can have), `emission` (the pass that prints kernels).
"""
