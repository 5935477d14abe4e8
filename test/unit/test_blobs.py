"""Large resources: in text, in memory, and out of the text again before it is parsed."""

from io import BytesIO, StringIO

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError

from nopt.dialects.blobs import Blob, read_text
from nopt.dialects.constants import attribute_of, forget_unused_resources, scoped_resources
from nopt.dialects.graph import ConstantOp, Graph
from nopt.dialects.parsing import ModuleParser, parse_file
from nopt.dialects.printing import ModulePrinter

LARGE = np.random.default_rng(0).standard_normal(70_001, np.float32)


def context() -> Context:
    result = Context()
    result.load_dialect(Builtin)
    result.load_dialect(Graph)
    return result


def printed(module: ModuleOp, kind: type[Printer] = ModulePrinter) -> str:
    stream = StringIO()
    printer = kind(stream)
    printer.print_op(module)
    printer.print_metadata([Builtin])
    return stream.getvalue()


def module_of(*arrays: np.ndarray) -> ModuleOp:
    return ModuleOp([ConstantOp(attribute_of(array, "w")) for array in arrays])


@pytest.mark.parametrize("printer", [ModulePrinter, Printer])
def test_large_constants_through_a_file(tmp_path, printer):
    """What either printer writes is read back; every literal worth it leaves the text."""
    path = tmp_path / "large.mlir"
    arrays = [LARGE, np.arange(50, dtype=np.int8), -LARGE]
    path.write_text(printed(module_of(*arrays), printer))
    with path.open("rb") as stream:
        assert len(read_text(stream).blobs) == 2
    with scoped_resources():
        found = [op.array for op in parse_file(context(), path).ops]
        for array, wanted in zip(found, arrays, strict=True):
            np.testing.assert_array_equal(array, wanted)
            assert array.flags.aligned and not array.flags.writeable


@pytest.mark.parametrize("value", [np.float32(0.1), np.int8(-3), np.int64(1 << 40), np.bool_(True)])
def test_large_constants_of_one_value_print_as_xdsl_does(value):
    attr = attribute_of(np.full((70, 100), value), "constant")
    ours, theirs = StringIO(), StringIO()
    ModulePrinter(ours).print_attribute(attr)
    Printer(theirs).print_attribute(attr)
    assert ours.getvalue() == theirs.getvalue()
    assert "tensor<70x100x" in ours.getvalue()


def test_arrays_are_views_of_one_blob():
    (constant,) = module_of(LARGE).ops
    assert np.shares_memory(constant.array, constant.array)
    frozen = LARGE + 1
    frozen.flags.writeable = False
    (constant,) = module_of(frozen).ops
    assert np.shares_memory(constant.array, frozen)


def test_an_array_that_may_change_is_copied():
    array = LARGE.copy()
    (constant,) = module_of(array).ops
    array[:] = 0
    np.testing.assert_array_equal(constant.array, LARGE)


def test_unused_resources_are_forgotten_and_their_keys_stay_taken():
    module = module_of(LARGE, -LARGE)
    first, second = module.ops
    first.detach()
    forget_unused_resources(module)
    with pytest.raises(ValueError, match="resource 'w' is missing"):
        _ = first.array
    np.testing.assert_array_equal(second.array, -LARGE)
    assert str(attribute_of(LARGE + 1, "w")).startswith("dense_resource<w_1>")


def test_places_are_those_of_the_file():
    """Text before and after what was taken out keeps its lines, and its columns up to there."""
    text = printed(module_of(LARGE)).replace("#-}", "oops #-}")
    read = read_text(BytesIO(text.encode()))
    assert len(read.blobs) == 1 and read.text.count("\n") == text.count("\n")
    with pytest.raises(ParseError) as error:
        ModuleParser(context(), read.text, "large.mlir", read.blobs).parse_module()
    assert "large.mlir:11:1" in str(error.value)


@pytest.mark.parametrize("digits", ["0x01000000" + "0g" * 4000, "0x0100000000" + "0" * 8001])
def test_large_literals_that_are_no_resources_stay_in_the_text(digits):
    read = read_text(BytesIO(f'{{-# dialect_resources: {{ builtin: {{ w: "{digits}"'.encode()))
    assert not read.blobs and digits in read.text
    with pytest.raises(ValueError, match=r"digit|Odd"):
        Blob.of_text(digits)


def test_hexadecimal_elements_are_no_resources():
    text = f'// {{-#\n%c = graph.constant dense<"0x{"07" * 5000}"> : tensor<5000xi8>'
    assert read_text(BytesIO(text.encode())).text == text


def test_bytes_that_are_no_text_are_found_at_their_place():
    text = printed(module_of(LARGE)).encode()
    with pytest.raises(UnicodeDecodeError) as error:
        read_text(BytesIO(text + b"\xff"))
    assert error.value.start == len(text)
