"""The machine: configuration, encoding, simulator, timing, energy. Numpy and bytes, no IR."""
