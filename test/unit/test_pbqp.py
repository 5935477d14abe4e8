"""The joint choice is the cheapest: against every combination, on small random graphs."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nopt.passes.layout.choices import pbqp as module
from nopt.passes.layout.choices.pbqp import Table, least_cost


@st.composite
def problems(draw: Any) -> tuple[list[int], list[Table]]:
    """Up to six variables with up to four options, tables of one to three of them."""
    options = draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tables: list[Table] = []
    for _ in range(draw(st.integers(0, 8))):
        some = draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=3))
        variables = tuple(sorted(some))
        costs = rng.integers(0, draw(st.sampled_from((2, 1000))), [options[i] for i in variables])
        tables.append(Table(variables, costs))
    return options, tables


def total(tables: list[Table], choice: Any) -> int:
    return sum(table.at(choice) for table in tables)


def best(options: list[int], tables: list[Table]) -> int:
    """By enumeration."""
    return min(total(tables, choice) for choice in product(*map(range, options)))


@settings(max_examples=300)
@given(problems())
def test_is_the_least(problem: tuple[list[int], list[Table]]):
    options, tables = problem
    choice = least_cost(options, tables)
    assert total(tables, choice) == best(options, tables)


@settings(max_examples=100)
@given(problems())
def test_with_small_tables_no_single_change_helps(problem: tuple[list[int], list[Table]]):
    options, tables = problem
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LARGEST", 4)
        choice = least_cost(options, tables)
    found = total(tables, choice)
    assert all(0 <= option < count for option, count in zip(choice, options, strict=True))
    for i, count in enumerate(options):
        for option in range(count):
            assert found <= total(tables, [*choice[:i], option, *choice[i + 1 :]])


def test_chains_of_any_length_are_exact():
    rng = np.random.default_rng(0)
    length, count = 500, 6
    tables = [Table((i, i + 1), rng.integers(0, 100, (count, count))) for i in range(length - 1)]
    ahead = np.zeros(count, np.int64)
    for table in reversed(tables):
        ahead = (table.costs + ahead).min(1)
    choice = least_cost([count] * length, tables)
    assert total(tables, choice) == ahead.min()


def test_equal_costs_take_the_first():
    tables = [Table((0, 1), np.zeros((3, 3), np.int64))]
    assert least_cost([3, 3], tables) == [0, 0]
