"""The search for mappings, against all mappings there are, and against published optima."""

from itertools import permutations, product
from math import prod

import numpy as np
import pytest
from array_problems import DATA, layer
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from nopt.hw.array.array_cost import CostModel
from nopt.hw.array.array_estimate import estimate
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.loop_orders import order_classes, reuse
from nopt.hw.array.mapping import violations
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.factorings import Factorings, divisors
from nopt.passes.mapping.mapping_bounds import before_spatial, kept_by, least, undominated
from nopt.passes.mapping.mapping_search import Constraints, MappingSearch

Orders = dict[str, tuple[int, ...]]
PE256 = ArrayMachine.load("pe256")
NESTS = (
    "C[x,y] += A[x,k] * B[k,y]",
    "O[n,c,x] += I[n,c,2*x+f] * W[c,f]",
    "O[n,m,x] += I[n,c,x+2*f] * W[m,c,f]",
    "O[g,n,x] += A[g,x]",
    "y[x] += A[x,k] * B[k,k]",
    "O[x,y] += A[x] * B[y] * C[x,y,k] * D[k]",
    "C[] += A[x] * B[x]",
    "O[x] += A[x,k] * S[]",
)


@st.composite
def small(draw: st.DrawFn) -> tuple[ArrayMachine, Problem]:
    """A nest of a few points, and an array that most of its mappings do not fit."""
    text = draw(st.sampled_from(NESTS))
    loops = sorted(
        {c for c in text if c.islower()} - {"y"}
        if text[0] == "y"
        else {c for c in text if c.islower()}
    )
    extents = {loop: draw(st.sampled_from([1, 2, 3, 4])) for loop in loops}
    assume(prod(extents.values()) <= 48)
    machine = PE256.varied(
        {
            "pes": draw(st.sampled_from([2, 4, 16])),
            "rf": draw(st.sampled_from([12, 32, 128])),
            "spm": draw(st.sampled_from([64, 128, 512])),
            "spm.bank_bytes": draw(st.sampled_from([2, 8])),
            "dma.setup": draw(st.sampled_from([0, 40])),
            "network.energy": draw(st.sampled_from([0.5, 20])),
        }
    )
    return machine, Problem.read(text, extents)


