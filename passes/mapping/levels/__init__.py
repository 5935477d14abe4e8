"""The best mapping on a machine of levels, proven.

Reading order: `open_mappings` (what loops at levels cost, of many mappings at once),
`tile_overlaps` (windows, and where tiles lie), `level_choices` (which factors and orders there
are), `level_bounds` (what levels that are still open take at least), `level_search` (the search).
"""
