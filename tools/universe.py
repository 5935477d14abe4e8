"""What nopt adds to every xDSL tool in the same environment (entry point `xdsl.universe`)."""

from xdsl.universe import Universe

from nopt.dialects import get_all_dialects
from nopt.passes import get_all_passes
from nopt.passes.targets import get_all_targets

NOPT_UNIVERSE = Universe(
    all_dialects=get_all_dialects(),
    all_passes=get_all_passes(),
    all_targets=get_all_targets(),
)
