"""Every rewrite pass, by name; a pass is imported when it is first asked for."""

import importlib
from collections.abc import Callable
from functools import partial

from xdsl.passes import ModulePass

FOLDERS = {
    "affine-nest-estimate": "mapping",
    "affine-nest-fold-constants": "simplify",
    "affine-nest-fuse": "fusion",
    "affine-nest-fuse-windows": "schedule",
    "affine-nest-infer-layout": "layout",
    "affine-nest-insert-copies": "layout",
    "affine-nest-map": "mapping",
    "affine-nest-materialize-pads": "fusion",
    "affine-nest-pack": "layout",
    "affine-nest-propagate-packs": "layout",
    "affine-nest-schedule": "schedule",
    "affine-nest-simplify": "simplify",
    "affine-nest-split-iterators": "simplify",
    "attach-machine": "base",
    "convert-affine-nest-to-affine": "lowering",
    "convert-affine-nest-to-tensor-intrinsic": "kernel.emission",
    "convert-graph-to-affine-nest": "lowering",
    "convert-tensor-intrinsic-to-isa": "isa",
    "graph-arrange-channels": "graph.prepare",
    "graph-fold-scale": "graph.clean",
    "graph-fold-shuffle": "graph.prepare",
    "graph-fold-space-to-depth": "graph.prepare",
    "graph-fuse-activations": "graph.clean",
    "graph-fuse-layer-norm": "graph.clean",
    "graph-fuse-softmax": "graph.clean",
    "graph-hoist-scale": "graph.clean",
    "graph-merge-constants": "graph.clean",
    "graph-partition": "graph.partition",
    "graph-quantize": "graph.quantization",
    "graph-scale-to-conv": "graph.clean",
    "graph-split-groups": "graph.prepare",
    "graph-split-pools": "graph.prepare",
    "graph-split-transposed": "graph.prepare",
    "graph-split-weights": "graph.prepare",
    "raise-affine-to-nest": "raising",
}
"""The folder of each pass. File and class follow from the name, so neither can drift from it:
`affine-nest-fuse` is `AffineNestFusePass` in `passes/fusion/affine_nest_fuse.py`."""


def _load(name: str, folder: str) -> type[ModulePass]:
    module = ".".join(part for part in (__name__, folder, name.replace("-", "_")) if part)
    class_name = "".join(word.capitalize() for word in name.split("-")) + "Pass"
    return getattr(importlib.import_module(module), class_name)


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """The factories of all passes by pass name, in alphabetical order."""
    return {name: partial(_load, name, folder) for name, folder in FOLDERS.items()}
