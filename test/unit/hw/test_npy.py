"""Arrays in files: what numpy writes is read, and claims are checked before memory is taken."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes
from hypothesis.strategies import binary, integers

from nopt.hw.files.npy import ArrayFileError, read_arrays, write_npy, write_npz

NUMBERS = scalar_dtypes().filter(lambda dtype: dtype.kind in "biufc")


@given(arrays(NUMBERS, array_shapes(min_dims=0, min_side=0)))
def test_what_numpy_writes_is_read(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("npy") / "x"
    for kept in (array, array.T):
        with path.open("wb") as stream:
            np.save(stream, kept)
        (read,) = read_arrays(path).values()
        assert read.dtype == kept.dtype and read.shape == kept.shape and read.flags.writeable
        assert read.tobytes() == kept.tobytes()


@given(arrays(NUMBERS, array_shapes(min_dims=0, min_side=0)))
def test_what_is_written_numpy_reads(array):
    for kept in (array, array.T):
        stream, together = io.BytesIO(), io.BytesIO()
        write_npy(stream, kept)
        write_npz(together, {"file": kept, "of/it": kept})
        stream.seek(0)
        together.seek(0)
        found = [np.load(stream), *np.load(together).values()]
        assert all(f.dtype == kept.dtype and f.tobytes() == kept.tobytes() for f in found)
        assert all(f.shape == kept.shape for f in found)


def npy(shape, descr="|i1", data=b"", fortran=False):
    header = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def refusal(path, data):
    path.write_bytes(data)
    with pytest.raises(ArrayFileError) as error:
        read_arrays(path)
    message = str(error.value)
    assert "\n" not in message and message.startswith(f"{path}: ")
    return message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found an empty file"),
        (b"text", "found a file that begins with b'text'"),
        (npy("(1 << 40,)"), "not a readable .npy file"),
        (npy((1 << 40,)), "found 0 bytes of elements, expected 1099511627776 for int8"),
        (npy((4,), data=b"123"), "found 3 bytes of elements, expected 4"),
        (npy((4,), data=b"12345"), "found 5 bytes of elements, expected 4"),
        (npy((-4,)), "found shape [-4], expected sizes of at least 0"),
        (npy((1,), "|O", b"x" * 8), "found elements of type object, expected numbers"),
        (npy((1,), [("a", "|i1")], b"x"), "expected numbers"),
        (npy((1,), "<U1", b"abcd"), "found elements of type <U1, expected numbers"),
        (npy((1,)).replace(b"}", b"(" * 9), "not a readable .npy file"),
        (b"\x93NUMPY\x03\x00" + npy((0,))[8:], "found version 3.0, expected 1.0 or 2.0"),
        (b"\x93NUMPY\x01\x00\xff\xff", "not a readable .npy file"),
        (b"PK\x03\x04 and no more", "not a readable .npz file"),
    ],
)
def test_what_is_no_array_is_named(data, message, tmp_path):
    assert message in refusal(tmp_path / "x", data)


def archive(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as zipped:
        for name, data in members:
            zipped.writestr(name, data)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("x", npy((0,)))], "found a member 'x', expected arrays, as 'x.npy'"),
        ([("x.npy", npy((0,)))] * 2, "found two arrays 'x', expected one of each name"),
        ([("x.npy", b"pickle")], "array 'x': "),
        ([("x.npy", npy((1 << 40,), data=b"1"))], "array 'x': found 1 bytes of elements"),
    ],
)
def test_members_are_arrays(members, message, tmp_path):
    assert message in refusal(tmp_path / "x", archive(members))


def test_a_bomb_is_refused_by_its_claim(tmp_path, monkeypatch):
    """A compressed megabyte claims a gigabyte: here a thousandth of that, to be quick."""
    monkeypatch.setattr("nopt.hw.files.npy.LARGEST_INFLATED", 1 << 20)
    zeros = np.zeros(1 << 20, np.int8)
    bomb = archive([("x.npy", npy(zeros.shape, data=zeros.tobytes()))])
    assert len(bomb) < 1 << 12
    tracemalloc.start()
    try:
        message = refusal(tmp_path / "x", bomb)
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
    finally:
        tracemalloc.stop()
    assert "bytes in compressed members, expected at most 1048576" in message
    # Stored as it is, a file has the bytes that it claims.
    np.savez(tmp_path / "x.npz", x=zeros)
    assert read_arrays(tmp_path / "x.npz")["x"].shape == zeros.shape


def test_a_member_that_inflates_to_less_than_it_claims(tmp_path):
    data = bytearray(archive([("x.npy", npy((9,), data=b"123456789"))]))
    end = data.index(b"PK\x01\x02")
    data[end + 24] += 1  # the size in the directory, which counts
    assert "array 'x': found 10 bytes of elements, expected 9" in refusal(tmp_path / "x", data)


WHOLE = archive(
    [("x.npy", npy((2, 3), "<i2", bytes(range(12)))), ("y.npy", npy((), "<f4", b"1234"))]
)


@given(integers(0, 8 * len(WHOLE) - 1), binary(max_size=3))
def test_damage_gives_arrays_or_one_message(tmp_path_factory, bit, more):
    altered = bytearray(WHOLE)
    altered[bit // 8] ^= 1 << bit % 8
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(bytes(altered[: len(altered) - len(more)]) + more)
    try:
        read_arrays(path)
    except ArrayFileError as error:
        assert "\n" not in str(error)
