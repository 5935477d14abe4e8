"""What of a graph runs on the core, what on the host, and why.

Reading order: `capability` (what the core can run, op by op), `graph_partition` (the pass that
writes it), `work` (how much work an op is), `final_places` (what
runs where after all passes), `partition_report` (the target that prints it).
"""
