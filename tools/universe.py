"""What nopt adds to every xDSL tool in the same environment (entry point `xdsl.universe`)."""

from xdsl.universe import Universe

import nopt.dialects
from nopt.passes import get_all_passes

try:
    from nopt.passes.targets import get_all_targets
except ImportError:

    def get_all_targets():
        return {}


get_all_dialects = getattr(nopt.dialects, "get_all_dialects", dict)

NOPT_UNIVERSE = Universe(
    all_dialects=get_all_dialects(),
    all_passes=get_all_passes(),
    all_targets=get_all_targets(),
)
