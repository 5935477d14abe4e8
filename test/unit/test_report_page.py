"""The report of a program: that it says what the program takes, and needs nothing else."""

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

import nopt
from nopt.tools import nopt_report
from nopt.tools.nopt_report import main
from nopt.tools.profile import layer_rows
from nopt.tools.report_page import layer_texts
from nopt.tools.report_page.page import report_page
from nopt.tools.report_page.program_graph import nodes
from nopt.tools.runtime import Runtime

ROOT = Path(__file__).parents[2]
CONV = ROOT / "examples/conv/conv.mlir"
DIGITS = ROOT / "examples/digits/digits.mlir"
FIGURES = {"layers", "timeline", "roofline", "energy", "network"}


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def digits() -> Runtime:
    return Runtime(nopt.compile(DIGITS).file)


def test_bars_are_the_cycles_of_layers(digits: Runtime):
    page = report_page(digits, "digits")
    data = data_of(page)
    assert data["figures"].keys() == FIGURES
    rows = layer_rows(digits)
    bars = [np.array(decoded(trace["x"])) for trace in data["figures"]["layers"]["data"]]
    assert sum(bars).tolist() == [row["cycles"] for row in rows]
    assert f"{digits.cycles:,}" in page
    for figure in data["figures"].values():
        assert figure["layout"].get("template") is not None


def decoded(array: Any) -> Any:
    """plotly writes numpy arrays in base 64."""
    if not isinstance(array, dict):
        return array
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])


def test_nothing_is_fetched(digits: Runtime):
    own = report_page(digits, "digits").replace(get_plotlyjs(), "")
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", own)
    assert "@import" not in own and "url(" not in own


def test_every_layer_has_its_text_at_every_level(digits: Runtime):
    network = nopt.read(DIGITS)
    texts = data_of(report_page(digits, "digits", network))["texts"]
    assert len(texts) == len(digits.program.layers) == len(layer_rows(digits))
    for layer in texts:
        assert tuple(layer) == layer_texts.LEVELS
        assert "graph." in layer["graph"] and "affine_nest.for" in layer["affine_nest"]
        assert "tensor_intrinsic.kernel" in layer["tensor_intrinsic"]
        assert "isa.kernel" in layer["isa"] and "gemm" in layer["instructions"]
    # Each contraction is one layer's, and what follows it is fused into that.
    products = sum(len(re.findall(r"graph\.(?:conv2d|matmul)", one["graph"])) for one in texts)
    assert products == len(re.findall(r"graph\.(?:conv2d|matmul)", str(network)))
    assert all("graph.requantize" in layer["graph"] for layer in texts[:1])


def test_another_network_is_refused(digits: Runtime):
    message = "whose instructions are others, expected that of the program's 3"
    with pytest.raises(nopt.UserError, match=message):
        layer_texts.levels(nopt.read(CONV), digits)


def test_a_network_of_as_many_layers_is_refused():
    def made(window: int) -> nopt.GraphBuilder:
        g = nopt.GraphBuilder()
        x = g.argument("x", (1, 16, 8, 8), "i8")
        g.result(g.requantize(g.conv2d(x, np.ones((16, 16, window, window), np.int8)), shift=7))
        return g

    runtime = Runtime(nopt.compile(made(3)).file)
    with pytest.raises(nopt.UserError, match="1 layers whose instructions are others"):
        layer_texts.levels(made(1).module, runtime)


def test_options_of_compiling_are_those_of_the_report(tmp_path: Path):
    """A tuning log that says another schedule than the search would choose."""
    log, g = tmp_path / "log.jsonl", nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 14, 14), "i8")
    g.result(g.requantize(g.conv2d(x, np.ones((16, 16, 3, 3), np.int8), pads=1), shift=7))
    nopt.compile(g, tuning_log=log)
    edited = re.sub(r"(\[1, 1, )\d+(, 14, 1, 3, 3\])", r"\g<1>2\2", log.read_text())
    assert edited != log.read_text()
    log.write_text(edited)
    program = nopt.compile(g, tuning_log=log)
    program.report(tmp_path / "r.html")
    (levels,) = data_of((tmp_path / "r.html").read_text(encoding="utf-8"))["texts"]
    assert "tile [1, 1, 2, 14, 1, 3, 3]" in levels["affine_nest"]


