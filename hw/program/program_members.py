"""The members of a program's archive: which there are, in which order, with which sums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from nopt.hw.program.archive import Data
from nopt.hw.program.program_parts import ProgramError

FORMAT = "nopt-program"
VERSION = 3

MANIFEST, INSTRUCTIONS, HOST, SUMS = (
    "manifest.json",
    "instructions.bin",
    "host.txt",
    "SHA256SUMS",
)


def segment(index: int) -> str:
    """The name of the member that holds a constant."""
    return f"constants/{index}.bin"


def sums(members: Mapping[str, Data]) -> bytes:
    """The SHA-256 of members, a line each."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items())
    return "".join(lines).encode()


def read_version(text: bytes) -> object:
    """The manifest's JSON; format and version come first, so that a newer file says so."""
    try:
        manifest = json.loads(text)
        found = (manifest["format"], manifest["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ProgramError(f"{MANIFEST}: found no format and version in it") from None
    if found != (FORMAT, VERSION):
        raise ProgramError(
            f"{MANIFEST}: found {found[0]} version {found[1]}, expected {FORMAT} version {VERSION}"
        )
    return manifest


def check_sums(members: Mapping[str, Data]) -> None:
    """Raises ProgramError unless the stated sums are those of all members."""
    stated = members.get(SUMS)
    if stated is None:
        raise ProgramError(f"{SUMS}: found none, expected the SHA-256 of every member")
    expected: dict[str, str] = {}
    for line in bytes(stated).decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        expected[name] = digest
    for name in sorted((expected.keys() | members.keys()) - {SUMS}):
        if name not in members:
            raise ProgramError(f"{name}: found none, expected it by {SUMS}")
        digest = hashlib.sha256(members[name]).hexdigest()
        if expected.get(name) != digest:
            raise ProgramError(
                f"{name}: found SHA-256 {digest[:16]}…, expected {expected.get(name, 'none')[:16]}…"
            )
    if bytes(stated) != sums({name: members[name] for name in members if name != SUMS}):
        raise ProgramError(f"{SUMS}: found other lines, expected one of each member, in order")


def check_members(members: Mapping[str, Data], constants: int) -> None:
    """Each member that the manifest asks for, no other, in the order in which they are written."""
    expected = [MANIFEST, INSTRUCTIONS, HOST, *map(segment, range(constants)), SUMS]
    for name in expected:
        if name not in members:
            raise ProgramError(f"{name}: found none, expected it by {MANIFEST}")
    for name in members:
        if name not in expected:
            raise ProgramError(f"{name}: found it, expected no such member by {MANIFEST}")
    for found, name in zip(members, expected, strict=True):
        if found != name:
            raise ProgramError(f"{found}: found it in the place of {name}, expected their order")
