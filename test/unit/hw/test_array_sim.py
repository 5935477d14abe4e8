"""The simulator of arrays of PEs, against DiRAC, arithmetic and numpy."""

import json
from pathlib import Path
from typing import Any

import pytest

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.sim.pass_schedule import ArrayPass, Pieces, Runs, Schedule, ScratchpadPass
from nopt.hw.array.sim.pass_timeline import intervals
from nopt.hw.array.sim.pass_timing import ScheduleTiming, time_schedule

DIRAC: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "dirac.json").read_text(encoding="utf-8")
)
KEYS = {
    "DMA_init_cycles": "setup",
    "DMA_cycles_per_byte": "cycles_per_byte",
    "accelerator_freq": "mhz",
}


def machine_of(test: str, changes: dict[str, Any] | None = None) -> ArrayMachine:
    has = DIRAC["tests"][test]["machine"] | {KEYS.get(k, k): v for k, v in (changes or {}).items()}
    dma = {"setup": has["setup"], "cycles_per_byte": has["cycles_per_byte"], "mhz": has["dma_mhz"]}
    stages = ("rows", "columns", "multiplier_stages", "adder_stages", "trigger_latency")
    free = {"energy": 0}
    return ArrayMachine.from_json(
        {
            "pes": has["pes"],
            "mhz": has["mhz"],
            "rf": {"bytes": has["rf"], **free},
            "spm": {"bytes": has["spm"], "bank_bytes": has["bank"], **free},
            "network": free,
            "dram": free,
            "dma": dma,
            "mac_energy": 0,
            "pipeline": {key: has[key] for key in stages},
        }
    )


def schedule_of(test: str, least: int | None = None) -> Schedule:
    has = DIRAC["tests"][test]

    def pieces(table: dict[str, list[int]]) -> tuple[Pieces, ...]:
        return tuple(
            tuple((size, 1) for size in table.get(str(x), ())) for x in range(len(has["operands"]))
        )

    pes = has["machine"]["pes"]
    array = Runs.of(
        ArrayPass(pieces(reads), has["compute"], has["sent"], pes) for reads in has["networks"]
    )
    passes = (
        ScratchpadPass(pieces(reads), pieces(writes), array, least or has["total"])
        for reads, writes in zip(has["reads"], has["writes"], strict=True)
    )
    return Schedule(tuple(has["operands"]), has["output"], Runs.of(passes))


def timed(test: str, changes: dict[str, Any] | None = None, least: int | None = None):
    return time_schedule(machine_of(test, changes), schedule_of(test, least))


def adds_up(timing: ScheduleTiming) -> bool:
    by_step = sum(timing.states.values())
    return (
        sum(timing.by_state.values()) == timing.cycles
        and min(timing.by_state.values()) >= 0
        and by_step.tolist() == (timing.starts[1:] - timing.starts[:-1]).tolist()
    )


@pytest.mark.parametrize("row", DIRAC["rows"], ids=lambda row: "-".join(map(str, row)))
def test_runs_of_dirac(row):
    test, changes, least, latency, cycles = row
    timing = timed(test, changes | ({"trigger_latency": latency} if latency else {}), least)
    assert timing.cycles == cycles
    assert adds_up(timing)


def test_timeline():
    """Each transfer by hand: 9 cycles of configuration; DMA takes ceil((291 + 0.24 b) / 6.4)."""
    found = [(each.resource, each.start, each.end) for each in intervals(timed("vector_sum"))]
    assert found == [
        ("DMA A in", 9, 9 + 1 + 47 + 2),
        ("DMA B in", 59, 59 + 1 + 46 + 2),
        # A cycle to see that no partial sums come.
        ("A in", 109, 109 + 12),
        ("B in", 109, 109 + 3),
        ("PEs", 122, 132),
        ("Y out", 133, 133 + 10 + 7),
        ("DMA Y out", 153, 153 + 1 + 46 + 2),
    ]
