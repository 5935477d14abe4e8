"""`nopt-map` and `nopt.map_network`: layers of networks on arrays, and one nest by a line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from perfetto_traces import Traced
from xdsl.utils.exceptions import DiagnosticException

import nopt
from nopt.dialects.affine_nest.mapped_nest import whole_mapping
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.levels.vta_levels import vta_levels
from nopt.hw.array.problem import Problem
from nopt.hw.array.sim.array_run import run_array
from nopt.hw.array.sim.array_tables import array_tables
from nopt.hw.config import Config
from nopt.hw.timing.program_timing import dram_bytes
from nopt.passes.mapping.mapping_search import MappingSearch
from nopt.tools.nopt_map import main
from nopt.tools.runtime import Runtime

PRODUCT = "C[x,y] += A[x,k] * B[k,y]"
EXTENTS = {"x": 10, "y": 12, "k": 7}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers that are equal, one with groups of one channel, a product of floats."""
    rng = np.random.default_rng(0)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 8, 6, 6), "i8")
    for name in ("first", "second"):
        w = rng.integers(-8, 8, (8, 8, 3, 3), np.int8)
        x = g.requantize(g.conv2d(x, w, pads=1, name=name), shift=7)
    depthwise = g.conv2d(x, rng.integers(-8, 8, (8, 1, 3, 3), np.int8), groups=8, name="depthwise")
    f = g.argument("f", (5, 7), "f32")
    product = g.matmul(f, rng.normal(size=(7, 3)).astype(np.float32), name="product")
    g.result(depthwise, product)
    path = tmp_path_factory.mktemp("mapped") / "net.mlir"
    nopt.write(nopt.read(g), path)
    return path


def best(text: str, extents: dict[str, int], machine: str = "pe256", objective: str = "edp"):
    problem = Problem.read(text, extents)
    return MappingSearch(ArrayMachine.load(machine), problem, objective).run().estimates[0]


def test_a_network(network: Path):
    mapped = nopt.map_network(network)
    assert [(row["name"], row["times"], row["macs"]) for row in mapped.rows] == [
        ("%first", 2, 8 * 36 * 72),
        ("%depthwise", 1, 8 * 16 * 9),
        ("%product", 1, 5 * 7 * 3),
    ]
    extents = {"n": 1, "o": 8, "h": 6, "w": 6, "i": 8, "kh": 3, "kw": 3}
    first = best("O[n,o,h,w] += I[n,i,h+kh,w+kw] * W[o,i,kh,kw]", extents)
    assert mapped.rows[0]["cycles"] == first.cycles and mapped.rows[0]["energy_pj"] == first.energy
    assert mapped.rows[0]["binds"] == max(first.by_cause, key=first.by_cause.__getitem__)
    assert all(row["proven"] == "yes" for row in mapped.rows)
    for key in ("cycles", "energy_pj", "macs", "times"):
        factors = [1 if key == "times" else row["times"] for row in mapped.rows]
        sums = sum(f * row[key] for f, row in zip(factors, mapped.rows, strict=True))
        assert mapped.total[key] == sums


