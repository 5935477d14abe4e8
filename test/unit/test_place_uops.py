"""Micro-op kernels in the buffer: whenever an instruction runs, its kernel is where it points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, Memory, Opcode
from nopt.passes.isa.instruction_streams import NO_KERNEL, ExpandError, Stream
from nopt.passes.isa.place_uops import PlacedStream, place_uops

SMALL = Config(log_uop_buff_size=6)
"""16 micro-ops."""
FIRST = 100


def stream(*kernels: int) -> Stream:
    """GEMM instructions with these kernels; NO_KERNEL stands for a LOAD of inputs."""
    records = np.zeros(len(kernels), INSTRUCTION)
    numbers = np.array(kernels, np.int64)
    records["opcode"] = np.where(numbers == NO_KERNEL, Opcode.LOAD, Opcode.GEMM)
    records["memory"] = np.where(numbers == NO_KERNEL, Memory.INP, 0)
    records["sram_base"] = np.arange(len(kernels))
    return Stream(records, numbers)


def kernels(*lengths: int) -> list[np.ndarray]:
    """Kernels of these lengths with contents of their own."""
    return [np.arange(n, dtype=np.uint32) + 1000 * (i + 1) for i, n in enumerate(lengths)]


def is_uop_load(records: np.ndarray) -> np.ndarray:
    return (records["opcode"] == Opcode.LOAD) & (records["memory"] == Memory.UOP)


def check(placed: PlacedStream, streams: list[Stream], words: list[np.ndarray]) -> None:
    """Run the LOADs of micro-ops; each instruction must find its kernel. All else is unchanged."""
    buffer = np.zeros(SMALL.uop_entries, np.uint32)
    whole = Stream.concatenate(streams)
    expected = iter(zip(whole.records, whole.kernels, strict=True))
    for record in placed.records:
        if record["opcode"] == Opcode.LOAD and record["memory"] == Memory.UOP:
            assert record["y_size"] == 1
            assert record["dram_base"] % 2 == 0
            sram, dram, count = (int(record[n]) for n in ("sram_base", "dram_base", "x_size"))
            assert count > 0 and sram + count <= SMALL.uop_entries
            buffer[sram : sram + count] = placed.uops[dram - FIRST : dram - FIRST + count]
            continue
        original, number = next(expected)
        assert record["sram_base"] == original["sram_base"]
        if number != NO_KERNEL:
            begin, end = int(record["uop_begin"]), int(record["uop_end"])
            np.testing.assert_array_equal(buffer[begin:end], words[number])
    assert next(expected, None) is None


def test_one_load_brings_all_that_a_layer_needs():
    words = kernels(3, 4, 5)
    streams = [stream(NO_KERNEL, 2, 0, 2, 1, 0)]
    placed = place_uops(streams, words, FIRST, SMALL)
    check(placed, streams, words)
    assert np.flatnonzero(is_uop_load(placed.records)).tolist() == [1]
    assert len(placed.uops) == 12


def test_what_is_there_is_not_loaded_again():
    words = kernels(3, 4, 10, 2)
    streams = [stream(0, 1), stream(1, 0), stream(0, 2), stream(2, 3, 0)]
    placed = place_uops(streams, words, FIRST, SMALL)
    check(placed, streams, words)
    loads = placed.records[is_uop_load(placed.records)]
    assert loads["x_size"].tolist() == [7, 15]


def test_what_later_layers_need_comes_along():
    words = kernels(3, 4, 5)
    streams = [stream(0), stream(1, 0), stream(2)]
    placed = place_uops(streams, words, FIRST, SMALL)
    check(placed, streams, words)
    assert placed.records[is_uop_load(placed.records)]["x_size"].tolist() == [12]
    assert placed.counts == (2, 2, 1)


def test_earlier_layers_make_room():
    words = kernels(10, 5, 9)
    streams = [stream(0, 1), stream(2, 1), stream(0)]
    placed = place_uops(streams, words, FIRST, SMALL)
    check(placed, streams, words)
    loads = placed.records[is_uop_load(placed.records)]
    assert loads["x_size"].tolist() == [15, 14, 10]


def test_a_layer_larger_than_the_buffer_is_loaded_in_turns():
    words = kernels(10, 10, 10)
    streams = [stream(0, 1, 2, 0, 0, 1)]
    placed = place_uops(streams, words, FIRST, SMALL)
    check(placed, streams, words)
    assert is_uop_load(placed.records).sum() == 5


def test_a_kernel_larger_than_the_buffer_is_refused():
    with pytest.raises(ExpandError) as error:
        place_uops([stream(0)], kernels(17), FIRST, SMALL)
    assert str(error.value) == "a micro-op kernel has 17 micro-ops, expected at most 16"


def test_nothing_to_place():
    assert not len(place_uops([], [], FIRST, SMALL).records)
    placed = place_uops([stream(NO_KERNEL)], [], FIRST, SMALL)
    assert len(placed.records) == 1 and not len(placed.uops)


@given(
    st.lists(st.integers(1, 16), min_size=1, max_size=6),
    st.lists(st.lists(st.integers(NO_KERNEL, 5), max_size=12), min_size=1, max_size=4),
)
def test_any_streams(lengths: list[int], uses: list[list[int]]):
    words = kernels(*lengths)
    streams = [stream(*(min(number, len(words) - 1) for number in layer)) for layer in uses]
    check(place_uops(streams, words, FIRST, SMALL), streams, words)
