"""The program file: all that a run needs.

Reading order: `program_parts` (symbols, values, steps), `program_file` (the program, read and
written), `program_members` and `archive` (one canonical form of zip), `layer_rows` (which
instructions compute which tensor), `program_notes` (a listing with symbols and cycles).
"""