def factorings(extent: int):
    for spatial in divisors(extent):
        for rf in divisors(extent // spatial):
            for spm in divisors(extent // spatial // rf):
                yield spatial, rf, spm, extent // spatial // rf // spm


def all_costs(machine: ArrayMachine, problem: Problem, orders: Orders | None = None) -> np.ndarray:
    """Energy and cycles of each mapping that fits, in every order that differs in what it keeps, or
    in those that are pinned."""
    pinned = orders or {}
    loops = range(len(problem.loops))
    model, costs = CostModel(machine, problem), []
    every = np.array([*product(*map(factorings, map(int, problem.extents)))], float)
    spatial, rf, spm, _ = (list(each) for each in every.transpose(2, 1, 0))
    held, tile = (
        model.held(spatial, rf),
        [s * r * p for s, r, p in zip(spatial, rf, spm, strict=True)],
    )
    words, bank = machine.word_bytes, machine.spm.bank_bytes
    fits = (prod(spatial) <= machine.pes) & (
        sum(each.footprint(rf) for each in problem.operands) <= machine.rf_words
    )
    banks = sum(np.ceil(words * each.footprint(tile) / bank) for each in problem.operands)
    fits &= banks <= machine.spm.banks
    spm_tiles = model.tiles(tile)
    kinds: dict[bytes, list] = {}
    for order in [pinned["spm"]] if "spm" in pinned else permutations(loops):
        uses = reuse(problem, order, spm)
        kinds.setdefault(np.array(uses).tobytes(), uses)
    over_dram: dict[bytes, list] = {}
    for order in [pinned["dram"]] if "dram" in pinned else permutations(loops):
        uses = reuse(problem, order, spm_tiles.trips)
        over_dram.setdefault(np.array(uses).tobytes(), uses)
    for uses, dram_uses in product(kinds.values(), over_dram.values()):
        joined = model.join(held, spm_tiles, prod(spm), uses, dram_uses)
        dram = sum(model.dram_words(spm_tiles, dram_uses)) * machine.dram.energy
        costs.append(np.array([model.energy(held, joined, dram), joined.cycles])[:, fits])
    return np.concatenate(costs, axis=1)


@given(small())
@examples(60)
def test_nothing_is_better_than_what_is_found(case):
    machine, problem = case
    energy, cycles = all_costs(machine, problem)
    if not len(energy):
        with pytest.raises(ValueError, match=r"^no mapping fits .*: found .* expected at most"):
            MappingSearch(machine, problem).run()
        return
    for objective, scores in (("edp", energy * cycles), ("energy", energy), ("cycles", cycles)):
        found = MappingSearch(machine, problem, objective).run()
        (said,) = found.estimates
        assert found.proven
        assert not violations(machine, problem, found.mappings[0])
        score = {"edp": said.edp, "energy": said.energy, "cycles": said.cycles}[objective]
        assert score == pytest.approx(scores.min(), abs=said.cycles)
    front = MappingSearch(machine, problem, "pareto").run().estimates
    for e, t in zip(energy, cycles, strict=True):
        assert any(round(each.energy) <= round(e) and each.cycles <= t for each in front)
    assert [each.cycles for each in front] == sorted({each.cycles for each in front}, reverse=True)


@given(small(), st.data())
@examples(60)
def test_pinned_orders(case, data):
    machine, problem = case
    levels = data.draw(st.sampled_from([("spm",), ("dram",), ("spm", "dram")]))
    order = st.permutations(range(len(problem.loops))).map(tuple)
    orders = {level: data.draw(order) for level in levels}
    energy, cycles = all_costs(machine, problem, orders)
    assume(len(energy))
    for objective, scores in (("edp", energy * cycles), ("energy", energy), ("cycles", cycles)):
        constraints = Constraints(orders=orders)
        found = MappingSearch(machine, problem, objective, constraints).run()
        (said,) = found.estimates
        assert found.proven
        score = {"edp": said.edp, "energy": said.energy, "cycles": said.cycles}[objective]
        assert score == pytest.approx(scores.min(), abs=said.cycles)
        for level in levels:
            assert getattr(found.mappings[0], f"order_{level}") == orders[level]


@given(small(), st.data())
@examples(60)
def test_classes_of_orders_keep_the_most(case, data):
    """Whatever an order keeps of each operand, some real class keeps at least; and a real class
    keeps what its order does."""
    _, problem = case
    trips = [np.array([float(data.draw(st.sampled_from([1, 2, 3])))]) for _ in problem.loops]
    real = [each for each in order_classes(problem) if np.all(each.real(trips))]
    kept = [[float(np.squeeze(x)) for x in each.reuse(trips)] for each in real]
    for each, uses in zip(real, kept, strict=True):
        assert uses == [float(x[0]) for x in reuse(problem, each.order(), trips)]
    for order in permutations(range(len(trips))):
        uses = [float(x[0]) for x in reuse(problem, order, trips)]
        assert any(all(a >= b for a, b in zip(each, uses, strict=True)) for each in kept)


@pytest.mark.parametrize("objective", ["edp", "energy", "cycles"])
@pytest.mark.parametrize("name", DATA["layers"])
def test_proven_optima(name, objective):
    found = MappingSearch(PE256, layer(name), objective).run()
    (said,) = found.estimates
    score = {"edp": said.edp, "energy": said.energy, "cycles": said.cycles}[objective]
    assert found.proven and found.gap == 0
    assert score == pytest.approx(DATA["layers"][name]["optimum"][objective], rel=1e-9)


def test_the_front_of_a_layer():
    found = MappingSearch(PE256, layer("conv5_2"), "pareto").run()
    assert [(each.cycles, float(f"{each.energy:.4e}")) for each in found.estimates] == [
        (3450848, 2.5812e9),
        (2557840, 2.7234e9),
        (2458496, 2.7842e9),
        (2457488, 2.8078e9),
    ]


def test_output_stationary_on_196_pes():
    problem = layer("conv5_2")
    pins = {"spatial": dict(enumerate((1, 4, 1, 7, 7, 1, 1)))}
    constraints = Constraints(pins, {"spm": 0, "dram": 0})
    found = MappingSearch(PE256, problem, "cycles", constraints).run()
    assert found.estimates[0].cycles == 2459648


@pytest.mark.parametrize(
    ("name", "packed", "edp"),
    [
        ("conv5_2", {2}, 6.3460e15),
        ("conv5_1", {2}, 3.9623e15),
        ("conv4_2", {2}, 4.8894e15),
        ("conv5_1", {0, 1, 2}, 3.2590e15),
    ],
)
def test_tiles_in_one_piece_in_dram(name, packed, edp):
    constraints = Constraints(packed=frozenset(packed))
    found = MappingSearch(PE256, layer(name), constraints=constraints).run()
    assert found.estimates[0].edp == pytest.approx(edp, rel=1e-4)


def test_pinned_factors_of_every_level():
    problem = layer("conv5_2")
    best = MappingSearch(PE256, problem).run().mappings[0]
    levels = ("spatial", "rf", "spm", "dram")
    for level in levels:
        pins = {level: dict(enumerate(getattr(best, level)))}
        found = MappingSearch(PE256, problem, constraints=Constraints(pins)).run()
        assert getattr(found.mappings[0], level) == getattr(best, level)
        assert estimate(PE256, problem, found.mappings[0]).edp == pytest.approx(6.8450e15, rel=1e-4)


def test_out_of_time():
    """What is found so far, and by how much it could be better."""
    problem = layer("conv5_2")
    found = MappingSearch(PE256, problem, seconds=0).run()
    assert not found.proven
    best = DATA["layers"]["conv5_2"]["optimum"]["edp"]
    assert found.estimates[0].edp * (1 - found.gap) <= best <= found.estimates[0].edp


def test_determinism():
    runs = [MappingSearch(PE256, layer("conv5_1"), "pareto").run() for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", ["conv4_2", "conv5_1", "conv5_2"])
def test_sizes_of_spaces(name):
    """What fits, and what is left of it by dMazeRunner's three rules of thumb, and by all."""
    problem, data = layer(name), DATA["layers"][name]
    space = Factorings(PE256, problem)

    def used(spatial, rf):
        words = sum(each.footprint(list(rf)) for each in problem.operands)
        return (spatial.prod(axis=0) >= 0.8 * 256) & (words >= 0.8 * 256)

    def filled(tiles):
        return 2 * sum(each.footprint(list(tiles)) for each in problem.operands) >= 0.5 * 65536

    def whole_windows(tiles):
        return (tiles[5:] == np.array(problem.extents[5:])[:, None]).all(axis=0)

    def no_reduction(spatial, rf):
        return (spatial[[2, 5, 6]] == 1).all(axis=0)

    assert prod(len([*factorings(extent)]) for extent in problem.extents) == data["tilings"]
    assert space.count() == data["fit"]
    assert [
        space.count(used, filled),
        space.count(None, whole_windows),
        space.count(no_reduction),
        space.count(
            lambda s, r: used(s, r) & no_reduction(s, r), lambda t: filled(t) & whole_windows(t)
        ),
    ] == data["pruned"]


@given(small(), st.randoms(use_true_random=False))
@examples(60)
def test_bounds_and_dominance(case, random):
    """No mapping is below its bounds, and what is beaten among equal tiles never wins."""
    machine, problem = case
    model, every = CostModel(machine, problem), [*map(list, map(factorings, problem.extents))]
    factors = np.array([random.choice(each) for each in every], float)
    held_factors, tile = factors[:, 0] * factors[:, 1], factors[:, :3].prod(axis=1)
    column = held_factors[:, None]
    spatial, owner = Factorings(machine, problem).spatial(column, np.ones(1))
    held = column[:, owner]
    assume(len(owner))
    pairs, spm = model.held(list(spatial), list(held / spatial)), model.tiles(list(tile))
    grows = [pairs.compute, pairs.reduction, *pairs.energy]
    alive = undominated(grows, owner)
    trips = list(factors[:, 2])
    for over_spm, over_dram in product(order_classes(problem), repeat=2):
        if not (over_spm.real(trips) and over_dram.real(spm.trips)):
            continue
        uses = [float(each) for each in over_dram.reuse(spm.trips)]
        spm_uses = [float(each) for each in over_spm.reuse(trips)]
        joined = model.join(pairs, spm, prod(trips), spm_uses, uses)
        moving = model.energy(pairs, joined, 0.0) - model.fixed_energy
        cycles = joined.cycles + 0 * owner
        kept = kept_by(over_spm, over_dram)
        for tiles in (pairs, before_spatial(model, held)):
            low = least(model, held, tiles, kept)
            assert np.all(low.energy <= moving * (1 + 1e-12))
            assert np.all(np.maximum(low.cycles, model.with_dma(spm, uses)) <= cycles)
        for e, t in zip(moving, cycles, strict=True):
            better = (moving[alive] <= e * (1 + 1e-12)) & (cycles[alive] <= t)
            assert better.any()
