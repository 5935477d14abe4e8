"""How fast the simulator runs, with BLAS on one thread: multiply-accumulates and instructions.

    python bench/simulator.py [--only NAME…] [--json]

The programs are ResNet-18's layers and a matrix product of 512³ as compiled by nopt, and a stream
of small GEMMs (64 steps each). *first* is a run of a program that was never seen; from the third
run on the simulator knows what a program computes (*later*, of which `gmac_s` is). Both are the
best of several runs. *peak* is what it allocates at most beside the DRAM image.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from workloads import RESNET18, Layer, compile_program, matmul_layer, random_inputs

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    INSTRUCTION,
    Memory,
    Opcode,
    Records,
    Words,
    decode,
    encode,
    encode_uops,
)
from nopt.hw.program.program_parts import CoreStep
from nopt.hw.sim.memo import Memo
from nopt.hw.sim.simulator import Simulator
from nopt.hw.timing.program_timing import time_program
from nopt.tools.report import Row, print_rows
from nopt.tools.runtime import Runtime

Array = np.ndarray[Any, np.dtype[Any]]
RTL = Config.load("rtl")
SMALL_GEMMS = "small GEMMs"
GEMM = matmul_layer("GEMM 512", 512, 512, 512)
RUNS = 9


@dataclass(frozen=True)
class Case:
    """A stream of instructions and the memory that it starts from."""

    name: str
    words: Words
    memory: Array
    config: Config = RTL

    def run(self, memo: Memo | None = None) -> tuple[float, Array]:
        """Seconds, and the memory afterwards. The core is a fresh one, which knows a memo."""
        memory = self.memory.copy()
        simulator = Simulator(self.config, memory, memo=memo)
        start = time.perf_counter()
        simulator.run(self.words)
        return time.perf_counter() - start, memory


def layer_case(layer: Layer) -> Case:
    """A layer's instructions, with the memory as host steps before them leave it."""
    module = layer.build()
    inputs = random_inputs(module)
    program = compile_program(module)
    step = next(step for step in program.steps if isinstance(step, CoreStep))
    # What the host prepares shows in the memory of a run that stops there.
    before = replace(program, steps=program.steps[: program.steps.index(step)], outputs=[])
    runtime = Runtime(before)
    runtime.run(inputs)
    words = program.instructions[step.first : step.first + step.count]
    return Case(layer.name, words, runtime.memory, program.config)


def small_gemms(count: int = 4000, kinds: int = 32) -> Case:
    """Products of 4 by 4 blocks, 64 steps each, in turn on `kinds` places of the buffers."""
    random = np.random.default_rng(0)
    blocks = 4 * np.arange(kinds)[:, None] + np.arange(4)
    uops = encode_uops((16 * np.arange(kinds)).repeat(4), blocks.ravel(), blocks.ravel(), RTL)
    memory = random.integers(0, 256, 1 << 18, np.uint8)
    memory[: uops.nbytes] = uops.view(np.uint8)
    rows = np.zeros(count + 5, INSTRUCTION)
    loads = ((Memory.UOP, len(uops)), (Memory.INP, 512), (Memory.WGT, 512), (Memory.ACC, 512))
    for row, (kind, size) in zip(rows, loads, strict=False):
        row["memory"], row["x_size"], row["x_stride"], row["y_size"] = kind, size, size, 1
    gemms = rows[4:-1]
    gemms["opcode"] = Opcode.GEMM
    gemms["uop_begin"] = 4 * (np.arange(count) % kinds)
    gemms["uop_end"] = gemms["uop_begin"] + 4
    gemms["iter_out"] = gemms["iter_in"] = 4
    gemms["dst_out"], gemms["src_out"] = 4, 4
    gemms["dst_in"], gemms["wgt_in"] = 1, 4
    rows["opcode"][-1] = Opcode.FINISH
    # Tokens order the loads before the GEMMs.
    rows["push_next"][2], rows["pop_prev"][4] = 1, 1
    return Case(SMALL_GEMMS, encode(rows, RTL), memory)


def measure(case: Case) -> Row:
    """One row. Raises ValueError if a later run differs from the first one."""
    small_gemms(1, 1).run()  # numpy loads parts of itself when they are first used
    insns = decode(case.words, case.config)
    work = time_program(insns, case.config).macs
    timing = min(_timing_seconds(insns, case.config) for _ in range(RUNS))
    memo = Memo(case.config)
    _, expected = case.run(memo)
    case.run(memo)
    firsts, laters = [case.run() for _ in range(RUNS)], [case.run(memo) for _ in range(RUNS)]
    if not all(np.array_equal(memory, expected) for _, memory in firsts + laters):
        raise ValueError(f"{case.name}: runs differ")
    first, seconds = (min(seconds for seconds, _ in runs) for runs in (firsts, laters))
    return {
        "name": case.name,
        "mmac": work / 1e6,
        "instructions": len(case.words),
        "first_ms": first * 1e3,
        "later_ms": seconds * 1e3,
        "first_gmac_s": work / first / 1e9,
        "gmac_s": work / seconds / 1e9,
        "first_instructions_s": round(len(case.words) / first),
        "instructions_s": round(len(case.words) / seconds),
        "timing_instructions_s": round(len(case.words) / timing),
        "dram_mb": len(case.memory) / 1e6,
        "peak_mb": _peak(case) / 1e6,
    }


def _timing_seconds(insns: Records, config: Config) -> float:
    start = time.perf_counter()
    time_program(insns, config)
    return time.perf_counter() - start


def _peak(case: Case) -> int:
    """Bytes that a first and a later run allocate at most."""
    memo = Memo(case.config)
    tracemalloc.start()
    for _ in range(3):
        case.run(memo)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Speed of the simulator on one thread.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these programs")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args(argv)
    known: dict[str, Callable[[], Case]] = {
        layer.name: lambda layer=layer: layer_case(layer) for layer in (*RESNET18, GEMM)
    }
    known[SMALL_GEMMS] = small_gemms
    names = arguments.only or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown program '{unknown[0]}', expected one of {', '.join(known)}")
    rows = [measure(known[name]()) for name in names]
    print_rows("the simulator, BLAS on one thread", rows, arguments.json)


if __name__ == "__main__":
    main()
