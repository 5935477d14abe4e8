"""Named lists of passes: what `-p vta` stands for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """A name for a list of passes, given as pass specs (`pass` or `pass{option=value}`)."""

    name: str
    description: str
    passes: tuple[str, ...]


GRAPH_CLEAN = Pipeline(
    "graph-clean",
    "A float network in `graph` as imported, with fewer and plainer ops.",
    (
        "canonicalize",
        "cse",
        "graph-fuse-softmax",
        "graph-fuse-activations",
        "graph-merge-constants",
        "graph-fuse-layer-norm",
        "graph-fuse-activations",
        "graph-hoist-scale",
        "graph-merge-constants",
        "graph-fold-scale",
        "graph-scale-to-conv",
        "canonicalize",
        "cse",
    ),
)

VTA = Pipeline(
    "vta",
    "From a quantized network in `graph` to the instructions of the VTA core in `isa`.",
    (
        "attach-machine",
        "graph-split-weights",
        "graph-fold-shuffle",
        "graph-split-transposed",
        "graph-split-groups",
        "graph-fold-space-to-depth",
        "graph-split-pools",
        "canonicalize",
        "graph-arrange-channels",
        "graph-partition",
        "convert-graph-to-affine-nest",
        "affine-nest-fuse",
        "affine-nest-simplify",
        "affine-nest-materialize-pads",
        "affine-nest-infer-layout",
        "affine-nest-pack",
        "affine-nest-insert-copies",
        "affine-nest-propagate-packs",
        "affine-nest-fold-constants",
        "affine-nest-fuse-windows",
        "affine-nest-schedule",
        "convert-affine-nest-to-tensor-intrinsic",
        "convert-tensor-intrinsic-to-isa",
    ),
)

PIPELINES = {pipeline.name: pipeline for pipeline in (GRAPH_CLEAN, VTA)}
"""Every pipeline by name. No pipeline may have the name of a pass."""
