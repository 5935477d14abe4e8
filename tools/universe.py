"""What nopt adds to every xDSL tool in the same environment (entry point `xdsl.universe`)."""

from xdsl.universe import Universe

from nopt.dialects import get_all_dialects
from nopt.passes import get_all_passes
from nopt.passes.targets import get_all_targets
from nopt.tools.pipeline_passes import pipeline_passes

NOPT_UNIVERSE = Universe(
    all_dialects=get_all_dialects(),
    all_passes=dict(sorted({**get_all_passes(), **pipeline_passes()}.items())),
    all_targets=get_all_targets(),
)
