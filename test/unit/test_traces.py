"""Traces of programs: layers, host steps, counters and tokens, for Perfetto."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from perfetto.trace_processor import TraceProcessor
from perfetto_traces import Traced

import nopt
from nopt.tools.nopt_run import main
from nopt.tools.runtime import Runtime


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nopt.Program:
    """Two layers between host steps."""
    monkeypatch.chdir(tmp_path)
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 12, 12), "i8")
    for name in ("first", "second"):
        w = np.ones((16, 16, 3, 3), np.int8)
        x = g.requantize(g.conv2d(x, w, pads=1), shift=7, name=name)
    g.result(x)
    made = nopt.compile(g)
    made.save("p.vta")
    np.save("x.npy", np.ones((1, 16, 12, 12), np.int8))
    main(["p.vta", "-i", "x.npy", "--trace", "t.pftrace", "--quiet"])
    return made


def test_what_a_trace_has(program: nopt.Program):
    trace, runtime = Traced(Path("t.pftrace").read_bytes()), Runtime(program.file)
    assert trace.processes == ["core 0: rtl (1 us = 1 cycle)"]
    assert trace.threads == ["load", "compute", "store", "layers", "host steps"]
    layers = [each for each in trace.slices if each.thread == "layers"]
    assert [each.name for each in layers] == [layer.name for layer in program.file.layers]
    assert all(0 <= each.begin < each.end <= runtime.cycles + 2 for each in layers)
    # One computes after the other, whenever its loads begin.
    first, second = layers
    assert first.end <= second.begin
    hosts = [("host steps", name, cycle) for cycle, name in runtime.host_cycles]
    assert trace.instants == hosts and len(hosts) == 2


def test_counters_add_up(program: nopt.Program):
    trace, (timing,) = Traced(Path("t.pftrace").read_bytes()), Runtime(program.file).timings
    for name, values in trace.counters.items():
        kind = name.split()[1]
        cycles = np.array([cycle for cycle, _ in values])
        rates = np.array([value for _, value in values])
        assert values[-1][1] == 0
        if name.startswith("DRAM"):
            moved = (rates[:-1] * np.diff(cycles)).sum()
            assert moved == pytest.approx(timing.dram_bytes[kind], rel=1e-6)
        else:
            assert 0 < rates.max() <= 100
    assert {"DRAM wgt", "DRAM out", "scratchpad acc"} <= trace.counters.keys()


def test_arrows_are_tokens(program: nopt.Program):
    """From who pushes to who pops, which does not begin before that has ended."""
    trace = Traced(Path("t.pftrace").read_bytes())
    ends = Counter[int]()
    by_flow: dict[int, list] = {}
    for each in trace.slices:
        ends.update(each.flows)
        for flow in each.flows:
            by_flow.setdefault(flow, []).append(each)
    assert set(ends.values()) == {2}
    insns = Runtime(program.file).part(program.file.steps[1])
    pushed = sum(int(insns[field].sum()) for field in ("push_prev", "push_next"))
    assert len(ends) == pushed
    for pair in by_flow.values():
        earlier, later = sorted(pair, key=lambda each: each.end)
        assert earlier.end <= later.begin and earlier.thread != later.thread


def test_the_library_is_optional(
    program: nopt.Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "perfetto.trace_builder.proto_builder", None)
    Path("t.pftrace").unlink()
    with pytest.raises(SystemExit):
        main(["p.vta", "-i", "x.npy", "--trace", "t.pftrace"])
    assert "pip install 'nopt[trace]'" in capsys.readouterr().err
    assert not Path("t.pftrace").exists()


def test_perfetto_reads_it(program: nopt.Program):
    """Its trace processor, which its library fetches; without a network this is skipped."""
    try:
        processor = TraceProcessor(trace="t.pftrace")
    except (OSError, subprocess.CalledProcessError) as error:  # It could not be fetched.
        pytest.skip(f"no trace processor: {type(error).__name__}")
    with processor:

        def count(query: str) -> int:
            (row,) = processor.query(f"select count(*) as n from {query}")
            return row.n

        trace = Traced(Path("t.pftrace").read_bytes())
        assert count("slice") == len(trace.slices) + len(trace.instants)
        assert count("flow") == len({flow for each in trace.slices for flow in each.flows})
        assert count("counter_track") >= len(trace.counters)
        assert count("stats where severity = 'error' and value > 0") == 0
