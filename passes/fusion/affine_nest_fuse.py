"""`affine-nest-fuse`: inline producers into their consumers, so that one nest does their work.

Operator fusion is body inlining: a load of a producer's result at index `f(iterators)` becomes the
producer's body with its iterators replaced by `f`. Copies (reshape, transpose) vanish into the
index maps of their readers; a contraction moves into the elementwise nest that reads it, which so
becomes its epilogue, and is never computed twice. Equal nests become one. Pieces of joined tensors
are computed in place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from nopt.dialects.affine_nest import ForOp, LoadOp, NestOp, ReduceOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.passes.analysis import Access, access_of, useful_cut
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import holds_laid_out_nests
from nopt.passes.base.remarks import anyone_listens, name_of, remark
from nopt.passes.fusion.in_place import (
    fits_blocks,
    is_piece,
    remark_pieces,
    write_in_place,
)
from nopt.passes.fusion.iterator_order import in_order
from nopt.passes.fusion.move_bodies import BodyMover
from nopt.passes.fusion.nest_cse import merge_nests


def _producer(load: LoadOp) -> ForOp | None:
    """The nest that computes all of what is loaded."""
    owner = load.source.owner
    return owner if isinstance(owner, ForOp) and owner.into is None else None


def _copied(load: LoadOp) -> tuple[LoadOp, Access] | None:
    """The load of the copy that gives what is loaded, and the points of the copy that do.

    A copy into a part of a tensor gives that part; beside it is what was there before.
    """
    read, value = access_of(load), load.source
    while isinstance(nest := value.owner, ForOp):
        written = access_of(nest)
        points = read if nest.into is None else read.points_of(written)
        if points is not None:
            if (inner := nest.copied) is None:
                return None
            # What is given to the function is laid out once: with the tensor that it is a part of.
            given = nest.into is not None and not isinstance(inner.source.owner, ForOp)
            return None if given else (inner, points)
        if nest.destination is None or not read.is_disjoint(written):
            return None
        value = nest.destination
    return None


class InlineCopy(RewritePattern):
    """A load from a copy reads what the copy reads, by the composed map."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LoadOp, rewriter: PatternRewriter):
        if (copied := _copied(op)) is None or self.refusal(op, copied[0]) is not None:
            return
        inner, points = copied
        # A pad that no point reads may have to stay: the verifier asks intervals, not ISL.
        inside = access_of(op).is_inside(op.source_shape)
        pad = inner.pad if inside and inner.pad is not None else op.pad
        load = LoadOp(inner.source, points.then(inner.map.data).map, pad)
        load.result.name_hint = op.result.name_hint
        rewriter.replace(op, load)

    def refusal(self, load: LoadOp, inner: LoadOp) -> str | None:
        """Why a load from a copy does not read what that reads, `inner`; None if it can."""
        read = access_of(load)
        if read.is_inside(load.source_shape):
            return None
        stays = read.stays_outside(load.source_shape, inner.map.data, inner.source_shape)
        same_pad = inner.pad == load.pad or access_of(inner).is_inside(inner.source_shape)
        if not stays or not same_pad:
            return f"the reader pads it, and {inner.map.data} reads on where it pads"
        return None


def _inline_all(module: ModuleOp, block: int) -> None:
    """Compute in each nest what it loads, where that can be; the first reader first."""
    mover = BodyMover()
    left: dict[ForOp, list[LoadOp]] = {}
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        left[nest] = []
        loads = deque(nest.loads)
        while loads:
            load = loads.popleft()
            if (producer := _producer(load)) is None:
                continue
            if _refusal(producer, load, block) is not None:
                left[nest].append(load)
                continue
            mover.move(load, producer)
            # What did not go into the producer may go into its reader.
            loads.extendleft(reversed(left.pop(producer, [])))


def _refusal(producer: ForOp, load: LoadOp, block: int) -> str | None:
    """Why what is loaded is not computed where it is; None if it can be.

    That it is the one load of its source, all inside, in a nest that the machine can run, is asked
    first, as it takes no walk through a body.
    """
    if not producer.result.has_one_use():
        return "it is read more than once; nothing is computed twice"
    if load.reads_outside():
        return "the reader pads it"
    if isinstance(load.nest, ForOp) and not fits_blocks(load.nest, block):
        return f"the reader writes a part of a tensor that is not in whole blocks of {block} lanes"
    kind = _contraction_refusal if producer.reduction_extents else _elementwise_refusal
    return kind(producer, load)


