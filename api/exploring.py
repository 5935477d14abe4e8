"""Which machine to build for some networks, from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.resources import Board
from nopt.named_machines import Machine
from nopt.networks import Network, read, write
from nopt.tools.explore.designs import Limits
from nopt.tools.explore.exploration import Exploration
from nopt.tools.explore.families.known import family_of
from nopt.tools.explore.runs import explore as run
from nopt.tools.explore.space import Space, Value
from nopt.tools.explore.studies import Study
from nopt.tools.explore.workers import workers
from nopt.tools.report import Row, format_value

if TYPE_CHECKING:
    from nopt.tools.explore.outcome import Outcome


class Explored:
    """The points of an exploration: `points` are all of them, a row each, `front` those that no
    other one beats. A table in notebooks."""

    def __init__(self, outcome: Outcome):
        self.points: list[Row] = outcome.rows
        self.front: list[Row] = outcome.front
        self._outcome = outcome

    def why(self, one: int, other: int) -> list[Row]:
        """What differs between two points, term by term. Raises UserError for none such."""
        return self._outcome.differences(one, other)

    def __repr__(self) -> str:
        return f"<nopt.Explored: {len(self.points)} points, {len(self.front)} on the front>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in (self.front or [{}])[0])
        cells = (
            "".join(f"<td>{escape(format_value(*each))}</td>" for each in row.items())
            for row in self.front
        )
        body = "".join(f"<tr>{each}</tr>" for each in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def explore(
    networks: Network | Sequence[Network],
    sweep: Mapping[str, Sequence[Value]],
    *,
    machine: Machine | ArrayMachine = "rtl",
    objectives: Sequence[str] = ("cycles", "energy", "area"),
    budget: Mapping[str, float] | None = None,
    board: str | None = None,
    trials: int | None = None,
    pipeline: str | None = None,
    check: bool = False,
    jobs: int = 1,
    scheduler: str | None = None,
    storage: str | None = None,
) -> Explored:
    """Compile networks of integers for all machines of a sweep; say which are worth building.

        found = nopt.explore("net.mlir", {"LOG_BLOCK": [3, 4, 5], "memory_latency": [16, 64]})
        found.front

    `sweep` has values for keys of a machine: a core, for which networks are compiled, or an array
    of PEs as "pe256", on which their layers are mapped. `objectives` are to be small: cycles,
    energy (microjoules), edp (their product), area (square millimetres), bytes (of DRAM traffic),
    seconds (on a `board`), sram (bytes); of several networks their sum. `budget` limits what a
    design takes by name: sram, area, dsp, bram36, lut, multipliers. Spaces of up to 1,000 points
    are tried whole, others, or with `trials`, in part. `pipeline` is how networks are compiled or
    mapped, as after `nopt -p`: "vta{measure=8}", "affine-nest-map{objective=cycles}". `storage` is
    the URL of a database in which a study is kept. Raises UserError for what no sweep, objective,
    board or storage can be.
    """
    family = family_of(machine)
    base: Any = family.load(str(machine)) if isinstance(machine, str | Path) else machine
    several: Any = networks
    given: list[Network] = [*several] if isinstance(several, list | tuple) else [several]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        paths: list[str] = []
        for number, network in enumerate(given):
            name = Path(network).stem if isinstance(network, str | Path) else f"network{number}"
            paths.append(str(folder / f"{name}.mlir"))
            write(read(network), paths[-1])
        limits = Limits(budget or {}, None if board is None else Board.load(board))
        asked = Exploration(
            paths,
            family,
            base,
            Space.of(sweep, family),
            limits,
            objectives,
            trials,
            pipeline,
            check,
        )
        study = Study(storage, asked.name, asked.space, asked.objectives)
        pool = stack.enter_context(workers(jobs, scheduler))
        return Explored(run(asked, study, pool))
