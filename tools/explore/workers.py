"""Many evaluations at once, by dask: processes of this machine, or a cluster's.

A worker that is killed costs what it was evaluating; that is given to another one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from nopt.tools.errors import UserError
from nopt.tools.explore.exploration import Exploration
from nopt.tools.explore.families.family import Facts, Machine
from nopt.tools.explore.families.known import ARRAYS, CORES
from nopt.tools.explore.space import Point

_TIMES = 3
"""How often a point is given to another worker when one dies with it."""


class Workers:
    """Evaluates points, here and now."""

    def evaluate(
        self, asked: Exploration, machines: Mapping[Point, Machine]
    ) -> Iterator[tuple[Point, list[Facts]]]:
        """What the networks take on machines, in whatever order that is known."""
        for point, config in machines.items():
            yield point, asked.family.evaluate(*asked.task(config))


class Cluster(Workers):
    """Evaluates points on the workers of a cluster."""

    def __init__(self, client: Any, as_completed: Any):
        self.client, self.as_completed = client, as_completed

    def evaluate(
        self, asked: Exploration, machines: Mapping[Point, Machine]
    ) -> Iterator[tuple[Point, list[Facts]]]:
        run = asked.family.evaluate
        points = {
            self.client.submit(run, *asked.task(config), pure=False, retries=_TIMES): point
            for point, config in machines.items()
        }
        for future in self.as_completed(list(points)):
            yield points[future], future.result()


@contextmanager
def workers(jobs: int = 1, scheduler: str | None = None) -> Generator[Workers]:
    """So many processes of this machine, or the workers of the cluster at an address.

    Raises UserError for no process, without the package, or if nothing answers there."""
    if jobs < 1:
        raise UserError(f"--jobs: found {jobs}, expected 1 or more processes")
    try:
        if jobs == 1 and scheduler is None:
            yield Workers()
        else:
            with _cluster(jobs, scheduler) as found:
                yield found
    finally:
        CORES.forget()
        ARRAYS.forget()


@contextmanager
def _cluster(jobs: int, scheduler: str | None) -> Generator[Workers]:
    try:
        from distributed import Client, LocalCluster, as_completed
    except ImportError as error:
        message = "several workers need the distributed package: pip install 'nopt[explore]'"
        raise UserError(message) from error
    with ExitStack() as stack:
        address: Any = scheduler
        if scheduler is None:
            local = LocalCluster(
                n_workers=jobs, threads_per_worker=1, dashboard_address=":0", silence_logs=50
            )
            address = stack.enter_context(local)
        try:
            client = stack.enter_context(Client(address, timeout="10s"))
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f"--scheduler {scheduler}: {error}") from error
        yield Cluster(client, as_completed)
