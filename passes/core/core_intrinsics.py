"""What the core computes, described as nests: the meaning that tensorization matches against.

Each instruction's description is a nest over one element of each scratchpad. A new instruction is a
new description here; `unify` finds it in the nests of a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, i8, i32
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import Commutative

from nopt.dialects.affine_nest import ForOp, LoadOp, Reduction
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.hw.config import Config

BATCH, OUTPUTS, INPUTS = range(3)
"""The iterators of a description."""

LANES = {"acc": (BATCH, OUTPUTS), "inp": (BATCH, INPUTS), "wgt": (OUTPUTS, INPUTS)}
"""Those that index each operand of GEMM."""


@dataclass(frozen=True)
class Intrinsic:
    """An instruction's step: `nest` computes the new accumulator from elements in scratchpads.

    `loads` are the nest's loads by the operand's name; `memories` says where operands lie.
    """

    name: str
    nest: ForOp
    loads: Mapping[str, LoadOp]
    memories: Mapping[str, Memory]

    def added(self) -> SSAValue:
        """What an accumulating intrinsic adds to the accumulator."""
        addition = self.nest.yielded.owner
        assert isinstance(addition, arith.AddiOp)
        return addition.rhs

    def match_added(self, value: SSAValue) -> dict[str, LoadOp] | None:
        """The loads in a network's nest that stand for the operands of what is added."""
        bound: dict[LoadOp, LoadOp] = {}
        if not unify(self.added(), value, bound):
            return None
        return {name: bound[load] for name, load in self.loads.items() if load in bound}

    def lanes(self, name: str) -> list[tuple[int, int]]:
        """The iterators that run over an operand's lanes, and their extents; no batch of one."""
        found = zip(LANES[name], self.loads[name].source_shape, strict=True)
        return [(dim, size) for dim, size in found if dim != BATCH or size > 1]


def unify(pattern: SSAValue, value: SSAValue, bound: dict[LoadOp, LoadOp]) -> bool:
    """Whether `value` is computed as `pattern` is, from loads that `bound` then maps."""
    op, candidate = pattern.owner, value.owner
    if isinstance(op, LoadOp):
        if not isinstance(candidate, LoadOp) or candidate.result.type != op.result.type:
            return False
        return bound.setdefault(op, candidate) is candidate
    if not isinstance(op, Operation) or not isinstance(candidate, Operation):
        return False
    if type(op) is not type(candidate) or op.properties != candidate.properties:
        return False
    if pattern.type != value.type:
        return False
    orders = [tuple(candidate.operands)]
    if op.has_trait(Commutative) or isinstance(op, arith.MuliOp | arith.AddiOp):
        orders.append(tuple(reversed(candidate.operands)))
    for operands in orders:
        attempt = dict(bound)
        if all(
            unify(inner, other, attempt) for inner, other in zip(op.operands, operands, strict=True)
        ):
            bound.update(attempt)
            return True
    return False


@cache
def gemm(config: Config) -> Intrinsic:
    """acc[b, o] += sum over i of inp[b, i] * wgt[o, i], for a block of each.

    That is one step of a core whose GEMM is square; else one for each entry that a block of the
    shorter side takes.
    """
    batch, block = config.batch, config.block
    acc, inp, wgt = Block(
        arg_types=[
            TensorType(i32, [batch, block]),
            TensorType(i8, [batch, block]),
            TensorType(i8, [block, block]),
        ]
    ).args
    nest = NestBuilder({"b": batch, "o": block}, {"i": block})

    def load(name: str, source: SSAValue) -> SSAValue:
        return nest.load(source, [nest.dims[i] for i in LANES[name]])

    loads = {"inp": load("inp", inp), "wgt": load("wgt", wgt)}
    product = nest.binary(arith.MuliOp, *(nest.cast(value, i32) for value in loads.values()))
    total = nest.reduce(Reduction.ADD, product)
    loads["acc"] = load("acc", acc)
    described = nest.finish(nest.binary(arith.AddiOp, loads["acc"], total))
    memories = {"acc": Memory.ACC, "inp": Memory.INP, "wgt": Memory.WGT}
    return Intrinsic("gemm", described, _owners(loads), memories)


_ALU_OPERATIONS: dict[AluKind, Any] = {
    AluKind.ADD: arith.AddiOp,
    AluKind.MAX: arith.MaxSIOp,
    AluKind.MIN: arith.MinSIOp,
    AluKind.SHR: arith.ShRSIOp,
    AluKind.MUL: arith.MuliOp,
}


@cache
def alu(config: Config) -> Mapping[AluKind, Intrinsic]:
    """acc[b, o] = kind(acc[b, o], src[b, o]), for each kind that the core's ALU has."""
    kinds = [kind for kind in AluKind if kind is not AluKind.MUL or config.alu_multiply]
    described: dict[AluKind, Intrinsic] = {}
    for kind in kinds:
        type = TensorType(i32, [config.batch, config.block])
        acc, src = Block(arg_types=[type, type]).args
        nest = NestBuilder({"b": config.batch, "o": config.block})
        loads = {"acc": nest.load(acc, nest.dims), "src": nest.load(src, nest.dims)}
        value = nest.binary(_ALU_OPERATIONS[kind], loads["acc"], loads["src"])
        memories = {"acc": Memory.ACC, "src": Memory.ACC}
        described[kind] = Intrinsic(f"alu.{kind}", nest.finish(value), _owners(loads), memories)
    return described


def _owners(loads: Mapping[str, SSAValue]) -> dict[str, LoadOp]:
    return {name: load.owner for name, load in loads.items() if isinstance(load.owner, LoadOp)}


def alu_kind(op: Operation, config: Config) -> AluKind | None:
    """The ALU instruction whose description computes as `op` does, if the core has one."""
    for kind, intrinsic in alu(config).items():
        if type(intrinsic.nest.yielded.owner) is type(op):
            return kind
    return None
