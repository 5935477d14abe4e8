"""JSON objects that have a name: presets in a folder of the package, or files of a user."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from nopt.hw.files.whole_files import read_bytes

T = TypeVar("T")


def load_named(
    name_or_path: str | Path,
    presets: Path,
    build: Callable[[dict[str, Any]], T],
    error: type[ValueError],
) -> T:
    """What `build` makes of a preset by name, such as "rtl", or of a JSON file by path.

    The object's `name` is the file's, if it has none. Raises `error` with the path for a file that
    cannot be read or is no object, and for what `build` raises it for.
    """
    path = Path(name_or_path)
    preset = presets / f"{name_or_path}.json"
    if not path.suffix and preset.is_file():
        path = preset
    try:
        # Editors of some systems begin UTF-8 with a mark.
        data = json.loads(read_bytes(path).decode("utf-8-sig"))
    except FileNotFoundError:
        known = ", ".join(names_in(presets))
        raise error(
            f"{name_or_path}: no such file or preset, expected one of {known} or a JSON file"
        ) from None
    except OSError as found:
        raise error(f"{path}: cannot be read: {found.strerror}") from None
    except (ValueError, RecursionError) as found:
        raise error(f"{path}: not a readable JSON file: {found}") from None
    if not isinstance(data, dict):
        raise error(f"{path}: found {type(data).__name__}, expected a JSON object")
    try:
        return build({"name": path.stem, **cast(dict[str, Any], data)})
    except error as found:
        raise error(f"{path}: {found}") from None


def names_in(presets: Path) -> list[str]:
    """The names of the presets in a folder, sorted."""
    return sorted(path.stem for path in presets.glob("*.json"))


def has_key(path: str | Path, key: str) -> bool:
    """Whether a file is a JSON object with a key. What cannot be read is complained about by
    whoever loads it."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and key in data
