"""Exploring: fronts, bounds, the same files whatever happens on the way."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster, as_completed

import nopt
from nopt.hw.array.array_machine import ArrayMachine
from nopt.passes.mapping.nest_search import NestSearch
from nopt.tools.errors import UserError
from nopt.tools.explore.designs import Limits
from nopt.tools.explore.exploration import Exploration
from nopt.tools.explore.families.known import ARRAYS, CORES
from nopt.tools.explore.front import front
from nopt.tools.explore.space import Space
from nopt.tools.explore.workers import Cluster
from nopt.tools.mapped.mapped_networks import map_network, read_network
from nopt.tools.nopt_explore import main

SWEEP = ["LOG_BLOCK=3..5", "memory_latency=16,64", "LOG_BATCH=0,2"]


@pytest.fixture(autouse=True)
def _no_networks_of_other_tests():
    yield
    CORES.forget()
    ARRAYS.forget()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 9, 9), "i8")
    y = g.requantize(g.conv2d(x, rng.integers(-8, 8, (32, 16, 3, 3), np.int8), pads=1), shift=7)
    w = rng.integers(-8, 8, (48, 32, 1, 1), np.int8)
    g.result(g.requantize(g.relu(g.conv2d(y, w)), shift=7))
    path = tmp_path_factory.mktemp("explore") / "small.mlir"
    nopt.write(nopt.read(g), path)
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    return [*csv.DictReader((folder / "points.csv").read_text().splitlines())]


@pytest.fixture(scope="module")
def whole(network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    main([str(network), "--sweep", *SWEEP, "--check", "-o", str(folder)])
    return folder


def test_front_by_definition():
    values = [(1, 5), (2, 2), (2, 3), (5, 1), (5, 1), (6, 6)]
    assert front(values) == [0, 1, 3, 4]


def test_what_is_found(whole: Path, network: Path):
    found = rows(whole)
    assert len(found) == 12
    assert {row["status"] for row in found} <= {"front", "beaten", "illegal", "bounded"}
    for row in found:
        if row["status"] == "illegal":
            assert "expected at most the 32 bits of a micro-op" in row["reason"]
            continue
        changes = {key: int(row[key]) for key in ("LOG_BLOCK", "memory_latency", "LOG_BATCH")}
        config = nopt.machine("rtl", **changes)
        bound = CORES.least([str(network)], config)
        if row["status"] == "bounded":
            continue
        (facts,) = CORES.evaluate([str(network)], config.to_json())
        assert int(row["cycles"]) == facts["cycles"] >= bound["cycles"]
        assert float(row["energy"]) == facts["energy"] >= bound["energy"]
        assert facts["bytes"] >= bound["bytes"]
    exact = [row for row in found if row["cycles"]]
    values = [[float(row[name]) for name in ("cycles", "energy", "area")] for row in exact]
    assert [exact[i]["point"] for i in front(values)] == [
        row["point"] for row in found if row["status"] == "front"
    ]


@pytest.mark.parametrize("jobs", [2, 4])
def test_workers_do_not_matter(jobs: int, whole: Path, network: Path, tmp_path: Path):
    arguments = [str(network), "--sweep", *SWEEP, "--check", "--jobs", str(jobs)]
    main([*arguments, "-o", str(tmp_path)])
    for name in ("points.csv", "points.json", "index.html"):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes()


def test_a_killed_run_goes_on(whole: Path, network: Path, tmp_path: Path):
    command = [str(Path(sys.executable).with_name("nopt-explore")), str(network), "--check"]
    command += ["--sweep", *SWEEP, "-o", str(tmp_path)]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    study = tmp_path / "study.db"
    for _ in range(600):
        time.sleep(0.05)
        if study.exists() and b"facts" in study.read_bytes():
            break
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    main([str(network), "--sweep", *SWEEP, "--check", "-o", str(tmp_path)])
    assert (tmp_path / "points.csv").read_bytes() == (whole / "points.csv").read_bytes()


def test_a_killed_worker_costs_nothing(network: Path):
    machines = {(i,): nopt.machine("rtl", memory_latency=i) for i in range(16, 24)}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        found = {}
        asked = Exploration(
            [str(network)],
            CORES,
            nopt.machine("rtl"),
            Space.parse(["memory_latency=16"], CORES),
            Limits({}, None),
        )
        for point, facts in Cluster(client, as_completed).evaluate(asked, machines):
            if not found:
                (pid, *_) = client.run(os.getpid).values()
                os.kill(pid, signal.SIGKILL)
            found[point] = facts
    assert found == {
        point: CORES.evaluate([str(network)], config.to_json())
        for point, config in machines.items()
    }


def test_a_search_is_the_same_again(network: Path, tmp_path: Path):
    sweep = ["--sweep", "memory_latency=0..200", "bytes_per_cycle=1,2,4,8,16,32", "--trials", "20"]
    for name in ("once", "again"):
        main([str(network), *sweep, "--objective", "cycles,energy", "-o", str(tmp_path / name)])
    once, again = rows(tmp_path / "once"), rows(tmp_path / "again")
    assert once == again and len(once) == 20


def test_from_python(network: Path):
    found = nopt.explore(
        network, {"LOG_BLOCK": [3, 4]}, objectives=("cycles", "sram"), budget={"sram": 1 << 20}
    )
    assert "2 points" in repr(found) and "<table>" in found._repr_html_()
    assert [row["point"] for row in found.points] == [0, 1]
    assert {"what": "LOG_BLOCK", "point 0": "3", "point 1": "4", "ratio": "1.333"} in found.why(
        0, 1
    )
    seconds = nopt.explore(
        network, {"memory_latency": [16]}, objectives=("seconds", "cycles"), board="zynq7020"
    ).front[0]
    assert seconds["seconds"] == pytest.approx(seconds["cycles"] / 100e6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--sweep", "LOG_BLOK=3"],
            "--sweep LOG_BLOK: unknown key of a machine, did you mean LOG_B",
        ),
        (["--sweep", "LOG_BLOCK="], "--sweep: found '' in 'LOG_BLOCK=', expected a value"),
        (["--sweep", "LOG_BLOCK"], "--sweep: found 'LOG_BLOCK', expected KEY=VALUE,…"),
        (
            ["--sweep", "LOG_BLOCK=5..3"],
            "--sweep: found '5..3' in 'LOG_BLOCK=5..3', expected the l",
        ),
        (["--sweep", "LOG_BLOCK=a..3"], "--sweep: found 'a..3' in 'LOG_BLOCK=a..3', expected 3..6"),
        (
            ["--sweep", "LOG_BLOCK=4", "--budget", "sram"],
            "--budget: found 'sram', expected NAME=MOST, the",
        ),
        (
            ["--sweep", "LOG_BLOCK=4", "--budget", "sram=1KB"],
            "--budget: found 'sram=1KB', expected",
        ),
        (["--sweep", "LOG_BLOCK=4", "--budget", "sram=1KiB"], "more than the budget of 1,024"),
        (["--sweep", "LOG_BLOCK=4", "--board", "x"], "--board x: expected one of zu3eg, zynq7020"),
        (["--sweep", "LOG_BLOCK=4", "--objective", "x"], "--objective: found 'x', expected one of"),
        (["--sweep", "LOG_BLOCK=4", "--objective", "seconds"], "expected a --board"),
        (
            ["--sweep", "LOG_BLOCK=4", "--storage", "sqlite:////nowhere/x"],
            "unable to open database",
        ),
        (["--sweep", "LOG_BLOCK=4", "--jobs", "0"], "--jobs: found 0, expected 1 or more"),
        (["--sweep", "LOG_BLOCK=4", "--trials", "0"], "--trials: found 0, expected 1 or more"),
        (["--sweep", "LOG_BLOCK=4", "--why", "0", "7"], "--why: found point 7, expected 0 to 0"),
        (["--sweep", "LOG_BLOCK=4", "--scheduler", "tcp://127.0.0.1:9"], "--scheduler tcp://127.0"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str],
    message: str,
    network: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as end:
        main([str(network), *arguments, "-o", str(tmp_path / "out")])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message in said and said.count("\n") == 1


def test_spaces():
    space = Space.parse(["LOG_BLOCK=3..4", "alu_multiply=true,false", "energy_mac=0.5,1"], CORES)
    assert len(space) == 8 and next(iter(space)) == (3, True, 0.5)
    with pytest.raises(UserError, match="each key once"):
        Space.parse(["LOG_BLOCK=3", "LOG_BLOCK=4"], CORES)


def test_other_bits_end_the_run(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They are a fault of nopt, not of the design: no row may hide them."""
    arguments = [str(network), "--sweep", "memory_latency=16", "-o", str(tmp_path)]
    main(arguments)
    monkeypatch.setattr(np, "array_equal", lambda a, b: False)
    # What was found without --check does not stand for a check.
    with pytest.raises(SystemExit):
        main([*arguments, "--check"])


