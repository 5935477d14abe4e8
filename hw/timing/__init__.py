"""How long a program takes, and why.

Reading order: `program_timing` (cycles, waits and traffic of a stream), `event_engine` (fetch,
modules, queues, tokens), `read_channel` (bursts of the memory engine), `breakdown` (where cycles
go), `energy`, `perfetto_trace` with `trace_writer` (what any trace is made of).
"""
