"""`affine-nest-fuse`: inline producers into their consumers, so that one nest does their work.

Operator fusion is body inlining: a load of a producer's result at index `f(iterators)` becomes the
producer's body with its iterators replaced by `f`. Copies (reshape, transpose) vanish into the
index maps of their readers; a contraction moves into the elementwise nest that reads it, which so
becomes its epilogue, and is never computed twice. Equal nests become one. Pieces of joined tensors
are computed in place.
"""

from __future__ import annotations

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
from nopt.dialects.affine_nest.attributes import MUST_RUN_ON
from nopt.passes.affine.analysis import Access, access_of, useful_cut
from nopt.passes.affine.common_nests import merge_nests
from nopt.passes.affine.in_place import (
    fits_blocks,
    is_piece,
    remark_pieces,
    write_in_place,
)
from nopt.passes.affine.iterator_order import in_order
from nopt.passes.affine.nest_builder import NestBuilder
from nopt.passes.dead_code import erase_dead_code
from nopt.passes.machine import machine_of
from nopt.passes.placement import holds_laid_out_nests
from nopt.passes.remarks import anyone_listens, name_of, remark


def _producer(load: LoadOp) -> ForOp | None:
    """The nest that computes all of what is loaded."""
    owner = load.source.owner
    return owner if isinstance(owner, ForOp) and owner.into is None else None


def _is_copy(nest: ForOp) -> bool:
    """Whether the nest only moves elements: one load, yielded as it is."""
    return not nest.reduction_extents and isinstance(nest.yielded.owner, LoadOp)


def _copied(load: LoadOp) -> tuple[LoadOp, Access] | None:
    """The load of the copy that gives what is loaded, and the points of the copy that do.

    A copy into a part of a tensor gives that part; beside it is what was there before.
    """
    read, value = access_of(load), load.source
    while isinstance(nest := value.owner, ForOp):
        written = access_of(nest)
        points = read if nest.into is None else read.points_of(written)
        if points is not None:
            inner = nest.yielded.owner
            if not isinstance(inner, LoadOp) or nest.reduction_extents:
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


@dataclass(frozen=True)
class InlineElementwise(RewritePattern):
    """An elementwise nest with one reader becomes part of it.

    Not into a reduction: the machine's contractions read memory, not computed operands. Into what
    follows a reduction, though.
    """

    block: int

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LoadOp, rewriter: PatternRewriter):
        producer = _producer(op)
        if producer is None or producer.reduction_extents:
            return
        if self.refusal(producer, op) is None:
            _inline(op, producer, rewriter)

    def refusal(self, producer: ForOp, load: LoadOp) -> str | None:
        """Why what is loaded is not computed where it is; None if it can be."""
        if _is_reduced(load.result):
            return "the reader sums over it; the core's sums are of what lies in memory"
        if load.nest.reduction_extents and _reduces(producer):
            return "it has a reduction of its own, if of one point, and so has the reader"
        return _refusal(producer, load, self.block)


def _reduces(nest: NestOp) -> bool:
    """Whether there is a reduction in a nest: of a single point, without reduction iterators."""
    return any(isinstance(op, ReduceOp) for op in nest.body.block.ops)


def _is_reduced(value: SSAValue) -> bool:
    """Whether a reduction reads a scalar of a nest, or what is computed from it."""
    users = [use.operation for use in value.uses]
    return any(isinstance(user, ReduceOp) or any(map(_is_reduced, user.results)) for user in users)


