"""Loop code to the core, and nests to loop code, with the tools that loop code comes from.

`mlir-opt` and a C compiler are asked where they are installed.
"""

import ctypes
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.printer import Printer
from xdsl.universe import Universe

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.hw.program.program_file import Program
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.pipeline_text import build_passes
from nopt.tools.runtime import Runtime

ROOT = Path(__file__).parents[2]
CONV = ROOT / "examples/loops/conv.mlir"
UNIVERSE = Universe.get_multiverse()


def context() -> Context:
    ctx = Context()
    for name, factory in UNIVERSE.all_dialects.items():
        ctx.register_dialect(name, factory)
    return ctx


def parse(text: str) -> ModuleOp:
    module = ModuleParser(context(), text).parse_module()
    module.verify()
    return module


def apply(module: ModuleOp, passes: str) -> None:
    for item in build_passes(passes, UNIVERSE.all_passes):
        item.apply(context(), module)
        module.verify()


def program(text: str) -> Program:
    """Loop code as a program for the core, which must run a part of it."""
    module = parse(text)
    apply(module, "raise-affine-to-nest,vta")
    made = assemble(module, Context()).program
    assert Runtime(made).core_steps
    return made


def random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-128, 127, shape, np.int8, endpoint=True)


def conv_inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    bias = rng.integers(-5000, 5000, 32, np.int32)
    return [random(rng, (16, 16, 16)), random(rng, (32, 16, 3, 3)), bias]


def conv_result(x: np.ndarray, w: np.ndarray, bias: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.int32), (3, 3), (1, 2))
    total = np.einsum("cijpq,ocpq->oij", windows, w.astype(np.int32)) + bias[:, None, None]
    return np.clip((total + 128) >> 8, 0, 127).astype(np.int8)


def test_convolution_on_the_core():
    inputs = conv_inputs()
    (found,) = Runtime(program(CONV.read_text())).run(inputs).outputs
    np.testing.assert_array_equal(found, conv_result(*inputs))


def test_the_example_in_c(tmp_path: Path):
    compiler = shutil.which("cc") or pytest.skip("no C compiler is installed")
    library = tmp_path / "conv.so"
    source = CONV.with_suffix(".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    inputs = conv_inputs()
    found = np.empty((32, 14, 14), np.int8)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (*inputs, found)]
    ctypes.CDLL(str(library)).conv(*pointers)
    np.testing.assert_array_equal(found, conv_result(*inputs))


GEMM = """
func.func @main(%a: memref<20x32xi8>, %b: memref<32x48xi8>, %y: memref<20x48xi8>) {
  %zero = arith.constant 0 : i32
  %seven = arith.constant 7 : i32
  %low = arith.constant -128 : i32
  %high = arith.constant 127 : i32
  %c = memref.alloc() : memref<20x48xi32>
  affine.for %i = 0 to 20 {
    affine.for %j = 0 to 48 {
      affine.store %zero, %c[%i, %j] : memref<20x48xi32>
    }
  }
  affine.for %i = 0 to 20 {
    affine.for %k = 0 to 32 {
      affine.for %j = 0 to 48 {
        %l = affine.load %a[%i, %k] : memref<20x32xi8>
        %r = affine.load %b[%k, %j] : memref<32x48xi8>
        %lw = arith.extsi %l : i8 to i32
        %rw = arith.extsi %r : i8 to i32
        %p = arith.muli %lw, %rw : i32
        %s = affine.load %c[%i, %j] : memref<20x48xi32>
        %t = arith.addi %s, %p : i32
        affine.store %t, %c[%i, %j] : memref<20x48xi32>
      }
    }
  }
  affine.for %i = 0 to 20 {
    affine.for %j = 0 to 48 {
      %s = affine.load %c[%i, %j] : memref<20x48xi32>
      %q = arith.shrsi %s, %seven : i32
      %m = arith.maxsi %q, %low : i32
      %n = arith.minsi %m, %high : i32
      %e = arith.trunci %n : i32 to i8
      affine.store %e, %y[%i, %j] : memref<20x48xi8>
    }
  }
  memref.dealloc %c : memref<20x48xi32>
  return
}
"""


def gemm_inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [random(rng, (20, 32)), random(rng, (32, 48))]