def test_the_graph_says_who_reads_what():
    """A residual block: its first layer is read twice, the sum reads two."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 8, 8), "i8")
    w = np.ones((16, 16, 3, 3), np.int8)
    a = g.requantize(g.conv2d(x, w, pads=1), shift=7)
    b = g.requantize(g.conv2d(a, w, pads=1), shift=7)
    c = g.conv2d(b, w, pads=1)
    g.result(g.requantize(g.add(c, a), shift=7))
    found = nodes(Runtime(nopt.compile(g).file))
    core = [number for number, node in enumerate(found) if node.place == "core"]
    assert [found[0].place, found[-1].place] == ["input", "host"]
    first, second, third = core
    assert found[second].sources == {first}
    assert found[third].sources == {first, second}
    assert found[-1].sources == {third}
    assert [node.depth for node in found] == [*range(len(found))]


def test_a_layer_of_one_load_has_its_source():
    """Whose first byte is where what it reads begins."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16), "i8")
    g.result(g.requantize(g.matmul(x, np.ones((16, 16), np.int8)), shift=7))
    found = nodes(Runtime(nopt.compile(g).file))
    (layer,) = (node for node in found if node.place == "core")
    assert layer.sources == {found.index(layer) - 1}


def test_text_that_ends_scripts_is_harmless(digits: Runtime):
    page = report_page(digits, "</script><b>&")
    assert page.count("</script>") == 3
    assert "<title>&lt;/script&gt;&lt;b&gt;&amp;</title>" in page


@pytest.fixture
def files(tmp_path: Path) -> Path:
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 6, 6), "f32")
    w = np.random.default_rng(0).normal(size=(16, 16, 3, 3)).astype(np.float32)
    g.result(g.relu(g.conv2d(x, w, pads=1)))
    samples = np.random.default_rng(1).normal(size=(4, 1, 16, 6, 6)).astype(np.float32)
    nopt.write(nopt.read(g), tmp_path / "floats.mlir")
    integers = nopt.quantize(g, samples)
    nopt.write(integers, tmp_path / "integers.mlir")
    nopt.compile(integers).save(tmp_path / "model.vta")
    np.save(tmp_path / "x.npy", samples[0])
    return tmp_path


def test_command(files: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(files)
    compare = ["-i", "x.npy", "--compare", "floats.mlir", "--network", "integers.mlir"]
    main(["model.vta", "-o", "report.html", *compare])
    page = Path("report.html").read_text(encoding="utf-8")
    data = data_of(page)
    assert data["figures"].keys() == FIGURES | {"fidelity"}
    (levels,) = data["texts"]
    assert tuple(levels) == layer_texts.LEVELS
    (bars,) = data["figures"]["fidelity"]["data"]
    assert min(decoded(bars["x"])) > 30
    assert "host seconds" in page


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["model.vta"], 2, "the following arguments are required: -o/--output"),
        (["model.vta", "-o", "r.html", "--compare", "floats.mlir"], 2, "expected inputs (-i)"),
        (["none.vta", "-o", "r.html"], 1, "none.vta: cannot be read: No such file"),
        (["x.npy", "-o", "r.html"], 1, "x.npy: "),
        (["model.vta", "-o", "none/r.html"], 1, "none/r.html"),
        (["model.vta", "-o", "r.html", "--network", "x.npy"], 1, "x.npy: error: not text"),
    ],
)
def test_errors(
    arguments: list[str],
    status: int,
    message: str,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(files)
    with pytest.raises(SystemExit) as end:
        main(arguments)
    error = capsys.readouterr().err
    assert end.value.code == status and message in error and error.count("\n") == 1, error
    assert not Path("r.html").exists()


def test_plotly_is_optional(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(SystemExit):
        nopt_report.main([str(files / "model.vta"), "-o", str(files / "r.html")])
    assert "pip install 'nopt[report]'" in capsys.readouterr().err


def test_a_program_without_core(tmp_path: Path):
    """Nothing but the network is left to draw."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (4,), "f32")
    g.result(g.softmax(x, axis=0))
    nopt.compile(g).report(tmp_path / "r.html")
    assert data_of((tmp_path / "r.html").read_text())["figures"].keys() == {"network"}


def test_from_python(tmp_path: Path):
    nopt.compile(CONV).report(str(tmp_path / "r.html"))
    (levels,) = data_of((tmp_path / "r.html").read_text(encoding="utf-8"))["texts"]
    assert tuple(levels) == layer_texts.LEVELS
