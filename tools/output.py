"""Output files that are either complete or untouched."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def output_stream(path: str | None) -> Iterator[TextIO]:
    """A text stream to `path`, or to stdout for None and `-`; bytes go to its `.buffer`.

    A file is written beside its final place and moved there when the body succeeds. If it fails,
    what was there before stays and nothing is left behind. Devices and pipes are written directly.
    Raises OSError, naming `path`, if it cannot be written.
    """
    if path is None or path == "-":
        yield sys.stdout
        return
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(path, "w", encoding="utf-8") as stream:
            yield stream
        return
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        stream = open(temporary, "x", encoding="utf-8")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    try:
        with stream:
            yield stream
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
