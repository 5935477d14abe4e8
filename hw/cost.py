"""Closed-form cycles of single instructions, over whole arrays: what schedules are compared by.

Formulas and their source are those of `timing`, without contention; arguments are integers or
integer arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nopt.hw.config import Config

Count = Any
"""An integer or an array of integers."""

PIPELINE_CYCLES = 6
"""A GEMM or ALU instruction's cycles beyond one a step."""

ISSUE_CYCLES = 1
"""A module idles one cycle between two instructions."""


def gemm_cycles(steps: Count) -> Count:
    """Cycles of a GEMM, or of a reset, of so many steps."""
    return steps + PIPELINE_CYCLES + ISSUE_CYCLES


def alu_cycles(steps: Count, two_operands: bool, config: Config) -> Count:
    """Cycles of an ALU instruction; two operands are read one after the other."""
    each = config.alu_cycles * (2 if two_operands else 1)
    return steps * each + PIPELINE_CYCLES + ISSUE_CYCLES


def load_cycles(rows: Count, row_bytes: Count, config: Config) -> Count:
    """Cycles of a LOAD of `rows` rows: the transfer or the rows' set-up, then the latency."""
    beats = rows * -(-row_bytes // config.bytes_per_cycle)
    latency = max(config.memory_latency - 1, 0)
    return np.maximum(beats + 5, 3 * rows + 4) + latency + ISSUE_CYCLES


def store_cycles(rows: Count, row_bytes: Count, config: Config) -> Count:
    """Cycles of a STORE: its bursts are not pipelined. Rows count as aligned to bursts."""
    beats = -(-row_bytes // config.bytes_per_cycle)
    full, rest = beats // config.burst_beats, beats % config.burst_beats
    burst = config.burst_beats + config.burst_beats // 2 + 3
    tail = np.where(rest > 0, rest + rest // 2 + 3, 0)
    return rows * (full * burst + tail) + ISSUE_CYCLES


def fetch_cycles(instructions: Count, config: Config) -> Count:
    """Cycles to fetch so many instructions: eight a read, drained before the next."""
    return instructions * (28 + max(config.memory_latency - 1, 0)) / 8
