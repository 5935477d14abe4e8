"""Print, then read, is the identity on the bits of every float."""

from io import StringIO

import numpy as np
import pytest
from checks import CONTEXT
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import (
    AnyFloat,
    Builtin,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    ModuleOp,
    TensorType,
    bf16,
    f8E4M3FN,
    f8E5M2,
    f16,
    f32,
    f64,
)
from xdsl.dialects.memref import GlobalOp
from xdsl.ir import Attribute
from xdsl.utils.exceptions import ParseError

from nopt.dialects.constants import array_of, attribute_of, scoped_resources
from nopt.dialects.floats import float_attr, from_bits, to_bits
from nopt.dialects.graph import ConstantOp
from nopt.dialects.parsing import ModuleParser
from nopt.dialects.printing import ModulePrinter

TYPES: tuple[AnyFloat, ...] = (f16, bf16, f32, f64)
MANTISSAS = {f16: 10, bf16: 7, f32: 23, f64: 52}


@st.composite
def bits(draw: st.DrawFn, type: AnyFloat) -> int:
    """Any bits, every second time with the exponent of zeros or of infinities and NaNs."""
    anything = draw(st.integers(0, (1 << type.bitwidth) - 1))
    mantissa = MANTISSAS.get(type, 2)
    exponent = ((1 << type.bitwidth - 1) - 1) >> mantissa << mantissa
    match draw(st.integers(0, 3)):
        case 0:
            return anything | exponent
        case 1:
            return anything & ~exponent
        case _:
            return anything


def printed(attr: Attribute) -> str:
    stream = StringIO()
    ModulePrinter(stream).print_attribute(attr)
    return stream.getvalue()


def read(text: str) -> Attribute:
    return ModuleParser(CONTEXT, text).parse_attribute()


@given(st.data())
def test_scalars(data: st.DataObject):
    type = data.draw(st.sampled_from(TYPES))
    pattern = data.draw(bits(type))
    attr = float_attr(from_bits(pattern, type), type)
    assert to_bits(attr.value.data, type) == pattern
    assert read(printed(attr)) == attr
    assert read(f"0x{pattern:x} : {type}") == attr


@given(st.data())
def test_lists_and_arrays(data: st.DataObject):
    type = data.draw(st.sampled_from((*TYPES, f8E5M2, f8E4M3FN)))
    patterns = data.draw(st.lists(bits(type), min_size=1, max_size=8))
    raw = b"".join(pattern.to_bytes(type.size, "little") for pattern in patterns)
    repeated = data.draw(st.sampled_from((1, 2, 101)))
    shape = data.draw(st.sampled_from(([len(patterns) * repeated], [repeated, 1, len(patterns)])))
    dense = DenseIntOrFPElementsAttr(TensorType(type, shape), BytesAttr(raw * repeated))
    assert read(printed(dense)) == dense
    array = DenseArrayBase(type, BytesAttr(raw))
    assert read(printed(array)) == array
    # As bits, each of them.
    text = ", ".join(f"0x{pattern:X}" for pattern in patterns)
    found = read(f"dense<[{text}]> : tensor<{len(patterns)}x{type}>")
    assert found == DenseIntOrFPElementsAttr(TensorType(type, [len(patterns)]), BytesAttr(raw))


@given(st.data())
def test_constants(data: st.DataObject):
    """Written out, or beside the text."""
    type = data.draw(st.sampled_from((f32, f64)))
    patterns = data.draw(st.lists(bits(type), min_size=1, max_size=40))
    array = np.array(patterns, f"u{type.size}").view(f"f{type.size}")
    with scoped_resources():
        stream = StringIO()
        printer = ModulePrinter(stream)
        printer.print_op(ModuleOp([ConstantOp(attribute_of(array, "w"))]))
        printer.print_metadata([Builtin])
    with scoped_resources():
        (found,) = ModuleParser(CONTEXT, stream.getvalue()).parse_module().ops
        assert isinstance(found, ConstantOp) and found.array.tobytes() == array.tobytes()


