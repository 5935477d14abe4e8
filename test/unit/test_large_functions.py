"""What compiling takes does not grow faster than a function: steps are counted, not seconds."""

import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects import get_all_dialects
from nopt.dialects.constants import scoped_resources
from nopt.dialects.parsing import ModuleParser
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.pipelines import PIPELINES
from nopt.tools.pipeline_text import build_passes

IMAGE, SUMS = "tensor<1x16x4x4xi8>", "tensor<1x16x4x4xi32>"
WEIGHTS = "tensor<16x16x3x3xi8>"


def convolution(i: int) -> str:
    return f"""
      %w{i} = graph.constant dense<{i % 7}> : {WEIGHTS}
      %s{i} = graph.conv2d %x{i}, %w{i} pads [1, 1, 1, 1] : ({IMAGE}, {WEIGHTS}) -> {SUMS}
      %x{i + 1} = graph.requantize %s{i} shift 7 : {SUMS} -> {IMAGE}"""


def weighted(i: int) -> str:
    """With weights of its own, too many to be written out."""
    digits = np.random.default_rng(i).integers(-9, 9, (16, 16, 3, 3), np.int8).tobytes().hex()
    return convolution(i).replace(f"dense<{i % 7}>", f'dense<"0x{digits}">')


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
    """Steps in a row. To a parser all their values of one letter have the same name."""
    steps = "".join(map(step, range(length)))
    text = f"func.func @main(%x0: {IMAGE}) -> {IMAGE} {{{steps}\n  return %x{length} : {IMAGE}\n}}"
    return re.sub(r"%([a-z])(\d+)", r"%\1_\2", text)


def compile_counting(text: str) -> tuple[ModuleOp, dict[str, Counter[CodeType]]]:
    """A module through the pipeline `vta` and to a program: how often each pass, and *assemble*,
    calls each Python function."""
    universe, context = Universe.get_multiverse(), Context()
    for factory in (*universe.all_dialects.values(), *get_all_dialects().values()):
        dialect = factory()
        if context.get_optional_dialect(dialect.name) is None:
            context.load_dialect(dialect)
    module = ModuleParser(context, text).parse_module()
    calls: dict[str, Counter[CodeType]] = {}

    def run(name: str, step: Callable[[], object]) -> None:
        calls[name] = count = Counter[CodeType]()

        def note(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                count[frame.f_code] += 1

        sys.setprofile(note)
        try:
            step()
        finally:
            sys.setprofile(None)

    for spec in PIPELINES["vta"].passes:
        (each,) = build_passes(spec, universe.all_passes)
        run(spec, partial(each.apply, context, module))
    run("assemble", partial(assemble, module, context))
    return module, calls


@pytest.mark.parametrize("step", [convolution, weighted, residual, turned, pool, joined])
def test_twice_the_function_takes_twice_the_steps(step: Callable[[int], str]):
    """Of each pass, and of each function that it calls."""
    with scoped_resources():
        compile_counting(chain(step, 2))  # fills caches
    with scoped_resources():
        _, once = compile_counting(chain(step, 24))
    with scoped_resources():
        _, twice = compile_counting(chain(step, 48))
    more = {name: twice[name].total() / (once[name].total() + 1000) for name in once}
    assert max(more.values()) < 2.3, more
    growing = {
        f"{name}: {code.co_qualname}": (once[name][code], count)
        for name, counts in twice.items()
        for code, count in counts.items()
        if count > 2.3 * once[name][code] + 100
    }
    assert not growing


def test_long_chains_of_small_nests():
    """Bodies grow to thousands of operations, which are not gone through at each step."""
    _, once = compile_counting(chain(turned, 150))
    _, twice = compile_counting(chain(turned, 300))
    assert twice["affine-nest-fuse"].total() < 2.2 * once["affine-nest-fuse"].total()


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
