"""Running a function of a module on numpy arrays."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.interpreter import Interpreter
from xdsl.ir import Attribute

from nopt.dialects.affine_nest.arguments import arguments_of, given_type, packed
from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters import get_all_interpreters
from nopt.dialects.shaped import is_tensor


def run_function(
    module: ModuleOp,
    name: str,
    inputs: Sequence[Array],
    listeners: Sequence[Interpreter.Listener] = (),
) -> tuple[Array, ...]:
    """The results of function `name`, interpreted at whatever level the module is at.

    `listeners` are told of every operation and its results.
    Raises ValueError if the module has no such function, or the inputs are not of the number,
    shapes and element types that it declares."""
    function = _find(module, name)
    arguments = arguments_of(function)
    types = [given_type(argument) for argument in arguments]
    if len(inputs) != len(types):
        raise ValueError(f"@{name}: {len(inputs)} inputs, expected {len(types)}")
    for index, (array, type) in enumerate(zip(inputs, types, strict=True)):
        _check_input(f"@{name}: input {index}", array, type)
    interpreter = Interpreter(module, listeners=tuple(listeners))
    used = {op.dialect_name() for op in module.walk()}
    for dialect, functions in get_all_interpreters().items():
        if dialect in used:
            interpreter.register_implementations(functions())
    values = (packed(array, argument) for array, argument in zip(inputs, arguments, strict=True))
    return interpreter.call_op(function, tuple(values))


def _find(module: ModuleOp, name: str) -> FuncOp:
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}
    if name not in functions:
        found = ", ".join(f"@{other}" for other in functions) or "none"
        raise ValueError(f"function @{name} is not in the module, which has {found}")
    return functions[name]


def _check_input(place: str, array: Array, type: Attribute) -> None:
    if not is_tensor(type):
        raise ValueError(f"{place}: an array, expected {type}")
    shape, dtype = type.get_shape(), numpy_type(type.element_type)
    if array.shape != shape or array.dtype != dtype:
        found = f"{array.dtype} of shape {list(array.shape)}"
        raise ValueError(f"{place}: {found}, expected {dtype} of shape {list(shape)}")
