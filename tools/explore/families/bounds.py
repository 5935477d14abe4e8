"""What no program for a machine can beat: steps, and bytes that must be read once.

That holds for programs that have all multiplications of bytes on the core; `host_products` says
which others there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import SSAValue

from nopt.dialects.affine_nest import ForOp, ReduceOp
from nopt.dialects.graph import ConstantOp, Conv2dOp, MatmulOp
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.hw.config import Config


def bounds(network: ModuleOp, config: Config) -> dict[str, float]:
    """The least cycles, bytes and energy (microjoules) of all convolutions and matrix products.

    Each multiplication is one of the array's in some step, in whatever lanes it lies; each weight
    is loaded once. What comes in and goes out is not counted.
    """
    array = config.batch * config.block_in * config.block_out
    cycles = moved = energy = 0.0
    for products, weights in _contractions(network):
        cycles += max(-(-products // array), -(-weights // config.bytes_per_cycle))
        moved += weights
        energy += products * config.energy_mac + weights * config.energy_dram_byte
    return {"cycles": cycles, "bytes": moved, "energy": energy / 1e6}


def host_products(lowered: ModuleOp) -> int:
    """Multiplications of bytes that a lowered module leaves to the host."""
    nests = (op for op in lowered.walk() if isinstance(op, ForOp))
    left = sum(products for products, _ in _contractions(lowered))
    return left + sum(prod(nest.extents) for nest in nests if _adds_products_of_bytes(nest))


def _adds_products_of_bytes(nest: ForOp) -> bool:
    ops = [*nest.body.block.ops]
    kinds = {type(op) for op in ops}
    return {ReduceOp, arith.MuliOp} <= kinds and any(load.result.type == i8 for load in nest.loads)


def _contractions(network: ModuleOp) -> Iterator[tuple[int, int]]:
    """Multiplications of each, and bytes of weights that are constant."""
    for op in network.walk():
        match op:
            case Conv2dOp(input=x, weight=w) if _is_bytes(x):
                channels, *kernel = shape_of(w)[1:]
                yield prod(shape_of(op.result)) * channels * prod(kernel), _constant_bytes(w)
            case MatmulOp(lhs=x, rhs=w) if _is_bytes(x):
                inner = shape_of(x)[-2 if op.transpose_a else -1]
                yield prod(shape_of(op.result)) * inner, _constant_bytes(w)
            case _:
                pass


def _constant_bytes(weights: SSAValue) -> int:
    return prod(shape_of(weights)) if isinstance(weights.owner, ConstantOp) else 0


def _is_bytes(value: SSAValue) -> bool:
    return tensor_of(value).element_type == i8
