"""Instructions: bits, text, and what each touches.

Reading order: `encoding` (the field table: the only place that knows bits), `footprint` (ranges
that an instruction touches), `disassembly` and `assembly` (text, and back).
"""
