"""The search on machines of levels, against all mappings there are."""

from itertools import permutations, product
from math import prod

import numpy as np
import pytest
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from nopt.hw.array.levels.level_cost import level_estimate
from nopt.hw.array.levels.level_machine import (
    AccessEnergy,
    FanOut,
    LevelMachine,
    Mac,
    Memory,
    Spatial,
)
from nopt.hw.array.levels.level_mapping import LevelLoops, LevelMapping, bypassed, level_violations
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import divisors
from nopt.passes.mapping.levels.level_bounds import LevelBounds
from nopt.passes.mapping.levels.level_choices import LevelChoices
from nopt.passes.mapping.levels.level_search import LevelSearch
from nopt.passes.mapping.levels.open_mappings import OpenMappings

NESTS = (
    "C[x,y] += A[x,k] * B[k,y]",
    "C[x] += A[2*x+k,y] * B[k]",
    "C[x,k] += A[x+y] * B[y,k]",
    "C[x,y] += A[x+2*k] * B[y]",
    "C[x,y] += A[x+y,2*x+k] * B[k]",
    "C[] += A[x,y] * B[k]",
    "C[x,y] += A[x,y]",
)
LOOPS = "xyk"
OPERANDS = ("C", "A", "B")


@st.composite
def memories(draw, name):
    held = draw(st.lists(st.sampled_from(OPERANDS), min_size=1, unique=True).map(tuple))
    sizes = st.sampled_from([None, 2, 4, 8, 16, 40])
    rates = st.sampled_from([None, None, 0.5, 2.0])
    return Memory(
        name,
        AccessEnergy(
            draw(st.sampled_from([0, 1, 7])),
            draw(st.sampled_from([0, 2, 5])),
            draw(st.sampled_from([None, 3])),
        ),
        words=draw(sizes),
        operand_words={held[0]: own} if (own := draw(sizes)) else None,
        holds=held,
        double_buffered=draw(st.booleans()),
        block=draw(st.sampled_from([1, 1, 4])),
        read_bandwidth=draw(rates),
        write_bandwidth=draw(rates),
        leak=draw(st.sampled_from([0, 0.5])),
    )


@st.composite
def machines(draw):
    outside = Memory(
        "outside", draw(st.sampled_from([1, 20])), read_bandwidth=draw(st.sampled_from([None, 1]))
    )
    levels = [outside]
    for i in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            axes = FanOut(draw(st.integers(1, 4)), draw(st.integers(1, 3)))
            once = st.booleans()
            energy = draw(st.sampled_from([0, 2, 0.7]))
            widths = draw(st.sampled_from([None, {"A": 2}, {"A": 1, "B": 3}]))
            levels.append(Spatial(f"s{i}", axes, draw(once), draw(once), energy, widths))
        else:
            levels.append(draw(memories(f"m{i}")))
    machine = LevelMachine(
        tuple(levels), Mac(1), OPERANDS, idle_energy=draw(st.sampled_from([0, 3]))
    )
    return machine


@st.composite
def cases(draw):
    text = draw(st.sampled_from(NESTS))
    loops = [loop for loop in LOOPS if loop in text]
    extents = {loop: draw(st.sampled_from([1, 2, 3, 4])) for loop in loops}
    assume(prod(extents.values()) <= 36)
    return draw(machines()), Problem.read(text, extents)


