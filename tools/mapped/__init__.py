"""Networks on arrays of PEs: what `nopt-map` does.

Reading order: `einsums` (a nest from one line), `mapped_networks` (read, map, a row for each nest),
`simulated` (pass by pass, with data), `mapping_page` (as figures).
"""
