"""Closed-form cycles of single instructions that nothing contends with, over whole arrays.

`timing` calls these for what depends on an instruction alone, and schedules are compared by them.
Counts are integers or integer arrays. Cycles are those in which the module is busy: between two
instructions of a module `ISSUE_CYCLES` more pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION_BYTES
from nopt.hw.timing.read_channel import TAGS

Count = Any
"""An integer or an array of integers."""

PIPELINE_CYCLES = 6
"""A GEMM or ALU instruction's cycles beyond one a step."""

ISSUE_CYCLES = 1
"""A module idles one cycle between two instructions."""

FETCH_GROUP = 8
"""Instructions that fetch reads at a time."""


def gemm_cycles(steps: Count) -> Count:
    """Cycles of a GEMM, or of a reset, of so many steps."""
    return steps + PIPELINE_CYCLES


def alu_cycles(steps: Count, two_operands: Count, config: Config) -> Count:
    """Cycles of an ALU instruction; two operands are read one after the other."""
    return steps * config.alu_cycles * (1 + two_operands) + PIPELINE_CYCLES


def load_cycles(rows: Count, row_bytes: Count, config: Config) -> Count:
    """Cycles of a LOAD of `rows` rows, unpadded and aligned to bursts.

    What takes longest counts: data, a beat a cycle; commands, one a burst, three cycles each; that
    no more than `TAGS` bursts are outstanding. Exact for up to `TAGS` bursts of four beats or more.
    Shorter bursts take two or three cycles, so this is at most 3/2 of what they take. Rows that end
    in shorter bursts than they begin with, more than `TAGS` in all, take at most 5/4 of this.
    Micro-ops take one cycle less than this.
    """
    beats = -(-row_bytes // config.bytes_per_cycle)
    data, bursts = rows * beats, rows * -(-beats // config.burst_beats)
    longest = np.minimum(beats, config.burst_beats)
    full = (bursts - 1) // TAGS
    rest = np.maximum(data - full * TAGS * longest, 2 * ((bursts - 1) % TAGS) + longest)
    outstanding = full * (max(config.memory_latency, 1) + longest) + rest
    return np.maximum(np.maximum(data, outstanding) + 5, 3 * bursts + 4) + _waiting(config)


def store_cycles(rows: Count, row_bytes: Count, config: Config, offset: Count = 0) -> Count:
    """Cycles of a STORE of `rows` rows that begin `offset` bytes behind a burst boundary.

    Bursts end at these boundaries and are not pipelined.
    """
    beat, most = config.bytes_per_cycle, config.burst_beats
    beats = -(-(offset % beat + row_bytes) // beat)
    head = np.minimum(beats, most - offset // beat % most)
    full, rest = (beats - head) // most, (beats - head) % most
    ends = _burst_cycles(head, config) + np.where(rest > 0, _burst_cycles(rest, config), 0)
    return rows * (ends + full * _burst_cycles(most, config))


def _burst_cycles(beats: Count, config: Config) -> Count:
    """A STORE's burst: a scratchpad read for every vector but the first, and 4 cycles."""
    vector = max(config.block_out // config.bytes_per_cycle, 1)  # beats from one read
    return beats + -(-beats // vector) - 1 + 4


def fetch_cycles(instructions: Count, config: Config) -> Count:
    """Cycles to fetch so many instructions: a group a read, handed on before the next."""
    beats = max(FETCH_GROUP * INSTRUCTION_BYTES // config.bytes_per_cycle, 1)
    return instructions * (beats + FETCH_GROUP + 4 + _waiting(config)) / FETCH_GROUP


def _waiting(config: Config) -> int:
    """Cycles until the first data of a read, but for one."""
    return max(config.memory_latency - 1, 0)
