"""nopt as a plugin: stock `xdsl-opt` sees its dialects, passes and targets by the entry point."""

import subprocess
import sys
from pathlib import Path

import pytest
from xdsl.passes import ModulePass
from xdsl.universe import XDSL_UNIVERSE
from xdsl.utils.arg_spec import parse_pipeline
from xdsl.utils.target import Target

from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES
from nopt.tools.pipeline_passes import PipelinePass
from nopt.tools.universe import NOPT_UNIVERSE

RELU = """\
func.func @f(%x: tensor<2x3xi8>) -> tensor<2x3xi8> {
  %y = graph.relu %x : tensor<2x3xi8>
  func.return %y : tensor<2x3xi8>
}
"""


def xdsl_opt(*arguments: str, stdin: str = "builtin.module {}") -> str:
    """What xDSL's own driver prints, in a process of its own."""
    command = Path(sys.executable).with_name("xdsl-opt")
    result = subprocess.run(
        [str(command), *arguments], input=stdin, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_stock_xdsl_opt_reads_our_dialects():
    assert "graph.relu %x" in xdsl_opt(stdin=RELU)


def test_stock_xdsl_opt_runs_our_passes():
    output = xdsl_opt("-p", "convert-graph-to-affine-nest", stdin=RELU)
    assert "affine_nest.for" in output
    assert "graph." not in output


def test_stock_xdsl_opt_runs_our_pipelines():
    output = xdsl_opt("-p", "cse,vta{until=affine-nest-fuse config=default}", stdin=RELU)
    assert 'isa.machine = "default"' in output
    assert "affine_nest.for" in output


def test_a_pipeline_is_the_passes_that_it_names():
    for name, pipeline in PIPELINES.items():
        (spec,) = parse_pipeline(name)
        each = NOPT_UNIVERSE.all_passes[name]().from_spec(spec)
        assert isinstance(each, PipelinePass) and str(each) == name
        assert [one.name for one in each.passes] == [*pipeline.passes]


def test_stock_xdsl_opt_lists_our_targets():
    help_text = "".join(xdsl_opt("--help").split())
    for name in ("vta-asm", "vta-program"):
        assert name in NOPT_UNIVERSE.all_targets
        assert name in help_text


def test_no_name_clashes_with_xdsl():
    # One clash would break every xdsl-opt in the environment.
    assert not NOPT_UNIVERSE.all_dialects.keys() & XDSL_UNIVERSE.all_dialects.keys()
    assert not NOPT_UNIVERSE.all_passes.keys() & XDSL_UNIVERSE.all_passes.keys()
    assert not NOPT_UNIVERSE.all_targets.keys() & XDSL_UNIVERSE.all_targets.keys()


@pytest.mark.parametrize("name", NOPT_UNIVERSE.all_dialects)
def test_dialect_is_what_its_name_says(name: str):
    assert NOPT_UNIVERSE.all_dialects[name]().name == name


@pytest.mark.parametrize("name", NOPT_UNIVERSE.all_passes)
def test_pass_is_what_its_name_says(name: str):
    cls = NOPT_UNIVERSE.all_passes[name]()
    assert issubclass(cls, ModulePass)
    assert cls.name == name
    assert (cls.__dict__.get("__doc__") or "").strip(), "--list-passes shows the docstring"


@pytest.mark.parametrize("name", NOPT_UNIVERSE.all_targets)
def test_target_is_what_its_name_says(name: str):
    cls = NOPT_UNIVERSE.all_targets[name]()
    assert issubclass(cls, Target)
    assert cls.name == name


@pytest.mark.parametrize("name", PIPELINES)
def test_pipeline_names_known_passes(name: str):
    known = get_all_passes() | XDSL_UNIVERSE.all_passes
    assert name not in known
    for text in PIPELINES[name].passes:
        (spec,) = parse_pipeline(text)
        known[spec.name]().from_spec(spec.normalize_parameter_names())


def test_registries_are_alphabetical():
    for names in (NOPT_UNIVERSE.all_dialects, NOPT_UNIVERSE.all_passes, NOPT_UNIVERSE.all_targets):
        assert list(names) == sorted(names)


def modules_after(statement: str) -> set[str]:
    """What a fresh interpreter has imported after it ran a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_listing_names_imports_nothing():
    modules = modules_after("import nopt.tools.universe")
    loaded = {m for m in modules if m.startswith(("nopt.dialects.", "nopt.passes."))}
    assert loaded <= {"nopt.passes.targets", "nopt.passes.pipelines"}


def test_driver_starts_without_what_it_may_not_need():
    assert not {"numpy", "lark", "rich", "islpy"} & modules_after("import nopt.tools.nopt")
