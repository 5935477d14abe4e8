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
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nopt.hw.config import Config
from nopt.hw.encoding import Micro, Opcode, Records, Words, element_bytes
from nopt.hw.program import ProgramError

Array = np.ndarray[Any, np.dtype[Any]]
MODULES = ("load", "compute", "store")

_LAUNCH = 2  # the cycle of a trace in which the run starts


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
        """A fresh DRAM image of at least `extent` bytes, zero where nothing is known."""
        ends = [address + len(data) for address, data in self.images.items()]
        if self.output is not None and self.expected is not None:
            ends.append(self.output + len(self.expected))
        image = np.zeros(max([extent, *ends]), np.uint8)
        for address, data in self.images.items():
            image[address : address + len(data)] = data
        return image


def extent(insns: Records, config: Config) -> int:
    """Bytes of DRAM, from address 0, that hold all that LOADs and STOREs among `insns` touch."""
    part = insns[(insns["opcode"] <= Opcode.STORE) & (insns["y_size"] * insns["x_size"] > 0)]
    elements = part["dram_base"] + (part["y_size"] - 1) * part["x_stride"] + part["x_size"]
    sizes = np.array(element_bytes(config))
    return int((elements * sizes[part["memory"]]).max(initial=0))


def read_words(path: str | Path) -> Words:
    """An instruction binary: 16 bytes an instruction. Raises ProgramError for another size."""
    return _words(_read_bytes(path), str(path))


def read_micro_ops(path: str | Path | None) -> Micro:
    """A micro-op binary: 4 bytes each; no file, no micro-ops. Raises ProgramError."""
    data = np.zeros(0, np.uint8) if path is None else _read_bytes(path)
    if len(data) % 4:
        raise ProgramError(f"{path}: found {len(data)} bytes, expected 4 for each micro-op")
    return data.view(np.uint32)


def read_bytes(path: str | Path) -> Array:
    """The bytes of a memory image: of the array in a `.npy` file, else of the file itself."""
    if Path(path).suffix != ".npy":
        return _read_bytes(path)
    try:
        return _as_bytes(np.load(path, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise ProgramError(f"{path}: not a readable .npy file: {error}") from None


def load_raw(path: str | Path) -> RawProgram:
    """A program from an `.npz` file of either form.

    Raises ProgramError with one line naming the file and what is missing.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        meta = json.loads(bytes(arrays["meta"])) if "meta" in arrays else {}
        return _build(Path(path), arrays, meta)
    except KeyError as error:
        raise ProgramError(f"{path}: found no {error.args[0]}, expected it in the file") from None
    except (ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise ProgramError(f"{path}: not a readable program: {error}") from None


def _build(path: Path, arrays: Mapping[str, Array], meta: dict[str, Any]) -> RawProgram:
    if "insns" in arrays:
        images = {int(k[4:]): _as_bytes(a) for k, a in arrays.items() if k.startswith("mem_")}
        program = RawProgram(
            path.stem,
            _words(_as_bytes(arrays["insns"]), "insns"),
            _as_bytes(arrays["uops"]).view(np.uint32),
            images,
            bool(images),
            meta["args"][-1]["phy_addr"] if meta.get("args") else None,
        )
        images[int(meta["uop_base"])] = program.uops.view(np.uint8)
    else:
        words = _words(_as_bytes(arrays["seg_instructions"]), "seg_instructions")
        uops = _as_bytes(arrays.get("seg_uop", np.zeros(0, np.uint8)))
        places = {name: int(address) for name, address in meta["segments"].items()}
        images = {
            address: _as_bytes(arrays[f"seg_{name}"])
            for name, address in places.items()
            if name != "instructions" and f"seg_{name}" in arrays
        }
        program = RawProgram(path.stem, words, uops.view(np.uint32), images)
        program.output = meta.get("out_base")
    if "expected_out" in arrays:
        program.expected = _as_bytes(arrays["expected_out"])
    program.runs = _runs(arrays, meta)
    return program


def _runs(arrays: Mapping[str, Array], meta: dict[str, Any]) -> dict[int, RtlRun]:
    """What was measured, by latency: the stated figures, else what the trace gives."""
    stated: dict[str, dict[str, int]] = meta.get("cycles") or {}
    traces = {name[6:]: array for name, array in arrays.items() if name.startswith("trace_lat")}
    runs: dict[int, RtlRun] = {}
    for key in stated.keys() | traces.keys():
        figures, trace = stated.get(key, {}), traces.get(key)
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
        runs[int(key.removeprefix("lat"))] = RtlRun(cycles, busy, trace)
    return dict(sorted(runs.items()))


def _words(data: Array, what: str) -> Words:
    if len(data) % 16:
        raise ProgramError(f"{what}: found {len(data)} bytes, expected 16 for each instruction")
    return data.view("<u8").astype(np.uint64).reshape(-1, 2)


def _as_bytes(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _read_bytes(path: str | Path) -> Array:
    return np.frombuffer(Path(path).read_bytes(), np.uint8)
