"""What is computed from constants alone is computed once, by the interpreter."""

from functools import cache

from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp
from xdsl.interpreter import Interpreter
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array, ConstantAttr, attribute_of, numpy_type
from nopt.dialects.graph.binary import AddOp, BinaryOp, MaxOp, MinOp, MulOp
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.moves import ConstantOp
from nopt.dialects.graph.quantize import DequantizeOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.interpreters.graph import GraphFunctions

_SMALL = 1 << 16
"""Bytes that a folded constant may have, even if its operands have fewer."""


@cache
def _interpreter() -> Interpreter:
    interpreter = Interpreter(ModuleOp([]))
    interpreter.register_implementations(GraphFunctions())
    return interpreter


def fold(op: GraphOp) -> Replacement:
    """The constant that an op of constants gives, unless it is much larger than they are.

    Dequantized constants stay: that they are integers is worth knowing."""
    constants = [value.owner for value in op.operands if isinstance(value.owner, ConstantOp)]
    if len(constants) < len(op.operands) or isinstance(op, DequantizeOp):
        return None
    arrays = tuple(constant.array for constant in constants)
    type = op.result.type
    size = type.element_count() * numpy_type(type.element_type).itemsize
    if size > max(_SMALL, sum(array.nbytes for array in arrays)):
        return None
    try:
        (value,) = _interpreter().run_op(op, arrays)
    except ValueError:
        # Such as an index out of range: an error if ever it is run.
        return None
    return [folded(value, op.result, *(constant.value for constant in constants))]


def folded(array: Array, old: SSAValue, *sources: ConstantAttr) -> ConstantOp:
    """A constant named as `old`, in whose place it is; its resource as the first it is made of."""
    names = [attr.resource_handle.data for attr in sources if isinstance(attr, DenseResourceAttr)]
    name = old.name_hint or "constant"
    constant = ConstantOp(attribute_of(array, names[0] if names else name))
    constant.result.name_hint = name
    return constant


def constant_right(op: BinaryOp) -> Replacement:
    """Of operands that commute, a constant is the second one."""
    if not isinstance(op.lhs.owner, ConstantOp) or isinstance(op.rhs.owner, ConstantOp):
        return None
    return [type(op).create(operands=[op.rhs, op.lhs], result_types=[op.result.type])]


RULES = (
    Rule(GraphOp, fold),
    Rule(AddOp, constant_right),
    Rule(MulOp, constant_right),
    Rule(MinOp, constant_right),
    Rule(MaxOp, constant_right),
)
