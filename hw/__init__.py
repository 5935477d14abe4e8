"""The machine: configuration, encoding, simulator, timing, energy. Numpy and bytes, no IR.

Reading order: `config` (a core, from VTA's JSON), `isa` (bits, text), `program` (the program file),
`sim` (what a program computes), `sync` (dependency tokens), `timing` (cycles, waits, energy),
`cost` (cycles in closed form, for many instructions at once).
"""
