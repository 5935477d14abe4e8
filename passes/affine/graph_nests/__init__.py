"""The nest of each `graph` op: one rewrite pattern for each, grouped as the ops are."""
