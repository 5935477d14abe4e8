"""How many random examples a property takes, and which."""

import os

from hypothesis import HealthCheck, settings

_TIMES = os.environ.get("NOPT_FUZZ")


def examples(count: int) -> settings:
    """So many examples, always the same; N times as many, new in each run, with NOPT_FUZZ=N.

    However long each takes."""
    return settings(
        deadline=None,
        max_examples=count * int(_TIMES or 1),
        derandomize=_TIMES is None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ],
    )