def test_text_that_is_read_again(network: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    text = tmp_path / "mapped.mlir"
    main([str(network), "--machine", "pe256+rf=64", "-o", str(text), "--json"])
    rows = json.loads(capsys.readouterr().out)["layers"]
    assert text.read_text().count('#affine_nest.mapping<"pe256+rf=64"') == 4
    main([str(text), "--json"])
    again = json.loads(capsys.readouterr().out)["layers"]
    given = [{**row, "proven": "given"} for row in rows[:-1]]
    assert again == [*given, rows[-1]]


def test_why(network: Path, tmp_path: Path):
    """The terms of two mappings add up to what they differ by."""
    edp, energy = nopt.map_network(network), nopt.map_network(network, objective="energy")
    rows = [row for row in edp.why(energy) if row["name"] == "%first"]
    assert all(row["difference"] == row["other"] - row["this"] != 0 for row in rows)
    found = {row["term"]: row["difference"] for row in rows}
    parts = sum(change for term, change in found.items() if term.startswith("cycles "))
    assert found.get("cycles", 0) == parts
    assert found["energy"] <= 0
    assert edp.why(edp) == []
    with pytest.raises(nopt.UserError, match="that are not the 4 of the first text"):
        edp.why(nopt.map_network(PRODUCT, EXTENTS))


def test_a_line(tmp_path: Path, capsys: pytest.CaptureFixture):
    text = tmp_path / "product.mlir"
    options = ["--objective", "cycles", "--json", "-o", str(text)]
    main(["--einsum", PRODUCT, "--extents", "x=10", "y=12", "k=7", *options])
    row = json.loads(capsys.readouterr().out)["layers"][0]
    said = best(PRODUCT, EXTENTS, objective="cycles")
    assert (row["cycles"], row["macs"]) == (said.cycles, 840)
    a, b = (np.arange(n, dtype=np.int16).reshape(s) for n, s in ((70, (10, 7)), (84, (7, 12))))
    found = nopt.run(nopt.read(text), a, b)
    np.testing.assert_array_equal(found, a @ b)


def test_a_diagonal_and_a_stride():
    """Any sum of products of loads that are sums of multiples of loops."""
    mapped = nopt.map_network("y[x] += A[x,k] * B[k,k] * V[2*x+3*k]", {"x": 5, "k": 4})
    assert mapped.rows[0]["macs"] == 20 and mapped.rows[0]["proven"] == "yes"
    size = mapped.module.ops.first.function_type.inputs.data[2].get_shape()
    assert size == (2 * 4 + 3 * 3 + 1,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected a network, or --einsum"),
        (
            ["--einsum", "C[x] += A[x]"],
            "index 'x': found 'x', expected a loop with an",
        ),
        (["--einsum", PRODUCT, "--extents", "x=2", "y=0", "k=2"], "--extents: found 'y=0'"),
        (
            ["--einsum", PRODUCT, "--extents", "x=2", "y=2"],
            "found 'k', expected a loop with an",
        ),
        (["--einsum", "C[x] = A[x]", "--extents", "x=2"], "expected such as"),
        (["--einsum", "C[x] += A[x]", "--extents", "x=2"], "found no sum"),
        (["--einsum", "C[x+k] += A[x,k]", "--extents", "x=2", "k=2"], "other than one loop each"),
        (
            ["--einsum", "C[x] += A[k] * A[x]", "--extents", "x=2", "k=2"],
            "tensor comes twice",
        ),
        (
            ["--einsum", PRODUCT, "--extents", "x=2", "y=2", "k=2", "--machine", "pe26"],
            "pe26: no such file or preset",
        ),
        (
            ["--einsum", PRODUCT, "--extents", "x=2", "y=2", "k=2", "--machine", "pe256+rf=2"],
            "no mapping fits pe256+rf=2: rf: found out 1 + A 1 + B 1 = 3 words",
        ),
        (
            ["--einsum", "C[x] += A[x,k]", "--extents", "x=2", "k=2"],
            "found no product, expected two tensors or more",
        ),
        (
            ["--einsum", PRODUCT, "--extents", "x=2", "y=2", "k=2", "--pad", "inf"],
            "pad: found inf, expected a part from 0 to 1",
        ),
        (["missing.mlir"], "missing.mlir"),
    ],
)
def test_what_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit):
        main(arguments)
    found = capsys.readouterr().err
    assert message in found and "Traceback" not in found


def test_a_network_without_layers(tmp_path: Path, capsys: pytest.CaptureFixture):
    path = tmp_path / "none.mlir"
    path.write_text("func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {return %x : tensor<4xi8>}")
    with pytest.raises(SystemExit):
        main([str(path)])
    assert "found no sums of products" in capsys.readouterr().err


def test_the_page(network: Path, tmp_path: Path):
    mapped = nopt.map_network(network)
    page = tmp_path / "page.html"
    mapped.page(page, "net on pe256", simulated=True)
    text = page.read_text()
    for run in mapped.simulate():
        assert f"{run['simulated']:,}" in text
    for row in mapped.rows:
        assert row["mapping"] in text and f"{row['cycles']:,}" in text
    assert "parallel o_spatial = 0 to" in text
    assert "http://" not in text.split("<script")[0]


