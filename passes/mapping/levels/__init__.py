"""The best mapping on a machine of levels: read `level_search` first, which branches and bounds;
`open_mappings` has what loops at levels cost, of many mappings at once; `level_choices` which
factors and orders there are; `level_bounds` what the levels that are still open take at least.
"""
