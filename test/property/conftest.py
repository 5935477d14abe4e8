"""What every property has: a store of large constants of its own."""

from collections.abc import Iterator

import pytest
from fuzzing import end_example

from nopt.dialects.constants import scoped_resources


@pytest.fixture(autouse=True)
def _own_resources() -> Iterator[None]:
    with scoped_resources():
        yield
        end_example()
