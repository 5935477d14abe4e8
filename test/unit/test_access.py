"""What passes ask of the index maps of nests, on accesses that people know."""

import pytest
from xdsl.dialects.builtin import TensorType, i8
from xdsl.ir.affine import AffineDimExpr, AffineMap, AffineSymExpr
from xdsl.utils.test_value import create_ssa_value

from nopt.dialects.affine_nest import LoadOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.passes.analysis import Access, access, access_of


def of(extents: tuple[int, ...], map: AffineMap) -> Access:
    return access(map, extents)


def conv() -> Access:
    """x[i, oh * 2 + kh - 3, ow * 2 + kw - 3] over oc, oh, ow, i, kh, kw: the first of a ResNet."""
    _, oh, ow, i, kh, kw = (AffineDimExpr(position) for position in range(6))
    map = AffineMap(6, 0, (i, oh * 2 + kh - 3, ow * 2 + kw - 3))
    return of((64, 112, 112, 3, 7, 7), map)


def test_a_window_slides_over_its_input():
    read = conv()
    assert read.bounds == ((0, 2), (-3, 225), (-3, 225))
    assert not read.is_inside((3, 224, 224))
    assert read.is_box and read.elements == 3 * 229 * 229
    # Of output channels each reads all; neighbouring windows read some again.
    assert read.unused == {0}
    assert read.reused == {0, 1, 2, 4, 5}
    assert read.factor(1, 1) == 2 and read.factor(1, 2) == 0
    assert read.axes_of(4) == (1,) and read.axes_of(0) == ()
    assert read.along(3) == (0, 0) and read.along(1) is None


def test_the_window_of_a_tile():
    """8 rows and 14 columns of outputs, all of the kernel: 21 rows and 33 columns from twice on."""
    window = conv().window((16, 8, 14, 3, 7, 7))
    assert window.sizes == (3, 21, 33)
    assert window.origin is not None
    assert window.origin.eval((0, 8, 28, 0, 0, 0), []) == (0, 13, 53)


