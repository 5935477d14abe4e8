"""Named pipelines as single passes, for drivers that know no pipelines: `xdsl-opt -p vta`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms import get_all_passes as get_xdsl_passes
from xdsl.utils.arg_spec import ArgSpec

from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES, Pipeline
from nopt.tools.pipeline_text import build, expand


@dataclass(frozen=True)
class PipelinePass(ModulePass):
    """All passes of a pipeline, with its options: `from`, `until`, and those of its passes."""

    passes: tuple[ModulePass, ...]
    given: ArgSpec

    @classmethod
    @override
    def from_spec(cls, spec: ArgSpec) -> Self:
        """Raises UserError for an option that no pass has, or a value of the wrong type."""
        factories = {**get_xdsl_passes(), **get_all_passes()}
        spec = spec.normalize_parameter_names()
        each = [build(factories[one.name](), one, "pass") for one in expand(spec, factories)]
        return cls(tuple(each), spec)

    @override
    def spec(self, *, include_default: bool = False) -> ArgSpec:
        return self.given

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in self.passes:
            each.apply(ctx, op)


def pipeline_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """A pass for each pipeline, by its name."""
    return {name: _factory(pipeline) for name, pipeline in PIPELINES.items()}


def _factory(of: Pipeline) -> Callable[[], type[ModulePass]]:
    def make() -> type[ModulePass]:
        @dataclass(frozen=True)
        class NamedPipeline(PipelinePass):
            name = of.name

        NamedPipeline.__doc__ = of.description
        return NamedPipeline

    return make