def gemm_result(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.clip((a.astype(np.int32) @ b.astype(np.int32)) >> 7, -128, 127).astype(np.int8)


def test_product_on_the_core():
    inputs = gemm_inputs()
    (found,) = Runtime(program(GEMM)).run(inputs).outputs
    np.testing.assert_array_equal(found, gemm_result(*inputs))


def test_a_network_through_loops():
    """As loops and back, the digits network is the program that it is without the detour."""
    text = (ROOT / "examples/digits/digits.mlir").read_text()
    to_loops = "convert-graph-to-affine-nest,affine-nest-fuse,convert-affine-nest-to-affine"
    programs: list[Program] = []
    for passes in ("", f"canonicalize,{to_loops},raise-affine-to-nest,"):
        module = parse(text)
        apply(module, f"{passes}vta")
        programs.append(assemble(module, Context()).program)
    image = np.load(ROOT / "examples/digits/images.npy")[:1]
    direct, detour = (Runtime(program) for program in programs)
    assert detour.cycles == direct.cycles
    for found, wanted in zip(detour.run([image]).outputs, direct.run([image]).outputs, strict=True):
        np.testing.assert_array_equal(found, wanted)


# --- With mlir-opt.


def mlir_opt(text: str, *options: str) -> str:
    """What the newest `mlir-opt` prints."""
    names = ("mlir-opt", *(f"mlir-opt-{version}" for version in range(30, 14, -1)))
    tool = next(filter(None, map(shutil.which, names)), None)
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    done = subprocess.run([tool, *options], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return done.stdout


REWRITES = {
    "pretty": "",
    "canonical": "canonicalize,cse",
    "tiled": "affine-loop-tile{tile-size=2}",
    "forwarded": "affine-scalrep",
    "hoisted": "affine-loop-invariant-code-motion",
    "fused": "affine-loop-fusion",
    "normal": "affine-loop-tile{tile-size=2},affine-loop-normalize",
}
"""What `mlir-opt` does to loop code before it comes here."""


@pytest.mark.parametrize("form", ["custom", "generic"])
@pytest.mark.parametrize("name", REWRITES)
@pytest.mark.parametrize("loops", ["conv", "gemm"])
def test_what_mlir_opt_prints(loops: str, name: str, form: str):
    text = CONV.read_text().replace("@conv", "@main") if loops == "conv" else GEMM
    inputs = conv_inputs() if loops == "conv" else gemm_inputs()
    result = conv_result if loops == "conv" else gemm_result
    passes = REWRITES[name]
    options = [f"--pass-pipeline=builtin.module(func.func({passes}))"] if passes else []
    options += ["--mlir-print-op-generic"] if form == "generic" else []
    module = parse(mlir_opt(text, *options))
    apply(module, "raise-affine-to-nest")
    (found,) = run_function(module, "main", inputs)
    np.testing.assert_array_equal(found, result(*inputs))


GOLDENS = [
    *sorted(
        path
        for folder in ("fusion", "layout", "lowering", "raising", "schedule", "simplify")
        for path in (ROOT / "test/passes" / folder).glob("*.mlir")
    ),
    ROOT / "test/dialects/affine_nest/ops.mlir",
]


def nest_functions(path: Path) -> Iterator[FuncOp]:
    """The functions of a golden test that are made of nests only."""
    for chunk in path.read_text().split("// -----"):
        if "{-#" in chunk:
            continue
        for op in parse(chunk).ops:
            dialects = {inner.dialect_name() for inner in op.walk() if inner is not op}
            nests = dialects <= {"affine_nest", "arith", "func"} and "affine_nest" in dialects
            if isinstance(op, FuncOp) and nests:
                op.detach()
                yield op


def test_mlir_opt_verifies_lowered_goldens():
    count = 0
    for path in GOLDENS:
        if "invalid" in path.name or "error" in path.name:
            continue
        for function in nest_functions(path):
            count += sum(isinstance(op, ForOp) for op in function.walk())
            module = ModuleOp([function])
            apply(module, "convert-affine-nest-to-affine")
            stream = io.StringIO()
            Printer(stream, print_properties_as_attributes=True).print_op(module)
            text = stream.getvalue()
            if "maximumf" in text and "version 16." in mlir_opt("", "--version"):
                continue  # It has no such operation yet.
            mlir_opt(text)
    assert count > 50
