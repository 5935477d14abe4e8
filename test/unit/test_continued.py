"""Text of any stage of the pipeline goes on through it, to the program that it gives in one go."""

from io import BytesIO, StringIO
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.blobs import read_text
from nopt.dialects.constants import scoped_resources
from nopt.dialects.parsing import ModuleParser
from nopt.dialects.printing import MlirTarget
from nopt.passes.pipelines import PIPELINES
from nopt.tools.compiling import compile_program, every_dialect, run_pipeline

CONV = Path(__file__).parents[2] / "examples" / "conv" / "conv.mlir"
POOL = """
func.func @main(%x: tensor<1x16x12x12xi8>) -> tensor<1x24x4x4xi8> {
  %w = graph.constant dense<1> : tensor<24x16x3x3xi8>
  %y = graph.conv2d %x, %w : (tensor<1x16x12x12xi8>, tensor<24x16x3x3xi8>) -> tensor<1x24x10x10xi32>
  %z = graph.requantize %y shift 6 : tensor<1x24x10x10xi32> -> tensor<1x24x10x10xi8>
  %p = graph.max_pool %z kernel [3, 3] strides [2, 2]
    : tensor<1x24x10x10xi8> -> tensor<1x24x4x4xi8>
  return %p : tensor<1x24x4x4xi8>
}
"""
STAGES = [each for each in PIPELINES["vta"].passes if each not in PIPELINES]


def read(text: str) -> ModuleOp:
    found = read_text(BytesIO(text.encode()))
    return ModuleParser(every_dialect(), found.text, "text", found.blobs).parse_module()


def printed(module: ModuleOp) -> str:
    out = StringIO()
    MlirTarget().emit(every_dialect(), module, out)
    return out.getvalue()


@pytest.mark.parametrize("text", [CONV.read_text(), POOL], ids=["conv", "pool"])
def test_every_stage_goes_on(text: str):
    with scoped_resources():
        whole = compile_program(read(text)).to_bytes()
    for stage in STAGES:
        with scoped_resources():
            begun = read(text)
            run_pipeline(begun, f"vta{{until={stage}}}")
            continued = compile_program(read(printed(begun)))
            assert continued.to_bytes() == whole, stage
