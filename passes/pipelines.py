"""Named lists of passes: what `-p vta` stands for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """A name for a list of passes, given as pass specs (`pass` or `pass{option=value}`)."""

    name: str
    description: str
    passes: tuple[str, ...]


VTA = Pipeline(
    "vta",
    "From a quantized network in `graph` to the instructions of the VTA core in `isa`.",
    (
        "attach-machine",
        "canonicalize",
        "convert-graph-to-affine-nest",
        "affine-nest-fuse",
        "affine-nest-simplify",
        "affine-nest-block",
        "affine-nest-fold-constants",
        "affine-nest-schedule",
        "convert-affine-nest-to-tensor-intrinsic",
        "convert-tensor-intrinsic-to-isa",
    ),
)

PIPELINES = {pipeline.name: pipeline for pipeline in (VTA,)}
"""Every pipeline by name. No pipeline may have the name of a pass."""
