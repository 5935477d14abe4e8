"""Programs of other tools: an instruction binary, micro-ops and memory images at byte addresses.

An `.npz` file holds all of it in one of two forms, both with a JSON object `meta` as bytes:

- `seg_NAME` arrays, their addresses in `meta["segments"]`, instructions in `seg_instructions`,
  micro-ops in `seg_uop`; the output's address is `meta["out_base"]`;
- `insns`, `uops` at `meta["uop_base"]`, memory images `mem_ADDRESS` if known; the output is the
  last of `meta["args"]`.

Runs of such a program on an RTL come along as `meta["cycles"]["latL"]` and `trace_latL` (rows of
module, begin, end), L being the memory latency.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nopt.hw.config import Config
from nopt.hw.files import whole_files as files
from nopt.hw.files.npy import read_arrays
from nopt.hw.files.schema import read
from nopt.hw.files.whole_files import Path as PathLike
from nopt.hw.isa.encoding import Micro, Opcode, Records, Words, element_bytes
from nopt.hw.program.program_parts import LARGEST_DRAM, ProgramError

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")
MODULES = ("load", "compute", "store")

_LAUNCH = 2  # the cycle of a trace in which the run starts
_MOST_DIGITS = 18  # of a number in a name; more are no address


@dataclass(frozen=True)
class RtlRun:
    """A measured run: total cycles, busy cycles by module, begin and end of each instruction."""

    cycles: int
    busy: dict[str, int]
    trace: Array | None = None


@dataclass
class RawProgram:
    """Words (n, 2), micro-ops, and the bytes that lie at each address before the run."""

    name: str
    words: Words
    uops: Micro
    images: dict[int, Array] = field(default_factory=dict[int, Array])
    has_memory: bool = True
    """False if images of the operands are missing: timing makes sense, results do not."""
    output: int | None = None
    expected: Array | None = None
    runs: dict[int, RtlRun] = field(default_factory=dict[int, RtlRun])

    def memory(self, extent: int = 0) -> Array:
        """A fresh DRAM image of at least `extent` bytes, zero where nothing is known.

        Raises ProgramError for one that the core's addresses do not reach.
        """
        ends = [address + len(data) for address, data in self.images.items()]
        if self.output is not None and self.expected is not None:
            ends.append(self.output + len(self.expected))
        size = max([extent, *ends])
        if size > LARGEST_DRAM:
            raise ProgramError(f"found {size} bytes of DRAM, expected at most {LARGEST_DRAM}")
        image = np.zeros(size, np.uint8)
        for address, data in self.images.items():
            image[address : address + len(data)] = data
        return image


def extent(insns: Records, config: Config) -> int:
    """Bytes of DRAM, from address 0, that hold all that LOADs and STOREs among `insns` touch."""
    part = insns[(insns["opcode"] <= Opcode.STORE) & (insns["y_size"] * insns["x_size"] > 0)]
    elements = part["dram_base"] + (part["y_size"] - 1) * part["x_stride"] + part["x_size"]
    sizes = np.array(element_bytes(config))
    return int((elements * sizes[part["memory"]]).max(initial=0))


def read_words(path: PathLike) -> Words:
    """An instruction binary: 16 bytes an instruction. Raises ProgramError for another size."""
    return words_of(files.read_bytes(path), str(path))


def words_of(data: bytes, name: str) -> Words:
    """The instructions of a binary. Raises ProgramError with its name for another size."""
    return _words(np.frombuffer(data, np.uint8), name)


def read_micro_ops(path: PathLike | None) -> Micro:
    """A micro-op binary: 4 bytes each; no file, no micro-ops. Raises ProgramError."""
    return _micro_ops(np.zeros(0, np.uint8) if path is None else _read_bytes(path), str(path))


def read_bytes(path: PathLike) -> Array:
    """The bytes of a memory image: of the array in a `.npy` file, else of the file itself.

    Raises ArrayFileError for a `.npy` file that is none, OSError.
    """
    if Path(path).suffix != ".npy":
        return _read_bytes(path)
    arrays = read_arrays(path)
    if "" not in arrays:
        raise ProgramError(f"{path}: found a .npz file, expected a .npy file")
    return _as_bytes(arrays[""])


def load_raw(path: PathLike) -> RawProgram:
    """A program from an `.npz` file of either form.

    Raises ProgramError with one line naming the file and what is missing, ArrayFileError, OSError.
    """
    arrays = read_arrays(path)
    try:
        meta = read(_Meta, json.loads(bytes(arrays.get("meta", b"{}"))), "meta", strict=False)
        return _build(Path(path), arrays, meta)
    except KeyError as error:
        raise ProgramError(f"{path}: found no {error.args[0]}, expected it in the file") from None
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{path}: not a readable program: {error}") from None


@dataclass(frozen=True)
class _Argument:
    """A buffer that the program was run with."""

    phy_addr: int


@dataclass(frozen=True)
class _Meta:
    """The fields of `meta` that are read."""

    segments: dict[str, int] | None = None
    out_base: int | None = None
    uop_base: int | None = None
    args: list[_Argument] = field(default_factory=list[_Argument])
    cycles: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])


def _build(path: Path, arrays: Mapping[str, Array], meta: _Meta) -> RawProgram:
    if "insns" in arrays:
        uop_base = _stated(meta.uop_base, "uop_base")
        images = {
            _decimal(name, "mem_"): _as_bytes(array)
            for name, array in arrays.items()
            if name.startswith("mem_")
        }
        program = RawProgram(
            path.stem,
            _words(_as_bytes(arrays["insns"]), "insns"),
            _micro_ops(_as_bytes(arrays["uops"]), "uops"),
            images,
            bool(images),
            meta.args[-1].phy_addr if meta.args else None,
        )
        images[uop_base] = program.uops.view(np.uint8)
    else:
        words = _words(_as_bytes(arrays["seg_instructions"]), "seg_instructions")
        uops = _as_bytes(arrays.get("seg_uop", np.zeros(0, np.uint8)))
        images = {
            address: _as_bytes(arrays[f"seg_{name}"])
            for name, address in _stated(meta.segments, "segments").items()
            if name != "instructions" and f"seg_{name}" in arrays
        }
        program = RawProgram(path.stem, words, _micro_ops(uops, "seg_uop"), images)
        program.output = meta.out_base
    if "expected_out" in arrays:
        program.expected = _as_bytes(arrays["expected_out"])
    for address in [*program.images, program.output or 0]:
        if address < 0:
            raise ProgramError(f"found address {address}, expected at least 0")
    program.runs = _runs(arrays, meta)
    return program


def _runs(arrays: Mapping[str, Array], meta: _Meta) -> dict[int, RtlRun]:
    """What was measured, by latency: the stated figures, else what the trace gives."""
    traces = {name[6:]: array for name, array in arrays.items() if name.startswith("trace_lat")}
    runs: dict[int, RtlRun] = {}
    for key in meta.cycles.keys() | traces.keys():
        figures, trace = meta.cycles.get(key, {}), traces.get(key)
        if trace is not None and (trace.ndim != 2 or trace.shape[1] < 3 or trace.dtype.kind != "i"):
            raise ProgramError(
                f"trace_{key}: found {trace.dtype} of shape {list(trace.shape)}, "
                "expected integers: a row of module, begin and end for each instruction"
            )
        busy: dict[str, int] = {}
        for module, name in enumerate(MODULES):
            if f"{name}_busy" in figures:
                busy[name] = figures[f"{name}_busy"]
            elif trace is not None:
                rows = trace[trace[:, 0] == module]
                busy[name] = int((rows[:, 2] - rows[:, 1]).sum())
        cycles = figures.get("cycles")
        if cycles is None:
            if trace is None or not len(trace):
                continue
            cycles = int(trace[:, 2].max()) - _LAUNCH + 1
        runs[_decimal(key, "lat")] = RtlRun(cycles, busy, trace)
    return dict(sorted(runs.items()))


def _stated(value: T | None, name: str) -> T:
    if value is None:
        raise ProgramError(f"meta.{name}: found none, expected it")
    return value


def _decimal(name: str, prefix: str) -> int:
    """The number behind the prefix of a name."""
    digits = name.removeprefix(prefix)
    if digits == name or not digits.isdecimal() or len(digits) > _MOST_DIGITS:
        raise ProgramError(f"found '{name}', expected '{prefix}' and a number")
    return int(digits)


def _words(data: Array, what: str) -> Words:
    if len(data) % 16:
        raise ProgramError(f"{what}: found {len(data)} bytes, expected 16 for each instruction")
    return data.view("<u8").astype(np.uint64).reshape(-1, 2)


def _micro_ops(data: Array, what: str) -> Micro:
    if len(data) % 4:
        raise ProgramError(f"{what}: found {len(data)} bytes, expected 4 for each micro-op")
    return data.view(np.uint32)


def _as_bytes(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _read_bytes(path: PathLike) -> Array:
    return np.frombuffer(files.read_bytes(path), np.uint8)
