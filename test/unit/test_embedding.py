"""nopt inside another compiler: a plain xDSL Context and the universe of all installed packages."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.parser import Parser
from xdsl.passes import PassPipeline
from xdsl.universe import Universe

from nopt.dialects.constants import attribute_of, scoped_resources
from nopt.dialects.graph import ConstantOp
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.printing import MlirTarget
from nopt.tools.compiling import every_dialect

SOURCE = """
builtin.module {
  func.func @main(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>) -> tensor<8x16xi8> {
    %y = graph.matmul %x, %w : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi32>
    %z = graph.requantize %y shift 4 : tensor<8x16xi32> -> tensor<8x16xi8>
    func.return %z : tensor<8x16xi8>
  }
}
"""


def compile_with_xdsl(source: str, passes: list[str]) -> ModuleOp:
    """What a compiler on xDSL does with every dialect and pass that is installed."""
    universe = Universe.get_multiverse()
    ctx = Context()
    for name, dialect in universe.all_dialects.items():
        ctx.register_dialect(name, dialect)
    module = Parser(ctx, source).parse_module()
    PassPipeline(tuple(universe.all_passes[name]()() for name in passes)).apply(ctx, module)
    module.verify()
    return module


def test_our_passes_beside_xdsls_own():
    module = compile_with_xdsl(SOURCE, ["convert-graph-to-affine-nest", "cse", "affine-nest-fuse"])
    (main,) = (op for op in module.ops if isinstance(op, FuncOp))
    assert [op.name for op in main.body.block.ops] == ["affine_nest.for", "func.return"]
    rng = np.random.default_rng(0)
    inputs = [rng.integers(-128, 128, shape, np.int8) for shape in ((8, 16), (16, 16))]
    before = run_function(compile_with_xdsl(SOURCE, []), "main", inputs)
    np.testing.assert_array_equal(run_function(module, "main", inputs), before)


def test_a_module_made_in_python_is_printed_with_its_resources():
    with scoped_resources():
        array = np.arange(4096, dtype=np.int16)
        constant = ConstantOp(attribute_of(array, "weights"))
        text = io.StringIO()
        MlirTarget().emit(every_dialect(), ModuleOp([constant]), text)
    assert 'weights: "0x' in text.getvalue()


def test_stock_xdsl_opt(tmp_path: Path):
    """The command `xdsl-opt`, from text to assembly, by our passes and our target."""
    path = tmp_path / "in.mlir"
    path.write_text(SOURCE)
    xdsl_opt = Path(sys.executable).with_name("xdsl-opt")
    passes = "attach-machine,convert-graph-to-affine-nest,affine-nest-fuse,affine-nest-simplify"
    passes += ",affine-nest-infer-layout,affine-nest-pack,affine-nest-insert-copies"
    passes += ",affine-nest-propagate-packs,affine-nest-schedule"
    passes += ",convert-affine-nest-to-tensor-intrinsic,convert-tensor-intrinsic-to-isa"
    for target, expected in (("mlir", "isa.gemm acc[0]"), ("vta-asm", "gemm.reset uop=0:1")):
        arguments = [xdsl_opt, path, "-p", passes, "-t", target]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        assert expected in done.stdout
