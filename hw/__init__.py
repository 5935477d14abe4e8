"""The machine: configuration, encoding, simulator, timing, energy. Numpy and bytes, no IR.

Reading order: `config` (a core, from VTA's JSON), `isa` (bits, text), `limits` (what fields hold),
`program` (the program file), `sim` (what a program computes), `sync` (dependency tokens), `cost`
(cycles of single instructions, in closed form), `timing` (cycles of a program, waits, energy).

`array` is another machine: PEs with register files, a scratchpad and DMA, on which perfect nests
are mapped; `array.levels` has such machines of any number of levels.
"""
