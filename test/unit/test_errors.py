"""Any damage to any input: one message, exit status 1, and what was there before stays."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nopt.dialects.constants import scoped_resources
from nopt.hw.config import Config, ConfigError
from nopt.hw.program.program_file import Program
from nopt.tools.nopt import main as nopt
from nopt.tools.nopt_run import main as nopt_run

TEST = Path(__file__).parents[1]
MATMUL = TEST / "errors/Inputs/matmul.mlir"
TOKEN = re.compile(r'[%@#!^]?[A-Za-z_][\w.$]*|[%^]\d+|\d+|->|"[^"]*"|\s+|.', re.DOTALL)

quick = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def pieces() -> list[list[str]]:
    """The tokens of valid modules, of every dialect that has a golden test of its ops."""
    paths = [MATMUL, *sorted((TEST / "dialects").glob("**/ops.mlir"))]
    texts = (text for path in paths for text in path.read_text().split("// -----"))
    return [TOKEN.findall(re.sub(r"//.*", "", text)) for text in texts]


PIECES = pieces()


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A module with a few tokens deleted, doubled, swapped or replaced."""
    tokens = list(draw(st.sampled_from(PIECES)))
    for _ in range(draw(st.integers(1, 3))):
        here, there = (draw(st.integers(0, len(tokens) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "swap", "replace", "number"])):
            case "delete":
                tokens[here] = ""
            case "double":
                tokens[here] *= 2
            case "swap":
                tokens[here], tokens[there] = tokens[there], tokens[here]
            case "replace":
                tokens[here] = tokens[there]
            case _:
                tokens[here] = str(draw(st.sampled_from([-1, 0, 1, 17, 10**20])))
    return "".join(tokens)


def check_message(capfd: pytest.CaptureFixture[str], code: object) -> None:
    """Exit status 1, nothing on stdout, one message; only a parse error shows source lines."""
    out, err = capfd.readouterr()
    assert code == 1
    assert out == ""
    first, *context = err.splitlines()
    assert re.match(r"(\S+:\d+:\d+: )?(\S+: )?error: .", first), err
    assert len(context) in (0, 2), err
    assert "internal error" not in err and "Traceback" not in err


@given(text=damaged())
@quick
def test_damaged_text(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    source, output = tmp_path / "in.mlir", tmp_path / "out"
    source.write_text(text)
    output.write_text("before")
    capfd.readouterr()
    try:
        with scoped_resources():
            nopt([str(source), "-p", "vta", "-t", "vta-asm", "-o", str(output)])
    except SystemExit as end:
        check_message(capfd, end.code)
        assert output.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"in.mlir", "out"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("program") / "p.vta"
    nopt([str(MATMUL), "-p", "vta", "-t", "vta-program", "-o", str(path)])
    return path.read_bytes()


@given(data=st.data())
@quick
def test_damaged_program(
    data: st.DataObject, program: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    at = data.draw(st.integers(0, len(program) - 1))
    if data.draw(st.booleans(), label="cut off"):
        content = program[:at]
    else:
        content = program[:at] + bytes([program[at] ^ data.draw(st.integers(1, 255))])
        content += program[at + 1 :]
    path = tmp_path / "p.vta"
    path.write_bytes(content)
    with pytest.raises(SystemExit) as end:
        nopt_run([str(path), "-i", str(tmp_path / "x.npy"), "-o", str(tmp_path / "y.npy")])
    check_message(capfd, end.value.code)
    assert [path.name for path in tmp_path.iterdir()] == ["p.vta"]


def test_an_undamaged_program_is_read(program: bytes, tmp_path: Path):
    path = tmp_path / "p.vta"
    path.write_bytes(program)
    assert Program.load(path).to_bytes() == program


KEYS = sorted(Config().to_json())
VALUES = st.one_of(st.integers(-2, 40), st.sampled_from([None, True, 0.5, "4", [4], 10**30]))


@given(st.dictionaries(st.sampled_from([*KEYS, "LOG_BACH"]), VALUES, max_size=4))
def test_any_configuration(data: dict[str, object]):
    """A configuration is one that a core can have, or is refused naming a key."""
    try:
        config = Config.from_json(json.loads(json.dumps(data)))
    except ConfigError as error:
        assert re.match(r"[\w/]+: (found|unknown key)", str(error))
    else:
        assert Config.from_json(config.to_json()) == config
        assert min(config.inp_entries, config.wgt_entries, config.acc_entries) >= 1
