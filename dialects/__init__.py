"""The dialects of nopt, from the network down to the instructions."""

from collections.abc import Callable

from xdsl.ir import Dialect


def get_all_dialects() -> dict[str, Callable[[], Dialect]]:
    """Every dialect by name; a dialect is imported when its factory is called."""

    def get_affine_nest() -> Dialect:
        from nopt.dialects.affine_nest import AffineNest

        return AffineNest

    def get_graph() -> Dialect:
        from nopt.dialects.graph import Graph

        return Graph

    def get_isa() -> Dialect:
        from nopt.dialects.isa import Isa

        return Isa

    def get_tensor_intrinsic() -> Dialect:
        from nopt.dialects.tensor_intrinsic import TensorIntrinsic

        return TensorIntrinsic

    return {
        "affine_nest": get_affine_nest,
        "graph": get_graph,
        "isa": get_isa,
        "tensor_intrinsic": get_tensor_intrinsic,
    }
