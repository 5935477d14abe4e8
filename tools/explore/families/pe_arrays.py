"""Arrays of PEs: the layers of networks are mapped on them by exact search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from xdsl.universe import Universe

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.nest_problem import problem_of, sums_products
from nopt.hw.array.any_machine import load_any
from nopt.hw.array.array_machine import ArrayMachine, array_names
from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Problem
from nopt.hw.config import ConfigError
from nopt.hw.resources import technology
from nopt.passes.mapping.affine_nest_map import AffineNestMapPass
from nopt.passes.mapping.mapping_bounds import least_words
from nopt.passes.mapping.nest_search import NestSearch, unnamed
from nopt.tools.errors import UserError, one_line
from nopt.tools.explore.families.family import Facts, Family
from nopt.tools.mapped.mapped_networks import read_network
from nopt.tools.mapped.simulated import simulate_mapping
from nopt.tools.pipeline_text import build_passes


@dataclass(frozen=True)
class ArrayTaken:
    """What an array takes."""

    sram: int
    """Bytes of the scratchpad and all register files."""
    area: float
    """Square millimetres of multipliers, adders and memories."""
    multipliers: int


@lru_cache(maxsize=8)
def _layers(path: str) -> tuple[tuple[Problem, int], ...]:
    """The layers of a network that differ, and how often each comes."""
    nests = (op for op in read_network(path).walk() if isinstance(op, ForOp) and sums_products(op))
    counted = Counter(unnamed(problem_of(nest)) for nest in nests)
    if not counted:
        raise UserError("found no sums of products, expected a convolution or product", path)
    return tuple(counted.items())


class Arrays(Family):
    """Arrays of PEs around a scratchpad."""

    pipeline = "affine-nest-map"

    def load(self, name: str) -> ArrayMachine:
        machine = load_any(name)
        if not isinstance(machine, ArrayMachine):
            raise ConfigError(
                f"{name}: found a machine of levels, which nopt-map maps on; expected an array "
                f"whose keys can be swept, such as {array_names()[0]}"
            )
        return machine

    def check_key(self, key: str) -> None:
        try:
            ArrayMachine.check_key(key)
        except ConfigError as error:
            raise UserError(f"--sweep {error}") from None

    def check_pipeline(self, pipeline: str) -> None:
        _search_of(pipeline)

    @property
    def taken_names(self) -> list[str]:
        return [*ArrayTaken.__dataclass_fields__]

    def taken(self, machine: ArrayMachine) -> ArrayTaken:
        """By the coefficients of `technology.json`: a multiplier grows with the square of its
        width, an adder has twice the width."""
        area, bits = technology()["area"], 8 * machine.word_bytes
        sram = machine.spm.bytes + machine.pes * machine.rf.bytes
        mac = area["multiplier"] * (bits / 8) ** 2 + area["adder"] * (2 * bits / 32)
        square_micrometres = machine.pes * mac + 8 * sram * area["sram_bit"]
        return ArrayTaken(sram, square_micrometres / 1e6, machine.pes)

    def least(self, paths: Sequence[str], machine: ArrayMachine) -> dict[str, float]:
        """All PEs multiply all the time; what each operand has at least is in DRAM once."""
        found = {"cycles": 0.0, "energy": 0.0, "bytes": 0.0}
        for problem, times in (each for path in paths for each in _layers(path)):
            words = sum(least_words(operand, problem.extents) for operand in problem.operands)
            per_mac = machine.mac_energy + (len(problem.operands) + 1) * machine.rf_energy
            energy = problem.points * per_mac + words * machine.dram.energy
            found["cycles"] += times * ceil(problem.points / machine.pes)
            found["energy"] += times * energy / 1e6
            found["bytes"] += times * words * machine.word_bytes
        return found

    def evaluate(
        self, paths: Sequence[str], machine: dict[str, Any], pipeline: str, check: bool
    ) -> list[Facts]:
        array, asked = ArrayMachine.from_json(machine), _search_of(pipeline)
        search = NestSearch(array, asked.objective, asked.pack, asked.seconds)
        return [_evaluate(path, array, search, check) for path in paths]

    def forget(self) -> None:
        _layers.cache_clear()


def _search_of(pipeline: str) -> AffineNestMapPass:
    """The pass that says how layers are mapped."""
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    match passes:
        # Layers of networks are known by their shapes, so no tensor has a name here.
        case [AffineNestMapPass(pad=0.0, bypass=(), pack=() | ("all",)) as asked] if (
            asked.machine == AffineNestMapPass.machine
        ):
            return asked
        case _:
            raise UserError(
                f"--pipeline {pipeline}: expected affine-nest-map without machine, pad and "
                "bypass, and to pack nothing or all, for an array"
            )


def _evaluate(path: str, array: ArrayMachine, search: NestSearch, check: bool) -> Facts:
    cycles = energy = words = macs = simulated = 0
    causes: Counter[str] = Counter()
    proven = True
    for problem, times in _layers(path):
        try:
            found = search.search(problem)
        except ValueError as error:
            return {"reason": one_line(error)}
        said = found.estimates[found.best]
        cycles += times * said.cycles
        energy += times * said.energy
        words += times * sum(said.words["dram"].values())
        macs += times * problem.points
        causes.update({cause: times * count for cause, count in said.by_cause.items()})
        proven &= found.proven
        if check:
            mapping = found.mappings[found.best]
            assert isinstance(mapping, Mapping)
            simulated += times * simulate_mapping(array, problem, mapping, path)[0].cycles
    return {
        "cycles": cycles,
        **({"simulated_cycles": simulated} if check else {}),
        "energy": energy / 1e6,
        "bytes": words * array.word_bytes,
        "utilisation": macs / cycles / array.pes,
        **{f"{cause}_cycles": count for cause, count in causes.items()},
        "proven": proven,
        "binds": "memory" if causes["dma"] > cycles / 2 else max(causes, key=causes.__getitem__),
    }
