"""The program file: all that a run needs, in one checked archive.

A `.vta` file is an uncompressed zip: `manifest.json` (configuration, symbols, steps, layers),
`instructions.bin` (little-endian words), one `constants/N.bin` per DRAM segment, `host.txt`, and
`SHA256SUMS` over all of them, in the format of the `sha256sum` command. The same program always
gives the same bytes, so other bytes anywhere are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config, ConfigError
from nopt.hw.files.schema import SchemaError, read
from nopt.hw.files.whole_files import Path, input_stream, output_stream
from nopt.hw.isa.encoding import Records, Words, decode
from nopt.hw.program.archive import LOCAL, ArchiveError, Data, archive_parts, read_archive
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_members import (
    FORMAT,
    HOST,
    INSTRUCTIONS,
    MANIFEST,
    SUMS,
    VERSION,
    check_members,
    check_sums,
    read_version,
    segment,
    sums,
)
from nopt.hw.program.program_parts import (
    DTYPES,
    KINDS,
    LARGEST_DRAM,
    CoreStep,
    HostStep,
    ProgramError,
    Symbol,
    Value,
)

_MOST_UNUSED = 1 << 20
"""Bytes of DRAM that may lie behind all that has a name. Who runs a program has all of it."""


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
        self._check_range("DRAM", 0, self.dram_bytes, LARGEST_DRAM, "bytes")
        for value in (*self.inputs, *self.outputs, *self.symbols):
            self._check_array(value)
        for what, values in (("inputs", self.inputs), ("symbols", self.symbols)):
            if len({value.name for value in values}) < len(values):
                raise ProgramError(f"{what}: found a name twice, expected different ones")
        for address, data in self.constants:
            self._check_range("constant", address, len(data), self.dram_bytes, "bytes of DRAM")
        for symbol in self.symbols:
            if symbol.kind not in KINDS:
                raise ProgramError(
                    f"symbol {symbol.name}: kind: found {symbol.kind}, expected {', '.join(KINDS)}"
                )
            what = f"symbol {symbol.name}"
            self._check_range(what, symbol.address, symbol.nbytes, self.dram_bytes, "bytes of DRAM")
        ends = [symbol.address + symbol.nbytes for symbol in self.symbols]
        end = max([*ends, *(address + len(data) for address, data in self.constants)], default=0)
        if self.dram_bytes > end + _MOST_UNUSED:
            expected = f"{end}, where the last symbol ends"
            raise ProgramError(f"DRAM: found {self.dram_bytes} bytes, expected {expected}")
        symbols = {symbol.name: symbol for symbol in self.symbols}
        for layer in self.layers:
            count, what = len(self.instructions), f"layer {layer.name}"
            self._check_range(what, layer.first, layer.count, count, "instructions")
            self._check_names(what, [layer.result], symbols.keys())
            try:
                layer.check(symbols[layer.result].shape)
            except ValueError as error:
                raise ProgramError(f"{what}: {error}") from None
        known = {value.name for value in self.inputs} | symbols.keys()
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
        if value.dtype not in DTYPES:
            raise ProgramError(f"{value.name}: dtype: found {value.dtype}, expected a numpy type")
        if any(size < 0 for size in value.shape):
            raise ProgramError(
                f"{value.name}: shape: found {list(value.shape)}, expected sizes of at least 0"
            )

    @staticmethod
    def _check_names(what: str, names: Sequence[str], known: Set[str]) -> None:
        for name in names:
            if name not in known:
                raise ProgramError(f"{what}: found '{name}', expected an input, symbol or result")

    @staticmethod
    def _check_range(what: str, first: int, count: int, limit: int, unit: str) -> None:
        if first < 0 or count < 0 or first + count > limit:
            raise ProgramError(
                f"{what}: found {first} to {first + count}, expected within {limit} {unit}"
            )

    def save(self, path: Path) -> None:
        """Write the archive, whole or not at all. Raises OSError, ProgramError if `check` does."""
        with output_stream(path) as stream:
            self.write(stream.buffer)

    def write(self, stream: IO[bytes]) -> None:
        """Write the archive to a stream. Raises `ProgramError` if `check` does."""
        self.check()
        members: dict[str, Data] = {
            MANIFEST: json.dumps(asdict(self._manifest()), indent=1).encode(),
            INSTRUCTIONS: np.asarray(self.instructions).astype("<u8").tobytes(),
            HOST: self.host.encode(),
        }
        members |= {segment(i): data for i, (_, data) in enumerate(self.constants)}
        try:
            for part in archive_parts(members | {SUMS: sums(members)}):
                stream.write(part)
        except ArchiveError as error:
            raise ProgramError(str(error)) from None

    def to_bytes(self) -> bytes:
        """The archive as bytes. Raises `ProgramError` if `check` does."""
        stream = BytesIO()
        self.write(stream)
        return stream.getvalue()

    def _manifest(self) -> _Manifest:
        return _Manifest(
            FORMAT,
            VERSION,
            self.config.to_json(),
            self.dram_bytes,
            [address for address, _ in self.constants],
            self.symbols,
            self.steps,
            self.inputs,
            self.outputs,
            self.layers,
        )

    @staticmethod
    def load(path: Path) -> Program:
        """Read and check an archive, from standard input for `-`.

        Raises `ProgramError` with one line naming file, member, found and expected.
        """
        try:
            with input_stream(path) as stream:
                begin = stream.read(len(LOCAL))
                # What is no archive is not read to its end, which it may not have.
                data = begin + stream.read() if begin == LOCAL else begin
        except OSError as error:
            raise ProgramError(f"{path}: cannot be read: {error.strerror}") from None
        return Program.of_bytes(data, str(path))

    @staticmethod
    def of_bytes(data: Data, name: str) -> Program:
        """The program of an archive's bytes. Raises `ProgramError` as `load` does, with `name`."""
        try:
            return _read(data)
        except ProgramError as error:
            raise ProgramError(f"{name}: {error}") from None


