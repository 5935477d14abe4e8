"""The report in a browser: Debian's Chromium, where it is installed.

Screenshots are kept in build/report, wide and narrow, light and dark.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from xdsl.dialects.builtin import ModuleOp

import nopt
from nopt.tools.nopt_explore import main as explore
from nopt.tools.report_page.page import report_page
from nopt.tools.runtime import Runtime

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build/report"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module", params=["digits", "resnet"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of few layers, and of many."""
    path = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    if request.param == "digits":
        network = nopt.read(ROOT / "examples/digits/digits.mlir")
    else:
        network = _deep(60)
    program = nopt.compile(network)
    page = report_page(Runtime(program.file), request.param, network)
    path.write_text(page, encoding="utf-8")
    return path


def _deep(layers: int) -> ModuleOp:
    """A chain of residual blocks."""
    g = nopt.GraphBuilder()
    value = g.argument("x", (1, 16, 8, 8), "i8")
    for number in range(layers):
        w = np.full((16, 16, 3, 3), number % 3 - 1, np.int8)
        total = g.conv2d(value, w, pads=1)
        value = g.requantize(g.add(total, value), shift=6, name=f"block{number}")
    g.result(value)
    return nopt.read(g)


class Shown:
    """A page, and what a browser says of it."""

    def __init__(self, browser: Browser, path: Path, width: int, scheme: str):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # pyright: ignore[reportArgumentType]
        )
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("body[data-ready=yes]")

    def _note(self, kind: str, text: str) -> None:
        # How fast a machine without a graphics card reads pixels back is no fault of the page.
        if "GPU stall" not in text:
            self.complaints.append(f"{kind}: {text}")

    def texts(self, figure: str) -> set[str]:
        return {*self.page.locator(f"#{figure} text").all_text_contents()}


@pytest.mark.parametrize("width", [1440, 700])
def test_designs_are_readable(browser: Browser, tmp_path: Path, width: int):
    """The page of an exploration, and a report that it leads to."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 8, 8), "i8")
    g.result(g.requantize(g.conv2d(x, np.ones((16, 16, 3, 3), np.int8), pads=1), shift=7))
    nopt.write(nopt.read(g), tmp_path / "net.mlir")
    sweep = ["--sweep", "LOG_BLOCK=3..5", "memory_latency=16,64"]
    explore([str(tmp_path / "net.mlir"), *sweep, "--reports", "-o", str(tmp_path)])
    path = tmp_path / "index.html"
    shown = Shown(browser, path, width, "light")
    shown.page.wait_for_timeout(300)
    SHOTS.mkdir(parents=True, exist_ok=True)
    shown.page.screenshot(path=SHOTS / f"designs-{width}.png", full_page=True)
    assert shown.complaints == []
    assert [each for each in shown.requests if each.startswith("http")] == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    expected = {"cycles", "energy (microjoules)", "on the front", "beaten by another"}
    assert expected <= shown.texts("f0")
    shown.page.locator("td a").first.click()
    shown.page.wait_for_selector("body[data-ready=yes]")
    assert "net on rtl" in shown.page.title()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (700, "light")])
def test_it_is_readable(browser: Browser, report: Path, width: int, scheme: str):
    shown = Shown(browser, report, width, scheme)
    page = shown.page
    page.wait_for_timeout(500)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{report.stem}-{width}-{scheme}.png", full_page=True)
    assert shown.complaints == []
    # The page itself, and what it makes of its own bytes.
    assert [url for url in shown.requests if not url.startswith(("data:", "blob:"))] == [
        report.as_uri()
    ]
    # Nothing sticks out, whatever the width.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axes = {
        "layers": {"cycles", "layer", "multiplying", "waiting for loads"},
        "timeline": {"module", "bytes a cycle", "share needed", "cycles", "load", "compute"}
        | {"store", "GEMM", "waits for a token", "host step"},
        "roofline": {"MACs a cycle", "MACs for each byte on the busier channel of DRAM"},
        "energy": {"microjoules", "bytes", "dram", "wgt"},
        "network": {"on the core", "on the host", "steps before it"},
    }
    for figure, expected in axes.items():
        assert expected <= shown.texts(figure), figure
    names = shown.texts("layers")
    count = page.locator("#layer option").count()
    assert sum(name[:1].isdigit() and ": " in name for name in names) == count
    page.close()


def test_nothing_overlaps_the_axis(browser: Browser, report: Path):
    """The legend of the bars lies above their axis, on a narrow page, too."""
    for width in (1440, 700):
        page = Shown(browser, report, width, "light").page
        page.wait_for_timeout(300)
        legend = page.locator("#layers .legend").bounding_box()
        title = page.locator("#layers .x2title, #layers .xtitle").first.bounding_box()
        assert legend and title and legend["y"] + legend["height"] <= title["y"] + 2, width
        page.close()


def test_choosing_a_layer_shows_its_text(browser: Browser, report: Path):
    page = Shown(browser, report, 1440, "light").page
    assert page.locator("#levels h3").all_inner_texts() == [
        *("graph", "affine_nest", "tensor_intrinsic", "isa", "instructions")
    ]
    page.locator("#layer").select_option("1")
    name = page.locator("#layer option").nth(1).inner_text().partition(": ")[2]
    assert f"%{name} = isa.kernel" in page.locator("#levels pre").nth(3).inner_text()
    # A bar that is clicked chooses, too.
    page.locator("#layers .bars path").first.click(force=True, position={"x": 3, "y": 3})
    page.wait_for_function("document.getElementById('layer').value === '0'")
    # Pointing at a line marks those about the same values in other panes.
    line = page.locator("#levels pre").nth(3).locator("span.line").first
    line.hover()
    panes = page.locator("#levels > div").filter(has=page.locator("span.linked"))
    assert panes.count() > 1
    page.close()


def test_the_timeline_zooms(browser: Browser, report: Path):
    page = Shown(browser, report, 1440, "light").page
    axis = "document.getElementById('timeline').layout.xaxis"
    span = f"({axis}.range[1] - {axis}.range[0])"
    page.locator("#timeline").scroll_into_view_if_needed()
    before = page.evaluate(span)
    box = page.locator("#timeline .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=5)
    page.mouse.up()
    page.wait_for_function(f"{span} < {before / 3}")
    # What lies below has the same cycles.
    ranges = [page.evaluate(f"{axis}{number}.range") for number in ("", 2, 3)]
    assert ranges[0] == ranges[1] == ranges[2]
    page.close()
