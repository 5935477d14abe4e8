"""An op of one's own, from text to the core: `dialect` has the op, `convert` what it becomes.

`compiler` is a compiler of three lines that uses both.
"""

from xdsl.universe import Universe

from own_op.convert import ConvertOwnToGraphPass
from own_op.dialect import OWN

UNIVERSE = Universe(
    all_dialects={"own": lambda: OWN},
    all_passes={"convert-own-to-graph": lambda: ConvertOwnToGraphPass},
)
"""What every xDSL tool of the environment sees (entry point `xdsl.universe`)."""
