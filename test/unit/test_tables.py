"""Tables fit what they are printed on, and lose nothing; the same rows as CSV and JSON."""

import csv
import io
import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from rich.console import Console

import nopt
from nopt.tools.nopt_run import main
from nopt.tools.report import format_value, print_csv, print_rows

ROWS = [
    {
        **{"name": "a layer whose name is longer than a third of the terminal", "cycles": 1234567},
        **{f"waits_for_{index}": 10**index for index in range(1, 9)},
        **{"share": 0.5, "microjoules": 13.893, "bound": "memory"},
    },
    {"name": "b", "cycles": 1, "share": 0.25, "last": "only here"},
]


@pytest.mark.parametrize("width", [40, 80, 120, 240])
def test_no_line_is_wider_than_the_terminal(width: int, capsys: pytest.CaptureFixture[str]):
    console = Console(width=width, force_terminal=True, color_system=None)
    with patch("rich.console.Console", lambda **_: console):
        print_rows("rows", ROWS)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.replace("│", " ").replace("┃", " ").split())
    for name in {name for row in ROWS for name in row} - {"name"}:
        assert name.split("_")[-1] in words
    for row in ROWS:
        for name, value in row.items():
            if name != "name":
                assert format_value(name, value) in words, name


def test_rows_as_csv(capsys: pytest.CaptureFixture[str]):
    print_csv(ROWS)
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert first["cycles"] == "1234567" and first["last"] == "" and second["last"] == "only here"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 6, 6), "i8")
    g.result(g.requantize(g.conv2d(x, np.ones((16, 16, 3, 3), np.int8)), shift=7))
    nopt.compile(g).save("p.vta")
    np.save("x.npy", np.ones((1, 16, 6, 6), np.int8))
    return ["p.vta", "-i", "x.npy"]


def test_layers_as_csv_are_those_of_json(program: list[str], capsys: pytest.CaptureFixture[str]):
    main([*program, "--profile", "--json"])
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    main([*program, "--profile", "--csv"])
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row == {name: str(value) for name, value in layer.items()}
    main([*program, "--csv"])
    (facts,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert int(facts["cycles"]) == layer["cycles"]


def test_one_table_at_a_time(program: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main([*program, "--json", "--csv"])
    assert end.value.code == 2 and "expected one table" in capsys.readouterr().err
