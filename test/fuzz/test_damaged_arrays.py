"""Arrays: inputs as .npy and .npz, calibrations. What is taken is what numpy reads."""

from __future__ import annotations

import re
import struct
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from bombs import bomb
from kinds import Input, Kind
from mutations import damaged_bytes, damaged_text, pick
from numpy.random import Generator
from programs import computed, networks, npy, program

from nopt.dialects.constants import scoped_resources
from nopt.tools.nopt import main as nopt
from nopt.tools.nopt_run import main as nopt_run

WHICH = 0
FLOATS = """
func.func @main(%x: tensor<1x3x2x2xf32>, %i: tensor<1x4xi64>)
    -> (tensor<1x2x2x2xf32>, tensor<1x4xf32>) {
  %w = graph.constant dense<1.5> : tensor<2x3x1x1xf32>
  %t = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = graph.conv2d %x, %w : (tensor<1x3x2x2xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32>
  %z = graph.gather %t, %i axis 0 : (tensor<2xf32>, tensor<1x4xi64>) -> tensor<1x4xf32>
  func.return %y, %z : tensor<1x2x2x2xf32>, tensor<1x4xf32>
}
"""


def test_arrays(part: int):
    Kind("arrays", made).check(part)


def made(rng: Generator) -> Input:
    return pick(rng, (one_array, an_archive, an_archive, a_calibration))(rng)


def one_array(rng: Generator) -> Input:
    """The first input as a .npy file."""
    x, *others = samples()
    data = damaged_npy(rng, npy(x))
    return Input(data, ".npy", lambda path: check(path, ["-i", str(path), *saved(others)]))


def an_archive(rng: Generator) -> Input:
    """All inputs in one .npz file."""
    names = [value.name for value in program(WHICH).inputs]
    data = damaged_npz(rng, dict(zip(names, map(npy, samples()), strict=True)))
    return Input(data, ".npz", lambda path: check(path, ["-i", str(path)]))


def a_calibration(rng: Generator) -> Input:
    """Two samples of each input of a network of floats."""
    x = rng.standard_normal((2, 3, 2, 2), np.float32)
    if rng.random() < 0.3:
        x.reshape(-1)[rng.integers(x.size)] = pick(rng, (np.nan, np.inf, 1e38, 1e-45, -0.0))
    i = rng.integers(-2, pick(rng, (2, 2, 3)), (2, 4))
    data = damaged_npz(rng, {"x": npy(x), "i": npy(i)})
    method = pick(rng, ("", " method=max", " method=percentile"))

    def check(path: Path) -> None:
        Path("floats.mlir").write_text(FLOATS)
        with scoped_resources():
            nopt(
                [
                    "floats.mlir",
                    "-p",
                    f'graph-quantize{{calibration="{path}"{method}}}',
                    "-o",
                    "output",
                ]
            )
        with scoped_resources():
            Path("output").rename("quantized.mlir")
            nopt(["quantized.mlir", "-p", "vta", "-t", "vta-program", "-o", "output"])

    return Input(data, ".npz", check)


def check(path: Path, arguments: list[str]) -> None:
    program(WHICH).save("program.vta")
    nopt_run(["program.vta", *arguments, "-o", "output"])
    found = np.load("output")
    loaded = np.load(path)
    x = loaded if path.suffix == ".npy" else loaded[loaded.files[0]]
    if x.shape == samples()[0].shape:
        names = [value.name for value in program(WHICH).inputs]
        given = samples() if path.suffix == ".npy" else []
        arrays = [x, *given[1:]] if given else in_order(loaded, names)
        (expected,) = computed(networks()[WHICH], arrays)
        np.testing.assert_array_equal(found, expected)


def in_order(archive: np.lib.npyio.NpzFile, names: list[str]) -> list[np.ndarray]:
    """By name, or by the names that numpy gives."""
    known = set(archive.files) == set(names)
    return [archive[name if known else f"arr_{at}"] for at, name in enumerate(names)]


@cache
def samples() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(-128, 128, v.shape, v.dtype) for v in program(WHICH).inputs]


def saved(arrays: list[np.ndarray]) -> list[str]:
    arguments: list[str] = []
    for number, array in enumerate(arrays):
        np.save(f"other{number}.npy", array)
        arguments += ["-i", f"other{number}.npy"]
    return arguments


def damaged_npy(rng: Generator, data: bytes) -> bytes:
    """In its header, mostly, whose length may be another afterwards; or anywhere."""
    if rng.random() < 0.3:
        return damaged_bytes(rng, data)
    (length,) = struct.unpack("<H", data[8:10])
    header, body = data[10 : 10 + length].decode(), data[10 + length :]
    if rng.random() < 0.6:
        header = odd_header(rng, header)
    else:
        header = damaged_text(rng, header, [header]).decode(errors="replace")
    encoded = header.encode("latin1", "replace")
    if rng.random() < 0.8:
        encoded = encoded.rstrip() + b"\n"
    return data[:8] + struct.pack("<H", len(encoded) & 0xFFFF) + encoded + body


def odd_header(rng: Generator, header: str) -> str:
    """Another type, order or shape, all of which numpy can say."""
    match rng.integers(3):
        case 0:
            types = (
                "<i4",
                ">i2",
                "|u1",
                "<f4",
                "<f2",
                "|b1",
                "|O",
                "<M8[ns]",
                "|V7",
                "<U3",
                "|S0",
                "",
            )
            return re.sub(r"'descr': '[^']*'", f"'descr': '{pick(rng, types)}'", header)
        case 1:
            return header.replace("False", pick(rng, ("True", "None", "2", "'x'")))
        case _:
            shapes = (
                "()",
                "(0,)",
                "(-1,)",
                "(1, 3, 6, 6, 1)",
                "(2, 3, 6, 6)",
                "(1, 3, 36)",
                "(3,)",
            )
            huge = (f"({1 << 62}, 8)", f"({1 << 33},)", f"({10**30},)", "(1.5,)", "5", "'x'")
            return re.sub(r"\([^)]*\)", pick(rng, (*shapes, *huge)), header)


def damaged_npz(rng: Generator, arrays: dict[str, bytes]) -> bytes:
    """In a member, in the names of members, or in the archive."""
    name = pick(rng, [*arrays])
    match rng.integers(6):
        case 0 | 1:
            arrays[name] = damaged_npy(rng, arrays[name])
        case 2:
            other = pick(rng, ("arr_0", "arr_1", name.upper(), "", "x.npy", "more", "\u00e9"))
            arrays[other] = arrays[name] if rng.random() < 0.5 else arrays.pop(name)
        case 3:
            del arrays[name]
        case 4:
            members = {f"{each}.npy": data for each, data in arrays.items()}
            return bomb(members, f"{name}.npy", int(rng.integers(2, 5)), bool(rng.random() < 0.5))
        case _:
            return damaged_bytes(rng, archived(rng, arrays))
    return archived(rng, arrays)


def archived(rng: Generator, arrays: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.5 else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data, method)
    return stream.getvalue()
