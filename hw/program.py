"""The program file: all that a run needs, in one checked archive.

A `.vta` file is an uncompressed zip: `manifest.json` (configuration, symbols, steps, layers),
`instructions.bin` (little-endian words), one `constants/N.bin` per DRAM segment, `host.txt`, and
`SHA256SUMS` over all of them, in the format of the `sha256sum` command. The same program always
gives the same bytes, so other bytes anywhere are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .archive import ArchiveError, Data, archive_parts, check_canonical, read_archive
from .config import Config, ConfigError
from .encoding import Records, Words, decode
from .layers import Layer

FORMAT = "nopt-program"
VERSION = 2
KINDS = ("input", "output", "constant", "buffer", "uop")

_MANIFEST, _INSTRUCTIONS, _HOST, _SUMS = (
    "manifest.json",
    "instructions.bin",
    "host.txt",
    "SHA256SUMS",
)


class ProgramError(ValueError):
    """A program file that is broken, altered or of another version."""


@dataclass(frozen=True)
class Value:
    """An input or output of the whole network; `dtype` is numpy's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Symbol:
    """A named range of DRAM: byte address, and what lies there as a numpy array.

    `kind` is one of input, output, constant, buffer, uop.
    """

    name: str
    address: int
    shape: tuple[int, ...]
    dtype: str
    kind: str

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class HostStep:
    """Call a host function on symbols or values, by name."""

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class CoreStep:
    """Run the instructions `first` to `first + count - 1` on the core."""

    first: int
    count: int


@dataclass
class Program:
    """A compiled network. `constants` are (byte address, bytes) and include the micro-ops.

    Symbols may share addresses: of tensors whose values are not needed at the same time.
    """

    config: Config
    instructions: Words
    constants: list[tuple[int, Data]] = field(default_factory=list[tuple[int, Data]])
    dram_bytes: int = 0
    symbols: list[Symbol] = field(default_factory=list[Symbol])
    steps: list[HostStep | CoreStep] = field(default_factory=list[HostStep | CoreStep])
    host: str = ""
    inputs: list[Value] = field(default_factory=list[Value])
    outputs: list[Value] = field(default_factory=list[Value])
    layers: list[Layer] = field(default_factory=list[Layer])
    """What runs on the core, in order."""

    def symbol(self, name: str) -> Symbol:
        """The symbol of that name; raises `KeyError`."""
        for symbol in self.symbols:
            if symbol.name == name:
                return symbol
        raise KeyError(name)

    def view(self, memory: NDArray[np.uint8], name: str) -> NDArray[Any]:
        """A symbol's place in a DRAM image as an array to read and write; raises `KeyError`."""
        symbol = self.symbol(name)
        place = memory[symbol.address : symbol.address + symbol.nbytes]
        return place.view(symbol.dtype).reshape(symbol.shape)

    def records(self) -> Records:
        """The instructions, decoded. Raises `EncodingError`."""
        return decode(self.instructions, self.config)

    def memory(self) -> NDArray[np.uint8]:
        """A fresh DRAM image, constants in place and zero elsewhere."""
        image = np.zeros(self.dram_bytes, np.uint8)
        for address, data in self.constants:
            image[address : address + len(data)] = np.frombuffer(data, np.uint8)
        return image

    def dram_by_kind(self) -> dict[str, int]:
        """Bytes of DRAM that symbols of each kind take, those that share a place counted once."""
        places: dict[str, list[tuple[int, int]]] = {}
        for symbol in self.symbols:
            span = (symbol.address, symbol.address + symbol.nbytes)
            places.setdefault(symbol.kind, []).append(span)
        return {kind: _covered(places[kind]) for kind in KINDS if kind in places}

    def check(self) -> None:
        """Raise `ProgramError` unless every range and every name that is used exists."""
        for value in (*self.inputs, *self.outputs, *self.symbols):
            self._check_array(value)
        for address, data in self.constants:
            self._check_range("constant", address, len(data), self.dram_bytes, "bytes of DRAM")
        for symbol in self.symbols:
            if symbol.kind not in KINDS:
                raise ProgramError(
                    f"symbol {symbol.name}: kind: found {symbol.kind}, expected {', '.join(KINDS)}"
                )
            what = f"symbol {symbol.name}"
            self._check_range(what, symbol.address, symbol.nbytes, self.dram_bytes, "bytes of DRAM")
        symbols = {symbol.name for symbol in self.symbols}
        for layer in self.layers:
            count, what = len(self.instructions), f"layer {layer.name}"
            self._check_range(what, layer.first, layer.count, count, "instructions")
            self._check_names(what, [layer.result], symbols)
        known = {value.name for value in self.inputs} | symbols
        for step in self.steps:
            if isinstance(step, CoreStep):
                count = len(self.instructions)
                self._check_range("core step", step.first, step.count, count, "instructions")
            else:
                self._check_names(f"host step {step.function}", step.inputs, known)
                known.update(step.outputs)
        self._check_names("outputs", [value.name for value in self.outputs], known)

    @staticmethod
    def _check_array(value: Value | Symbol) -> None:
        try:
            np.dtype(value.dtype)
        except TypeError:
            raise ProgramError(
                f"{value.name}: dtype: found {value.dtype}, expected a numpy type"
            ) from None
        if any(size < 0 for size in value.shape):
            raise ProgramError(
                f"{value.name}: shape: found {list(value.shape)}, expected sizes of at least 0"
            )

    @staticmethod
    def _check_names(what: str, names: Sequence[str], known: set[str]) -> None:
        for name in names:
            if name not in known:
                raise ProgramError(f"{what}: found '{name}', expected an input, symbol or result")

    @staticmethod
    def _check_range(what: str, first: int, count: int, limit: int, unit: str) -> None:
        if first < 0 or count < 0 or first + count > limit:
            raise ProgramError(
                f"{what}: found {first} to {first + count}, expected within {limit} {unit}"
            )

    def save(self, path: str | Path) -> None:
        """Write the archive; `path` is replaced only when all of it is written."""
        path = Path(path)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                self.write(file)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def write(self, stream: IO[bytes]) -> None:
        """Write the archive to a stream. Raises `ProgramError` if `check` does."""
        self.check()
        members: dict[str, Data] = {
            _MANIFEST: json.dumps(self._manifest(), indent=1).encode(),
            _INSTRUCTIONS: np.asarray(self.instructions).astype("<u8").tobytes(),
            _HOST: self.host.encode(),
        }
        members |= {_segment(i): data for i, (_, data) in enumerate(self.constants)}
        try:
            for part in archive_parts(members | {_SUMS: _sums(members)}):
                stream.write(part)
        except ArchiveError as error:
            raise ProgramError(str(error)) from None

    def to_bytes(self) -> bytes:
        """The archive as bytes. Raises `ProgramError` if `check` does."""
        stream = BytesIO()
        self.write(stream)
        return stream.getvalue()

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "config": self.config.to_json(),
            "dram_bytes": self.dram_bytes,
            "constants": [address for address, _ in self.constants],
            "symbols": [asdict(symbol) for symbol in self.symbols],
            "steps": [asdict(step) for step in self.steps],
            "inputs": [asdict(value) for value in self.inputs],
            "outputs": [asdict(value) for value in self.outputs],
            "layers": [asdict(layer) for layer in self.layers],
        }

    @staticmethod
    def load(path: str | Path) -> Program:
        """Read and check an archive.

        Raises `ProgramError` with one line naming file, member, found and expected.
        """
        try:
            return _read(Path(path).read_bytes())
        except OSError as error:
            raise ProgramError(f"{path}: cannot be read: {error.strerror}") from None
        except ProgramError as error:
            raise ProgramError(f"{path}: {error}") from None


