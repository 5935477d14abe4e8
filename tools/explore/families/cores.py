"""Cores of the VTA family: networks are compiled for them, and timed by the exact model."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe
from xdsl.utils.exceptions import DiagnosticException

from nopt.hw.config import Config, key_types
from nopt.hw.resources import Resources, names_of_resources, resources
from nopt.passes.base.machine import attach
from nopt.tools.compiling import compile_program, read_text
from nopt.tools.errors import UserError, one_line
from nopt.tools.explore.families.bounds import bounds, host_products
from nopt.tools.explore.families.family import Facts, Family
from nopt.tools.pipeline_text import build_passes
from nopt.tools.profile import energy_row, layer_rows
from nopt.tools.report import timing_row
from nopt.tools.runtime import Runtime


@lru_cache(maxsize=8)
def _network(path: str) -> ModuleOp:
    return read_text(path)


class Cores(Family):
    """VTA of any shape."""

    pipeline = "vta"

    def load(self, name: str) -> Config:
        return Config.load(name)

    def check_key(self, key: str) -> None:
        known = key_types()
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise UserError(f"--sweep {key}: unknown key of a machine{hint}")

    def check_pipeline(self, pipeline: str) -> None:
        build_passes(pipeline, Universe.get_multiverse().all_passes)

    @property
    def taken_names(self) -> list[str]:
        return names_of_resources()

    def taken(self, machine: Config) -> Resources:
        return resources(machine)

    def least(self, paths: Sequence[str], machine: Config) -> dict[str, float]:
        each = [bounds(_network(path), machine) for path in paths]
        return {name: sum(found[name] for found in each) for name in each[0]}

    def evaluate(
        self,
        paths: Sequence[str],
        machine: dict[str, Any],
        pipeline: str = "vta",
        check: bool = False,
    ) -> list[Facts]:
        """What each network takes on a machine, compiled by a pipeline.

        With `check`, each runs once on random inputs, 0 and 1 where they are not bytes. Raises
        UserError if its bits are not the graph interpreter's, or the pipeline sets a machine.
        """
        config = Config.from_json(machine)
        return [_evaluate(path, config, pipeline, check) for path in paths]

    def forget(self) -> None:
        _network.cache_clear()


def _evaluate(path: str, config: Config, pipeline: str, check: bool) -> Facts:
    module = _network(path).clone()
    attach(module, config)
    try:
        runtime = Runtime(compile_program(module, pipeline))
        if runtime.program.config != config:
            raise UserError(f"--pipeline {pipeline}: sets a machine, expected that of each design")
        if left := host_products(module):
            # What the host takes for them is not known, so the core's cycles would say nothing.
            return {"reason": f"{left:,} multiplications of 8-bit values stay on the host"}
        return _facts(runtime, path, check)
    except (ValueError, DiagnosticException) as error:
        # What passes refuse. Anything else, other bits above all, is a fault that ends the run.
        return {"reason": one_line(error)}


def _facts(runtime: Runtime, path: str, check: bool) -> Facts:
    if not runtime.core_steps:
        return {"reason": "nothing runs on the core"}
    timed, parts = timing_row(runtime.timings), layer_rows(runtime)
    if check:
        _check(runtime, path)
    waits = sum(row["wait_load"] + row["wait_store"] for row in parts)
    return {
        "cycles": runtime.cycles,
        "energy": energy_row(runtime)["microjoules"],
        "bytes": timed["dram_bytes"],
        "utilisation": timed["utilisation"],
        "gemm": sum(row["gemm"] for row in parts),
        "alu": sum(row["alu"] for row in parts),
        "waits": waits,
        "host_steps": len(runtime.program.steps) - len(runtime.core_steps),
        "binds": "memory" if waits > runtime.cycles / 2 else "compute",
    }


def _check(runtime: Runtime, path: str) -> None:
    import numpy as np

    from nopt.dialects.interpreters.run import run_function

    random = np.random.default_rng(0)
    # Wider integers may be indices, which 0 and 1 mostly are.
    ranges = {"int8": (-128, 128)}
    inputs = [
        random.integers(*ranges.get(each.dtype, (0, 2)), each.shape).astype(each.dtype)
        for each in runtime.program.inputs
    ]
    expected = run_function(_network(path), "main", inputs)
    if not all(map(np.array_equal, expected, runtime.run(inputs).outputs)):
        name = runtime.program.config.name
        raise UserError(f"{path} on {name}: the core's bits differ from the graph interpreter's")
