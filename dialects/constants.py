"""Constant tensors: between numpy arrays and the attributes that hold them in the IR.

Small tensors are written out (`dense<[1, 2]>`), large ones live beside the IR as *resources*: the
attribute is a key, the bytes are a `Blob` in the builtin dialect's resource store, printed at
the end of the file. xDSL has one store for the whole process, so keys are made unique here.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import (
    ArrayAttr,
    Builtin,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    DictionaryAttr,
    TensorType,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation
from xdsl.utils.hints import isa

from nopt.dialects.blobs import Blob, Bytes
from nopt.dialects.xdsl_internals import stored_resources

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
ConstantAttr: TypeAlias = DenseIntOrFPElementsAttr | DenseResourceAttr

INLINE_ELEMENTS = 32
"""The largest tensor that is written out element by element."""

_DTYPES: dict[Attribute, np.dtype[Any]] = {
    i1: np.dtype(np.bool_),
    i8: np.dtype(np.int8),
    i16: np.dtype(np.int16),
    i32: np.dtype(np.int32),
    i64: np.dtype(np.int64),
    f32: np.dtype(np.float32),
    f64: np.dtype(np.float64),
}
_TYPES = {dtype: type for type, dtype in _DTYPES.items()}
_SPLAT_PART = 1 << 16
"""Elements that are compared at a time: most tensors differ in the first few."""


def numpy_type(type: Attribute) -> np.dtype[Any]:
    """The numpy type of an element type; signless integers are signed, i1 is bool.

    Raises ValueError for a type that has none."""
    dtype = _DTYPES.get(type)
    if dtype is None:
        supported = ", ".join(map(str, _DTYPES))
        raise ValueError(f"element type {type} is not supported, expected one of {supported}")
    return dtype


def element_type(dtype: np.dtype[Any]) -> Attribute:
    """The element type of a numpy type: the inverse of `numpy_type`.

    Raises ValueError for a type that has none."""
    type = _TYPES.get(np.dtype(dtype))
    if type is None:
        supported = ", ".join(map(str, _TYPES))
        raise ValueError(f"numpy type {dtype} is not supported, expected one of {supported}")
    return type


def tensor_type(shape: Sequence[int], dtype: np.dtype[Any]) -> TensorType[Any]:
    """The tensor type of arrays of this shape and numpy type."""
    return TensorType(element_type(dtype), tuple(shape))


def array_of(attr: Attribute) -> Array:
    """The read-only array that a dense attribute or a resource holds; a resource is not copied.

    Raises ValueError if the attribute is of another kind, or the resource is missing, is not hex,
    or has another number of bytes than its type says."""
    if isinstance(attr, DenseResourceAttr):
        return _resource_array(attr)
    if not isa(attr, DenseIntOrFPElementsAttr):
        raise ValueError(f"expected a dense or dense_resource attribute, found {attr}")
    return _decode(attr.data.data, numpy_type(attr.get_element_type()), attr.get_shape())


def attribute_of(array: Array, name: str) -> ConstantAttr:
    """The attribute that holds an array: written out if small or all equal, else a resource.

    `name` is the wanted resource key; a number is appended if other bytes have it already. A
    read-only array that becomes a resource is kept as it is: it must not change from now on."""
    array = np.asarray(array)
    type = tensor_type(array.shape, array.dtype)
    values = array.reshape(-1)[:1] if _is_splat(array) else array.reshape(-1)
    if values.size <= INLINE_ELEMENTS and _reads_back(values):
        return DenseIntOrFPElementsAttr(type, BytesAttr(array.tobytes()))
    return DenseResourceAttr.from_params(_store(name, Blob.of_array(array)), type)


def _is_splat(array: Array) -> bool:
    """Whether all elements have the same bits."""
    bits = array.reshape(-1).view(f"u{array.itemsize}")
    parts = range(0, len(bits), _SPLAT_PART)
    return all(bool((bits[i : i + _SPLAT_PART] == bits[0]).all()) for i in parts)


def load_resource_dialect(ctx: Context) -> None:
    """Make the resources that a pass creates print: drivers print those of loaded dialects only."""
    ctx.get_optional_dialect(Builtin.name)


@contextmanager
def scoped_resources() -> Generator[None]:
    """Begin with an empty resource store, and restore the old one at the end.

    For a driver that processes unrelated files in one process: without it, the keys in one file's
    output would depend on the files before it."""
    blobs = stored_resources(_resources())
    saved, saved_stems = dict(blobs), dict(_STEMS)
    blobs.clear()
    _STEMS.clear()
    try:
        yield
    finally:
        blobs.clear()
        blobs.update(saved)
        _STEMS.clear()
        _STEMS.update(saved_stems)


def _resources() -> OpAsmDialectInterface:
    interface = Builtin.get_interface(OpAsmDialectInterface)
    assert interface is not None
    return interface


def _reads_back(values: Array) -> bool:
    """Whether xDSL reads what it prints: of floats, not what it prints in hexadecimal."""
    if not np.issubdtype(values.dtype, np.floating):
        return True
    exact = all(values.dtype.type(f"{value:.5e}") == value for value in values)
    return exact and bool(np.isfinite(values).all())


@dataclass
class _Stem:
    """The keys that begin with one name: a network may have a thousand."""

    name: str
    count: int = 0
    """How many were asked for."""
    alike: defaultdict[Hashable, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Those of blobs that are equal in a few places."""

    def next_key(self) -> str:
        """The name itself, then the name and 0, 1, …"""
        key = f"{self.name}_{self.count - 1}" if self.count else self.name
        self.count += 1
        return key


