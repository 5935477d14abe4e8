"""Cores of other shapes: cycles of ResNet-18's convolutions and of MiniLM's products, and limits.

    python bench/machines.py [--only MACHINE…] [--measure K] [--layers | --networks] [--json]

Convolutions have as many images as the core's batch, products 128 rows. *limit* is the larger of
the steps and the bytes that must be read once at the port's width: a GEMM step for each entry of
outputs, tap and entry of inputs, then one for the bias and three of the ALU (shift, two limits), of
as many cycles as it takes for a vector. Rows of the batch count as filled where positions or images
fill them. *ratio* is limit over cycles; of all layers the geometric mean. A layer whose
multiplications are not all on the core, or whose bits differ from the graph interpreter's, is an
error. `--networks` runs whole ones instead: ResNet-18 with as many images as the batch, and MiniLM.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, log2

import numpy as np
from accounting import host_macs
from rich.progress import track
from schedule import quantized
from workloads import Network, compile_program, random_inputs, resnet18
from xdsl.dialects.builtin import ModuleOp, i8

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.hw.config import Config
from nopt.passes.base.machine import attach
from nopt.tools.report import Row, print_rows
from nopt.tools.runtime import Runtime

SHAPES = {
    "rtl": (1, 16, 16, 8),
    "1x8x8": (1, 8, 8, 8),
    "1x32x32": (1, 32, 32, 16),
    "1x64x64": (1, 64, 64, 32),
    "2x16x16": (2, 16, 16, 16),
    "4x16x16": (4, 16, 16, 16),
    "8x8x8": (8, 8, 8, 16),
    "1x16x32": (1, 16, 32, 16),
    "1x32x16": (1, 32, 16, 16),
    "4x8x16": (4, 8, 16, 16),
}
"""Batch, input and output lanes, bytes of the port a cycle. Scratchpads have the entries of rtl."""

CONVOLUTIONS = {
    "C2": (56, 64, 64, 3, 1),
    "C3": (56, 64, 128, 3, 2),
    "C4": (56, 64, 128, 1, 2),
    "C5": (28, 128, 128, 3, 1),
    "C6": (28, 128, 256, 3, 2),
    "C7": (28, 128, 256, 1, 2),
    "C8": (14, 256, 256, 3, 1),
    "C9": (14, 256, 512, 3, 2),
    "C10": (14, 256, 512, 1, 2),
    "C11": (7, 512, 512, 3, 1),
}
"""Height and width, inputs, outputs, kernel, stride."""

PRODUCTS = {
    "query": (1, 384, 384),
    "key": (1, 384, 384),
    "value": (1, 384, 384),
    "scores": (12, 32, 128),
    "context": (12, 128, 32),
    "up": (1, 384, 1536),
    "down": (1, 1536, 384),
}
"""Heads, inner and outer size, of 128 rows each."""
ROWS = 128


@dataclass(frozen=True)
class Layer:
    """One layer, and what it takes at least on a core: steps in cycles, bytes that are read."""

    name: str
    module: ModuleOp
    steps: int
    bytes: int

    def limit(self, config: Config) -> int:
        return max(self.steps, -(-self.bytes // config.bytes_per_cycle))


def machine(name: str) -> Config:
    """A core of a shape, otherwise as rtl is."""
    batch, inputs, outputs, port = SHAPES[name]
    lanes = [int(log2(each)) for each in (batch, inputs, outputs)]
    return Config.load("rtl").varied(
        {
            "LOG_BATCH": lanes[0],
            "LOG_BLOCK_IN": lanes[1],
            "LOG_BLOCK_OUT": lanes[2],
            "LOG_INP_BUFF_SIZE": 11 + lanes[0] + lanes[1],
            "LOG_WGT_BUFF_SIZE": 10 + lanes[1] + lanes[2],
            "LOG_ACC_BUFF_SIZE": 13 + lanes[0] + lanes[2],
            "bytes_per_cycle": port,
        }
    )


def layers(config: Config) -> list[Layer]:
    found = [_convolution(name, config) for name in CONVOLUTIONS]
    return found + [_product(name, config) for name in PRODUCTS]


def _convolution(name: str, config: Config) -> Layer:
    size, inputs, outputs, kernel, stride = CONVOLUTIONS[name]
    pad, images = kernel // 2, config.batch
    network = Network(name, images, inputs, size, size)
    y = network.conv(network.input, outputs, kernel, stride, pad)
    side = (size + 2 * pad - kernel) // stride + 1
    blocks_in, blocks_out = _entries(inputs, config.block_in), _entries(outputs, config.block_out)
    vectors = side * side * blocks_out
    # A strided 1x1 convolution reads only the pixels it uses.
    pixels = side * side if kernel < stride else size * size
    weights = kernel * kernel * blocks_in * blocks_out * config.wgt_bytes
    reads = pixels * blocks_in * config.inp_bytes + weights + blocks_out * config.block_out * 4
    steps = vectors * (kernel * kernel * blocks_in + _epilogue(config))
    return Layer(name, network.finish(y), steps, reads)


def _product(name: str, config: Config) -> Layer:
    heads, inner, outer = PRODUCTS[name]
    blocks_in, blocks_out = _entries(inner, config.block_in), _entries(outer, config.block_out)
    rows = _entries(ROWS, config.batch)
    if heads == 1:
        network = Network(name, ROWS, inner)
        y, epilogue, bias = network.dense(network.input, outer), _epilogue(config), outer * 4
    else:
        # Both factors are computed: one plays weights.
        network = Network(name, heads, ROWS + outer, inner)
        parts = [(0, ROWS), (ROWS, outer)]
        a, b = (
            network.add(graph.SliceOp(network.input, (0, first, 0), (heads, size, inner)), "part")
            for first, size in parts
        )
        product = network.add(graph.MatmulOp(a, b, transpose_b=True), "matmul")
        y = network.add(graph.RequantizeOp(product, i8, 9), "y")
        # Half a step before the shift is added by the ALU.
        epilogue, bias = 4 * config.alu_cycles, 0
    vectors = heads * rows * blocks_out
    weights = heads * blocks_in * blocks_out * config.wgt_bytes
    reads = heads * rows * blocks_in * config.inp_bytes + weights + bias
    return Layer(name, network.finish(y), vectors * (blocks_in + epilogue), reads)


def _entries(extent: int, lanes: int) -> int:
    return -(-extent // lanes)


def _epilogue(config: Config) -> int:
    """Cycles for a vector behind its sum: the bias by GEMM, a shift and two limits by the ALU."""
    return 1 + 3 * config.alu_cycles


def measure(layer: Layer, config: Config, pipeline: str) -> Row:
    """One row. Raises ValueError if the core's bits are others, or not all products are on it."""
    cycles = checked(layer.name, layer.module, config, pipeline).cycles
    limit = layer.limit(config)
    return {"layer": layer.name, "cycles": cycles, "limit": limit, "ratio": limit / cycles}


