"""What a network in mixed precision says of itself: which ops stay float, why, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from xdsl.dialects.builtin import ModuleOp

from nopt.passes.base.fidelity import Compared
from nopt.passes.graph.partition.work import macs
from nopt.passes.graph.quantization.execution import network_of
from nopt.passes.graph.quantization.mixed_precision import Candidate

_NAMED = 3
"""How many of the worst tensors a warning names."""


def mixed_table(
    module: ModuleOp, floats: Sequence[Candidate], before: float, reached: float, target: float
) -> str:
    """A table of what stays float of a network of floats, below a line about its outputs.

    A tensor's signal-to-noise is what it had as integers, like the rest."""
    ops = [*network_of(module).body.block.ops]
    total = sum(map(macs, ops))
    lost = sum(macs(ops[place]) for place in {place for each in floats for place in each.ops})
    lines = [
        f"note: as integers, the outputs had {before:.1f} dB; {len(floats)} of the network's "
        f"tensors stay float, on the host, for a target of {target:g} dB: now {reached:.1f} dB",
    ]
    width = max(6, *(len(each.name) for each in floats))
    lines.append(f"{'tensor':<{width}}  {'SNR dB':>7}  {'multiplications':>15}  {'share':>7}")
    for each in floats:
        lines.append(f"{each.name:<{width}}  {_decibels(each):>7}  {_work(each.macs, total)}")
    lines.append(f"{'together':<{width}}  {'':>7}  {_work(lost, total)}")
    return "\n".join(lines)


def missed(reached: float, target: float, rows: Sequence[Compared]) -> str:
    """A warning that the target was not reached, with the worst tensors."""
    worst = sorted(rows, key=lambda row: row.signal_to_noise)[:_NAMED]
    named = ", ".join(f"{row.name} ({row.signal_to_noise:.1f} dB)" for row in worst)
    return (
        f"warning: the outputs have {reached:.1f} dB, below the target of {target:g} dB; "
        f"worst: {named or 'the outputs'}"
    )


def _decibels(each: Candidate) -> str:
    return f"{-10 * log10(each.tensor_noise):.1f}" if each.tensor_noise > 0 else "-"


def _work(count: int, total: int) -> str:
    return f"{count:>15,}  {100 * count / max(total, 1):>5.1f} %"
