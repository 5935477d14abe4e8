"""The cost of mappings, against what dMazeRunner says of them."""

from dataclasses import replace

import pytest
from array_problems import DATA, case_problem, conv, layer, mapping, product

from nopt.hw.array.array_estimate import estimate
from nopt.hw.array.array_machine import ArrayMachine, array_names
from nopt.hw.array.loop_orders import distinct_orders
from nopt.hw.array.mapping import violations
from nopt.hw.array.problem import Problem
from nopt.hw.config import ConfigError

PE256 = ArrayMachine.load("pe256")


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: case["id"])
def test_cases(case):
    problem, mapped = case_problem(case), mapping(case)
    found = estimate(PE256, problem, mapped)
    assert found.cycles == case["cycles"]
    assert abs(found.energy - case["energy"]) <= 1
    assert sum(found.by_cause.values()) == found.cycles
    assert min(found.by_cause.values()) >= 0
    assert sum(found.by_level.values()) == pytest.approx(found.energy, abs=1)
    assert (not violations(PE256, problem, mapped)) == case["fits"]


def test_energies_of_yang_et_al():
    """21 methods for conv5_2 by two models, 4.19 % apart in the mean."""
    apart, problem = [], layer("conv5_2")
    for row in DATA["yang"]:
        energy = estimate(PE256, problem, mapping(row)).energy
        assert abs(energy - row["energy"]) <= 1, row["dataflow"]
        apart.append(abs(energy / row["yang"] - 1))
    assert len(apart) == 21
    assert 100 * sum(apart) / 21 == pytest.approx(4.19, abs=0.005)


def test_weights_tile_by_tile_take_one_burst():
    case = next(c for c in DATA["cases"] if c["id"].startswith("resnet_conv5_2"))
    problem, mapped = layer("conv5_2"), mapping(case)
    packed = estimate(PE256, problem, replace(mapped, packed=frozenset({2})))
    assert packed.cycles <= estimate(PE256, problem, mapped).cycles
    assert packed.energy == estimate(PE256, problem, mapped).energy


@pytest.mark.parametrize(
    ("problem", "orders"),
    [
        (conv([2] * 7, 1, 3), 15),
        (product(2, 2, 2), 3),
        (Problem.read("O[n,c,x] += I[n,c,x+f] * W[c,f]", {"n": 2, "c": 2, "x": 2, "f": 2}), 5),
        (Problem.read("O[n,m] += I[n,c,f] * W[m,c,f]", {"n": 2, "m": 2, "c": 2, "f": 2}), 5),
    ],
)
def test_orders_that_differ(problem, orders):
    assert distinct_orders(problem) == orders


def test_depthwise_orders_that_differ():
    problem = Problem.read(
        "O[n,c,x,y] += I[n,c,x+f,y+g] * W[c,f,g]", {"n": 2, "c": 2, "x": 2, "y": 2, "f": 2, "g": 2}
    )
    assert distinct_orders(problem) == 11


def test_what_does_not_fit_says_where_and_how_much():
    case = next(c for c in DATA["cases"] if not c["fits"])
    (found,) = violations(PE256, case_problem(case), mapping(case))
    assert str(found) == (
        "spm: found O 3,136 + I 615 + W 10 = 3,761 banks of 2,048 bytes, expected at most 32"
    )


def test_wrong_mappings():
    problem, mapped = (
        product(4, 4, 4),
        mapping({"factors": [[2] * 3] * 4, "orders": [[0, 1, 2]] * 2}),
    )
    with pytest.raises(ValueError, match=r"^loop X: found 2 \* 2 \* 2 \* 2 = 16, expected 4$"):
        estimate(PE256, problem, mapped)
    with pytest.raises(ValueError, match=r"^order_spm: found loops \[0, 0, 1\]"):
        estimate(PE256, product(16, 16, 16), replace(mapped, order_spm=(0, 0, 1)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C[X,Y] = A[X]", "found 'C\\[X,Y\\] = A\\[X\\]', expected such as"),
        ("C[X] += A[X+Z]", "index 'X\\+Z': found 'Z', expected a loop with an extent"),
    ],
)
def test_wrong_problems(text, message):
    with pytest.raises(ValueError, match=message):
        Problem.read(text, {"X": 2, "Y": 2})


def test_problems_that_leave_their_tensors():
    with pytest.raises(ValueError, match="operand A: dimension 0 has 3 elements, expected 4 or"):
        Problem.read("C[X] += A[X+K]", {"X": 3, "K": 2}, {"A": (3,)})
    with pytest.raises(ValueError, match="loop X: found extent 0, expected 1 or more"):
        Problem.read("C[X] += A[X]", {"X": 0})
    with pytest.raises(ValueError, match="operand D: expected one of C, A"):
        Problem.read("C[X] += A[X]", {"X": 1}).operand("D")


@pytest.mark.parametrize("name", array_names())
def test_presets(name):
    machine = ArrayMachine.load(name)
    assert machine.name == name
    assert ArrayMachine.from_json(machine.to_json()) == machine


def test_energy_goes_with_size():
    sizes = [16 << i for i in range(7)]
    found = [PE256.varied({"rf": size}).rf_energy for size in sizes]
    assert found == pytest.approx([0.03, 0.06, 0.12, 0.24, 0.48, 0.96, 1.92])
    found = [PE256.varied({"spm": size << 10}).spm_energy for size in sizes]
    assert found == pytest.approx([4, 6, 9, 13.5, 20.25, 30.375, 45.5625])
    table = PE256.varied({"spm.energy.table": {"131072": 14}})
    assert (table.spm_energy, table.varied({"spm": 65536}).spm_energy) == (14, 9)
    assert PE256.varied({"rf": 64, "pes": 64}).name == "pe256+rf=64+pes=64"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pe": 4}, "pe: unknown key, did you mean pes?"),
        ({"dma.set_up": 4}, "dma.set_up: unknown key, did you mean setup?"),
        ({"dna.setup": 4}, "dna.setup: unknown key, did you mean dma?"),
        ({"spm": "large"}, "spm.bytes: found 'large', expected an integer"),
        ({"pes": 0}, "pes: found 0, expected 1 or more"),
        ({"mhz": 0}, "mhz: found 0.0, expected more than 0"),
        ({"spm": 2048}, "spm.bytes: found 2048, expected 4096 or more"),
    ],
)
def test_impossible_arrays(changes, message):
    with pytest.raises(ConfigError) as caught:
        PE256.varied(changes)
    assert str(caught.value) == message


def test_unknown_presets(tmp_path):
    with pytest.raises(ConfigError, match="none: no such file or preset, expected one of pe256"):
        ArrayMachine.load("none")
    path = tmp_path / "a.json"
    path.write_text('{"pes": 4}')
    with pytest.raises(ConfigError, match=r"a\.json: rf: found none, expected it"):
        ArrayMachine.load(path)
