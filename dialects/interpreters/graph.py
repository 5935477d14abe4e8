"""What the ops of `graph` compute, in numpy: the reference that every later level must equal."""

from xdsl.interpreter import register_impls

from nopt.dialects.interpreters.graph_elementwise import ElementwiseFunctions
from nopt.dialects.interpreters.graph_layout import LayoutFunctions
from nopt.dialects.interpreters.graph_rescaling import QuantizeFunctions
from nopt.dialects.interpreters.graph_statistics import StatisticsFunctions
from nopt.dialects.interpreters.graph_windows import WindowFunctions


@register_impls
class GraphFunctions(
    ElementwiseFunctions,
    LayoutFunctions,
    QuantizeFunctions,
    StatisticsFunctions,
    WindowFunctions,
):
    """Interprets `graph`; a tensor value is a numpy array of its element type."""
