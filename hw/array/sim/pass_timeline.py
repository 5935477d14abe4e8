"""What is busy when: each transfer and each pass, with its cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nopt.hw.array.sim.pass_timing import ScheduleTiming


@dataclass(frozen=True)
class Interval:
    """One resource at work for one pass, from a cycle to before another one."""

    resource: str
    """`DMA X in`, `DMA X out`, `X in`, `X out` (networks of operand X) or `PEs`."""
    start: int
    end: int
    scratchpad_pass: int
    array_pass: int | None = None
    """Within that pass of the scratchpad; none for DMA."""


def intervals(
    timing: ScheduleTiming, first: int = 0, last: int | None = None
) -> Iterator[Interval]:
    """The intervals of the scratchpad's steps from `first` to before `last` (all by default; there
    are two more than passes), by step and resource.

    They are made one by one, since a run can have millions.
    """
    steps = timing.steps
    for p in range(len(steps))[first:last]:
        step, begin = steps[p], int(timing.starts[p])
        for span, age in step.spans:
            yield Interval(span.resource, begin + span.start, begin + span.end, p - age)
        if step.array is None:
            continue
        for q, inner in enumerate(step.array):
            at = begin + int(step.array_starts[q])
            for span, age in inner.spans:
                yield Interval(span.resource, at + span.start, at + span.end, p - 1, q - age)