_STEMS: dict[str, _Stem] = {}
"""Beside xDSL's store, which knows only whole keys."""


def _store(name: str, blob: Blob) -> str:
    """Store a blob; the key is `name`, made an identifier and unique. Equal blobs share a key."""
    resources = _resources()
    stem = re.sub(r"[^A-Za-z0-9_$.]", "_", name)
    if not re.match(r"[A-Za-z_]", stem):
        stem = f"_{stem}"
    keys = _STEMS.setdefault(stem, _Stem(stem))
    for key in keys.alike[blob.sample]:
        if (known := resources.lookup(key)) and _as_blob(key, known).is_same(blob):
            return key
    while (known := resources.lookup(key := keys.next_key())) is not None:
        # A parser stored it; without bytes it was declared only, or given up.
        if known:
            kept = _as_blob(key, known)
            keys.alike[kept.sample].append(key)
            if kept.is_same(blob):
                return key
    resources.parse_resource(resources.declare_resource(key), blob)
    keys.alike[blob.sample].append(key)
    return key


def _as_blob(key: str, text: str) -> Blob:
    """A stored resource; text that another parser left is replaced by what it means.

    Raises ValueError if it is not hexadecimal."""
    if isinstance(text, Blob):
        return text
    try:
        blob = Blob.of_text(text)
    except ValueError as error:
        raise ValueError(f"resource '{key}': {error}") from error
    _resources().parse_resource(key, blob)
    return blob


def forget_unused_resources(module: Operation) -> None:
    """Give up the bytes of all resources that no attribute in the module names.

    Their keys stay taken, so that names in the output do not depend on when this is called."""
    store = stored_resources(_resources())
    kept = [key for key, blob in store.items() if blob]
    if not kept:
        return
    used: set[str] = set()
    for op in module.walk():
        for attr in (*op.properties.values(), *op.attributes.values()):
            if type(attr) in _HOLDERS:
                _collect(attr, used)
    for key in kept:
        if key not in used:
            store[key] = ""


_HOLDERS = {DenseResourceAttr, ArrayAttr, DictionaryAttr}
"""The attributes that name resources, themselves or inside."""


def _collect(attr: Attribute, used: set[str]) -> None:
    """Add the keys of the resources in an attribute."""
    if isinstance(attr, DenseResourceAttr):
        used.add(attr.resource_handle.data)
    elif isinstance(attr, ArrayAttr):
        for element in cast(ArrayAttr[Attribute], attr):
            _collect(element, used)
    elif isinstance(attr, DictionaryAttr):
        for element in attr.data.values():
            _collect(element, used)


def check_constant(attr: ConstantAttr) -> None:
    """Check that `array_of` will find the right number of bytes.

    Raises ValueError that names the resource, found and expected."""
    if isinstance(attr, DenseResourceAttr):
        _resource_blob(attr)


def _resource_blob(attr: DenseResourceAttr) -> Blob:
    key = attr.resource_handle.data
    text = _resources().lookup(key)
    if not text:
        raise ValueError(f"resource '{key}' is missing, expected its bytes in the file's metadata")
    blob = _as_blob(key, text)
    dtype, shape = _layout(attr)
    expected = prod(shape) * dtype.itemsize
    if len(blob.data) != expected:
        raise ValueError(
            f"resource '{key}' has {len(blob.data)} bytes, expected {expected} for {attr.type}"
        )
    return blob


def _resource_array(attr: DenseResourceAttr) -> Array:
    return _decode(_resource_blob(attr).data, *_layout(attr))


def _layout(attr: DenseResourceAttr) -> tuple[np.dtype[Any], tuple[int, ...]]:
    type = attr.type
    if not isa(type, TensorType):
        raise ValueError(
            f"resource '{attr.resource_handle.data}' has type {type}, expected a tensor"
        )
    return numpy_type(type.element_type), type.get_shape()


def _decode(raw: bytes | Bytes, dtype: np.dtype[Any], shape: Sequence[int]) -> Array:
    # Any byte but 0 means true; numpy's bool may only hold 0 and 1.
    if dtype == np.bool_:
        return (np.frombuffer(raw, dtype=np.uint8) != 0).reshape(shape)
    return np.frombuffer(raw, dtype=dtype).reshape(shape)
