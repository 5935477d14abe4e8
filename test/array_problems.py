"""Convolutions and matrix products as arrays of PEs see them, and what is published about them."""

import json
from pathlib import Path
from typing import Any

from nopt.hw.array.mapping import Mapping
from nopt.hw.array.problem import Problem

DATA: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "dmazerunner.json").read_text(encoding="utf-8")
)
LOOPS = ("N", "M", "C", "Ox", "Oy", "Fx", "Fy")


def conv(extents: list[int], stride: int, padded: int, kind: str = "conv") -> Problem:
    """A convolution, or one by channel, whose padded input is a square."""
    names = dict(zip(LOOPS, extents, strict=True))
    channel, weights = ("M", "M,C") if kind == "conv" else ("C", "C")
    text = f"O[N,{channel},Ox,Oy] += I[N,C,{stride}*Ox+Fx,{stride}*Oy+Fy] * W[{weights},Fx,Fy]"
    return Problem.read(text, names, {"I": (names["N"], names["C"], padded, padded)})


def layer(name: str) -> Problem:
    """A layer of ResNet, of four images."""
    data = DATA["layers"][name]
    return conv(data["extents"], data["stride"], data["padded"])


def product(x: int, y: int, k: int) -> Problem:
    return Problem.read("C[X,Y] += A[X,K] * B[K,Y]", {"X": x, "Y": y, "K": k})


def case_problem(case: dict[str, Any]) -> Problem:
    if case["kind"] == "gemm":
        return product(*case["extents"])
    return conv(case["extents"], case["stride"], case["padded"], case["kind"])


def mapping(case: dict[str, Any]) -> Mapping:
    return Mapping(*map(tuple, case["factors"]), *map(tuple, case["orders"]))
