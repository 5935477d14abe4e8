"""Which steps a tile takes, for a nest and variant.

Reading order: `select_program` (products, epilogues, stores), `select_windows` (maxima over
windows, compared in planes), `tile_accesses` (which entries these touch).
"""
