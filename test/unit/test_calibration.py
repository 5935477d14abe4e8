"""Calibration files as samples: arrays by name or in order, cut along the first dimension."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import FunctionType, TensorType, f32, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from nopt.passes.graph.quantization.samples import load_samples


def function(*inputs) -> FuncOp:
    """A function of inputs given as (name, shape, element type)."""
    block = Block(arg_types=[TensorType(element, shape) for _, shape, element in inputs])
    for argument, (name, _, _) in zip(block.args, inputs, strict=True):
        argument.name_hint = name
    block.add_op(ReturnOp())
    types = FunctionType.from_lists([argument.type for argument in block.args], [])
    return FuncOp("main", types, Region(block))


IMAGE = ("image", (1, 2, 3), f32)
IDS = ("ids", (1, 4), i64)
images = np.arange(30, dtype=np.float32).reshape(5, 2, 3)
ids = np.arange(20).reshape(5, 4)


def test_arrays_are_found_by_name(tmp_path: Path):
    np.savez(tmp_path / "c.npz", ids=ids, image=images)
    samples = load_samples(str(tmp_path / "c.npz"), function(IMAGE, IDS))
    assert len(samples) == 5
    for index, (image, numbers) in enumerate(samples):
        assert (image == images[index : index + 1]).all()
        assert (numbers == ids[index : index + 1]).all()


def test_unnamed_arrays_are_taken_in_order(tmp_path: Path):
    np.savez(tmp_path / "c.npz", images, ids)
    (image, numbers), *_ = load_samples(str(tmp_path / "c.npz"), function(IMAGE, IDS))
    assert image.dtype == np.float32 and numbers.dtype == np.int64


def test_names_may_be_those_of_the_model_that_was_imported(tmp_path: Path):
    np.savez(tmp_path / "c.npz", **{"data:0": images, "token/ids_1": ids})
    names = (("data_0", *IMAGE[1:]), ("token_ids.1", *IDS[1:]))
    with pytest.raises(ValueError, match=r"expected one per input: 'data', 'token_ids\.1'"):
        load_samples(str(tmp_path / "c.npz"), function(*names))
    names = (("data.0", *IMAGE[1:]), ("token_ids.1", *IDS[1:]))
    assert len(load_samples(str(tmp_path / "c.npz"), function(*names))) == 5


def test_a_single_input_takes_a_single_array_of_any_name(tmp_path: Path):
    np.save(tmp_path / "c.npy", images)
    np.savez(tmp_path / "c.npz", pictures=images)
    for name in ("c.npy", "c.npz"):
        assert len(load_samples(str(tmp_path / name), function(IMAGE), limit=3)) == 3


@pytest.mark.parametrize("shape", [(1, 2, 3), (5, 1, 2, 3), (5, 2, 3)])
def test_samples_may_have_a_dimension_of_their_own(tmp_path: Path, shape: tuple[int, ...]):
    np.save(tmp_path / "c.npy", np.zeros(shape))
    samples = load_samples(str(tmp_path / "c.npy"), function(IMAGE))
    assert {image.shape for (image,) in samples} == {(1, 2, 3)}
    assert len(samples) == np.prod(shape) // 6
    assert samples[0][0].dtype == np.float32


def test_batches_are_cut_whole(tmp_path: Path):
    np.save(tmp_path / "c.npy", images[:4])
    (first,), (second,) = load_samples(str(tmp_path / "c.npy"), function(("image", (2, 2, 3), f32)))
    assert (first == images[:2]).all() and (second == images[2:4]).all()
    np.save(tmp_path / "c.npy", images)
    with pytest.raises(ValueError, match=r"found shape \[5, 2, 3\], expected \[2, 2, 3\]"):
        load_samples(str(tmp_path / "c.npy"), function(("image", (2, 2, 3), f32)))


@pytest.mark.parametrize("name", ["c.npy", "c.npz"])
def test_more_samples_than_memory_holds(name: str, tmp_path: Path):
    """64 MB in the file, of which a sample at a time is in memory; other element types, too."""
    shape, element = (8, 1024), np.float64
    many = np.arange(1024 * 8 * 1024, dtype=element).reshape(1024, *shape)
    save = np.save if name.endswith("npy") else np.savez
    save(tmp_path / name, many)
    last = many[-1].astype(np.float32)
    del many
    tracemalloc.start()
    samples = load_samples(str(tmp_path / name), function(("x", (1, *shape), f32)))
    assert len(samples) == 1024
    for (x,) in samples:
        assert x.dtype == np.float32 and x.shape == (1, *shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6
    assert (samples[-1][0] == last).all() and len(samples[3:10][2:]) == 5


def test_a_damaged_archive_is_found_before_it_is_used(tmp_path: Path):
    path = tmp_path / "c.npz"
    np.savez(path, np.ones((4, 1000), np.float32))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"c\.npz': not a readable \.npz file: Bad CRC-32"):
        load_samples(str(path), function(("x", (1, 1000), f32)))


@pytest.mark.parametrize("name", ["c.npy", "c.npz"])
def test_samples_may_come_from_a_file_on_standard_input(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    save = np.save if name.endswith("npy") else np.savez
    save(tmp_path / name, images)
    with (tmp_path / name).open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        samples = load_samples("-", function(IMAGE))
    assert [x.tolist() for (x,) in samples] == [images[i : i + 1].tolist() for i in range(5)]