def test_simulated(network: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    trace = tmp_path / "array.perfetto"
    main([str(network), "--simulate", "--trace", str(trace), "--terms", "--json"])
    tables = json.loads(capsys.readouterr().out)
    assert [row["data"] for row in tables["pass by pass"]] == ["right"] * 3
    for row, said in zip(tables["layers"], tables["terms"], strict=False):
        assert row["energy_pj"] == said["energy"] and row["cycles"] == said["cycles"]
    mapped = nopt.map_network(network)
    for row, layer in zip(mapped.simulate(), mapped.rows, strict=True):
        states = [row[name] for name in ("compute", "reduction", "network", "dma", "idle")]
        assert sum(states) == row["simulated"] and row["model"] == layer["cycles"]
        assert row["data"] == "right"
    traced = Traced(trace.read_bytes())
    first = mapped.simulate()[0]
    busy = [each for each in traced.slices if each.thread == "PEs"]
    assert sum(each.end - each.begin for each in busy) == first["compute"] + first["reduction"]
    assert max(each.end for each in traced.slices) <= first["simulated"]
    assert {each.thread for each in traced.slices} >= {"DMA out out", "DMA x in", "out out"}


@pytest.mark.parametrize("stride", [1, 2])
def test_the_simulator_computes_what_the_nest_does(stride: int):
    """By the interpreter of the nest itself, on the words that wrap around."""
    text = f"O[n,m,x] += I[n,c,{stride}*x+f] * W[m,c,f]"
    mapped = nopt.map_network(text, {"n": 2, "m": 5, "x": 7, "c": 3, "f": 3})
    (layer,) = mapped._network.layers
    machine = ArrayMachine.load("pe256")
    mapping = whole_mapping(layer.problem, layer.mapping)
    random = np.random.default_rng(0)
    i, w = (
        random.integers(-(1 << 15), 1 << 15, [dim.size for dim in each.dims], np.int16)
        for each in layer.problem.operands[1:]
    )
    found = run_array(array_tables(machine, layer.problem, mapping), {"I": i, "W": w})
    np.testing.assert_array_equal(found, nopt.run(mapped.module, i, w))


def test_levels_are_not_simulated(capsys: pytest.CaptureFixture):
    path = Path(__file__).parents[1] / "passes/mapping/affine_nest_estimate_levels.mlir"
    main([str(path), "--json"])
    assert json.loads(capsys.readouterr().out)["layers"][0]["cycles"] == 86016
    with pytest.raises(SystemExit):
        main([str(path), "--simulate"])
    assert "found eyeriss_like, a machine of levels, expected an array" in capsys.readouterr().err


LOOPS = Path(__file__).parents[2] / "examples/loops"


def test_loops():
    """A convolution as loops is the nest that it means."""
    mapped = nopt.map_network(LOOPS / "conv.mlir")
    extents = {"o": 32, "h": 14, "w": 14, "i": 16, "kh": 3, "kw": 3}
    said = best("O[o,h,w] += I[i,h+kh,w+kw] * W[o,i,kh,kw]", extents)
    (row,) = mapped.rows
    assert (row["macs"], row["cycles"], row["energy_pj"]) == (903168, said.cycles, said.energy)


def test_tiled_loops():
    """Tiles do not matter; a triangle is its square with a mask, which is an operand."""
    (layer,) = nopt.map_network(LOOPS / "tiled.mlir")._network.layers
    assert layer.problem.points == 100 * 100
    assert [each.name for each in layer.problem.operands] == ["out", "l", "x", "inside"]


def test_the_memories_of_a_core():
    """Bytes of the configuration; a sum has four of them."""
    words = {level.name: level.words for level in vta_levels(Config.load("rtl")).memories}
    assert words == {"dram": None, "inp": 1 << 15, "wgt": 1 << 18, "acc": 1 << 15}


def test_a_core_as_levels(tmp_path: Path):
    """All of a product in the scratchpads: steps and bytes of DRAM are those of its program."""
    rng = np.random.default_rng(0)
    g = nopt.GraphBuilder()
    x = g.argument("x", (64, 64), "i8")
    g.result(g.requantize(g.matmul(x, rng.integers(-8, 8, (64, 64), np.int8)), shift=7))
    program = nopt.compile(g)
    mapping = "acc (x 64, y 4, k 4), array (y 16, k 16)"
    text = nopt.map_network(PRODUCT, {"x": 64, "y": 64, "k": 64}).module
    path = tmp_path / "product.mlir"
    nopt.write(text, path)
    found = re.sub(r"mapping<.*>}", f'mapping<"vta:rtl", {mapping}>}}', path.read_text())
    path.write_text(found)
    (layer,) = nopt.map_network(path)._network.layers
    assert layer.said.by_cause["compute"] == 64 * 4 * 4
    runtime = Runtime(program.file)
    (step,) = runtime.core_steps
    moved = dram_bytes(runtime.part(step), program.machine)
    operands = layer.said.words["dram"]
    assert (operands["A"], operands["B"], operands["out"]) == (
        moved["inp"],
        moved["wgt"],
        moved["out"],
    )
    path.write_text(found.replace(mapping, "acc (x 64, k 64), array (y 64)"))
    with pytest.raises(DiagnosticException, match="array: found y 64"):
        nopt.map_network(path)


def test_groups():
    """A loop of its own, and no tile touches channels of other groups."""
    rng = np.random.default_rng(0)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 8, 6, 6), "i8")
    g.result(g.conv2d(x, rng.integers(-8, 8, (12, 4, 3, 3), np.int8), groups=2))
    mapped = nopt.map_network(g)
    extents = {"g": 2, "o": 6, "h": 4, "w": 4, "i": 4, "kh": 3, "kw": 3}
    said = best("O[g,o,h,w] += I[g,i,h+kh,w+kw] * W[g,o,i,kh,kw]", extents)
    (row,) = mapped.rows
    assert (row["macs"], row["cycles"], row["energy_pj"]) == (6912, said.cycles, said.energy)
    assert mapped.simulate()[0]["data"] == "right"


def test_fronts(capsys: pytest.CaptureFixture):
    """Less energy takes more cycles; the least product is the layer's."""
    mapped = nopt.map_network(PRODUCT, {"x": 48, "y": 36, "k": 60}, objective="pareto")
    cycles = [row["cycles"] for row in mapped.fronts]
    energy = [row["energy_pj"] for row in mapped.fronts]
    assert len(cycles) > 1
    assert cycles == sorted(set(cycles), reverse=True) and energy == sorted(set(energy))
    products = [c * e for c, e in zip(cycles, energy, strict=True)]
    (row,) = mapped.rows
    assert row["cycles"] * row["energy_pj"] == min(products)
    extents = ["--extents", "x=48", "y=36", "k=60"]
    main(["--einsum", PRODUCT, *extents, "--objective", "pareto"])
    said = capsys.readouterr().out
    assert all(each["mapping"] in said for each in mapped.fronts)
