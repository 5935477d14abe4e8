"""Dependency tokens: what must wait for what, and the fewest tokens that say so.

Reading order: `token_queues` (who may go on), `hazards` (which accesses must be ordered), `tokens`
(who pushes and pops), `synchronize` (both in one scan), `deadlocks` (what can go wrong with them).
"""
