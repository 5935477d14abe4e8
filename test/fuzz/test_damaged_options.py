"""Command lines and pass pipelines: mistyped ones are refused, others compute the same."""

from __future__ import annotations

import json
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from checks import assert_equal, parse
from kinds import Input, Kind
from mutations import damaged_text, pick
from numpy.random import Generator
from programs import main_of, networks, npy, program, random_inputs

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES
from nopt.tools.nopt import main as nopt
from nopt.tools.nopt_import import main as nopt_import
from nopt.tools.nopt_objdump import main as nopt_objdump
from nopt.tools.nopt_run import main as nopt_run

TOOLS = {
    "nopt": nopt,
    "nopt-run": nopt_run,
    "nopt-import": nopt_import,
    "nopt-objdump": nopt_objdump,
}
LINES = (
    *("nopt n.mlir -p vta -t vta-program -o output", "nopt -p vta -t vta-asm{entry=main} n.mlir"),
    "nopt n.mlir -p cse,vta{until=affine-nest-fuse} --remarks -o output --print-op-generic",
    "nopt n.mlir --split-input-file --verify-diagnostics --no-implicit-module -f mlir",
    "nopt n.mlir --list-passes all --list-targets --list-pipelines --time-passes",
    "nopt-run p.vta -i x.npz -o output --profile --json --no-strict --trace t.json",
    "nopt-run p.vta -i x.npy -i r.npy -o output --quiet --compare n.mlir",
    "nopt-run --raw w.bin --memory x.npy@0x1000 --uops w.bin@0 -o output@0:64 --config rtl",
    "nopt-objdump p.vta --trace --latency 16 -o output",
    "nopt-objdump w.bin --uops w.bin --config default",
    "nopt-import m.onnx -o output --dim n=1 --input-shape x=1x3x6x6 --drop-quantization --quiet",
)
PIPELINE = (
    *("vta", "graph-clean", "canonicalize", "cse", "attach-machine{config=rtl}"),
    *("vta{until=affine-nest-fuse}", "vta{config=default until=graph-partition}"),
    *("graph-partition{steps-per-element=3}", "affine-nest-fuse-windows{always=true}"),
    *("affine-nest-schedule{tuning-log=log.jsonl}", 'attach-machine{config="a b.json"}'),
    *("raise-affine-to-nest{reassociate=true}", "graph-quantize{calibration=x.npz samples=2}"),
)


def test_options(part: int):
    Kind("options", made).check(part)


def made(rng: Generator) -> Input:
    named_files()  # Once, before the forks.
    return pick(rng, (a_command_line, a_pipeline))(rng)


def a_command_line(rng: Generator) -> Input:
    """One argument on each line."""
    found, pool = pick(rng, LINES).split(), " ".join(LINES).split()
    for _ in range(rng.geometric(0.6)):
        at = int(rng.integers(1, len(found))) if len(found) > 1 else 0
        match rng.integers(6):
            case 0 if at:
                del found[at]
            case 1:
                found.insert(at + 1, pick(rng, pool))
            case 2 if at:
                found[at] = pick(rng, pool)
            case 3:
                found.insert(1, found.pop(at)) if at else None
            case _ if at:
                damaged = damaged_text(rng, found[at], [found[at]])
                found[at] = damaged.decode("utf-8", "replace").replace("\0", "").replace("\n", "")
            case _:
                found.append("")

    def check(path: Path) -> None:
        prepare()
        tool, *arguments = path.read_text().split("\n")
        if tool in TOOLS:
            TOOLS[tool](arguments)

    return Input("\n".join(found).encode("utf-8", "surrogatepass"), ".txt", check, place="")


def a_pipeline(rng: Generator) -> Input:
    """Passes in any order, of which some are mistyped; what comes out computes the same."""
    known = (*PIPELINES["vta"].passes, *PIPELINES["graph-clean"].passes, *get_all_passes())
    if rng.random() < 0.5:
        begin = int(rng.integers(len(PIPELINES["vta"].passes)))
        parts = [f"vta{{until={PIPELINES['vta'].passes[begin]}}}", pick(rng, known)]
    else:
        parts = [pick(rng, pick(rng, (PIPELINE, known))) for _ in range(rng.integers(1, 5))]
    text = ",".join(parts)
    data = text.encode() if rng.random() < 0.4 else damaged_text(rng, text, [",".join(known)])
    which, seed = int(rng.integers(len(networks()))), int(rng.integers(1 << 32))

    def check(path: Path) -> None:
        prepare(which)
        pipeline = path.read_bytes().decode("utf-8", "replace").replace("\0", "")
        with scoped_resources():
            nopt(["n.mlir", "-p", pipeline, "-o", "output"])
        changed = Path("output").rename("changed.mlir").read_text()
        if "affine.for" in changed or "isa." in changed:
            return  # The core's or the loops', which have no interpreter.
        with scoped_resources():
            before = parse(networks()[which])
            inputs = random_inputs(main_of(before), seed)
            wanted = run_function(before, "main", inputs)
        with scoped_resources():
            assert_equal(run_function(parse(changed), "main", inputs), wanted, pipeline)

    return Input(data, ".txt", check, place="")


def prepare(which: int = 0) -> None:
    """The files that are named."""
    Path("n.mlir").write_text(networks()[which])
    for name, data in named_files().items():
        Path(name).write_bytes(data)


@cache
def named_files() -> dict[str, bytes]:
    first = program(0)
    arrays = {value.name: np.ones(value.shape, value.dtype) for value in first.inputs}
    archive = BytesIO()
    np.savez(archive, **arrays)
    return {
        "p.vta": first.to_bytes(),
        "w.bin": first.instructions.tobytes(),
        "a b.json": json.dumps(first.config.to_json()).encode(),
        "m.onnx": b"",
        "x.npz": archive.getvalue(),
        **{f"{name}.npy": npy(array) for name, array in arrays.items()},
    }
