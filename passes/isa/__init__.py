"""From kernels of tiles to instructions, and from these to a program: the assembler."""