@dataclass(frozen=True)
class _Manifest:
    """What `manifest.json` holds; these are its fields, and their types."""

    format: str
    version: int
    config: dict[str, Any]
    dram_bytes: int
    constants: list[int]
    symbols: list[Symbol]
    steps: list[HostStep | CoreStep]
    inputs: list[Value]
    outputs: list[Value]
    layers: list[Layer]


def _covered(places: Sequence[tuple[int, int]]) -> int:
    """How many numbers lie in any of the half-open intervals."""
    count = end = 0
    for begin, stop in sorted(places):
        count += max(stop - max(begin, end), 0)
        end = max(end, stop)
    return count


def _read(data: Data) -> Program:
    try:
        members = read_archive(data)
    except ArchiveError as error:
        raise ProgramError(str(error)) from None
    if MANIFEST not in members:
        raise ProgramError(f"{MANIFEST}: found none, expected a {FORMAT} archive")
    stated = read_version(bytes(members[MANIFEST]))
    check_sums(members)
    try:
        manifest = read(_Manifest, stated)
        check_members(members, len(manifest.constants))
        program = _build(manifest, members)
    except SchemaError as error:
        raise ProgramError(f"{MANIFEST}: {error}") from None
    except ConfigError as error:
        raise ProgramError(f"{MANIFEST}: config: {error}") from None
    program.check()
    return program


def _build(manifest: _Manifest, members: Mapping[str, Data]) -> Program:
    words, host = members[INSTRUCTIONS], bytes(members[HOST])
    if len(words) % 16:
        raise ProgramError(
            f"{INSTRUCTIONS}: found {len(words)} bytes, expected 16 for each instruction"
        )
    try:
        text = host.decode()
    except UnicodeDecodeError as error:
        raise ProgramError(f"{HOST}: not text: byte {error.start} is no UTF-8") from None
    return Program(
        config=Config.from_json(manifest.config),
        instructions=np.frombuffer(words, "<u8").astype(np.uint64).reshape(-1, 2),
        constants=[(at, members[segment(i)]) for i, at in enumerate(manifest.constants)],
        dram_bytes=manifest.dram_bytes,
        symbols=manifest.symbols,
        steps=manifest.steps,
        host=text,
        inputs=manifest.inputs,
        outputs=manifest.outputs,
        layers=manifest.layers,
    )
