"""Which array of a file is which input, and names of outputs."""

import numpy as np
import pytest

from nopt.dialects.array_names import assigned, distinct
from nopt.hw.program.program_parts import Value
from nopt.tools.arrays import load_inputs, save_outputs

A, B = np.zeros(1), np.ones(1)


@pytest.mark.parametrize(
    "keys, names",
    [
        (("x", "y"), ("x", "y")),
        (("input_1", "input_2"), ("input.1", "input.2")),
        (("serving_default_x:0", "y/z:0"), ("serving_default_x.0", "y_z.0")),
        (("1", "b c"), ("t1", "b_c")),
        # Names that are one as values are told apart by order, as the printer numbers them.
        (("a:0", "a/0"), ("a.0", "a.0_1")),
    ],
)
def test_arrays_by_the_names_of_a_model(keys: tuple[str, str], names: tuple[str, str]):
    first, second = assigned(dict(zip(keys, (A, B), strict=True)), names) or (None, None)
    assert first is A and second is B
    if "a/0" not in keys:
        first, second = assigned(dict(zip(keys[::-1], (B, A), strict=True)), names) or (None, None)
        assert first is A and second is B


def test_arrays_in_order_and_arrays_that_do_not_fit():
    many = {f"arr_{index}": np.array(index) for index in reversed(range(12))}
    found = assigned(many, [f"x{index}" for index in range(12)])
    assert found is not None and [int(each) for each in found] == list(range(12))
    assert assigned({"x": A, "z": B}, ("x", "y")) is None
    assert assigned({"x": A}, ("x", "y")) is None
    assert assigned({"x": A, "y": B, "z": B}, ("x", "y")) is None


def test_repeated_names_are_numbered():
    assert distinct(["a", "b"]) == ["a", "b"]
    assert distinct(["a", "a", "x", "a"]) == ["a", "a_1", "x", "a_2"]
    assert distinct(["a", "a", "a_1", "a_1"]) == ["a", "a_2", "a_1", "a_1_1"]


def test_one_array_for_each_output(tmp_path):
    outputs = [Value(name, (1,), "float64") for name in ("a", "a", "x")]
    save_outputs([str(tmp_path / "all.npz")], [A, B, A], outputs)
    with np.load(tmp_path / "all.npz") as archive:
        assert {name: archive[name].tolist() for name in archive.files} == {
            "a": [0],
            "a_1": [1],
            "x": [0],
        }


@pytest.mark.parametrize(
    "given, wanted, found",
    [
        ("float16", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("uint8", "int16", "int16"),
        ("int8", "int32", "int32"),
        # What would be rounded, or be of another kind, is for the program to refuse.
        ("float64", "float32", "float64"),
        ("uint8", "int8", "uint8"),
        ("int32", "int8", "int32"),
        ("int8", "float32", "int8"),
        ("bool", "int8", "bool"),
    ],
)
def test_arrays_are_widened_where_that_is_exact(given, wanted, found, tmp_path):
    np.save(tmp_path / "x.npy", np.array([0, 1, 100], given))
    (array,) = load_inputs([str(tmp_path / "x.npy")], [Value("x", (3,), wanted)])
    assert array.dtype == found
    assert array.tolist() == np.array([0, 1, 100], given).tolist()
