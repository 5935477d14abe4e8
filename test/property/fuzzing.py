"""How many random examples a property takes."""

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("NOPT_FUZZ", "1"))


def examples(count: int) -> settings:
    """So many examples, however long each takes; N times as many with NOPT_FUZZ=N."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(deadline=None, max_examples=count * _TIMES, suppress_health_check=slow)
