"""The windows that schedules are chosen by, for all tiles at once, are those of exact analysis."""

from contextlib import suppress

import numpy as np
from checks import apply
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import TO_CORE, TO_NESTS
from nest_graphs import nest_graphs
from xdsl.ir.affine import AffineMap

from nopt.dialects.affine_nest import ForOp
from nopt.hw.config import Config
from nopt.passes.analysis import access
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import is_on_core
from nopt.passes.core.core_nest import NotOnCore
from nopt.passes.kernel.tiling import Tiling, tiling_of

CONFIG = Config.load("rtl")


@examples(200)
@given(nest_graphs(3), st.data())
def test_windows(network: Network, data: st.DataObject):
    attach(network.module, CONFIG)
    apply(network.module, *TO_NESTS[1:], *TO_CORE)
    for nest in [op for op in network.module.walk() if isinstance(op, ForOp)]:
        if is_on_core(nest):
            # What the core's loads cannot pad has no tiles.
            with suppress(NotOnCore):
                check(tiling_of(nest, CONFIG), data)


def check(tiling: Tiling, data: st.DataObject) -> None:
    """One tile of a nest, as large as drawn; what divides an iterator, schedules tile by 1."""
    extents = tuple(high + 1 for _, high in tiling.ranges.values())
    for operand in tiling.operands:
        sizes = [
            1 if i in operand.opaque else data.draw(st.integers(1, extent))
            for i, extent in enumerate(tiling.extents)
        ]
        tile = list(extents)
        for i, size in enumerate(sizes):
            tile[tiling.position(i)] = size
        exact = access(AffineMap(len(extents), 0, operand.indices), extents).window(tile)
        steps = zip(exact.sizes, operand.steps, strict=True)
        found = operand.window(np.array(sizes, np.int64))
        assert [*found] == [(size - 1) // step + 1 for size, step in steps]
