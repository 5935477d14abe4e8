"""The documentation's site: every link leads somewhere, and it needs nothing but its files."""

import re
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import sync_playwright

from nopt.dialects import get_all_dialects
from nopt.hw.isa.encoding import Opcode
from nopt.passes import get_all_passes
from nopt.passes.targets import get_all_targets

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_reference_has_everything(site: Path):
    def has(page: str, names: list[str]) -> None:
        text = (site / f"reference/{page}.html").read_text(encoding="utf-8")
        headings = re.sub(r"<[^>]+>", "", " ".join(re.findall(r"<h2.*?</h2>", text)))
        assert [name for name in names if name not in headings] == []

    for name, factory in get_all_dialects().items():
        has(name, [op.name for op in factory().operations])
    has("passes", [*get_all_passes()])
    has("targets", [*get_all_targets()])
    has("instructions", [opcode.name for opcode in Opcode])


def test_tutorials_are_notebooks(site: Path):
    """Each runs in Jupyter, and prints what its page shows."""
    pages = (ROOT / "docs/tutorials").glob("*.md")
    names = [page.stem for page in pages if "```python" in page.read_text(encoding="utf-8")]
    assert {"convolution", "tile", "trained"} <= {*names}
    for name in names:
        assert f'href="{name}.ipynb"' in (site / f"tutorials/{name}.html").read_text("utf-8")
        shown = nbformat.read(site / f"tutorials/{name}.ipynb", as_version=4)
        nbformat.validate(shown)
        ran = deepcopy(shown)
        NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
        assert list(map(printed, ran.cells)) == list(map(printed, shown.cells)), name


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.get("outputs", []) if output.name == "stdout")


def test_nothing_is_fetched(site: Path):
    for path in site.rglob("*.html"):
        fetched = re.findall(
            r"""<(?:script|link|img)[^>]*(?:src|href)="?(https?:[^" >]*)""",
            path.read_text(encoding="utf-8"),
        )
        assert [url for url in fetched if "canonical" not in url] == [], path


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_it_is_searched_without_a_network(site: Path):
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.keyboard.press("f")
        page.wait_for_timeout(300)
        page.keyboard.type("requantize")
        page.wait_for_selector(".md-search-result__item")
        assert "matching document" in page.locator(".md-search-result__meta").inner_text()
        browser.close()
    assert complaints == []