def _segment(index: int) -> str:
    return f"constants/{index}.bin"


def _covered(places: Sequence[tuple[int, int]]) -> int:
    """How many numbers lie in any of the half-open intervals."""
    count = end = 0
    for begin, stop in sorted(places):
        count += max(stop - max(begin, end), 0)
        end = max(end, stop)
    return count


def _sums(members: Mapping[str, Data]) -> bytes:
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items())
    return "".join(lines).encode()


def _read(data: bytes) -> Program:
    try:
        members = read_archive(data)
    except ArchiveError as error:
        raise ProgramError(str(error)) from None
    manifest = _read_manifest(members)
    _check_sums(members)
    try:
        program = _build(manifest, members)
    except ConfigError as error:
        raise ProgramError(f"{_MANIFEST}: config: {error}") from None
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise ProgramError(f"{_MANIFEST}: found a malformed entry ({error!r})") from None
    program.check()
    try:
        check_canonical(data, members)
    except ArchiveError as error:
        raise ProgramError(str(error)) from None
    return program


def _read_manifest(members: dict[str, bytes]) -> dict[str, Any]:
    """The manifest; format and version come first, so that a newer file says so."""
    if _MANIFEST not in members:
        raise ProgramError(f"{_MANIFEST}: found none, expected a {FORMAT} archive")
    try:
        manifest = json.loads(members[_MANIFEST])
        found = (manifest["format"], manifest["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ProgramError(f"{_MANIFEST}: found no format and version in it") from None
    if found != (FORMAT, VERSION):
        raise ProgramError(
            f"{_MANIFEST}: found {found[0]} version {found[1]}, expected {FORMAT} version {VERSION}"
        )
    return manifest


def _check_sums(members: dict[str, bytes]) -> None:
    stated = members.get(_SUMS)
    if stated is None:
        raise ProgramError(f"{_SUMS}: found none, expected the SHA-256 of every member")
    expected: dict[str, str] = {}
    for line in stated.decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        expected[name] = digest
    for name in sorted((expected.keys() | members.keys()) - {_SUMS}):
        if name not in members:
            raise ProgramError(f"{name}: found none, expected it by {_SUMS}")
        digest = hashlib.sha256(members[name]).hexdigest()
        if expected.get(name) != digest:
            raise ProgramError(
                f"{name}: found SHA-256 {digest[:16]}…, expected {expected.get(name, 'none')[:16]}…"
            )


def _build(manifest: dict[str, Any], members: dict[str, bytes]) -> Program:
    def values(key: str) -> list[Value]:
        return [Value(v["name"], tuple(v["shape"]), v["dtype"]) for v in manifest[key]]

    words = np.frombuffer(members[_INSTRUCTIONS], "<u8").astype(np.uint64).reshape(-1, 2)
    addresses: list[int] = manifest["constants"]
    return Program(
        config=Config.from_json(manifest["config"]),
        instructions=words,
        constants=[(address, members[_segment(i)]) for i, address in enumerate(addresses)],
        dram_bytes=int(manifest["dram_bytes"]),
        symbols=[_symbol(symbol) for symbol in manifest["symbols"]],
        steps=[_step(step) for step in manifest["steps"]],
        host=members[_HOST].decode(),
        inputs=values("inputs"),
        outputs=values("outputs"),
        layers=[Layer.from_json(layer) for layer in manifest["layers"]],
    )


def _symbol(data: dict[str, Any]) -> Symbol:
    return Symbol(data["name"], data["address"], tuple(data["shape"]), data["dtype"], data["kind"])


def _step(step: dict[str, Any]) -> HostStep | CoreStep:
    if "function" in step:
        return HostStep(step["function"], tuple(step["inputs"]), tuple(step["outputs"]))
    return CoreStep(step["first"], step["count"])