def test_networks_of_one_name(network: Path, tmp_path: Path):
    other = tmp_path / "other" / network.name
    other.parent.mkdir()
    other.write_bytes(network.read_bytes())
    main([str(network), str(other), "--sweep", "memory_latency=16", "-o", str(tmp_path)])
    (row,) = rows(tmp_path)
    assert int(row["small0_cycles"]) + int(row["small1_cycles"]) == int(row["cycles"])


def test_schedules_are_shared(network: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A tuning log that a run wrote serves others, and what they find with it is the same."""
    log = tmp_path / "log.jsonl"
    arguments = [str(network), "--sweep", "memory_latency=16,64", "-p"]
    for name in ("searched", "read"):
        main([*arguments, f"vta{{measure=4 tuning-log={log}}}", "-o", str(tmp_path / name)])
        lines = log.read_text().splitlines()
        assert len(lines) == 4, "two layers on two machines"
    assert all(json.loads(line)["measured"] for line in lines)
    assert rows(tmp_path / "searched") == rows(tmp_path / "read")


@pytest.mark.parametrize(("channels", "kernel"), [(16, 3), (32, 1)])
def test_what_is_measured_is_no_worse(channels: int, kernel: int, tmp_path: Path):
    """A layer alone, as it is measured: kernels of a network overlap."""
    rng = np.random.default_rng(0)
    g = nopt.GraphBuilder()
    w = rng.integers(-8, 8, (32, channels, kernel, kernel), np.int8)
    y = g.conv2d(g.argument("x", (1, channels, 9, 9), "i8"), w, pads=kernel // 2)
    g.result(g.requantize(y, shift=7))
    nopt.write(nopt.read(g), tmp_path / "layer.mlir")
    arguments = [str(tmp_path / "layer.mlir"), "--sweep", "memory_latency=16,64", "-p"]
    for name, pipeline in (("plain", "vta"), ("measured", "vta{measure=4}")):
        main([*arguments, pipeline, "-o", str(tmp_path / name)])
    pairs = zip(rows(tmp_path / "measured"), rows(tmp_path / "plain"), strict=True)
    assert all(int(measured["cycles"]) <= int(plain["cycles"]) for measured, plain in pairs)


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [("vta{config=default}", "sets a machine"), ("vtb", "vtb"), ("vta{depth=1}", "depth")],
)
def test_pipelines_that_are_none(
    network: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], pipeline: str, message: str
):
    with pytest.raises(SystemExit) as stopped:
        main([str(network), "--sweep", "memory_latency=16", "-p", pipeline, "-o", str(tmp_path)])
    said = capfd.readouterr().err
    assert stopped.value.code == 1 and message in said and said.count("\n") == 1


# --- Arrays of PEs, by the same engine.


def array_facts(path: Path, **changes: int) -> dict[str, float]:
    machine = ArrayMachine.load("pe256").varied(changes)
    (facts,) = ARRAYS.evaluate([str(path)], machine.to_json(), "affine-nest-map", False)
    return facts


def test_an_array(network: Path, tmp_path: Path):
    """Cycles and energy are sums over layers of the best mappings; the bound is below all."""
    sweep = ["rf=4,64,512", "spm=16384,65536"]
    arguments = [str(network), "--machine", "pe256+pes=64", "--sweep", *sweep]
    main([*arguments, "--objective", "cycles,energy,edp,area", "--check", "-o", str(tmp_path)])
    found = rows(tmp_path)
    assert len(found) == 6
    layers = [*map_network(read_network(network), NestSearch("pe256+pes=64+rf=64")).layers]
    assert len(layers) == 2
    for row in found:
        if row["rf"] == "4":
            assert row["status"] == "no program"
            assert row["reason"].endswith("= 3 words, expected at most 2, with the smallest tiles")
            continue
        if row["status"] == "bounded":
            continue
        changes = {"pes": 64, "rf": int(row["rf"]), "spm": int(row["spm"])}
        facts = array_facts(network, **changes)
        bound = ARRAYS.least([str(network)], ArrayMachine.load("pe256").varied(changes))
        assert int(row["cycles"]) == facts["cycles"] >= bound["cycles"]
        assert float(row["energy"]) == facts["energy"] >= bound["energy"]
        assert facts["bytes"] >= bound["bytes"]
        assert int(row["small_simulated_cycles"]) > facts["cycles"] / 2
        assert float(row["edp"]) == pytest.approx(facts["cycles"] * facts["energy"])
        # 64 multipliers of 16 bits and adders of 32, by technology.json, and all bits of memory.
        bits = 8 * (changes["spm"] + 64 * changes["rf"])
        assert float(row["area"]) == pytest.approx((64 * (4 * 282 + 137) + bits * 0.5) / 1e6)
    assert any(row["status"] == "front" for row in found)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--sweep", "rg=1"], "--sweep rg: unknown key"),
        (["--sweep", "dma.setups=1"], "--sweep dma.setups: unknown key, did you mean setup?"),
        (["--sweep", "rf=64", "--reports"], "--reports: found an array"),
        (["--sweep", "rf=64", "--board", "zu3eg"], "--board: found an array"),
        (["--sweep", "rf=64", "--budget", "dsp=3"], "expected NAME=MOST, the name one of sram"),
        (["--sweep", "rf=64", "-p", "vta"], "--pipeline vta: expected affine-nest-map"),
        (
            ["--sweep", "rf=64", "-p", "affine-nest-map{pad=0.1}"],
            "expected affine-nest-map without machine, pad and bypass",
        ),
        (["--sweep", "rf=64", "-p", "affine-nest-map{pack=w}"], "and to pack nothing or all"),
    ],
)
def test_what_no_array_has(more: list[str], message: str, network: Path, tmp_path: Path, capsys):
    with pytest.raises(SystemExit):
        main([str(network), "--machine", "pe256", *more, "-o", str(tmp_path)])
    assert message in capsys.readouterr().err


def test_levels_are_not_explored(network: Path, tmp_path: Path, capsys):
    with pytest.raises(SystemExit):
        main([str(network), "--machine", "eyeriss_like", "--sweep", "rf=64", "-o", str(tmp_path)])
    assert "eyeriss_like: found a machine of levels, which nopt-map maps on" in (
        capsys.readouterr().err
    )