@dataclass(frozen=True)
class InlineContraction(RewritePattern):
    """A reducing nest moves into the one elementwise nest that reads all its elements once.

    Refused if the iterators would have to be divided: the machine tiles plain affine accesses; and
    where an i8 result is widened: the machine stores i8, and what reads the wide one can widen it.
    """

    block: int

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LoadOp, rewriter: PatternRewriter):
        producer = _producer(op)
        if producer is None or not producer.reduction_extents:
            return
        if self.refusal(producer, op) is None:
            _inline(op, producer, rewriter)

    def refusal(self, producer: ForOp, load: LoadOp) -> str | None:
        """Why the reduction does not move to what reads it; None if it can."""
        consumer = load.nest
        if consumer.reduction_extents or _reduces(consumer):
            return "the reader has a reduction of its own"
        if (reason := _refusal(producer, load, self.block)) is not None:
            return reason
        read = access_of(load)
        if read.divides:
            return f"{load.map.data} would divide its iterators; the core tiles plain indices"
        if isinstance(consumer, ForOp) and producer.yielded.type == i8 != consumer.yielded.type:
            return "the reader widens it; the core stores i8"
        if not read.is_bijection(producer.parallel_extents):
            return f"{load.map.data} does not read each element once; sums are computed once"
        return None


def _refusal(producer: ForOp, load: LoadOp, block: int) -> str | None:
    """Why a load is not the one of its source, all inside, in a nest that the machine can run."""
    if not producer.result.has_one_use():
        return "it is read more than once; nothing is computed twice"
    if load.reads_outside():
        return "the reader pads it"
    if isinstance(load.nest, ForOp) and not fits_blocks(load.nest, block):
        return f"the reader writes a part of a tensor that is not in whole blocks of {block} lanes"
    return None


def _inline(load: LoadOp, producer: ForOp, rewriter: PatternRewriter) -> None:
    """Replace `load` by the producer's body, its iterators replaced by the load's indices.

    At most one of the two nests has reduction iterators.
    """
    consumer = load.nest
    reduction = consumer.named_reduction + producer.named_reduction
    nest = NestBuilder.of(consumer.named_parallel, reduction)
    own = nest.dims[len(consumer.parallel_extents) :]
    element = nest.inline(producer, [*load.map.data.results, *own])
    value = nest.inline(consumer, nest.dims[: len(consumer.extents)], {load.result: element})
    fused = nest.finish(value, consumer)
    if MUST_RUN_ON in producer.attributes:
        fused.attributes[MUST_RUN_ON] = producer.attributes[MUST_RUN_ON]
    # A message about the nest should point at its contraction.
    fused.location = producer.location if producer.reduction_extents else consumer.location
    rewriter.replace(consumer, fused)


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

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if holds_laid_out_nests(op):
            return
        # Copies first: a reshape that a contraction can read through must not become the place
        # another contraction writes to.
        block = machine_of(op).block_out
        copies, elementwise, contractions = (
            InlineCopy(),
            InlineElementwise(block),
            InlineContraction(block),
        )
        _rewrite(op, [InOrder(), copies])
        _rewrite(op, [elementwise, contractions])
        # Not before: what two nests can compute by themselves, one would have to store.
        merge_nests(op)
        write_in_place(op, block)
        _rewrite(op, [copies, CutReduction()])
        if anyone_listens():
            _remark_unfused(op, copies, elementwise, contractions)
            remark_pieces(op, block)


def _remark_unfused(
    module: ModuleOp,
    copies: InlineCopy,
    elementwise: InlineElementwise,
    contractions: InlineContraction,
) -> None:
    """Say of each nest that another one reads why they are two."""
    for load in [op for op in module.walk() if isinstance(op, LoadOp)]:
        producer, reader = _producer(load), load.nest
        if producer is None or (isinstance(reader, ForOp) and is_piece(reader)):
            continue
        if _is_copy(producer):
            reason = copies.refusal(load, producer.loads[0])
        else:
            pattern = contractions if producer.reduction_extents else elementwise
            reason = pattern.refusal(producer, load)
        if reason is not None:
            remark(producer, f"is not fused into {name_of(reader)}: {reason}")


def _rewrite(module: ModuleOp, patterns: list[RewritePattern]) -> None:
    PatternRewriteWalker(GreedyRewritePatternApplier(patterns)).rewrite_module(module)
    erase_dead_code(module)
