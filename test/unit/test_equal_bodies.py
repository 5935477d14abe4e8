"""Equal bodies: what counts is what they compute of their arguments."""

import pytest

from nopt.dialects import isa
from nopt.dialects.parsing import ModuleParser
from nopt.passes.base.equal_bodies import copy_of, structure
from nopt.tools.compiling import every_dialect, run_pipeline

BODY = """
func.func @f(%a: i32, %b: i32) -> i32 {
  %c = arith.constant 1 : i32
  %d = arith.addi %a, %c : i32
  %e = arith.subi %d, %b : i32
  func.return %e : i32
}
"""


def body(text: str):
    return ModuleParser(every_dialect(), text).parse_module().body.block.first_op.body


def test_names_do_not_count():
    assert structure(body(BODY)) == structure(body(BODY.replace("%d", "%sum").replace("%a", "%x")))


@pytest.mark.parametrize(
    "old, new",
    [
        ("constant 1", "constant 2"),
        ("addi %a", "addi %b"),
        ("subi %d, %b", "subi %b, %d"),
        ("subi", "muli"),
        ("return %e", "return %d"),
        ("arith.addi %a, %c", "arith.addi %a, %c overflow<nsw>"),
        ("%b: i32)", "%b: i32, %z: i32)"),
    ],
)
def test_everything_else_counts(old: str, new: str):
    assert structure(body(BODY)) != structure(body(BODY.replace(old, new)))


def test_a_value_from_outside_is_itself_only_or_an_argument():
    loops = """
    func.func @f(%a: index, %b: index, %x: f32, %y: f32, %s: index) {
      scf.for %i = %a to %b step %s { %p = arith.addf %x, %y : f32 }
      scf.for %j = %a to %b step %s { %q = arith.addf %x, %y : f32 }
      scf.for %k = %a to %b step %s { %r = arith.addf %y, %x : f32 }
      func.return
    }
    """
    function = body(loops)
    (_, _, x, y, _), (first, second, third, _) = function.block.args, function.block.ops
    assert structure(first.body) == structure(second.body) != structure(third.body)
    assert structure(first.body, [x, y]) == structure(third.body, [y, x])
    assert structure(first.body, [x, y]) != structure(third.body, [x, y])


def test_a_copy_has_the_names_of_the_other():
    first, second = body(BODY), body(BODY.replace("%a", "%x"))
    copy = copy_of(first, second)
    assert [argument.name_hint for argument in copy.block.args] == ["x", "b"]
    assert structure(copy) == structure(first)


def test_equal_kernels_lie_beside_one_another():
    """One goes where the one before does not lie: it is no copy of its instructions."""
    layers = "".join(
        f"""
      %s{i} = graph.matmul %x{i}, %w{i} : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi32>
      %x{i + 1} = graph.requantize %s{i} shift 4 : tensor<8x16xi32> -> tensor<8x16xi8>"""
        for i in range(4)
    )
    weights = ", ".join(f"%w{i}: tensor<16x16xi8>" for i in range(4))
    text = f"""
    func.func @main(%x0: tensor<8x16xi8>, {weights}) -> tensor<8x16xi8> {{{layers}
      func.return %x4 : tensor<8x16xi8>
    }}
    """
    module = ModuleParser(every_dialect(), text).parse_module()
    run_pipeline(module, "vta")
    _, second, third, _ = (op for op in module.walk() if isinstance(op, isa.KernelOp))
    assert len([*second.body.walk()]) == len([*third.body.walk()])
    assert structure(second.body) != structure(third.body)
