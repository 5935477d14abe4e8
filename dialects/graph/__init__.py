"""The `graph` dialect: what a network computes, as exact functions of whole tensors.

Every op is pure and every shape static. Images are [N, C, H, W]. Integers are signless and read as
two's complement; "exact" means computed as if in unbounded integers, "modulo 2^w" that only the low
w bits are kept. These definitions are what every later level must equal, bit for bit. Ops on floats
round as numpy does, so their results are equal up to a few units in the last place.
"""

from typing_extensions import override
from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, DenseResourceAttr
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.utils.hints import isa

from nopt.dialects.graph.binary import (
    AddOp,
    BinaryOp,
    CompareOp,
    Comparison,
    ComparisonAttr,
    DivOp,
    MaxOp,
    MinOp,
    MulOp,
    PowOp,
    SubOp,
    WhereOp,
)
from nopt.dialects.graph.contractions import (
    Conv2dOp,
    ConvTranspose2dOp,
    MatmulOp,
)
from nopt.dialects.graph.elementwise import (
    CastOp,
    ClipOp,
    Function,
    FunctionAttr,
    LeakyReluOp,
    ReluOp,
    UnaryOp,
)
from nopt.dialects.graph.graph_op import (
    GraphOp,
)
from nopt.dialects.graph.moves import (
    ConstantOp,
    ReshapeOp,
    TransposeOp,
)
from nopt.dialects.graph.pieces import (
    BroadcastOp,
    ConcatOp,
    GatherOp,
    PadOp,
    SliceOp,
)
from nopt.dialects.graph.pooling import (
    AvgPoolOp,
    GlobalAvgPoolOp,
    MaxPoolOp,
)
from nopt.dialects.graph.quantize import (
    DequantizeOp,
    QuantizeOp,
)
from nopt.dialects.graph.requantize import (
    RequantizeOp,
)
from nopt.dialects.graph.statistics import (
    LayerNormOp,
    LrnOp,
    ReduceOp,
    SoftmaxOp,
    Statistic,
    StatisticAttr,
)

__all__ = [
    "AddOp",
    "AvgPoolOp",
    "BinaryOp",
    "BroadcastOp",
    "CastOp",
    "ClipOp",
    "CompareOp",
    "Comparison",
    "ComparisonAttr",
    "ConcatOp",
    "ConstantOp",
    "Conv2dOp",
    "ConvTranspose2dOp",
    "DequantizeOp",
    "DivOp",
    "Function",
    "FunctionAttr",
    "GatherOp",
    "GlobalAvgPoolOp",
    "Graph",
    "GraphOp",
    "LayerNormOp",
    "LeakyReluOp",
    "LrnOp",
    "MatmulOp",
    "MaxOp",
    "MaxPoolOp",
    "MinOp",
    "MulOp",
    "PadOp",
    "PowOp",
    "QuantizeOp",
    "ReduceOp",
    "ReluOp",
    "RequantizeOp",
    "ReshapeOp",
    "SliceOp",
    "SoftmaxOp",
    "Statistic",
    "StatisticAttr",
    "SubOp",
    "TransposeOp",
    "UnaryOp",
    "WhereOp",
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
        BroadcastOp,
        CastOp,
        ClipOp,
        CompareOp,
        ConcatOp,
        ConstantOp,
        Conv2dOp,
        ConvTranspose2dOp,
        DequantizeOp,
        DivOp,
        GatherOp,
        GlobalAvgPoolOp,
        LayerNormOp,
        LeakyReluOp,
        LrnOp,
        MatmulOp,
        MaxOp,
        MaxPoolOp,
        MinOp,
        MulOp,
        PadOp,
        PowOp,
        QuantizeOp,
        ReduceOp,
        ReluOp,
        RequantizeOp,
        ReshapeOp,
        SliceOp,
        SoftmaxOp,
        SubOp,
        TransposeOp,
        UnaryOp,
        WhereOp,
    ],
    [ComparisonAttr, FunctionAttr, StatisticAttr],
    [_Constants()],
)