def split(extent, levels):
    """All ways to share an extent out among levels."""
    if levels == 1:
        return [(extent,)]
    return [(f, *rest) for f in divisors(extent) for rest in split(extent // f, levels - 1)]


def all_mappings(machine, problem):
    """Each mapping that fits, in all orders of loops that have trips."""
    levels = machine.levels
    for factors in product(*(split(extent, len(levels)) for extent in problem.extents)):
        orders = []
        for i, level in enumerate(levels):
            several = [
                (loop, each[i])
                for loop, each in zip(problem.loops, factors, strict=True)
                if each[i] > 1
            ]
            alone = isinstance(level, Spatial)
            orders.append([tuple(several)] if alone else [*permutations(several)])
        first = True
        for chosen in product(*orders):
            mapping = LevelMapping(
                tuple(
                    LevelLoops(level.name, loops)
                    for level, loops in zip(levels, chosen, strict=True)
                )
            )
            if first and level_violations(machine, problem, mapping):
                break
            first = False
            yield mapping


def score(said, objective):
    return {"edp": said.energy * said.cycles, "energy": said.energy, "cycles": said.cycles}[
        objective
    ]


@examples(100)
@given(cases())
def test_nothing_is_better_than_what_is_found(case):
    machine, problem = case
    every = [level_estimate(machine, problem, each) for each in all_mappings(machine, problem)]
    if not every:
        with pytest.raises(ValueError, match=r"^no mapping fits"):
            LevelSearch(machine, problem).run()
        return
    for objective in ("edp", "energy", "cycles"):
        found = LevelSearch(machine, problem, objective).run()
        assert found.proven and found.gap == 0
        assert not level_violations(machine, problem, found.mappings[0])
        said = found.estimates[0]
        best = min(score(each, objective) for each in every)
        assert score(said, objective) == pytest.approx(best, abs=said.cycles)
    front = LevelSearch(machine, problem, "pareto").run().estimates
    for each in every:
        assert any(f.energy <= each.energy + 1 and f.cycles <= each.cycles for f in front)


@examples(60)
@given(cases(), st.data())
def test_what_is_pinned_stays(case, data):
    """A level's factors, and its order, as one of the mappings that fit has them."""
    machine, problem = case
    every = [*all_mappings(machine, problem)]
    assume(every)
    model = data.draw(st.sampled_from(every))
    level = data.draw(st.integers(0, len(machine.levels) - 1))
    chosen = dict(model.levels[level].loops)
    pins = {i: chosen.get(loop, 1) for i, loop in enumerate(problem.loops)}
    loops = [problem.loop(loop) for loop in chosen]
    others = [i for i in range(len(problem.loops)) if i not in loops]
    with_order = data.draw(st.booleans()) and isinstance(machine.levels[level], Memory)
    name = machine.levels[level].name
    orders = {name: (*others, *loops)} if with_order else {}
    found = LevelSearch(machine, problem, pins={name: pins}, orders=orders).run()

    def is_pinned(mapping):
        mine = mapping.levels[level].loops
        return mine == tuple(chosen.items()) if with_order else dict(mine) == chosen

    assert is_pinned(found.mappings[0])
    best = min(level_estimate(machine, problem, each).edp for each in every if is_pinned(each))
    said = found.estimates[0]
    assert said.edp == pytest.approx(best, abs=said.cycles)


@examples(20)
@given(cases())
def test_the_best_to_bypass(case):
    machine, problem = case
    names = machine.operand_names(problem)
    ways = [frozenset()]
    for memory in machine.memories[1:]:
        for operand, name in zip(problem.operands, names, strict=True):
            if name in memory.holds:
                ways += [way | {(memory.name, operand.name)} for way in ways]
    assume(1 < len(ways) <= 16)
    every = []
    for way in ways:
        try:
            found = LevelSearch(machine, problem, bypass=way).run()
        except ValueError:
            continue
        mapping = found.mappings[0]
        assert mapping.bypass == way
        alone = level_estimate(
            bypassed(machine, problem, way), problem, LevelMapping(mapping.levels)
        )
        assert found.estimates[0].edp == alone.edp
        every.append(alone.edp)
    assume(every)
    may = frozenset(memory.name for memory in machine.memories[1:])
    said = LevelSearch(machine, problem, may_bypass=may).run().estimates[0]
    assert said.edp == pytest.approx(min(every), abs=said.cycles)


@examples(300)
@given(cases(), st.data())
def test_choices_and_bounds_let_each_mapping_through(case, data):
    machine, problem = case
    every = [*all_mappings(machine, problem)]
    assume(every)
    check_way(machine, problem, data.draw(st.sampled_from(every)))


def check_way(machine, problem, mapping):
    """What a mapping leaves at each level is one of the choices, no bound is above what it takes in
    the end, and that is what the model says."""
    said = level_estimate(machine, problem, mapping)
    model = OpenMappings(machine, problem)
    choices = LevelChoices(model, {}, {})
    columns = model.root()
    model.arrive(columns, 0)
    for i, (level, each) in enumerate(zip(machine.levels, mapping.levels, strict=True)):
        energy, cycles = LevelBounds(model, choices, i).least(columns)
        assert np.any((energy <= said.energy * (1 + 1e-9) + 1) & (cycles <= said.cycles + 1e-9))
        factors = np.ones((len(problem.loops), 1))
        for loop, factor in each.loops:
            factors[problem.loop(loop)] = factor
        tile = columns[model.tile][:, 0]
        left = choices.left(i, tile)
        assert np.any(np.all(left == (tile / factors[:, 0])[:, None], axis=0))
        if isinstance(level, Spatial):
            model.spread(columns, i, factors)
        else:
            order = [problem.loop(loop) for loop, _ in each.loops]
            others = [j for j in range(len(problem.loops)) if j not in order]
            (found,) = LevelChoices(model, {}, {level.name: (*others, *order)}).loop_orders(i)
            kept = found.kept(factors, len(problem.operands))
            model.turn(columns, factors, kept, found.leads(factors))
        if i + 1 < model.end and not isinstance(machine.levels[i + 1], Spatial):
            assert model.fits(columns, i + 1).all()
            model.arrive(columns, i + 1)
    energy, cycles = model.finish(columns)
    assert cycles[0] == said.cycles
    assert energy[0] == pytest.approx(said.energy, abs=1)


@pytest.mark.parametrize(
    ("levels", "text", "extents"),
    [
        # Windows of four instances leave out a gap that the box of all has.
        (
            (
                Spatial("s", FanOut(4), multicast=False, reduction=False),
                Memory("m", AccessEnergy(0, 0), operand_words={"A": 1}, holds=("A",)),
            ),
            "C[x] += A[2*x+k,y] * B[k]",
            {"x": 2, "y": 2, "k": 1},
        ),
        # Each of four instances has a partial sum of its own, which it reads from nowhere.
        (
            (Spatial("s", FanOut(4)), Memory("m", AccessEnergy(7, 0, 0), holds=("C",))),
            "C[] += A[x,y] * B[k]",
            {"x": 4, "y": 1, "k": 1},
        ),
    ],
)
def test_traps(levels, text, extents):
    machine = LevelMachine((Memory("outside", 1), *levels), Mac(1), OPERANDS)
    problem = Problem.read(text, extents)
    every = [*all_mappings(machine, problem)]
    for mapping in every:
        check_way(machine, problem, mapping)
    found = LevelSearch(machine, problem).run().estimates[0]
    assert found.edp == min(level_estimate(machine, problem, each).edp for each in every)


def test_impossible_pins_say_what_they_need():
    """The level, the operands, and by how much."""
    problem = Problem.read("C[x,y] += A[x,k] * B[k,y]", {"x": 64, "y": 32, "k": 96})
    machine = LevelMachine.load("eyeriss_like")
    cases = {
        "ifmap_spad: found A 64 words, expected at most 24": {"psum_spad": {0: 64}},
        "inter_PE_spatial: found y 16 instances, expected loops that fit along x 1 and y 12": {
            "inter_PE_spatial": {1: 16}
        },
    }
    for message, pins in cases.items():
        with pytest.raises(ValueError, match=f"^no mapping fits eyeriss_like: {message}"):
            LevelSearch(machine, problem, pins=pins).run()