def test_the_window_of_a_divided_index():
    """Twelve rows in blocks of 4: five or six rows lie in two blocks, four in one."""
    blocks = of((12,), AffineMap.from_callable(lambda i: (i // 4, i % 4)))
    assert blocks.window((4,)).sizes == (1, 4)
    assert blocks.window((6,)).sizes == (2, 4)
    assert blocks.window((5,)).sizes == (2, 4)
    origin = blocks.window((4,)).origin
    assert origin is not None and origin.eval((8,), []) == (2, 0)


def test_windows_that_do_not_overlap_read_once():
    patches = of((4, 8, 8), AffineMap.from_callable(lambda p, q, c: (p * 8 + q, c)))
    assert patches.is_bijection((32, 8)) and patches.reused == frozenset()
    skipping = of((4, 6, 8), AffineMap.from_callable(lambda p, q, c: (p * 8 + q, c)))
    assert skipping.is_injective and not skipping.is_box and skipping.elements == 4 * 6 * 8


def test_a_reshape_and_its_inverse():
    merge = of((12, 64), AffineMap.from_callable(lambda head, i: (head * 64 + i,)))
    split = of((768,), AffineMap.from_callable(lambda c: (c // 64, c % 64)))
    assert merge.is_bijection((768,)) and split.is_bijection((12, 64))
    assert merge.inverse == split.map
    assert split.then(merge.map).map == AffineMap.identity(1)
    assert not merge.divides and split.divides


def test_a_transpose_that_divides_has_an_inverse():
    """A channel shuffle in 3 groups is undone by one in 16."""
    shuffle = of((48,), AffineMap.from_callable(lambda c: ((c % 3) * 16 + c // 3,)))
    back = of((48,), AffineMap.from_callable(lambda c: ((c % 16) * 3 + c // 16,)))
    assert shuffle.is_bijection((48,))
    assert shuffle.inverse is not None
    assert back.then(shuffle.map).map == AffineMap.identity(1)
    for c in range(48):
        assert shuffle.inverse.eval(shuffle.map.eval([c], []), []) == (c,)


def test_who_computes_what_is_read():
    """The second piece of a joined tensor, read with its rows backwards."""
    first = of((32, 9), AffineMap.from_callable(lambda c, h: (c, h)))
    second = of((64, 9), AffineMap.from_callable(lambda c, h: (c + 32, h)))
    read = of((64, 9), AffineMap.from_callable(lambda c, h: (c + 32, h * -1 + 8)))
    assert second.shift == (32, 0) and read.shift is None
    assert read.is_disjoint(first) and not read.is_disjoint(second)
    assert read.points_of(first) is None
    points = read.points_of(second)
    assert points is not None and points.is_bijection((64, 9))
    assert points.map == AffineMap.from_callable(lambda c, h: (c, h * -1 + 8))
    # A row between them is of both pieces.
    both = of((2,), AffineMap.from_callable(lambda c: (c + 31, 0)))
    assert both.points_of(first) is None and both.points_of(second) is None


def test_even_and_odd_rows_are_disjoint():
    even = of((4,), AffineMap.from_callable(lambda i: (i * 2,)))
    odd = of((4,), AffineMap.from_callable(lambda i: (i * 2 + 1,)))
    assert even.is_disjoint(odd) and even.bounds == ((0, 6),)


def test_outside_stays_outside():
    """A window reads rows -1 and 9 of a tensor of 9 rows, which is a part of another."""
    read = of((9, 3), AffineMap.from_callable(lambda h, k: (h + k - 1,)))
    middle = AffineMap.from_callable(lambda h: (h + 4,))
    last = AffineMap.from_callable(lambda h: (h,))
    assert not read.stays_outside((9,), middle, (16,))
    assert read.stays_outside((9,), last, (9,))
    # A pad of its own is further outside.
    further = AffineMap.from_callable(lambda h: (h - 1,))
    assert not read.stays_outside((9,), further, (9,))
    assert read.stays_outside((9,), further, (7,))


def test_each_window_meets_its_input():
    def pool(pad: int) -> Access:
        return of((5, 3), AffineMap.from_callable(lambda h, k: (h * 2 + k - pad,)))

    assert pool(1).meets((9,), 1)
    assert not pool(3).meets((9,), 1)


def test_an_iterator_that_division_makes_idle():
    """Blocks of 4 are read whole: which of its elements it is makes no difference."""
    blocks = of((8, 4), AffineMap.from_callable(lambda b, i: ((b * 4 + i) // 4,)))
    assert blocks.unused == {1} and blocks.reused == {1}
    halves = of((8,), AffineMap.from_callable(lambda i: (i // 2,)))
    assert halves.unused == frozenset() and halves.reused == {0}
    # 0 + 1 and 1 + 0: what is added outside of a division undoes what is inside.
    flipped = of((2,), AffineMap.from_callable(lambda i: ((i + 1) % 2 + i,)))
    assert flipped.unused == {0} and flipped.reused == {0}


def test_loads_and_nests_have_accesses():
    source = create_ssa_value(TensorType(i8, [16]))
    result = TensorType(i8, [32])
    nest = NestBuilder({"i": 16}, {})
    (i,) = nest.dims
    place = Place(AffineMap(1, 0, (i + 16,)), result, None)
    op = nest.finish(nest.load(source, [i * -1 + 15]), place=place)
    load = op.yielded.owner
    assert isinstance(load, LoadOp)
    assert access_of(load).is_bijection((16,))
    assert access_of(op).shift == (16,)
    assert access_of(load) is access(load.map.data, (16,))


def test_symbols_are_refused():
    symbolic = of((4,), AffineMap(1, 1, (AffineSymExpr(0),)))
    with pytest.raises(ValueError, match="has a symbol"):
        _ = symbolic.relation
