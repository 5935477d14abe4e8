"""How many random examples a property takes, and which."""

import os
from contextlib import ExitStack

from hypothesis import HealthCheck, settings

from nopt.dialects.constants import scoped_resources

_TIMES = os.environ.get("NOPT_FUZZ")


def examples(count: int) -> settings:
    """So many examples, always the same; N times as many, new in each run, with NOPT_FUZZ=N.

    However long each takes."""
    return settings(
        max_examples=count * int(_TIMES or 1),
        derandomize=_TIMES is None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ],
    )


_example = ExitStack()


def begin_example() -> None:
    """An empty store of large constants, as a driver has for each file."""
    end_example()
    _example.enter_context(scoped_resources())


def end_example() -> None:
    """The store as it was before the example."""
    _example.close()