def checked(name: str, module: ModuleOp, config: Config, pipeline: str) -> Runtime:
    """What a network's program did. Raises ValueError as `measure` does."""
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    attach(module, config)
    runtime = Runtime(compile_program(module, pipeline))
    if host_macs(module):
        raise ValueError(f"{name} on {config.name}: multiplications on the host")
    if not all(map(np.array_equal, expected, runtime.run(inputs).outputs)):
        raise ValueError(f"{name} on {config.name}: other bits than the interpreter's")
    return runtime


def print_networks(machines: Iterable[str], pipeline: str, as_json: bool) -> None:
    """A row for each machine and network."""
    rows: list[Row] = []
    for name in machines:
        config = machine(name)
        networks = {f"ResNet-18, {config.batch} images": resnet18(config.batch)}
        networks["MiniLM"] = quantized("minilm")
        for network, module in networks.items():
            cycles = checked(network, module, config, pipeline).cycles
            rows.append({"machine": name, "network": network, "cycles": cycles})
            print(f"{name}: {network}", file=sys.stderr)
    print_rows("whole networks, every bit as the interpreter's", rows, as_json)


def main() -> None:
    parser = argparse.ArgumentParser(description="Cores of other shapes, against their limits.")
    parser.add_argument("--only", nargs="+", choices=SHAPES, help="just these machines")
    parser.add_argument("--measure", metavar="K", type=int, help="schedules to measure a nest")
    parser.add_argument("--layers", action="store_true", help="a table of each machine's layers")
    parser.add_argument("--networks", action="store_true", help="whole networks, in minutes")
    parser.add_argument("--json", action="store_true", help="print rows as JSON lists")
    arguments = parser.parse_args()
    measured = arguments.measure
    pipeline = "vta" if measured is None else f"vta{{measure={measured}}}"
    if arguments.networks:
        return print_networks(arguments.only or SHAPES, pipeline, arguments.json)
    means: list[Row] = []
    for name in arguments.only or SHAPES:
        config = machine(name)
        rows = [
            measure(each, config, pipeline) for each in track(layers(config), name, transient=True)
        ]
        if arguments.layers:
            print_rows(name, rows, arguments.json)
        convolutions, products = rows[: len(CONVOLUTIONS)], rows[len(CONVOLUTIONS) :]
        means.append(
            {
                "machine": name,
                "bytes a cycle": config.bytes_per_cycle,
                "C2…C11": _mean(convolutions),
                "worst": min(convolutions, key=lambda row: row["ratio"])["layer"],
                "MiniLM": _mean(products),
                "worst of them": min(products, key=lambda row: row["ratio"])["layer"],
            }
        )
    print_rows("limit over cycles, geometric means", means, arguments.json)


def _mean(rows: list[Row]) -> float:
    return exp(sum(log(row["ratio"]) for row in rows) / len(rows))


if __name__ == "__main__":
    main()
