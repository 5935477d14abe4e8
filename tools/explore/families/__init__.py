"""Families of machines: what can be swept of them, and what networks take on one.

Reading order: `family` (what each says), `cores` with `bounds` (VTA: networks are compiled, and
timed by the exact model), `pe_arrays` (of PEs: layers are mapped by exact search), `known` (which
family a machine is of).
"""
