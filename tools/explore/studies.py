"""What is known of a space is kept in a study of Optuna, in any database that it knows.

A killed run goes on where it was; several machines may work on one study.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from nopt.tools.errors import UserError
from nopt.tools.explore.families.family import Facts
from nopt.tools.explore.space import Point, Space


def optuna() -> Any:
    """The package. Raises UserError if it is missing."""
    try:
        import optuna
    except ImportError as error:
        message = "exploring needs the optuna package: pip install 'nopt[explore]'"
        raise UserError(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


class Study:
    """The evaluated points of one space: facts of each network, and objectives."""

    def __init__(self, storage: str | None, name: str, space: Space, objectives: Sequence[str]):
        """`storage` is the URL of a database; None keeps nothing. Raises UserError if it cannot
        be opened."""
        self.optuna, self.space, self._storage = optuna(), space, storage
        self._distributions = {
            key: self.optuna.distributions.CategoricalDistribution(values)
            for key, values in space.values.items()
        }
        directions = ["minimize"] * len(objectives)
        with _about(storage):
            self._study = self.optuna.create_study(
                storage=storage, study_name=name, directions=directions, load_if_exists=True
            )
        # What is proposed depends on the order of what is learnt, so that has a study of its own.
        self._learnt = self.optuna.create_study(
            directions=directions, sampler=self.optuna.samplers.NSGAIISampler(seed=0)
        )

    def known(self) -> dict[Point, list[Facts]]:
        """The facts of all points that were evaluated."""
        return {
            self._point(trial.params): json.loads(trial.user_attrs["facts"])
            for trial in self._study.get_trials(deepcopy=False)
            if "facts" in trial.user_attrs
        }

    def add(self, point: Point, facts: Sequence[Facts], values: Sequence[float] | None) -> None:
        """Keep what was found of a point; without values it has no program."""
        with _about(self._storage):
            self._study.add_trial(self._trial(point, values, {"facts": json.dumps(facts)}))

    def learn(self, point: Point, values: Sequence[float] | None) -> None:
        """Take a point into account in what is proposed next."""
        self._learnt.add_trial(self._trial(point, values, {}))

    def _trial(self, point: Point, values: Sequence[float] | None, facts: dict[str, str]) -> Any:
        states = self.optuna.trial.TrialState
        return self.optuna.trial.create_trial(
            state=states.FAIL if values is None else states.COMPLETE,
            params=self.space.changes(point),
            distributions=self._distributions,
            values=values,
            user_attrs=facts,
        )

    def propose(self, count: int, tried: set[Point]) -> list[Point]:
        """New points that are worth trying, given all that was learnt; at most `count`.

        By NSGA-II (K. Deb et al., 2002), which weighs all objectives."""
        found: list[Point] = []
        for _ in range(20 * count):
            if len(found) == count:
                break
            trial = self._learnt.ask(self._distributions)
            point = self._point(trial.params)
            # What it is worth is added as a trial of its own.
            self._learnt.tell(trial, state=self.optuna.trial.TrialState.FAIL)
            if point not in tried:
                tried.add(point)
                found.append(point)
        return found

    def _point(self, params: dict[str, Any]) -> Point:
        return tuple(params[key] for key in self.space.values)


@contextmanager
def _about(storage: str | None) -> Generator[None]:
    """Whatever a database complains of is one message."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # each database has its own
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise UserError(f"--storage {storage}: {reason}") from error
