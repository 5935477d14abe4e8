"""A value with several readers is looked at once: each step of a chain doubles the paths to it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.tools.pipeline_text import build_passes

LENGTH = 40
"""2^40 paths."""

UNIVERSE = Universe.get_multiverse()

STEPS = {
    "sums": "%v{n} = arith.addi %v{i}, %v{i} : i32",
    "differences": """%w{i} = arith.muli %v{i}, %v{i} : i32
      %v{n} = arith.subi %w{i}, %v{i} : i32""",
    "products": "%v{n} = arith.muli %v{i}, %v{i} : i32",
    "maxima": """%o{i} = arith.constant {i} : i32
      %w{i} = arith.maxsi %v{i}, %v{i} : i32
      %v{n} = arith.addi %w{i}, %o{i} : i32""",
    "choices": """%w{i} = affine.if affine_set<(d0) : (d0 - 3 >= 0)>(%i) -> i32 {{
        affine.yield %v{i} : i32
      }} else {{
        %o{i} = arith.addi %v{i}, %v0 : i32
        affine.yield %o{i} : i32
      }}
      %v{n} = arith.subi %w{i}, %v{i} : i32""",
}
ENDS = {
    "stored": "affine.store %v{n}, %b[%i, %j] : memref<4x6xi32>",
    "added": """%s = affine.load %b[%i, 0] : memref<4x6xi32>
      %t = arith.addi %s, %v{n} : i32
      affine.store %t, %b[%i, 0] : memref<4x6xi32>""",
}


@contextmanager
def few_calls(most: int = 1_000_000) -> Iterator[None]:
    """Fail after so many calls, where an exponential step would take years."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"
        assert count < most, "too many calls"

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def parse(text: str) -> ModuleOp:
    context = Context()
    for name, factory in UNIVERSE.all_dialects.items():
        context.register_dialect(name, factory)
    return ModuleParser(context, text).parse_module()


def apply(module: ModuleOp, passes: str) -> None:
    for each in build_passes(passes, UNIVERSE.all_passes):
        with few_calls():
            each.apply(Context(), module)
    module.verify()


def loops(step: str, end: str) -> str:
    steps = "\n      ".join(step.format(i=i, n=i + 1) for i in range(LENGTH))
    return f"""func.func @main(%a: memref<4x6xi32>, %b: memref<4x6xi32>) {{
  affine.for %i = 0 to 4 {{
    affine.for %j = 0 to 6 {{
      %v0 = affine.load %a[%i, %j] : memref<4x6xi32>
      {steps}
      {end.format(n=LENGTH)}
    }}
  }}
  return
}}"""


def computed(name: str, a: np.ndarray) -> np.ndarray:
    """What `steps` make of a tensor, modulo 2^32."""
    make: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
        "sums": lambda v, i: v + v,
        "differences": lambda v, i: v * v - v,
        "products": lambda v, i: v * v,
        "maxima": lambda v, i: v + np.int32(i),
        "choices": lambda v, i: np.where(np.arange(4)[:, None] >= 3, v, v + a) - v,
    }
    value = a
    for i in range(LENGTH):
        value = make[name](value, i)
    return value


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", STEPS)
def test_loops(name: str, end: str):
    module = parse(loops(STEPS[name], ENDS[end]))
    apply(module, "raise-affine-to-nest,canonicalize,affine-nest-simplify")
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, (4, 6), np.int32) for _ in range(2))
    wanted = computed(name, a)
    if end == "added":
        wanted = np.column_stack([b[:, 0] + wanted.sum(1, dtype=np.int32), b[:, 1:]])
    inputs = {"stored": [a], "added": [a, b]}[end]
    (found,) = run_function(module, "main", inputs)
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("end", ENDS)
def test_long_chains(end: str):
    """What is computed step by step may have as many steps as text may hold."""
    count = 400
    steps = "\n      ".join(f"%v{i + 1} = arith.xori %v{i}, %v0 : i32" for i in range(count))
    module = parse(f"""func.func @main(%a: memref<4x6xi32>, %b: memref<4x6xi32>) {{
  affine.for %i = 0 to 4 {{
    affine.for %j = 0 to 6 {{
      %v0 = affine.load %a[%i, %j] : memref<4x6xi32>
      {steps}
      {ENDS[end].format(n=count)}
    }}
  }}
  return
}}""")
    apply(module, "raise-affine-to-nest")
    assert str(module).count("arith.xori") == count


def test_a_sum_on_the_way_may_be_read_by_others():
    """What several read is one term of a sum, but not if it holds the sum so far."""
    module = parse("""func.func @main(%a: memref<4x6xi32>, %b: memref<4xi32>) {
  affine.for %i = 0 to 4 {
    %zero = arith.constant 0 : i32
    %r = affine.for %j = 0 to 6 iter_args(%s = %zero) -> (i32) {
      %v = affine.load %a[%i, %j] : memref<4x6xi32>
      %h = arith.addi %s, %v : i32
      %k = arith.addi %h, %v : i32
      %other = arith.muli %h, %v : i32
      affine.yield %k : i32
    }
    affine.store %r, %b[%i] : memref<4xi32>
  }
  return
}""")
    apply(module, "raise-affine-to-nest")
    a = np.arange(24, dtype=np.int32).reshape(4, 6)
    (found,) = run_function(module, "main", [a])
    assert np.array_equal(found, 2 * a.sum(1))


def test_planes_of_a_sum():
    """The sum of a convolution, and nothing of what the graph computes before."""
    sums, image, weights = "tensor<1x16x4x4xi32>", "tensor<1x16x4x4xi8>", "tensor<16x16x3x3xi8>"
    steps = "\n  ".join(
        f"%z{i} = graph.mul %y{i}, %y{i} : ({sums}, {sums}) -> {sums}\n"
        f"  %y{i + 1} = graph.clip %z{i} min -1000 max 1000 : {sums}"
        for i in range(LENGTH)
    )
    module = parse(f"""func.func @main(%y0: {sums}, %w: {weights}) -> {sums} {{
  {steps}
  %x = graph.requantize %y{LENGTH} shift 4 : {sums} -> {image}
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : ({image}, {weights}) -> {sums}
  return %c : {sums}
}}""")
    apply(module, "vta{until=affine-nest-schedule}")
