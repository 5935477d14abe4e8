"""The schedule that a mapping means: what moves in each pass, in which bursts and runs.

A tile moves when the next pass needs another one, as in the cost model, so that an operand which no
loop over the scratchpad changes stays in the PEs over several of its passes. Sums start from zero
where a tile of the output comes for the first time, else from what it had before. Words that
several PEs want are sent once, to all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.pass_schedule import (
    ArrayPass,
    Pieces,
    Runs,
    Schedule,
    ScratchpadPass,
    Whole,
    pieces_of,
)
from nopt.hw.array.sim.placed_tiles import PlacedTiles

MOST_PASSES = 1 << 22
"""Of the scratchpad, and of the array in one of these."""
MOST_ADDRESSES = 1 << 22
"""Words of all kinds of passes of the array whose banks are looked at."""


@dataclass(frozen=True, eq=False)
class ArrayTables:
    """What a mapping makes an array do, and where the words are that it moves."""

    tiles: PlacedTiles
    schedule: Schedule


def array_tables(machine: ArrayMachine, problem: Problem, mapping: Mapping) -> ArrayTables:
    """The tables of a mapping.

    Raises ValueError for what `PlacedTiles` refuses, and for more passes than `MOST_PASSES`.
    """
    tiles = PlacedTiles(machine, problem, mapping)
    for level, walk in (("dram", tiles.over_dram), ("spm", tiles.over_spm)):
        if walk.count > MOST_PASSES:
            raise ValueError(
                f"{level}: found {walk.count:,} passes, expected at most {MOST_PASSES:,}"
            )
    operands, output = problem.operands, problem.operands[problem.output]
    walk = tiles.over_dram
    columns = [walk.begins(each) for each in operands]
    columns += [walk.fresh(output), walk.ends(output)]
    codes, order = Runs.coded(_coded(columns))
    kinds = [_scratchpad_pass(tiles, *_bits(code, len(columns))) for code in codes.tolist()]
    names = tuple(each.name for each in operands)
    return ArrayTables(tiles, Schedule(names, problem.output, Runs(tuple(kinds), order)))


def _coded(columns: list[Whole]) -> Whole:
    """Truth values of each pass as one number."""
    return sum(column.astype(np.int64) << bit for bit, column in enumerate(columns))


def _bits(code: int, count: int) -> list[bool]:
    return [bool(code >> bit & 1) for bit in range(count)]


def _scratchpad_pass(tiles: PlacedTiles, *said: bool) -> ScratchpadPass:
    """The pass that brings these operands; whose output's tile comes for the first time; and
    leaves."""
    *begins, fresh, ends = said
    y = tiles.problem.output
    bursts = [_bursts(tiles, x) for x in range(len(begins))]
    reads = [bursts[x] if new and not (x == y and fresh) else () for x, new in enumerate(begins)]
    writes = [bursts[x] if x == y and ends else () for x in range(len(begins))]
    least = prod(tiles.mapping.rf)
    return ScratchpadPass(tuple(reads), tuple(writes), _array_passes(tiles, *said), least)


def _bursts(tiles: PlacedTiles, operand: int) -> Pieces:
    """Bytes of the transfers of a tile; of one that lies in DRAM as a whole, one."""
    boxes, word = tiles.boxes[operand], tiles.machine.word_bytes
    if operand in tiles.mapping.packed:
        return ((boxes.words("tile") * word, 1),)
    return tuple((size * word, count) for size, count in pieces_of(boxes.in_tensor))


def _array_passes(tiles: PlacedTiles, *said: bool) -> Runs[ArrayPass]:
    """The passes of the array in such a pass of the scratchpad."""
    *come, first, leaves = said
    walk, operands, y = tiles.over_spm, tiles.problem.operands, tiles.problem.output
    begins = [walk.begins(each) for each in operands]
    for x, each in enumerate(operands):
        begins[x][0] = come[x] or not walk.single(each)
    ends = walk.ends(operands[y])
    ends[-1] = leaves or not walk.single(operands[y])
    if first:
        begins[y] &= ~walk.fresh(operands[y])
    codes = _coded([*begins, ends])
    conflicts = tiles.machine.pipeline.bank_conflicts != "none"
    if conflicts:
        # Where words lie differs in each pass.
        codes += np.arange(walk.count) << (len(operands) + 1)
    distinct, order = Runs.coded(codes)
    kinds = [_array_pass(tiles, _bits(code, len(operands) + 1)) for code in distinct.tolist()]
    if conflicts:
        kinds = _with_addresses(tiles, kinds)
    return Runs(tuple(kinds), order)


def _array_pass(tiles: PlacedTiles, said: list[bool]) -> ArrayPass:
    """The pass that brings these operands, and whose results leave."""
    *begins, ends = said
    machine, terms, senders = tiles.machine, tiles.terms, tiles.senders
    words = tiles.boxes[tiles.problem.output].words("rf")
    reads = [pieces_of(tiles.boxes[x].in_tile) if new else () for x, new in enumerate(begins)]
    compute = prod(tiles.mapping.rf)
    if ends:
        reduction = words * (tiles.pes - senders)
        return ArrayPass(tuple(reads), compute, words, senders, reduction)
    # The next pass reads the register of a sum two stages after its instruction is fetched; the
    # last product of that sum must have been added by then.
    least = terms + machine.pipeline.multiplier_stages + machine.pipeline.adder_stages
    return ArrayPass(tuple(reads), compute, least=least)


def _with_addresses(tiles: PlacedTiles, kinds: list[ArrayPass]) -> list[ArrayPass]:
    """Each pass in turn, with where its words lie in the scratchpad."""
    boxes, count, y = tiles.boxes, len(kinds), tiles.problem.output
    words = count * sum(each.words("held") for each in boxes)
    if words > MOST_ADDRESSES:
        raise ValueError(
            f"pipeline.bank_conflicts: found {words:,} words in all passes of the array, expected "
            f"at most {MOST_ADDRESSES:,}"
        )
    digits = tiles.over_spm.digits()
    starts = [
        base + each.spm_origin.at(digits, count)
        for base, each in zip(tiles.spm_bases, boxes, strict=True)
    ]
    results = boxes[y].in_tile[tiles.wanted(y)[: tiles.senders]].reshape(-1)
    return [
        replace(
            kind,
            addresses=tuple(
                tuple((starts[x][q] + boxes[x].in_tile).tolist()) if kind.reads[x] else ()
                for x in range(len(boxes))
            ),
            sent_to=tuple((starts[y][q] + results).tolist()) if kind.sent else (),
        )
        for q, kind in enumerate(kinds)
    ]
