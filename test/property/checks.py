"""What properties do with a network: rewrite it, run it, compare."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from drafts import Network
from xdsl.context import Context
from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func

from nopt.dialects import get_all_dialects
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.interpreters import unspecified
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.passes import get_all_passes

CONTEXT = Context()
for _dialect in (Builtin, Func, affine.Affine, arith.Arith, memref.MemRef, scf.Scf):
    CONTEXT.load_dialect(_dialect)
for _factory in get_all_dialects().values():
    CONTEXT.load_dialect(_factory())


def parse(text: str) -> ModuleOp:
    module = ModuleParser(CONTEXT, text).parse_module()
    module.verify()
    return module


def apply(module: ModuleOp, *names: str) -> None:
    """Passes by name; each leaves what verifies."""
    for name in names:
        get_all_passes()[name]()().apply(Context(), module)
        module.verify()


def run(network: Network) -> tuple[np.ndarray, ...]:
    """What @main gives; elements that no nest writes are masked."""
    nests = [op for op in network.module.walk() if isinstance(op, ForOp)]
    if all(nest.into is None or nest.destination is not None for nest in nests):
        return run_function(network.module, "main", network.inputs)
    return specified(network.module, network.inputs)


def specified(module: ModuleOp, inputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """What @main gives; elements that depend on what nobody wrote are masked: they differ where
    what stands for it does."""
    found = run_function(module, "main", inputs)
    with patch.object(unspecified, "BYTE", 0x5A):
        again = run_function(module, "main", inputs)
    return tuple(map(masked, found, again))


def masked(array: np.ndarray, again: np.ndarray) -> np.ndarray:
    """An array without the elements that were others in another run."""
    same = (array == again) | ((array != array) & (again != again))
    return np.ma.array(array, mask=~same)


def assert_equal(
    found: tuple[np.ndarray, ...] | list[np.ndarray], wanted: tuple[np.ndarray, ...], after: str
) -> None:
    """The same arrays, to the bit, `after` something was done; where some are masked, any."""
    assert len(found) == len(wanted), after
    for array, expected in zip(found, wanted, strict=True):
        assert (array.dtype, array.shape) == (expected.dtype, expected.shape), after
        rest = ~np.ma.getmaskarray(expected)
        found_data, wanted_data = np.ma.getdata(array), np.ma.getdata(expected)
        np.testing.assert_array_equal(found_data[rest], wanted_data[rest], err_msg=after)


def assert_same(network: Network, *passes: str) -> None:
    """The same results after each pass as before the first."""
    wanted = run(network)
    for name in passes:
        apply(network.module, name)
        assert_equal(run(network), wanted, name)
