"""Names of a model's tensors, of SSA values and of arrays in files, and which stands for which."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from nopt.dialects.constants import Array


def identifier(name: str) -> str:
    """The name hint that stands for a tensor's name: what no identifier may hold is `_`.

    xDSL takes a number behind a last `_` for its own, so that one becomes a point: `conv1_2` is
    `conv1.2`. A name that begins with a digit gets a `t`: `42` is `t42`.
    """
    name = re.sub(r"[^A-Za-z0-9_$.-]", "_", name)
    name = re.sub(r"_(\d+)$", r".\1", name)
    return name if re.match(r"[A-Za-z_$.-]", name) else f"t{name}"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, but repeated ones are numbered: `a`, `a_1`."""
    found: list[str] = []
    seen = Counter[str]()
    for name in names:
        new = name
        while new in found or (new != name and new in names):
            seen[name] += 1
            new = f"{name}_{seen[name]}"
        found.append(new)
    return found


def assigned(arrays: Mapping[str, Array], names: Sequence[str]) -> list[Array] | None:
    """One of a file's arrays for each name; None if they do not fit.

    They are found by names, either those of values or those that a model's tensors have, and in
    order if the file's names, `arr_0`, say no more."""
    if set(arrays) == set(names):
        return [arrays[name] for name in names]
    if sorted(arrays) == sorted(f"arr_{index}" for index in range(len(names))):
        return [arrays[f"arr_{index}"] for index in range(len(names))]
    keys = distinct([identifier(key) for key in arrays])
    found = {identifier(key): array for key, array in zip(keys, arrays.values(), strict=True)}
    wanted = [identifier(name) for name in names]
    if len(found) == len(arrays) == len(names) and set(found) == set(wanted):
        return [found[name] for name in wanted]
    return None
