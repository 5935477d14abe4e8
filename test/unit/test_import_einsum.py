"""Einstein sums of any number of operands, by numpy's answers."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx_models import model, run

from nopt.tools.errors import UserError

EQUATIONS = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("bij,bkj->bik", [(5, 2, 3), (5, 4, 3)]),
    ("bhid,bhjd->bhij", [(2, 3, 4, 5), (2, 3, 7, 5)]),
    ("ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("i,j->ji", [(2,), (3,)]),
    ("i,i->i", [(3,), (3,)]),
    ("i,i->", [(3,), (3,)]),
    ("ij,kj,kl->li", [(2, 3), (4, 3), (4, 5)]),
    ("ijk,k->ij", [(2, 3, 4), (4,)]),
    ("ij,k->k", [(2, 3), (4,)]),
    ("iij->j", [(3, 3, 2)]),
    ("...ij,...jk->...ik", [(5, 6, 2, 3), (5, 6, 3, 4)]),
    ("i...->...", [(2, 3, 4)]),
    ("...i", [(2, 3)]),
    ("bnct,ckt->bnk", [(1, 3, 5, 4), (5, 2, 4)]),
]


@pytest.mark.parametrize(("equation", "shapes"), EQUATIONS)
def test_as_numpy(equation: str, shapes: list[tuple[int, ...]], tmp_path: Path) -> None:
    names = [f"x{i}" for i in range(len(shapes))]
    proto = model(
        [helper.make_node("Einsum", names, ["y"], equation=equation)],
        dict(zip(names, shapes, strict=True)),
    )
    rng = np.random.default_rng(0)
    # Whole numbers: their sums are exact in any order.
    inputs = [rng.integers(-9, 9, shape).astype(np.float32) for shape in shapes]
    (found,) = run(proto, inputs, tmp_path)
    expected = np.einsum(equation, *inputs)
    assert found.shape == expected.shape
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij->ij", [(2, 3), (3, 4)], "Number of input tensors does not match"),
        ("ijk->i", [(2, 3)], r"Rank of input 0 \(2\) does not match"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "index 'j' is 3 and 4 long, expected one length"),
        ("ii->i", [(2, 3)], "index 'i' is 2 and 3 long, expected one length"),
        ("ij->ik", [(2, 3)], "contains a label missing from the inputs"),
    ],
)
def test_what_is_no_sum(
    equation: str, shapes: list[tuple[int, ...]], message: str, tmp_path: Path
) -> None:
    names = [f"x{i}" for i in range(len(shapes))]
    node = helper.make_node("Einsum", names, ["y"], equation=equation)
    proto = model([node], dict(zip(names, shapes, strict=True)))
    with pytest.raises(UserError, match=message):
        run(proto, [np.zeros(shape, np.float32) for shape in shapes], tmp_path)
