"""What every pass may use, whatever its level.

Reading order: `machine` (the core a module is compiled for, an attribute), `attach_machine` (the
pass that writes it), `placement` (where an op runs: core or host, and why), `places` (complaints
about an op, with its place in the source), `remarks` (what passes say that is no error),
`dead_code` (what computes something that nobody reads), `fidelity` (signal-to-noise).
"""
