"""Program files: whatever is changed is refused; where the checksums are made to fit, it runs
or says why not."""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from bombs import bomb
from kinds import Input, Kind
from mutations import damaged_bytes, damaged_json, damaged_text, pick
from numpy.random import Generator
from programs import program

from nopt.hw.program.archive import archive_parts, read_archive
from nopt.tools.nopt_objdump import main as nopt_objdump
from nopt.tools.nopt_run import main as nopt_run

WHICH = 0
Members = dict[str, bytes]


def test_programs(part: int):
    Kind("programs", made).check(part)


def made(rng: Generator) -> Input:
    """Other bytes, other members, or other content with checksums that fit."""
    change = pick(rng, (in_bytes, in_members, in_content, in_content, as_bomb))
    data = change(rng)
    dumps, options = rng.random() < 0.2, pick(rng, ([], ["--profile"], ["--json"], ["--no-strict"]))

    def check(path: Path) -> None:
        if dumps:
            nopt_objdump([str(path), "-o", "output", *(["--trace"] if options else [])])
        else:
            inputs: list[str] = []
            for value in program(WHICH).inputs:
                np.save(f"{value.name}.npy", np.ones(value.shape, value.dtype))
                inputs += ["-i", f"{value.name}.npy"]
            nopt_run([str(path), *inputs, "-o", "output", *options])
        assert data == whole() or change is in_content, "accepted"

    return Input(data, ".vta", check, r"\b(input\.vta|[xr]\.npy)\b")


@cache
def whole() -> bytes:
    return program(WHICH).to_bytes()


def members() -> Members:
    return {name: bytes(content) for name, content in read_archive(whole()).items()}


def in_bytes(rng: Generator) -> bytes:
    return damaged_bytes(rng, whole())


def in_members(rng: Generator) -> bytes:
    """Members more, fewer, renamed, in another order or compressed."""
    found = [*members().items()]
    at = int(rng.integers(len(found)))
    name, content = found[at]
    stored = zipfile.ZIP_STORED
    match rng.integers(6):
        case 0:
            found.insert(
                at, (pick(rng, ("extra.bin", "../out", "/etc/x", "constants/99.bin", "")), b"x")
            )
        case 1:
            found.insert(at, found[-1 - at])
        case 2:
            del found[at]
        case 3:
            found[at] = (pick(rng, (name.upper(), name + " ", "x/" + name, found[-1][0])), content)
        case 4:
            found = [found[place] for place in rng.permutation(len(found))]
        case _:
            stored = pick(rng, (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2))
    if stored == zipfile.ZIP_STORED and len(dict(found)) == len(found) and rng.random() < 0.5:
        return packed(dict(found), bool(rng.random() < 0.5))
    stream = BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", stored) as archive:
        warnings.simplefilter("ignore")  # Two members of one name, which is meant.
        for name, content in found:
            archive.writestr(zipfile.ZipInfo(name), content, stored)
    return stream.getvalue()


def in_content(rng: Generator) -> bytes:
    """A member's content, with new checksums."""
    found = members()
    name = pick(rng, (*["manifest.json"] * 4, "instructions.bin", "host.txt", *found))
    if name == "manifest.json" and rng.random() < 0.8:
        content = json.dumps(damaged_json(rng, json.loads(found[name]))).encode()
    elif name in ("manifest.json", "host.txt"):
        content = damaged_text(rng, found[name].decode(), [found[name].decode()])
    else:
        content = damaged_bytes(rng, found[name])
    return packed(found | {name: content}, name != "SHA256SUMS")


def packed(found: Members, summed: bool) -> bytes:
    """In the canonical form."""
    if summed:
        found = {name: content for name, content in found.items() if name != "SHA256SUMS"}
        lines = (f"{hashlib.sha256(c).hexdigest()}  {name}\n" for name, c in found.items())
        found["SHA256SUMS"] = "".join(lines).encode()
    return b"".join(bytes(part) for part in archive_parts(found))


def as_bomb(rng: Generator) -> bytes:
    """A member that unpacks to gigabytes, or says so."""
    found = members()
    name = pick(rng, [*found])
    return bomb(found, name, int(rng.integers(2, 5)), bool(rng.random() < 0.5))
