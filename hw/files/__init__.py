"""Files as every tool reads and writes them: whole or not at all, checked before memory is taken.

Reading order: `whole_files` (writing: several files together, through links and devices), `streams`
(standard input and output), `schema` (JSON by the types of its fields), `near_keys` (keys that it
does not have), `named_json` (presets, and files like them), `npy` (arrays).
"""
