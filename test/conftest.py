"""No test depends on how fast the machine is: hypothesis times neither examples nor drawing."""

import os

from hypothesis import HealthCheck, settings

# There is a test for each core already: threads of BLAS, set up when numpy is first imported, would
# only wait for one another, and take up to five times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
