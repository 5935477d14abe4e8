"""Each kind of input is dealt out to several tests, in a process where all is imported already."""

import gc
import importlib
import pkgutil

import pytest
from fork_server import preload
from kinds import COUNT, PARTS, SEED

import nopt
from nopt.dialects.interpreters import get_all_interpreters


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", range(PARTS))


def pytest_report_header() -> str:
    return f"damaged inputs: {COUNT} of each kind, NOPT_FUZZ_SEED={SEED}"


@pytest.fixture(autouse=True, scope="session")
def _ready_to_fork() -> None:
    """What every fork would import again, or its collector look at and so copy."""
    preload()
    for module in pkgutil.walk_packages(nopt.__path__, "nopt."):
        importlib.import_module(module.name)
    for factory in get_all_interpreters().values():
        factory()
    gc.collect()
    gc.freeze()
