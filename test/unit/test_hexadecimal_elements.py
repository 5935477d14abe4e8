"""Elements that `dense<"0x…">` gives as bytes; the values are what `mlir-opt` prints of them."""

import shutil
import subprocess

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, DenseIntOrFPElementsAttr
from xdsl.dialects.memref import GlobalOp, MemRef
from xdsl.utils.exceptions import ParseError

from nopt.dialects.parsing import ModuleParser


def globals_of(text: str) -> list[DenseIntOrFPElementsAttr]:
    ctx = Context()
    for dialect in (Builtin, MemRef, Arith):
        ctx.load_dialect(dialect)
    found: list[DenseIntOrFPElementsAttr] = []
    for op in ModuleParser(ctx, text).parse_module().ops:
        assert isinstance(op, GlobalOp) and isinstance(op.initial_value, DenseIntOrFPElementsAttr)
        found.append(op.initial_value)
    return found


def read(type: str, digits: str) -> DenseIntOrFPElementsAttr:
    (found,) = globals_of(f'memref.global @w : memref<{type}> = dense<"0x{digits}">')
    return found


@pytest.mark.parametrize(
    ("type", "digits", "values"),
    [
        ("8xi1", "05", [1, 0, 1, 0, 0, 0, 0, 0]),
        ("10xi1", "0503", [1, 0, 1, 0, 0, 0, 0, 0, 1, 1]),
        ("2x5xi1", "05FF", [1, 0, 1, 0, 0, 0, 0, 0, 1, 1]),
        ("3xi1", "06", [0, 1, 1]),
        ("12xi1", "00", [0] * 12),
        ("12xi1", "FF", [1] * 12),
        ("1xi1", "02", [1]),
        ("0xi1", "", []),
        ("10xui1", "0503", [1, 0, 1, 0, 0, 0, 0, 0, 1, 1]),
        ("4xi4", "01020FF4", [1, 2, -1, 4]),
        ("3xui4", "0F", [15, 15, 15]),
        ("2xi9", "FF010302", [-1, 3]),
        ("2xi24", "0100FF000080", [-65535, -(1 << 23)]),
        ("2xsi8", "FF7F", [-1, 127]),
        ("2xui8", "FF7F", [255, 127]),
        ("2xindex", "0100000000000080", [1 - (1 << 63)] * 2),
    ],
)  # fmt: skip
def test_integers(type: str, digits: str, values: list[int]):
    found = [int(value) for value in read(type, digits).get_values()]
    if "xi1" in type:
        found = [value & 1 for value in found]
    assert found == values


@pytest.mark.parametrize(
    ("type", "digits", "message"),
    [
        ("12xi1", "03", "expected 12 bits in whole bytes, found 1 bytes"),
        ("8xi1", "0503", "expected 8 bits in whole bytes, found 2 bytes"),
        ("0xi1", "0101", "expected 0 bits in whole bytes, found 2 bytes"),
        ("3xi24", "0100", "expected 3 bytes for each element, found 2 bytes in all"),
        ("3xi24", "010000020000", "expected 3 elements as the type has, found 2"),
        ("2xi65", "00" * 9, "integers of more than 64 bits have no bits here"),
        ("2xi8", "0", "expected 0x and pairs of hexadecimal digits"),
    ],
)  # fmt: skip
def test_what_is_refused(type: str, digits: str, message: str):
    with pytest.raises(ParseError, match=message):
        read(type, digits)


def test_like_mlir_opt():
    names = ("mlir-opt", *(f"mlir-opt-{version}" for version in range(30, 14, -1)))
    tool = next(filter(None, map(shutil.which, names)), None)
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    rng = np.random.default_rng(0)
    lines: list[str] = []
    for width in (1, 1, 1, *range(2, 65)):
        count = int(rng.integers(2, 21))
        if width == 1:
            data = rng.bytes(-(-count // 8))
        else:  # mlir-opt 16 takes bits beyond the width for a part of the number.
            numbers = [int.from_bytes(rng.bytes(8), "little") >> (64 - width) for _ in range(count)]
            data = b"".join(number.to_bytes(-(-width // 8), "little") for number in numbers)
        digits = data.hex()
        value = f'memref<{count}xi{width}> = dense<"0x{digits}">'
        lines.append(f"memref.global @w{len(lines)} : {value}")
    text = "\n".join(lines)
    done = subprocess.run([tool], input=text, capture_output=True, text=True, check=True)
    assert globals_of(text) == globals_of(done.stdout)
