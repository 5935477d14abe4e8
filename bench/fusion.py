"""What fusion does to whole networks: nests, intermediate bytes and copies, before and after.

    python bench/fusion.py [--only NAME…] [--json]

Each network is imported, quantized on its samples and brought to nests. *layers* are convolutions,
matrix products and pools. *nests* are counted as converted, fused, and on the core. A *copy* only
moves elements of what is no constant, on the host or on the core. *bytes* are those of all tensors
between nests, as converted and as the core gets them. Of the copies that are left, *at edges* ones
lay out inputs and results, or what an op of the host reads or gives; *between* ones lie between two
nests of the core. *seconds* are processor time of this machine in the passes after quantization, up
to nests in the core's layout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np
import onnx
from networks import NETWORKS, Workload
from rich.console import Console
from rich.progress import track
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.ir import SSAValue
from xdsl.universe import Universe

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.constants import numpy_type, scoped_resources
from nopt.passes.base.placement import is_on_core
from nopt.passes.pipelines import VTA
from nopt.tools.compiling import every_dialect, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.pipeline_text import build_passes
from nopt.tools.report import Row, print_rows

PASSES = VTA.passes[: VTA.passes.index("affine-nest-fold-constants") + 1]
LAYERS = (
    graph.AvgPoolOp,
    graph.Conv2dOp,
    graph.ConvTranspose2dOp,
    graph.GlobalAvgPoolOp,
    graph.MatmulOp,
    graph.MaxPoolOp,
)


def nests(module: ModuleOp) -> list[ForOp]:
    """All nests, in order."""
    return [op for op in module.walk() if isinstance(op, ForOp)]


def is_copy(nest: ForOp) -> bool:
    """Whether a nest only moves elements of a tensor that is no constant."""
    load = nest.copied
    return load is not None and not isinstance(load.source.owner, graph.ConstantOp)


def intermediate_bytes(module: ModuleOp) -> int:
    """Bytes of what nests give and do not return; what is written in place counts once."""
    total = 0
    for nest in nests(module):
        returned = any(isinstance(use.operation, ReturnOp) for use in nest.result.uses)
        if not returned and nest.destination is None:
            type = nest.result.type
            total += prod(type.get_shape()) * numpy_type(type.element_type).itemsize
    return total


def is_between(copy: ForOp) -> bool:
    """Whether a copy reads what the core gave, and the core reads it, through copies or not."""
    return any(is_on_core(nest) for nest in _sources(copy)) and any(
        is_on_core(nest) for nest in _readers(copy)
    )


def _sources(copy: ForOp) -> Iterator[ForOp]:
    for load in copy.loads:
        if isinstance(load.source.owner, ForOp):
            yield load.source.owner
            if is_copy(load.source.owner):
                yield from _sources(load.source.owner)


def _readers(copy: ForOp) -> Iterator[ForOp]:
    for nest in _users(copy.result):
        yield nest
        if is_copy(nest):
            yield from _readers(nest)


def _users(value: SSAValue) -> Iterator[ForOp]:
    for use in value.uses:
        user = use.operation
        nest = user.nest if isinstance(user, LoadOp) else user
        if isinstance(nest, ForOp):
            yield nest


def counts(module: ModuleOp) -> Row:
    """Bring a quantized network to the core's nests, in place; what became of it."""
    row: Row = {"layers": sum(isinstance(op, LAYERS) for op in module.walk())}
    context = every_dialect()
    seconds: dict[str, float] = {}
    for each in build_passes(",".join(PASSES), Universe.get_multiverse().all_passes):
        start = time.process_time()
        each.apply(context, module)
        seconds[each.name] = time.process_time() - start
        found = nests(module)
        match each.name:
            case "convert-graph-to-affine-nest":
                row["nests"] = len(found)
                row["copies"] = sum(map(is_copy, found))
                row["bytes"] = intermediate_bytes(module)
            case "affine-nest-fuse":
                row["fused"] = len(found)
                row["copies_fused"] = sum(map(is_copy, found))
            case _:
                pass
    module.verify()
    found = nests(module)
    copies = [nest for nest in found if is_copy(nest)]
    between = sum(map(is_between, copies))
    row["core"] = sum(map(is_on_core, found))
    row["bytes_core"] = intermediate_bytes(module)
    row["at_edges"] = len(copies) - between
    row["between"] = between
    row["seconds"] = sum(seconds.values())
    return row | {f"{name}_s": value for name, value in seconds.items()}


def measure(workload: Workload) -> Row:
    """One row: import, quantize, count."""
    with tempfile.TemporaryDirectory() as folder, scoped_resources():
        model = workload.model()
        onnx.save(model, Path(folder) / "model.onnx")
        samples = Path(folder) / "samples.npz"
        np.savez(samples, **workload.samples(model).calibration)
        module = import_model(Path(folder) / "model.onnx").module
        run_pipeline(module, f'graph-quantize{{calibration="{samples}" target=0.0}}')
        return {"name": workload.name, **counts(module)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Nests and copies before and after fusion.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="just these networks")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    names = arguments.only or list(NETWORKS)
    if unknown := [name for name in names if name not in NETWORKS]:
        parser.error(f"unknown network '{unknown[0]}', expected one of {', '.join(NETWORKS)}")
    shown = track(names, "measuring", console=Console(stderr=True), transient=True)
    rows = [measure(NETWORKS[name]) for name in shown]
    if arguments.json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    times = [f"{name}_s" for name in PASSES]
    plain = [{key: row[key] for key in row if key not in times} for row in rows]
    print_rows("nests, intermediate bytes and copies", plain)
    seconds = [
        {"name": name, **{row["name"]: row[time] for row in rows}}
        for name, time in zip(PASSES, times, strict=True)
    ]
    print_rows("seconds of passes", seconds)


if __name__ == "__main__":
    main()
