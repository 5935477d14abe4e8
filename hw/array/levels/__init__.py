"""Machines of any number of levels, and Timeloop's cost of one mapping on them.

Reading order: `level_machine` (memories and spatial levels, from JSON), `level_mapping` (loops at
levels, and what does not fit), `tile_moves` (what a tile that moves fetches and touches),
`level_cost` (words, cycles, energy), `vta_levels` (a core of the VTA family seen so).
"""
