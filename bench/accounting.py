"""What the layers of a quantized network must cost: multiplications, steps, bytes.

Nothing here knows how a layer is compiled: it reads a network in `graph` only. The limit of a layer
is the larger of its steps and its reads at 8 bytes a cycle (a first layer with few channels can
beat it, if its channels are filled with pixels):

- steps: for each output vector of 16 channels, the GEMM steps (channels rounded up to the block)
  plus four; a pool takes one step for each element of its window plus four;
- reads: the input pixels that are used, the weights in blocks, 64 bytes of bias for each block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, ModuleOp, StringAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from nopt.dialects.affine_nest import ForOp, ReduceOp
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ConstantOp,
    Conv2dOp,
    ConvTranspose2dOp,
    MatmulOp,
    MaxPoolOp,
)

BLOCK = 16
BYTES_A_CYCLE = 8
EPILOGUE = 4
"""Steps for each output vector behind the last GEMM step: add, shift, two limits."""

Contraction = Conv2dOp | ConvTranspose2dOp | MatmulOp
CONTRACTIONS = (Conv2dOp, ConvTranspose2dOp, MatmulOp)


@dataclass(frozen=True)
class Cost:
    """One layer's multiplications, and the least that it takes on the core."""

    name: str
    macs: int
    steps: int
    reads: int
    writes: int
    quantized: bool
    """Whether it is on 8-bit integers and not marked for the host."""

    @property
    def limit(self) -> int:
        """Cycles that no schedule can beat."""
        return max(self.steps, -(-self.reads // BYTES_A_CYCLE))


def costs(module: ModuleOp) -> Iterator[Cost]:
    """Each convolution, matrix product and windowed pool, in order."""
    for op in module.walk():
        match op:
            case Conv2dOp() | ConvTranspose2dOp():
                yield _convolution(op)
            case MatmulOp():
                yield _product(op)
            case MaxPoolOp() | AvgPoolOp():
                yield _pool(op)
            case _:
                pass


def host_macs(module: ModuleOp) -> int:
    """Multiplications that a compiled module leaves to the host: of contractions that are still
    `graph` ops, and of nests that add up products."""
    nests = sum(prod(op.extents) for op in module.walk() if isinstance(op, ForOp) and _sums(op))
    return nests + sum(cost.macs for cost in costs(module))


def _sums(nest: ForOp) -> bool:
    ops = [type(op) for op in nest.body.block.ops]
    return ReduceOp in ops and (arith.MuliOp in ops or arith.MulfOp in ops)


def _shape(value: SSAValue) -> tuple[int, ...]:
    assert isa(value.type, TensorType[Attribute])
    return tuple(value.type.get_shape())


def _blocks(channels: int) -> int:
    return -(-channels // BLOCK)


def _is_quantized(op: Operation) -> bool:
    first = op.operands[0].type
    assert isa(first, TensorType[Attribute])
    on_host = op.attributes.get("placement") == StringAttr("host")
    return first.element_type == IntegerType(8) and not on_host


def _cost(
    op: Operation, macs: int, vectors: int, inner: int, weights: int, inputs: int, bias: int
) -> Cost:
    """`inner` steps for each of `vectors` results, bytes of weights, inputs and bias."""
    return Cost(
        name=op.results[0].name_hint or op.name,
        macs=macs,
        steps=vectors * (inner + EPILOGUE),
        reads=inputs + weights + bias,
        writes=vectors * BLOCK,
        quantized=_is_quantized(op),
    )


def _bias_bytes(op: Operation, channels: int) -> int:
    """32 bits for each channel, if constants are added to the sums."""
    sums = [use.operation for use in op.results[0].uses if isinstance(use.operation, AddOp)]
    biased = any(isinstance(value.owner, ConstantOp) for sum in sums for value in sum.operands)
    return _blocks(channels) * BLOCK * 4 if biased else 0


def _convolution(op: Conv2dOp | ConvTranspose2dOp) -> Cost:
    batch, channels, height, width = _shape(op.input)
    _, outputs, rows, columns = _shape(op.results[0])
    kernel = _shape(op.weight)[2:]
    groups = op.groups.value.data
    macs = prod(_shape(op.weight)) * batch
    taps = prod(kernel)
    inside = channels // groups
    if isinstance(op, ConvTranspose2dOp):
        # Each input pixel meets each weight once; by the output, a stride leaves that much fewer.
        macs *= height * width
        taps = -(-taps // prod(op.strides.get_values()))
    else:
        macs *= rows * columns
    inner = taps * _blocks(inside)
    # A strided kernel smaller than its stride skips pixels.
    used = [
        min(size, extent * count)
        for size, extent, count in zip((height, width), kernel, (rows, columns), strict=True)
    ]
    return _cost(
        op,
        macs,
        vectors=batch * rows * columns * _blocks(outputs),
        inner=inner,
        weights=inner * _blocks(outputs) * BLOCK * BLOCK,
        inputs=batch * prod(used) * _blocks(channels) * BLOCK,
        bias=_bias_bytes(op, outputs),
    )


def _product(op: MatmulOp) -> Cost:
    *outer, rows, columns = _shape(op.results[0])
    inner = _shape(op.lhs)[-2 if op.transpose_a else -1]
    batch = prod(outer)
    of_weights = prod(_shape(op.rhs)[:-2]) * _blocks(inner) * _blocks(columns) * BLOCK * BLOCK
    return _cost(
        op,
        batch * rows * inner * columns,
        vectors=batch * rows * _blocks(columns),
        inner=_blocks(inner),
        weights=of_weights,
        inputs=batch * rows * _blocks(inner) * BLOCK,
        bias=_bias_bytes(op, columns),
    )


def _pool(op: MaxPoolOp | AvgPoolOp) -> Cost:
    batch, channels, height, width = _shape(op.input)
    vectors = prod(_shape(op.results[0])) // channels * _blocks(channels)
    window = prod(op.kernel.get_values())
    inputs = batch * height * width * _blocks(channels) * BLOCK
    return _cost(op, 0, vectors, window, 0, inputs, 0)
