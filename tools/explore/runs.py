"""A whole run: which points are tried, and when.

Points are tried in batches of a fixed size, the most promising first by what no program can beat.
Before each batch, points that so cannot reach the front any more are dropped. What is decided
depends on whole batches only, not on how many workers there are, nor on how often a run was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nopt.tools.explore.exploration import Exploration
from nopt.tools.explore.families.family import Facts, Machine
from nopt.tools.explore.front import Values, beats
from nopt.tools.explore.outcome import Outcome
from nopt.tools.explore.space import Point
from nopt.tools.explore.studies import Study
from nopt.tools.explore.workers import Workers

BATCH = 16
ENUMERATED = 1000
"""Points of a space of which all are tried, unless fewer trials are asked for."""


def explore(
    asked: Exploration,
    study: Study,
    workers: Workers,
    done: Callable[[int, int], None] = lambda count, of: None,
) -> Outcome:
    """Try points until none is left, or as many as asked for. `done` is told how many of how
    many are dealt with."""
    known = study.known()
    facts: dict[Point, list[Facts]] = {}
    dropped: dict[Point, Values] = {}
    whole = asked.trials is None and len(asked.space) <= ENUMERATED
    batches = _batches(asked) if whole else _proposed(asked, study)
    total = len(asked.space) if whole else asked.trials or ENUMERATED
    for batch in batches:
        values = [v for p, each in facts.items() if (v := asked.values(p, each)) is not None]
        machines: dict[Point, Machine] = {}
        for point in batch:
            config = asked.design(point).config
            if asked.design(point).reason is not None or config is None:
                continue
            bound = asked.least(point)
            if any(beats(value, bound) for value in values):
                dropped[point] = bound
            elif point in known:
                facts[point] = known[point]
            else:
                machines[point] = config
        for point, found in workers.evaluate(asked, machines):
            study.add(point, found, asked.values(point, found))
            facts[point] = found
            done(len(facts) + len(dropped), total)
        for point in batch:
            # In this order, whichever was done first.
            study.learn(point, asked.values(point, facts.get(point, [{"reason": "none"}])))
    tried = [*asked.space] if whole else [*asked.tried]
    return Outcome(asked, tried, facts, dropped)


def _batches(asked: Exploration) -> Sequence[Sequence[Point]]:
    """All legal points, the most promising first."""
    legal = [point for point in asked.space if asked.design(point).reason is None]
    best_first = sorted(legal, key=asked.least)
    return [best_first[first : first + BATCH] for first in range(0, len(best_first), BATCH)]


def _proposed(asked: Exploration, study: Study) -> Iterator[Sequence[Point]]:
    """Points that a sampler proposes, given all that was learnt before."""
    left = asked.trials or ENUMERATED
    tried: set[Point] = set()
    while left > 0 and (points := study.propose(min(BATCH, left), tried)):
        left -= len(points)
        yield points
