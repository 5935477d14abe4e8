"""How close numbers are to the exact ones they stand for: signal-to-noise, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import inf, isfinite, log10
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_NAMED = 3
"""How many of the worst tensors the last line of a table names."""


@dataclass(frozen=True)
class Compared:
    """How close what has a name is to its reference."""

    name: str
    signal_to_noise: float
    """In dB; infinite if equal."""

    def row(self) -> dict[str, str | float | None]:
        """As JSON has it: an infinite ratio is null."""
        row = asdict(self)
        return row if isfinite(self.signal_to_noise) else {**row, "signal_to_noise": None}


@dataclass(frozen=True)
class Fidelity(Compared):
    """How close one tensor is to its reference."""

    largest_error: float
    """The largest absolute difference."""
    bias: float
    """The mean difference, found minus reference."""
    magnitude: float
    """The largest absolute value of the reference."""


def signal_to_noise(reference: Array, found: Array) -> float:
    """10 log10(sum of reference^2 / sum of (found - reference)^2) in dB.

    Infinite if both are equal, minus infinity if the reference is zero and the other is not or if
    a difference is not a number. Raises ValueError if the shapes differ."""
    if reference.shape != found.shape:
        raise ValueError(f"found shape {list(found.shape)}, expected {list(reference.shape)}")
    exact = reference.astype(np.float64)
    noise = float(np.square(found.astype(np.float64) - exact).sum())
    signal = float(np.square(exact).sum())
    if noise == 0:
        return inf
    return 10 * log10(signal / noise) if signal > 0 and isfinite(noise) else -inf


def fidelity(name: str, reference: Array, found: Array) -> Fidelity:
    """Compare a tensor with its reference, of the same shape (else ValueError)."""
    ratio = signal_to_noise(reference, found)
    exact = reference.astype(np.float64)
    error = found.astype(np.float64) - exact
    if not error.size:
        return Fidelity(name, ratio, 0.0, 0.0, 0.0)
    return Fidelity(
        name, ratio, float(np.abs(error).max()), float(error.mean()), float(np.abs(exact).max())
    )


def worst_first(rows: Iterable[Fidelity]) -> list[Fidelity]:
    """In order of rising signal-to-noise; equal ones as they came."""
    return sorted(rows, key=lambda row: row.signal_to_noise)


def fidelity_table(rows: Sequence[Fidelity]) -> str:
    """A table of all tensors in the order given, then a line that names the worst."""
    if not rows:
        return "no tensor to compare"
    width = max(6, *(len(row.name) for row in rows))
    header = f"{'tensor':<{width}}  {'SNR dB':>7}  {'error':>10}  {'bias':>10}  {'largest':>10}"
    lines = [header]
    for row in rows:
        lines.append(
            f"{row.name:<{width}}  {row.signal_to_noise:7.1f}  {row.largest_error:10.4g}  "
            f"{row.bias:10.3g}  {row.magnitude:10.4g}"
        )
    worst = [f"{row.name} ({row.signal_to_noise:.1f} dB)" for row in worst_first(rows)[:_NAMED]]
    return "\n".join([*lines, f"worst: {', '.join(worst)}"])