@given(st.data())
def test_properties(data: st.DataObject):
    """Numbers in operations' own syntax."""
    pad = from_bits(data.draw(bits(f32)), f32)
    type = data.draw(st.sampled_from(TYPES))
    outside = float_attr(from_bits(data.draw(bits(type)), type), type)
    text = f"""
      func.func @main(%x: tensor<4xf32>, %y: tensor<4x{type}>) -> tensor<5xf32> {{
        %n = "affine_nest.for"() <{{parallel = array<i64: 5>, reduction = array<i64>}}> ({{
        ^bb0(%i: index):
          %l = "affine_nest.load"(%y) <{{map = affine_map<(d0) -> (d0)>, pad = {printed(outside)}}}>
            : (tensor<4x{type}>) -> {type}
          "affine_nest.yield"(%l) : ({type}) -> ()
        }}) : () -> tensor<5x{type}>
        %p = "graph.pad"(%x) <{{low = array<i64: 1>, high = array<i64: 0>,
          value = {printed(float_attr(pad, f32))}}}> : (tensor<4xf32>) -> tensor<5xf32>
        %s = "graph.leaky_relu"(%p) <{{slope = {printed(float_attr(pad, f32))}}}>
          : (tensor<5xf32>) -> tensor<5xf32>
        func.return %s : tensor<5xf32>
      }}"""
    module = ModuleParser(CONTEXT, text).parse_module()
    for generic in (False, True):
        stream = StringIO()
        ModulePrinter(stream, print_generic_format=generic).print_op(module)
        again = ModuleParser(CONTEXT, stream.getvalue()).parse_module()
        assert again.is_structurally_equivalent(module)
        attrs = [a for op in again.walk() for a in op.properties.values()]
        assert outside in attrs and float_attr(pad, f32) in attrs


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("dense<[0x7F800000, 0x4CEB79A3]> : tensor<2xf32>", [np.inf, 123456792]),
        ("dense<0x4B3C614E> : tensor<2xf32>", [12345678, 12345678]),
        ("dense<[0x1, 1.0]> : tensor<2xf32>", [2.0**-149, 1]),
        ("dense<[[0x4197D78400000000], [-0.0]]> : tensor<2x1xf64>", [[1e8], [-0.0]]),
    ],
)  # fmt: skip
def test_hexadecimal_numbers_are_bits(text: str, values: list[float]):
    """MLIR Language Reference, float literals; what mlir-opt reads."""
    found = array_of(read(text))
    np.testing.assert_array_equal(found, values)
    assert (np.signbit(found) == np.signbit(values)).all()


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("1.0e40 : f32", "0x7f800000 : f32"),
        ("-1.0e40 : bf16", "0xff80 : bf16"),
        ("dense<1.0e40> : tensor<f32>", "dense<0x7f800000> : tensor<f32>"),
        ("dense<[-1.0e40, 1.0]> : tensor<2xf16>", "dense<[0xfc00, 1.0]> : tensor<2xf16>"),
        ("array<f32: 1.0e40>", "array<f32: 0x7f800000>"),
        (
            "dense<(1.0e40, 1.0)> : tensor<complex<f32>>",
            'dense<"0x0000807f0000803f"> : tensor<complex<f32>>',
        ),
        ("dense<1.0e300> : tensor<f8E4M3FN>", "dense<0x7f> : tensor<f8E4M3FN>"),
    ],
)
def test_numbers_beyond_a_type_round_to_infinity(text: str, bits: str):
    """What mlir-opt reads; f8E4M3FN has no infinity, but a NaN."""
    assert printed(read(text)) == printed(read(bits))


def test_globals():
    """Where `memref.global` has the type before the elements."""
    for text in ("[[0x7F800000, 0x4CEB79A3]]", '"0x0000807FA379EB4C"'):
        module = ModuleParser(CONTEXT, f"memref.global @w : memref<1x2xf32> = dense<{text}>")
        (found,) = module.parse_module().ops
        assert isinstance(found, GlobalOp)
        np.testing.assert_array_equal(array_of(found.initial_value), [[np.inf, 123456792]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dense<[1.0, -0x7F800000]> : tensor<2xf32>", "no sign before the bits of a float"),
        ("dense<0x7F8000000> : tensor<2xf32>", "expected at most 32 bits for f32"),
        ("-0x7F800000 : f32", "expected no sign before the bits of a float"),
        ("array<f16: 0x10000>", "expected at most 16 bits for f16"),
        ("0x7F800000 : f80", "have no bits here"),
        ("1.0 : f128", "have no bits here"),
        ("array<f80: 1.0>", "have no bits here"),
        ("array<i128: 1>", "have no bits here"),
        ("dense<1.0> : tensor<2xf128>", "have no bits here"),
        ("dense<1> : tensor<2xi128>", "have no bits here"),
        ("dense<1.0> : tensor<2xcomplex<f32>>", "real part, imaginary part"),
        ("dense<(0x7F800000, 0x0)> : tensor<2xcomplex<f32>>", "bits of complex numbers"),
    ],
)  # fmt: skip
def test_no_bits(text: str, message: str):
    with pytest.raises(ParseError, match=message):
        read(text)
