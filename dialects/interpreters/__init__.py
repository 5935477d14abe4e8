"""Reference interpreters: the levels above `isa`, which the simulator runs, in numpy."""

from collections.abc import Callable

from xdsl.interpreter import InterpreterFunctions


def get_all_interpreters() -> dict[str, Callable[[], InterpreterFunctions]]:
    """The interpreter of every dialect by name, imported when its factory is called."""

    def get_affine_nest() -> InterpreterFunctions:
        from nopt.dialects.interpreters.affine_nest import AffineNestFunctions

        return AffineNestFunctions()

    def get_func() -> InterpreterFunctions:
        from xdsl.interpreters.func import FuncFunctions

        return FuncFunctions()

    def get_graph() -> InterpreterFunctions:
        from nopt.dialects.interpreters.graph import GraphFunctions

        return GraphFunctions()

    def get_tensor_intrinsic() -> InterpreterFunctions:
        from nopt.dialects.interpreters.tensor_intrinsic import TensorIntrinsicFunctions

        return TensorIntrinsicFunctions()

    return {
        "affine_nest": get_affine_nest,
        "func": get_func,
        "graph": get_graph,
        "tensor_intrinsic": get_tensor_intrinsic,
    }
