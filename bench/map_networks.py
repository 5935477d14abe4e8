"""Whole networks on an array of PEs: each layer that differs mapped once, proven, and summed up.

    python bench/map_networks.py [--only NAME…] [--machine pe256] [--objective edp] [--layers]

Layers are those of the papers' tables: ResNet-50 (He et al., 2016) and MobileNetV2 (Sandler et al.,
2018) for one image of 224 x 224, BERT-base (Devlin et al., 2019) for a sequence of 128. Seconds are
of the processor.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from nopt.hw.array.any_machine import load_any, macs_of
from nopt.hw.array.problem import Problem
from nopt.passes.mapping.nest_search import NestSearch, unnamed
from nopt.passes.mapping.wanted import OBJECTIVES
from nopt.tools.report import Row, print_rows


def conv(inputs: int, outputs: int, size: int, kernel: int, stride: int = 1) -> Problem:
    """A convolution whose result has `size` rows and columns."""
    text = f"O[m,x,y] += I[c,{stride}*x+i,{stride}*y+j] * W[m,c,i,j]"
    loops = {"m": outputs, "x": size, "y": size, "c": inputs, "i": kernel, "j": kernel}
    return Problem.read(text, loops)


def depthwise(channels: int, size: int, kernel: int, stride: int) -> Problem:
    text = f"O[c,x,y] += I[c,{stride}*x+i,{stride}*y+j] * W[c,i,j]"
    return Problem.read(text, {"c": channels, "x": size, "y": size, "i": kernel, "j": kernel})


def product(rows: int, columns: int, inner: int) -> Problem:
    return Problem.read("C[x,y] += A[x,k] * B[k,y]", {"x": rows, "y": columns, "k": inner})


def resnet50() -> Iterator[Problem]:
    yield conv(3, 64, 112, 7, 2)
    inputs, size = 64, 56
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            stride = 2 if block == 0 and width > 64 else 1
            yield conv(inputs, width, size, 1)
            size //= stride
            yield conv(width, width, size, 3, stride)
            yield conv(width, 4 * width, size, 1)
            if block == 0:
                yield conv(inputs, 4 * width, size, 1, stride)
            inputs = 4 * width
    yield product(1, 1000, 2048)


def mobilenetv2() -> Iterator[Problem]:
    yield conv(3, 32, 112, 3, 2)
    inputs, size = 32, 112
    table = (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)
    for expansion, outputs, repeats, first in (*table, (6, 160, 3, 2), (6, 320, 1, 1)):
        for repeat in range(repeats):
            stride, hidden = first if repeat == 0 else 1, expansion * inputs
            if expansion > 1:
                yield conv(inputs, hidden, size, 1)
            size //= stride
            yield depthwise(hidden, size, 3, stride)
            yield conv(hidden, outputs, size, 1)
            inputs = outputs
    yield conv(320, 1280, 7, 1)
    yield product(1, 1000, 1280)


def bert(length: int = 128, width: int = 768, heads: int = 12) -> Iterator[Problem]:
    for _ in range(12):
        for _ in range(4):
            yield product(length, width, width)
        for _ in range(heads):
            yield product(length, length, width // heads)
            yield product(length, width // heads, length)
        yield product(length, 4 * width, width)
        yield product(length, width, 4 * width)


NETWORKS = {"ResNet-50": resnet50, "MobileNetV2": mobilenetv2, "BERT-base": bert}


def measure(name: str, machine: str, objective: str, by_layer: bool) -> list[Row]:
    """A row for a network, behind those of its layers if these are wanted."""
    times: dict[Problem, int] = {}
    for problem in NETWORKS[name]():
        times[unnamed(problem)] = times.get(unnamed(problem), 0) + 1
    search, pes = NestSearch(machine, objective), macs_of(load_any(machine))
    rows: list[Row] = []
    for problem, count in times.items():
        start = time.process_time()
        found = search.search(problem)
        said = found.estimates[found.best]
        rows.append(
            {
                "name": f"{name} {len(rows) + 1}",
                "layers": count,
                "macs": problem.points,
                "cycles": said.cycles,
                "energy_pj": said.energy,
                "utilisation": problem.points / said.cycles / pes,
                "proven": found.proven,
                "seconds": round(time.process_time() - start, 2),
            }
        )
    summed = ("macs", "cycles", "energy_pj")
    sums = {key: sum(row["layers"] * row[key] for row in rows) for key in summed}
    total: Row = {
        "name": name,
        "layers": sum(times.values()),
        "differ": len(rows),
        **sums,
        "utilisation": sums["macs"] / sums["cycles"] / pes,
        "proven": all(row["proven"] for row in rows),
        "seconds": round(sum(row["seconds"] for row in rows), 1),
    }
    return [*(rows if by_layer else []), total]


def main() -> None:
    parser = argparse.ArgumentParser(description="Whole networks on an array of PEs.")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=[*NETWORKS])
    parser.add_argument("--machine", default="pe256")
    parser.add_argument("--objective", choices=OBJECTIVES, default="edp")
    parser.add_argument("--layers", action="store_true", help="a row for each layer, too")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    given = parser.parse_args()
    rows = [r for n in given.only for r in measure(n, given.machine, given.objective, given.layers)]
    print_rows(f"networks on {given.machine}", rows, given.json)


if __name__ == "__main__":
    main()
