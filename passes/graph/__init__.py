"""Passes on `graph`, in files named after them (`graph_*.py`), and what they share."""
