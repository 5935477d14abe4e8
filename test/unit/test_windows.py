"""The window of a tile, of every tile: the last one is cut short, and its start is a start, too."""

from itertools import product

import pytest
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import dim_ranges, to_sum
from nopt.passes.analysis.tile_windows import window_of

D = AffineDimExpr(0)
INDICES = [
    *(D // k for k in (2, 3, 4, 7)),
    *(D % k for k in (2, 3, 4)),
    *((D + 2) // 4, D + (D // 4) * 2, D // 2 + D // 3),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_every_tile_lies_in_its_window(index: AffineExpr):
    for extent, tile in product(range(1, 10), range(1, 10)):
        window = window_of([to_sum(index, dim_ranges([extent]))], [extent], [tile])
        starts = range(0, extent, min(tile, extent))
        tiles = [
            [index.eval([point], []) for point in range(start, min(start + tile, extent))]
            for start in starts
        ]
        assert window.sizes == (max(max(each) - min(each) + 1 for each in tiles),)
        if window.origin is not None:
            origins = [window.origin.eval([start], [])[0] for start in starts]
            # What divides may begin before what is reached, so that it is one map for all tiles.
            for origin, each in zip(origins, tiles, strict=True):
                assert origin <= min(each) and max(each) < origin + window.sizes[0]
