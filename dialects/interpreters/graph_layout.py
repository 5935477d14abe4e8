"""Ops of `graph` that move elements."""

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    BroadcastOp,
    ConcatOp,
    ConstantOp,
    GatherOp,
    PadOp,
    ReshapeOp,
    SliceOp,
    TransposeOp,
)
from nopt.dialects.interpreters.results import result


class LayoutFunctions(InterpreterFunctions):
    """Ops that move elements, and constants."""

    @impl(ConstantOp)
    def constant(self, interpreter: Interpreter, op: ConstantOp, args: tuple[()]) -> tuple[Array]:
        return (op.array,)

    @impl(ReshapeOp)
    def reshape(self, interpreter: Interpreter, op: ReshapeOp, args: tuple[Array]) -> tuple[Array]:
        return (args[0].reshape(op.result.type.get_shape()),)

    @impl(TransposeOp)
    def transpose(
        self, interpreter: Interpreter, op: TransposeOp, args: tuple[Array]
    ) -> tuple[Array]:
        return (args[0].transpose(op.permutation.get_values()),)

    @impl(ConcatOp)
    def concat(
        self, interpreter: Interpreter, op: ConcatOp, args: tuple[Array, ...]
    ) -> tuple[Array]:
        return (np.concatenate(args, op.axis.value.data),)

    @impl(SliceOp)
    def slice(self, interpreter: Interpreter, op: SliceOp, args: tuple[Array]) -> tuple[Array]:
        return (args[0][op.ranges],)

    @impl(PadOp)
    def pad(self, interpreter: Interpreter, op: PadOp, args: tuple[Array]) -> tuple[Array]:
        border = list(zip(op.low.get_values(), op.high.get_values(), strict=True))
        if not border:
            return args
        return result(op, np.pad(args[0], border, constant_values=op.value.value.data))

    @impl(BroadcastOp)
    def broadcast(
        self, interpreter: Interpreter, op: BroadcastOp, args: tuple[Array]
    ) -> tuple[Array]:
        return (np.broadcast_to(args[0], op.result.type.get_shape()),)

    @impl(GatherOp)
    def gather(
        self, interpreter: Interpreter, op: GatherOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        data, indices = args
        axis = op.axis.value.data
        size = data.shape[axis]
        wrong = indices[(indices < -size) | (indices >= size)]
        if wrong.size:
            raise ValueError(f"graph.gather: index {wrong[0]}, expected {-size} to {size - 1}")
        # Negative indices count from the end; the way numpy takes rows wants them plain.
        plain = np.where(indices < 0, indices + np.int64(size), indices)
        return (np.take(data, plain, axis),)
