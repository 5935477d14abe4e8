"""Every rewrite pass, by name; a pass is imported when it is first asked for."""

import importlib
from collections.abc import Callable
from functools import partial

from xdsl.passes import ModulePass

FOLDERS = {
    "affine-nest-apply-layout": "affine",
    "affine-nest-fold-constants": "affine",
    "affine-nest-fuse": "affine",
    "affine-nest-fuse-windows": "affine",
    "affine-nest-infer-layout": "affine",
    "affine-nest-schedule": "affine",
    "affine-nest-simplify": "affine",
    "attach-machine": "",
    "convert-affine-nest-to-affine": "affine",
    "convert-affine-nest-to-tensor-intrinsic": "tensor",
    "convert-graph-to-affine-nest": "affine",
    "convert-tensor-intrinsic-to-isa": "isa",
    "graph-arrange-channels": "graph",
    "graph-fold-scale": "graph",
    "graph-fold-shuffle": "graph",
    "graph-fold-space-to-depth": "graph",
    "graph-fuse-activations": "graph",
    "graph-fuse-layer-norm": "graph",
    "graph-fuse-softmax": "graph",
    "graph-hoist-scale": "graph",
    "graph-merge-constants": "graph",
    "graph-partition": "graph",
    "graph-quantize": "graph",
    "graph-scale-to-conv": "graph",
    "graph-split-groups": "graph",
    "graph-split-pools": "graph",
    "raise-affine-to-nest": "affine",
}
"""The folder of each pass. File and class follow from the name, so neither can drift from it:
`affine-nest-fuse` is `AffineNestFusePass` in `passes/affine/affine_nest_fuse.py`."""


def _load(name: str, folder: str) -> type[ModulePass]:
    module = ".".join(part for part in (__name__, folder, name.replace("-", "_")) if part)
    class_name = "".join(word.capitalize() for word in name.split("-")) + "Pass"
    return getattr(importlib.import_module(module), class_name)


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """The factories of all passes by pass name, in alphabetical order."""
    return {name: partial(_load, name, folder) for name, folder in FOLDERS.items()}
