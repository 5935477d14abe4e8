"""Tables that say how close a quantized network's tensors are to those of its float self."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from nopt.passes.base.fidelity import Fidelity, fidelity_table, worst_first


def print_comparison(
    rows: Sequence[Fidelity], stream: TextIO | None = None, as_json: bool = False
) -> None:
    """Print the tensors worst first, as a table for people or as a JSON list; to stdout if no
    stream is given."""
    ordered = worst_first(rows)
    text = json.dumps([row.row() for row in ordered], indent=2) if as_json else None
    print(text if text is not None else fidelity_table(ordered), file=stream)
