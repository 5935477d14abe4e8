"""Cores of other shapes run all multiplications themselves, each bit as the interpreter's."""

from collections.abc import Callable
from math import log2

import numpy as np
import pytest
from xdsl.ir import SSAValue

import nopt
from nopt.hw.config import Config
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.compiling import every_dialect
from nopt.tools.explore.families.bounds import host_products
from nopt.tools.runtime import Runtime

SHAPES = [
    "1x1x1",
    "1x2x16",
    "1x8x4",
    "1x16x32",
    "1x32x16",
    "1x64x64",
    "2x4x4",
    "4x16x16",
    "8x8x8",
    "2x16x4",
    "2x1x8",
    "4x8x16",
]


def machine(shape: str) -> Config:
    batch, inputs, outputs = (int(log2(int(each))) for each in shape.split("x"))
    return nopt.machine(
        "rtl",
        LOG_BATCH=batch,
        LOG_BLOCK_IN=inputs,
        LOG_BLOCK_OUT=outputs,
        LOG_INP_BUFF_SIZE=11 + batch + inputs,
        LOG_WGT_BUFF_SIZE=10 + inputs + outputs,
        LOG_ACC_BUFF_SIZE=13 + batch + outputs,
    )


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(-8, 8, shape, np.int8)


def residual(g: nopt.GraphBuilder) -> SSAValue:
    """Windows, a sum with what another layer reads, a maximum, a mean; three images."""
    x = g.argument("x", (3, 20, 7, 7), "i8")
    y = g.requantize(g.relu(g.conv2d(x, weights(20, 20, 3, 3), pads=1)), shift=7)
    total = g.requantize(g.add(g.conv2d(y, weights(20, 20, 3, 3), pads=1), x), shift=7)
    return g.global_avg_pool(g.max_pool(total, kernel=(3, 3), strides=(2, 2), pads=1))


def strided(g: nopt.GraphBuilder) -> SSAValue:
    """A stride that moves no whole vectors, then a dilated window and a bias."""
    x = g.argument("x", (1, 16, 9, 9), "i8")
    y = g.requantize(g.conv2d(x, weights(24, 16, 1, 1), strides=2), shift=6)
    bias = np.arange(24, dtype=np.int32).reshape(24, 1, 1) * 99 - 999
    z = g.add(g.conv2d(y, weights(24, 24, 3, 3), pads=2, dilations=2), bias)
    return g.requantize(z, shift=7)


def depthwise(g: nopt.GraphBuilder) -> SSAValue:
    x = g.argument("x", (1, 20, 7, 9), "i8")
    y = g.requantize(g.conv2d(x, weights(20, 1, 3, 3), pads=1, groups=20), shift=5)
    return g.requantize(g.conv2d(y, weights(11, 20, 1, 1)), shift=6)


def attention(g: nopt.GraphBuilder) -> SSAValue:
    """Both factors are computed; in the last product heads have one row each."""
    q, k = g.argument("q", (3, 20, 16), "i8"), g.argument("k", (3, 20, 16), "i8")
    scores = g.requantize(g.matmul(q, k, transpose_b=True), shift=6)
    return g.requantize(g.matmul(scores, k), shift=7)


def one_row(g: nopt.GraphBuilder) -> SSAValue:
    """No iterator but the heads could run through rows, and these move the weights, too."""
    q, k = g.argument("q", (6, 1, 16), "i8"), g.argument("k", (6, 20, 16), "i8")
    return g.requantize(g.matmul(q, k, transpose_b=True), shift=6)


def dense(g: nopt.GraphBuilder) -> SSAValue:
    x = g.argument("x", (7, 53), "i8")
    rows = np.arange(7, dtype=np.int32).reshape(7, 1) * 500
    # What is added differs by row.
    return g.requantize(g.add(g.matmul(x, weights(53, 19)), rows), shift=6)


def by_image(g: nopt.GraphBuilder) -> SSAValue:
    """Only images run through rows, and what is added differs by image: no product adds it."""
    x = g.argument("x", (4, 16, 12, 12), "i8")
    bias = np.arange(4 * 32, dtype=np.int32).reshape(4, 32, 1, 1) * 29 - 1500
    return g.requantize(g.add(g.conv2d(x, weights(32, 16, 3, 3), pads=1), bias), shift=7)


NETWORKS = [residual, strided, depthwise, attention, one_row, dense, by_image]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("build", NETWORKS)
def test_all_products_are_on_the_core(build: Callable[[nopt.GraphBuilder], SSAValue], shape: str):
    g = nopt.GraphBuilder()
    g.result(build(g))
    lowered = nopt.lower(g, machine=machine(shape))
    assert host_products(lowered) == 0
    runtime = Runtime(assemble(lowered, every_dialect()).program)
    random = np.random.default_rng(0)
    inputs = [random.integers(-128, 128, each.shape, np.int8) for each in runtime.program.inputs]
    (found,) = runtime.run(inputs).outputs
    assert np.array_equal(found, nopt.run(g, *inputs))
