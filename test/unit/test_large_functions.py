"""What compiling takes does not grow faster than a function: steps are counted, not seconds."""

import sys
from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects import get_all_dialects
from nopt.dialects.parsing import ModuleParser
from nopt.passes.pipelines import PIPELINES
from nopt.tools.pipeline_text import build_passes

IMAGE, SUMS = "tensor<1x16x4x4xi8>", "tensor<1x16x4x4xi32>"
WEIGHTS = "tensor<16x16x3x3xi8>"


def convolution(i: int) -> str:
    return f"""
      %w{i} = graph.constant dense<{i % 7}> : {WEIGHTS}
      %s{i} = graph.conv2d %x{i}, %w{i} pads [1, 1, 1, 1] : ({IMAGE}, {WEIGHTS}) -> {SUMS}
      %x{i + 1} = graph.requantize %s{i} shift 7 : {SUMS} -> {IMAGE}"""


def residual(i: int) -> str:
    """Read by the next one twice."""
    return f"""
      %r{i} = graph.relu %x{i} : {IMAGE}
      %x{i + 1} = graph.sub %r{i}, %x{i} : ({IMAGE}, {IMAGE}) -> {IMAGE}"""


def turned(i: int) -> str:
    return f"""
      %r{i} = graph.relu %x{i} : {IMAGE}
      %x{i + 1} = graph.transpose %r{i} permutation [0, 1, 3, 2] : {IMAGE} -> {IMAGE}"""


def pool(i: int) -> str:
    return f"""
      %x{i + 1} = graph.max_pool %x{i} kernel [3, 3] pads [1, 1, 1, 1] : {IMAGE} -> {IMAGE}"""


def joined(i: int) -> str:
    """A part grows and is cut again."""
    wide = "tensor<1x32x4x4xi8>"
    return f"""
      %j{i} = graph.concat %x{i}, %x0 axis 1 : ({IMAGE}, {IMAGE}) -> {wide}
      %x{i + 1} = graph.slice %j{i} starts [0, 8, 0, 0] : {wide} -> {IMAGE}"""


def chain(step: Callable[[int], str], length: int) -> str:
    steps = "".join(map(step, range(length)))
    return f"func.func @main(%x0: {IMAGE}) -> {IMAGE} {{{steps}\n  return %x{length} : {IMAGE}\n}}"


def compile_counting(text: str) -> tuple[ModuleOp, dict[str, int]]:
    """The pipeline `vta` on a module, and the Python functions that each pass calls."""
    universe, context = Universe.get_multiverse(), Context()
    for factory in (*universe.all_dialects.values(), *get_all_dialects().values()):
        dialect = factory()
        if context.get_optional_dialect(dialect.name) is None:
            context.load_dialect(dialect)
    module = ModuleParser(context, text).parse_module()
    calls: dict[str, int] = {}
    for spec in PIPELINES["vta"].passes:
        count = 0

        def note(_frame: object, event: str, _argument: object) -> None:
            nonlocal count
            count += event == "call"

        (each,) = build_passes(spec, universe.all_passes)
        sys.setprofile(note)
        try:
            each.apply(context, module)
        finally:
            sys.setprofile(None)
        calls[spec] = count
    return module, calls


@pytest.mark.parametrize("step", [convolution, residual, turned, pool, joined])
def test_twice_the_function_takes_twice_the_steps(step: Callable[[int], str]):
    compile_counting(chain(step, 2))  # fills caches
    _, once = compile_counting(chain(step, 16))
    _, twice = compile_counting(chain(step, 32))
    more = {name: twice[name] / (once[name] + 1000) for name in once}
    assert max(more.values()) < 2.3, more


def test_long_chains_of_small_nests():
    """Bodies grow to thousands of operations, which are not gone through at each step."""
    _, once = compile_counting(chain(turned, 150))
    _, twice = compile_counting(chain(turned, 300))
    assert twice["affine-nest-fuse"] < 2.2 * once["affine-nest-fuse"]


@pytest.mark.parametrize("count", [63, 64, 100])
def test_one_tensor_read_by_many_nests(count: int):
    """More readers than numpy has dimensions."""
    piece, whole = "tensor<1x16xi8>", f"tensor<1x{16 * count}xi8>"
    pieces, types = ", ".join(["%x"] * count), ", ".join([piece] * count)
    module, _ = compile_counting(
        f"func.func @main(%x: {piece}) -> {whole} {{\n"
        f"  %y = graph.concat {pieces} axis 1 : ({types}) -> {whole}\n  return %y : {whole}\n}}"
    )
    module.verify()
