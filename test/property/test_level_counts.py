"""Counts of mappings on machines of levels, against a walk through the nest that looks at tiles."""

from collections import defaultdict
from dataclasses import replace
from itertools import product
from math import prod

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from nopt.hw.array.levels.level_cost import level_estimate
from nopt.hw.array.levels.level_machine import FanOut, LevelMachine, Mac, Memory, Spatial
from nopt.hw.array.levels.level_mapping import LevelLoops, LevelMapping, level_violations
from nopt.hw.array.problem import Problem

TEXTS = (
    "C[x,y] += A[x,k] * B[k,y]",
    "C[x,y] += A[2*x+k,y] * B[k]",
    "C[x] += A[x+2*y+k] * B[y,k]",
    "C[x+y,k] += A[x,k] * B[y]",
    "C[3*x+k] += A[x,y] * B[y,k]",
    "C[x,k] += A[x+k,x] * B[y]",
    "C[x+k,x] += A[x,y] * B[y,k]",
    "C[] += A[x,y] * B[k]",
    "C[2*x+3*y] += A[x+4*y,k] * B[k]",
)
LOOPS = "xyk"


@st.composite
def problems(draw):
    extents = {loop: draw(st.sampled_from([1, 2, 3, 4, 6])) for loop in LOOPS}
    return Problem.read(draw(st.sampled_from(TEXTS)), extents)


@st.composite
def machines(draw):
    held = st.lists(st.sampled_from("CAB"), min_size=1, unique=True).map(tuple)
    levels = [Memory("outside", 1)]
    for i in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            levels.append(
                Spatial(f"s{i}", FanOut(36, 36), draw(st.booleans()), draw(st.booleans()))
            )
        else:
            levels.append(Memory(f"m{i}", 1, holds=draw(held)))
    return LevelMachine(tuple(levels), Mac(1), ("C", "A", "B"))


@st.composite
def mappings(draw, machine, problem):
    """Prime factors of each loop at random levels, in random orders."""
    found = [[] for _ in machine.levels]
    for loop, extent in zip(problem.loops, problem.extents, strict=True):
        for prime in (2, 3):
            while extent % prime == 0:
                extent //= prime
                found[draw(st.integers(0, len(found) - 1))].append((loop, prime))
    orders = [tuple(draw(st.permutations(loops))) for loops in found]
    names = [level.name for level in machine.levels]
    return LevelMapping(tuple(map(LevelLoops, names, orders)))


@st.composite
def mapped(draw):
    problem, machine = draw(problems()), draw(machines())
    return machine, problem, draw(mappings(machine, problem))


class Walk:
    """The nest, run: `boxes[level, operand]` has what is touched inside of a level, the least and
    the largest index in each dimension, by the indices of all loops around it."""

    def __init__(self, machine, problem, mapping):
        self.machine, self.problem = machine, problem
        self.loops = [
            (level, loop, factor)
            for level, each in enumerate(mapping.levels)
            for loop, factor in each.loops
        ]
        self.end = len(machine.levels)
        self.boxes = defaultdict(dict)
        for indices in product(*(range(factor) for _, _, factor in self.loops)):
            at = dict.fromkeys(problem.loops, 0)
            for (_, loop, factor), index in zip(self.loops, indices, strict=True):
                at[loop] = at[loop] * factor + index
            for x, operand in enumerate(problem.operands):
                word = tuple(
                    sum(s * at[loop] for s, loop in zip(dim.strides, problem.loops, strict=True))
                    for dim in operand.dims
                )
                for level in range(self.end + 1):
                    around = indices[: self.around(level)]
                    least, most = self.boxes[level, x].get(around, (word, word))
                    self.boxes[level, x][around] = (
                        tuple(map(min, least, word)),
                        tuple(map(max, most, word)),
                    )

    def around(self, level):
        return sum(each < level for each, _, _ in self.loops)

    def is_spatial(self, level):
        return isinstance(self.machine.levels[level], Spatial)

    def holds(self, level, x):
        name = self.problem.operands[x].name
        memory = self.machine.levels[level]
        return isinstance(memory, Memory) and (memory.holds is None or name in memory.holds)

    def words(self, level, x, around):
        least, most = self.boxes[level, x][around]
        spans = [range(a, b + 1) for a, b in zip(least, most, strict=True)]
        return frozenset(product(*spans))

    def indexed(self, x):
        """The loops that index an operand."""
        loops = self.problem.loops
        return {
            loop
            for dim in self.problem.operands[x].dims
            for loop, stride in zip(loops, dim.strides, strict=True)
            if stride
        }

    def fetches(self, level, x):
        """What each instance of a level takes in at each step of the loops around it: a list over
        time of dictionaries by instance."""
        around = self.loops[: self.around(level)]
        times = [range(1) if self.is_spatial(at) else range(n) for at, _, n in around]
        spaces = [range(n) if self.is_spatial(at) else range(1) for at, _, n in around]
        temporal = [i for i, (at, _, _) in enumerate(around) if not self.is_spatial(at)]
        before, last, steps = {}, None, []
        for time in product(*times):
            changed = [i for i in temporal if last is None or time[i] != last[i]]
            step = {}
            for space in product(*spaces):
                indices = tuple(map(sum, zip(time, space, strict=True)))
                new = self.words(level, x, indices)
                if level == self.end or last is None:
                    step[space] = new
                elif not {around[i][1] for i in changed} & self.indexed(x):
                    step[space] = frozenset()
                else:
                    old = before[space]
                    slides = changed == temporal[-1:] and along_one(old, new)
                    step[space] = new - old if slides else new
                before[space] = new
            last = time
            steps.append(step)
        return steps

    def requests(self, level, inner, x, step, space, seen, sent):
        """What a level hears of its inside at one step, from all instances behind `space`: sets of
        words, in nested tuples. `sent` adds up what passes each spatial level on the way."""
        if level == inner:
            return step[space]
        here = [i for i, (at, _, _) in enumerate(self.loops) if at == level]
        heard = []
        for indices in product(*(range(self.loops[i][2]) for i in here)):
            inside = list(space) + [0] * (self.around(level + 1) - len(space))
            if self.is_spatial(level):
                for i, index in zip(here, indices, strict=True):
                    inside[i] = index
            elif any(indices):
                continue
            each = self.requests(level + 1, inner, x, step, tuple(inside), seen, sent)
            heard.append(each)
            if self.is_spatial(level):
                sent[level] += count(each)
                if x == self.problem.output:
                    sent[level] += fresh(each, seen[level, tuple(inside)])
        if self.is_spatial(level):
            found = self.machine.levels[level]
            if found.reduction if x == self.problem.output else found.multicast:
                heard = list(dict.fromkeys(heard))
        return tuple(heard)


