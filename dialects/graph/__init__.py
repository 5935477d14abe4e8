"""The `graph` dialect: what a network computes, as exact functions of whole tensors.

Every op is pure and every shape static. Images are [N, C, H, W]. Integers are signless and read as
two's complement; "exact" means computed as if in unbounded integers, "modulo 2^w" that only the low
w bits are kept. These definitions are what every later level must equal, bit for bit.
"""

from typing_extensions import override
from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, DenseResourceAttr
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.utils.hints import isa

from nopt.dialects.graph.base import GraphOp
from nopt.dialects.graph.contractions import Conv2dOp, MatmulOp
from nopt.dialects.graph.elementwise import AddOp, ClipOp, ReluOp
from nopt.dialects.graph.layout import ConstantOp, ReshapeOp, TransposeOp
from nopt.dialects.graph.pooling import AvgPoolOp, GlobalAvgPoolOp, MaxPoolOp
from nopt.dialects.graph.requantize import RequantizeOp

__all__ = [
    "AddOp",
    "AvgPoolOp",
    "ClipOp",
    "ConstantOp",
    "Conv2dOp",
    "GlobalAvgPoolOp",
    "Graph",
    "GraphOp",
    "MatmulOp",
    "MaxPoolOp",
    "ReluOp",
    "RequantizeOp",
    "ReshapeOp",
    "TransposeOp",
]


class _Constants(ConstantMaterializationInterface):
    @override
    def materialize_constant(self, value: Attribute, type: Attribute) -> Operation | None:
        if isa(value, DenseIntOrFPElementsAttr | DenseResourceAttr):
            return ConstantOp(value)
        return None


Graph = Dialect(
    "graph",
    [
        AddOp,
        AvgPoolOp,
        ClipOp,
        ConstantOp,
        Conv2dOp,
        GlobalAvgPoolOp,
        MatmulOp,
        MaxPoolOp,
        ReluOp,
        RequantizeOp,
        ReshapeOp,
        TransposeOp,
    ],
    [],
    [_Constants()],
)