def _elementwise_refusal(producer: ForOp, load: LoadOp) -> str | None:
    """Not into a reduction: the machine's contractions read memory, not computed operands. Into
    what follows a reduction, though."""
    if _is_reduced(load.result):
        return "the reader sums over it; the core's sums are of what lies in memory"
    if load.nest.reduction_extents and _reduces(producer):
        return "it has a reduction of its own, if of one point, and so has the reader"
    return None


def _contraction_refusal(producer: ForOp, load: LoadOp) -> str | None:
    """Into an elementwise nest that reads all elements once.

    Refused if the iterators would have to be divided: the machine tiles plain affine accesses; and
    where an i8 result is widened: the machine stores i8, and what reads the wide one can widen it.
    """
    reader, read = load.nest, access_of(load)
    if reader.reduction_extents:
        return "the reader has a reduction of its own"
    if read.divides:
        return f"{load.map.data} would divide its iterators; the core tiles plain indices"
    if isinstance(reader, ForOp) and producer.yielded.type == i8 != reader.yielded.type:
        return "the reader widens it; the core stores i8"
    if not read.is_bijection(producer.parallel_extents):
        return f"{load.map.data} does not read each element once; sums are computed once"
    return "the reader has a reduction of its own" if _reduces(reader) else None


def _reduces(nest: NestOp) -> bool:
    """Whether there is a reduction in a nest: of a single point, without reduction iterators."""
    return any(isinstance(op, ReduceOp) for op in nest.body.block.ops)


def _is_reduced(value: SSAValue) -> bool:
    """Whether a reduction reads a scalar of a nest, or what is computed from it."""
    computed = dict.fromkeys(use.operation for use in value.uses)
    found = [*computed]
    for user in found:
        if isinstance(user, ReduceOp):
            return True
        more = {use.operation for result in user.results for use in result.uses} - computed.keys()
        computed |= dict.fromkeys(more)
        found += more
    return False


class InOrder(RewritePattern):
    """Iterators of a nest that writes into a tensor run in the order of its dimensions."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ForOp, rewriter: PatternRewriter):
        if (ordered := in_order(op)) is not None:
            rewriter.replace(op, ordered)


class CutReduction(RewritePattern):
    """Cut a reduction iterator that is divided: `k floordiv 4`, `k mod 4` become `k0`, `k1`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ForOp, rewriter: PatternRewriter):
        exprs = [expr for load in op.loads for expr in access_of(load).simplified.results]
        found = useful_cut(exprs, op.extents, first=len(op.parallel_extents))
        if found is None:
            return
        position, divisor = found
        index = position - len(op.parallel_extents)
        named = op.named_reduction
        name, extent = named[index]
        named[index : index + 1] = [(f"{name}0", extent // divisor), (f"{name}1", divisor)]
        nest = NestBuilder.of(op.named_parallel, named)
        whole = nest.dims[position] * divisor + nest.dims[position + 1]
        indices = [*nest.dims[:position], whole, *nest.dims[position + 2 :]]
        rewriter.replace(op, nest.finish(nest.inline(op, indices), op))


@dataclass(frozen=True)
class AffineNestFusePass(ModulePass):
    """Inline copies, elementwise nests and contractions into their readers; join in place."""

    name = "affine-nest-fuse"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if holds_laid_out_nests(op):
            return
        # Copies first: a reshape that a contraction can read through must not become the place
        # another contraction writes to.
        block = machine_of(op).block
        copies = InlineCopy()
        _rewrite(op, [InOrder(), copies])
        _inline_all(op, block)
        erase_dead_code(op)
        # Not before: what two nests can compute by themselves, one would have to store.
        merge_nests(op)
        write_in_place(op, block)
        _rewrite(op, [copies, CutReduction()])
        if anyone_listens():
            _remark_unfused(op, copies, block)
            remark_pieces(op, block)


def _remark_unfused(module: ModuleOp, copies: InlineCopy, block: int) -> None:
    """Say of each nest that another one reads why they are two."""
    for load in [op for op in module.walk() if isinstance(op, LoadOp)]:
        producer, reader = _producer(load), load.nest
        if producer is None or (isinstance(reader, ForOp) and is_piece(reader)):
            continue
        if (inner := producer.copied) is not None:
            reason = copies.refusal(load, inner)
        else:
            reason = _refusal(producer, load, block)
        if reason is not None:
            remark(producer, f"is not fused into {name_of(reader)}: {reason}")


def _rewrite(module: ModuleOp, patterns: list[RewritePattern]) -> None:
    PatternRewriteWalker(GreedyRewritePatternApplier(patterns)).rewrite_module(module)
    erase_dead_code(module)