def along_one(old, new):
    """Whether a box has moved along one dimension."""
    return sum(a != b for a, b in zip(min(old), min(new), strict=True)) == 1


def count(heard):
    return len(heard) if isinstance(heard, frozenset) else sum(map(count, heard))


def fresh(heard, seen):
    """How many words of these have been there before, where each counts as often as it is said."""
    if isinstance(heard, frozenset):
        known = len(heard & seen)
        seen |= heard
        return known
    return sum(fresh(each, seen) for each in heard)


@examples(400)
@given(mapped())
def test_counts_are_those_of_a_walk(case):
    machine, problem, _ = case
    walk, found = Walk(*case), level_estimate(*case)
    temporal = [n for level, _, n in walk.loops if not walk.is_spatial(level)]
    assert found.cycles == prod(temporal)
    sent = {level.name: {} for level in machine.levels if isinstance(level, Spatial)}
    for x, operand in enumerate(problem.operands):
        passed = defaultdict(int)
        for level, memory in enumerate(machine.levels):
            if not walk.holds(level, x):
                continue
            said = found.traffic[memory.name][operand.name]
            inner = next((i for i in range(level + 1, walk.end) if walk.holds(i, x)), walk.end)
            seen, wanted, again = defaultdict(set), 0, 0
            steps = walk.fetches(inner, x)
            spaces = [
                range(n) if walk.is_spatial(at) else range(1)
                for at, _, n in walk.loops[: walk.around(level)]
            ]
            for step in steps:
                for space in product(*spaces):
                    heard = walk.requests(level, inner, x, step, space, seen, passed)
                    wanted += count(heard)
                    again += fresh(heard, seen[level, space])
            filled, first = 0, defaultdict(set)
            for step in walk.fetches(level, x) if level else ():
                for space, words in step.items():
                    known = len(words & first[space])
                    first[space] |= words
                    filled += known if x == problem.output else len(words)
            assert said.instances == prod(map(len, spaces))
            assert said.instances * said.fills == filled
            if x == problem.output:
                assert said.instances * said.updates == wanted
                assert said.instances * said.reads == said.instances * said.reductions == again
            else:
                assert said.instances * said.reads == wanted
                assert said.updates == said.reductions == 0
            sizes = {len(walk.words(level, x, each)) for each in walk.boxes[level, x]}
            assert sizes == {said.tile}
        for level, words in passed.items():
            sent[machine.levels[level].name][operand.name] = words
    for name, words in sent.items():
        assert found.words[name] == words


@examples(200)
@given(mapped(), st.integers(1, 40), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_what_fits_is_what_a_walk_holds(case, words, x, y, halves):
    """Also if A has a part of its own in each memory, as large as what the others share."""
    machine, problem, mapping = case
    levels = [machine.levels[0]]
    for each in machine.levels[1:]:
        if isinstance(each, Spatial):
            levels.append(Spatial(each.name, FanOut(x, y)))
        else:
            own = {"A": words} if "A" in each.holds else None
            levels.append(replace(each, words=words, operand_words=own, double_buffered=halves))
    machine, walk = replace(machine, levels=tuple(levels)), Walk(machine, problem, mapping)
    room, wrong = words // 2 if halves else words, set()
    for level, each in enumerate(levels[1:], 1):
        factors = [n for at, _, n in walk.loops if at == level]
        if isinstance(each, Spatial):
            ways = product((0, 1), repeat=len(factors))
            if not any(along(factors, way, 0) <= x and along(factors, way, 1) <= y for way in ways):
                wrong.add(each.name)
        else:
            first = (0,) * walk.around(level)
            held = {
                operand.name: len(walk.words(level, i, first))
                for i, operand in enumerate(problem.operands)
                if walk.holds(level, i)
            }
            if held.pop("A", 0) > room or sum(held.values()) > room:
                wrong.add(each.name)
    assert {each.level for each in level_violations(machine, problem, mapping)} == wrong


def along(factors, way, axis):
    return prod(n for n, at in zip(factors, way, strict=True) if at == axis)
