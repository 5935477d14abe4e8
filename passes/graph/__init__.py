"""Passes on `graph`, by what they are for: `clean`, `quantization`, `prepare`, `partition`.

Reading order: `rules` (applying rewrites to a module), `clean` (a float network as imported, with
fewer and plainer ops), `quantization` (floats to integers), `prepare` (integers as the core likes
them), `partition` (what runs on core and host).
"""
