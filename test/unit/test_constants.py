"""Constants: arrays to attributes and back, through text as well."""

from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, DenseResourceAttr, ModuleOp, StringAttr, f16, i8, i32
from xdsl.printer import Printer

from nopt.dialects.blobs import Blob
from nopt.dialects.constants import (
    array_of,
    attribute_of,
    element_type,
    numpy_type,
    scoped_resources,
    tensor_type,
)
from nopt.dialects.graph import ConstantOp, Graph
from nopt.dialects.parsing import ModuleParser

DTYPES = ["bool", "int8", "int16", "int32", "int64", "float32", "float64"]


def printed(module: ModuleOp) -> str:
    stream = StringIO()
    printer = Printer(stream)
    printer.print_op(module)
    printer.print_metadata([Builtin])
    return stream.getvalue()


def parsed(text: str) -> list[np.ndarray]:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(Graph)
    module = ModuleParser(context, text).parse_module()
    module.verify()
    return [op.array for op in module.ops if isinstance(op, ConstantOp)]


@given(st.data(), st.sampled_from(DTYPES))
def test_round_trip(data, dtype):
    shape = data.draw(array_shapes(min_dims=0, max_dims=3, max_side=6))
    elements = {"allow_nan": False} if dtype.startswith("float") else None
    array = data.draw(arrays(dtype, shape, elements=elements and st.floats(width=32, **elements)))
    with scoped_resources():
        attr = attribute_of(array, "weights")
        (reparsed,) = parsed(printed(ModuleOp([ConstantOp(attr)])))
        for found in (array_of(attr), reparsed):
            assert found.dtype == array.dtype
            np.testing.assert_array_equal(found, array)
    assert numpy_type(element_type(array.dtype)) == array.dtype


def test_large_tensors_are_resources_and_small_or_equal_ones_are_written_out():
    def text(array):
        return str(attribute_of(array, "layer1/conv.weight"))

    with scoped_resources():
        assert text(np.arange(32, dtype=np.int8)).startswith("dense<[0, 1,")
        assert text(np.full((4, 100), 7, np.int8)) == "dense<7> : tensor<4x100xi8>"
        assert text(np.arange(33)) == "dense_resource<layer1_conv.weight> : tensor<33xi64>"


def test_keys_are_unique_and_shared_by_equal_bytes():
    with scoped_resources():
        attrs = [attribute_of(np.arange(n, dtype=np.int32), "w") for n in (40, 50, 40)]
        assert [attr.resource_handle.data for attr in attrs] == ["w", "w_0", "w"]
        assert [array_of(attr).size for attr in attrs] == [40, 50, 40]


def test_blob_is_alignment_then_little_endian_elements():
    with scoped_resources():
        attr = attribute_of(np.arange(33, dtype=np.int16), "w")
        assert 'w: "0x0200000000000100020003' in printed(ModuleOp([ConstantOp(attr)]))


def test_two_files_may_use_one_key():
    text = """%c = graph.constant dense_resource<w> : tensor<2xi8>
    {{-# dialect_resources: {{ builtin: {{ w: "0x01000000{}" }} }} #-}}"""
    with scoped_resources():
        assert [parsed(text.format(blob))[0].tolist() for blob in ("0102", "03FF")] == [
            [1, 2],
            [3, -1],
        ]


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (None, "resource 'w' is missing, expected its bytes in the file's metadata"),
        ("0x04000000010203", "resource 'w' has 3 bytes, expected 8 for tensor<2xi32>"),
        ("0x", "resource 'w' has 0 bytes, expected 8 for tensor<2xi32>"),
        ("0x04000000zz02030405060708", "resource 'w': Non-hexadecimal digit found"),
    ],
)
def test_bad_resources_are_named(blob, message):
    with scoped_resources():
        if blob is not None:
            store = Builtin._interfaces[0]
            store.parse_resource(store.declare_resource("w"), blob)
        attr = DenseResourceAttr.from_params("w", tensor_type((2,), np.dtype(np.int32)))
        assert attr.get_type() == tensor_type((2,), numpy_type(i32))
        with pytest.raises(ValueError) as error:
            array_of(attr)
        assert str(error.value) == message


def test_unsupported_kinds_are_named():
    with pytest.raises(ValueError, match="element type f16 is not supported, expected one of i1,"):
        numpy_type(f16)
    with pytest.raises(ValueError, match="numpy type uint8 is not supported, expected one of bool"):
        element_type(np.dtype(np.uint8))
    with pytest.raises(ValueError, match="expected a dense or dense_resource attribute, found"):
        array_of(StringAttr("x"))
    assert element_type(np.dtype(np.int8)) == i8


def test_keys_that_a_parser_took():
    """Equal bytes share its key, others get one of their own."""
    first, second = (np.full(100, n, np.int8) + np.arange(100, dtype=np.int8) % 7 for n in (0, 1))
    with scoped_resources():
        store = Builtin._interfaces[0]
        store.parse_resource(store.declare_resource("w"), str(Blob.of_array(first)))
        assert key_of(attribute_of(second, "w")) == "w_0"
        assert key_of(attribute_of(first, "w")) == "w"
        assert key_of(attribute_of(second, "w")) == "w_0"


def key_of(attribute) -> str:
    assert isinstance(attribute, DenseResourceAttr)
    return attribute.resource_handle.data
