"""The cost of mappings on machines of levels, against what Timeloop says of its example designs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from nopt.hw.array.levels.level_cost import level_estimate
from nopt.hw.array.levels.level_machine import (
    FanOut,
    LevelMachine,
    Mac,
    Memory,
    Spatial,
    level_machine_names,
)
from nopt.hw.array.levels.level_mapping import LevelMapping, level_violations
from nopt.hw.array.problem import Problem
from nopt.hw.config import ConfigError

DATA = json.loads(
    (Path(__file__).parents[2] / "data" / "timeloop.json").read_text(encoding="utf-8")
)
DESIGNS = DATA["designs"]
COUNTS = ("instances", "reads", "fills", "updates", "reductions")


def problem(design):
    extents = {name: design["problem"][name] for name in "CMNPQRS"}
    stride = design["problem"]["stride"]
    return Problem.read(
        f"Outputs[N,M,Q,P] += Inputs[N,C,{stride}*P+R,{stride}*Q+S] * Weights[C,M,R,S]", extents
    )


def mapping(design):
    return LevelMapping.of(
        {
            each["level"]: [(loop, factor) for loop, factor, _ in each["loops"]]
            for each in design["mapping"]
        }
    )


def estimate(name):
    design = DESIGNS[name]
    return level_estimate(LevelMachine.load(name), problem(design), mapping(design))


def operands(name):
    """What the reference says of each operand at each memory."""
    for level, said in DESIGNS[name]["levels"].items():
        for operand, words in said.items():
            if isinstance(words, dict):
                yield level, operand, words


def printed(value, digits=2):
    """As the reference prints it."""
    return f"{value:.{digits}f}"


@pytest.mark.parametrize("name", DESIGNS)
def test_words_of_reference_designs(name):
    found = estimate(name).traffic
    said = list(operands(name))
    assert {(level, x) for level, held in found.items() for x in held} == {
        (level, x) for level, x, _ in said
    }
    for level, operand, words in said:
        each = found[level][operand]
        assert each.tile == words["capacity"], (level, operand)
        for count in COUNTS:
            assert getattr(each, count) == words[count], (level, operand, count)
    for each in DESIGNS[name]["mapping"]:
        for operand, tile in each["tile_words"].items():
            assert found[each["level"]][operand].tile == tile


@pytest.mark.parametrize("case", DATA["exercises"]["cases"], ids=lambda case: case["name"])
def test_words_of_exercises(case):
    """Of its tutorial: one to three memories, and the first design with another layer."""
    extents = dict.fromkeys(re.findall(r"\b[A-Z]\b", case["nest"]), 1)
    for _, _, loops in case["levels"]:
        for loop, factor in loops:
            extents[loop] *= factor
    nest = Problem.read(case["nest"], extents)
    levels = tuple(
        Spatial(name, FanOut(16, 16)) if holds is None else Memory(name, 1, holds=tuple(holds))
        for name, holds, _ in case["levels"]
    )
    machine = LevelMachine(levels, Mac(1), tuple(operand.name for operand in nest.operands))
    mapped = LevelMapping.of({name: map(tuple, loops) for name, _, loops in case["levels"]})
    found = level_estimate(machine, nest, mapped)
    counts = DATA["exercises"]["counts"]
    assert {
        level: {
            operand: [getattr(each, count) for count in counts] for operand, each in held.items()
        }
        for level, held in found.traffic.items()
        if held
    } == case["words"]
    assert found.cycles == case["cycles"]


@pytest.mark.parametrize("name", DESIGNS)
def test_energy_of_reference_designs(name):
    design, found = DESIGNS[name], estimate(name)
    for level, operand, words in operands(name):
        each = found.traffic[level][operand]
        assert printed(each.energy) == printed(words["energy_pj"]), (level, operand)
        accesses = found.words[level][operand]
        assert printed(each.energy / accesses) == printed(words["pj_per_access"]), (level, operand)
    assert printed(found.by_level["mac"]) == printed(design["levels"]["mac"]["energy_pj"])
    # These count what leaks too.
    computes = design["summary"]["computes"]
    for level, energy in design["fj_per_compute"].items():
        picojoules = found.energy if level == "Total" else found.by_level[level]
        assert printed(1000 * picojoules / computes) == printed(energy), level
    assert printed(found.energy / 1e6) == printed(design["summary"]["energy_uj"])


@pytest.mark.parametrize("name", DESIGNS)
def test_cycles_of_reference_designs(name):
    design, found = DESIGNS[name], estimate(name)
    assert found.cycles == design["summary"]["cycles"]
    assert found.by_cause["compute"] == found.cycles
    assert printed(100 * found.utilisation) == printed(design["summary"]["utilization"])
    assert found.used_macs == design["levels"]["mac"]["utilized"]
    assert found.edp == found.energy * found.cycles


@pytest.mark.parametrize("name", DESIGNS)
def test_presets_have_the_sizes_of_reference_designs(name):
    machine, design = LevelMachine.load(name), DESIGNS[name]
    assert not level_violations(machine, problem(design), mapping(design))
    assert machine.macs == design["levels"]["mac"]["instances"]
    assert printed(machine.mac.energy) == printed(design["levels"]["mac"]["compute_pj"])
    for memory in machine.memories:
        said = design["levels"][memory.name]
        assert memory.words == said.get("size")
        assert memory.block == said["block"]
        assert machine.instances(memory) == said["instances"]
        access = memory.access("")
        most = max(access.read, access.write) / memory.cluster
        assert printed(most) == printed(said["vector_access_pj"])


@pytest.mark.parametrize("name", level_machine_names())
def test_presets_are_read_and_written(name):
    machine = LevelMachine.load(name)
    assert machine.name == name
    assert machine.source
    assert LevelMachine.from_json(machine.to_json()) == machine


MACHINE = {
    "operands": ["C", "A", "B"],
    "levels": [
        {"name": "dram", "energy": 200},
        {"name": "spm", "words": 64, "holds": ["A", "C"], "energy": {"read": 5, "write": 6}},
        {"name": "pes", "spatial": {"x": 4, "y": 3}, "energy": 2},
        {"name": "rf", "operand_words": {"A": 8}, "words": 16, "energy": 1},
    ],
    "mac": {"energy": 0.5},
}


def changed(**values):
    return {**MACHINE, **values}


def with_level(i, **values):
    levels = [dict(level) for level in MACHINE["levels"]]
    levels[i] |= values
    return changed(levels=levels)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed(operand=[]), "operand: unknown key, did you mean operands?"),
        (with_level(1, word=4), "levels[1].word: unknown key, did you mean words?"),
        (
            with_level(1, energy={"reads": 4}),
            "levels[1].energy.reads: unknown key, did you mean re",
        ),
        (
            with_level(2, spatial={"x": 4, "z": 4}),
            "levels[2].spatial.z: unknown key, expected x, y",
        ),
        (
            with_level(1, operand_energy={"A": {"read": 1, "writ": 1}}),
            "levels[1].operand_energy.A.writ: unknown key, did you mean write?",
        ),
        (with_level(1, words="all"), "levels[1].words: found 'all', expected an integer"),
        (with_level(1, words=0), "spm.words: found 0, expected 1 or more"),
        (with_level(1, read_bandwidth=0), "spm.read_bandwidth: found 0.0, expected more than 0"),
        (with_level(1, holds=["C", "X"]), "spm.holds: found X, expected C, A, B"),
        (with_level(1, operand_words={"B": 4}), "spm.operand_words: found B, expected A, C"),
        (with_level(0, holds=["C"]), "dram.holds: found C, expected all operands, as it is outer"),
        (with_level(3, name="spm"), "levels: found the name spm twice, expected distinct names"),
        (with_level(3, name="mac"), "levels: found the name mac twice, expected distinct names"),
        (with_level(3, cluster=5), "rf.cluster: found 5, expected a divisor of its 12 instances"),
        (with_level(2, spatial={"x": 0}), "pes.spatial.x: found 0, expected 1 or more"),
        (changed(levels=MACHINE["levels"][2:]), "levels: expected a memory outermost"),
        (changed(mac={}), "mac.energy: found none, expected it"),
    ],
)
def test_impossible_machines(data, message):
    with pytest.raises(ConfigError) as caught:
        LevelMachine.from_json(data)
    assert str(caught.value).startswith(message)


PRODUCT = Problem.read("C[x,y] += A[x,k] * B[k,y]", {"x": 4, "y": 6, "k": 8})
MAPPING = {
    "dram": [("k", 2), ("y", 2)],
    "spm": [("x", 2)],
    "pes": [("x", 2), ("y", 3)],
    "rf": [("k", 4)],
}


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"drum": []}, "level drum: unknown, did you mean dram?"),
        ({"spm": [], "dram": []}, "level dram: found inside spm, expected each once, as dram, spm"),
        ({"spm": [("z", 2)]}, "level spm: loop z: unknown, expected x, y, k"),
        ({"spm": [("x", 0)]}, "level spm: loop x: found factor 0, expected 1 or more"),
        ({"dram": [("x", 2)], "rf": [("x", 4)]}, "loop x: found 2 * 4 = 8, expected 4"),
        ({"dram": [("x", 4)]}, "loop y: found no factors = 1, expected 6"),
    ],
)
def test_wrong_mappings_at_levels(levels, message):
    with pytest.raises(ValueError) as caught:
        level_estimate(LevelMachine.from_json(MACHINE), PRODUCT, LevelMapping.of(levels))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (MACHINE, []),
        (
            with_level(1, words=20),
            ["spm: found C 12 + A 16 = 28 words, expected at most 20"],
        ),
        (
            with_level(1, words=50, double_buffered=True),
            ["spm: found C 12 + A 16 = 28 words, expected at most 25"],
        ),
        (
            with_level(3, operand_words={"A": 3}, words=4),
            [
                "rf: found A 4 words, expected at most 3",
                "rf: found C 1 + B 4 = 5 words, expected at most 4",
            ],
        ),
        (
            with_level(2, spatial={"x": 5}),
            ["pes: found x 2 * y 3 = 6 instances, expected loops that fit along x 5 and y 1"],
        ),
        (
            with_level(2, spatial={"x": 2, "y": 2}),
            ["pes: found x 2 * y 3 = 6 instances, expected loops that fit along x 2 and y 2"],
        ),
    ],
)
def test_mappings_that_do_not_fit_levels(data, messages):
    found = level_violations(LevelMachine.from_json(data), PRODUCT, LevelMapping.of(MAPPING))
    assert [str(each) for each in found] == messages


def test_one_product_by_hand():
    """C[4,6] += A[4,8] B[8,6]: 8 steps on 6 of 12 PEs, in each 4 multiplications."""
    found = level_estimate(LevelMachine.from_json(MACHINE), PRODUCT, LevelMapping.of(MAPPING))
    assert found.cycles == 2 * 2 * 2 * 4
    assert found.utilisation == 192 / (32 * 12)
    dram, spm, rf = (found.traffic[name] for name in ("dram", "spm", "rf"))
    # A's tile of [4, 4] stays while y turns; C's of [4, 3] is half done the first time.
    assert (spm["A"].fills, dram["A"].reads) == (2 * 16, 2 * 16)
    assert (spm["C"].fills, dram["C"].reads, dram["C"].updates) == (2 * 12, 2 * 12, 4 * 12)
    # B's column of 4 goes to the two PEs along x at once, and stays while x turns.
    assert (rf["B"].fills, dram["B"].reads) == (4 * 4, 4 * 4 * 3)
    assert (rf["A"].fills, spm["A"].reads) == (8 * 4, 8 * 4 * 2)
    assert found.words["pes"] == {"C": 6 * (8 + 4), "A": 6 * 32, "B": 6 * 16}
    assert found.by_level["spm"] == (
        5 * (spm["A"].reads + spm["C"].reads)
        + 6 * (spm["A"].fills + spm["C"].fills + spm["C"].updates)
    )
    assert found.by_level["pes"] == 2 * 6 * (12 + 32 + 16)
    assert found.by_level["mac"] == 96
    assert found.energy == round(sum(found.by_level.values()))


def test_operands_are_known_by_their_places():
    """The result first, then what is read, if a machine does not know their names."""
    nest = Problem.read("Z[x,y] += X[x,k] * Y[k,y]", {"x": 4, "y": 6, "k": 8})
    machine, mapped = LevelMachine.from_json(MACHINE), LevelMapping.of(MAPPING)
    known, other = (level_estimate(machine, each, mapped) for each in (PRODUCT, nest))
    names = dict(zip("ZXY", "CAB", strict=True))
    assert other.energy == known.energy
    assert {names[x]: each for x, each in other.traffic["rf"].items()} == known.traffic["rf"]
    twice = Problem.read("Z[x] += X[x] * X[x]", {"x": 4})
    with pytest.raises(ConfigError, match="found operands Z, X, X, expected distinct names"):
        level_estimate(machine, twice, LevelMapping.of({"dram": [("x", 4)]}))
    more = Problem.read("Z[x] += X[x] * Y[x] * V[x]", {"x": 4})
    with pytest.raises(ConfigError, match="found operands Z, X, Y, V, expected at most 3: C, A, B"):
        level_estimate(machine, more, LevelMapping.of({"dram": [("x", 4)]}))


def test_a_narrow_memory_makes_cycles():
    machine, mapped = LevelMachine.from_json(MACHINE), LevelMapping.of(MAPPING)
    dram = machine.memories[0]
    free = level_estimate(machine, PRODUCT, mapped)
    reads = sum(each.reads for each in free.traffic["dram"].values())
    assert reads == 32 + 24 + 48
    narrow = replace(dram, read_bandwidth=1.5)
    slow = level_estimate(replace(machine, levels=(narrow, *machine.levels[1:])), PRODUCT, mapped)
    assert slow.cycles == 70  # 104 words at 1.5 a cycle
    assert (slow.by_cause["compute"], slow.by_cause["dram"]) == (32, 38)
    assert slow.utilisation == 192 / (70 * 12)
