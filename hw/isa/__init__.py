"""Instructions: bits, text, and what each touches.

Reading order: `fields` (where VTA's headers put them), `encoding` (records to bits and back),
`footprint` (ranges that an instruction touches), `disassembly` and `assembly` (text, and back).
"""
