"""Run lit's RUN lines without a cold Python start.

A server imports xDSL, numpy, nopt and filecheck once; each command of a RUN line then runs in a
fork of it, as cleanly as in a process of its own (xDSL keeps process-wide state, so one process for
many commands would not do). In RUN lines, `nopt` is a client of a few lines (`fork_client.py`) that
hands its arguments, environment, folder and standard streams over a Unix socket and waits for the
exit status.

`start` is called by `lit.cfg.py`. The server ends when the process that started it does, and takes
with it what it forked. Cost of a RUN line with and without it: `python test/fork_server.py`.
"""

import gc
import importlib
import importlib.metadata
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

COMMANDS = (
    "filecheck",
    "nopt",
    "nopt-explore",
    "nopt-import",
    "nopt-objdump",
    "nopt-run",
    "xdsl-opt",
)
"""Console scripts to serve, as far as they are installed."""


def start() -> str | None:
    """Start a server; return the folder of its client commands, to be put first in PATH.

    Returns None where that is not possible (no `fork`, or a Python path that no `#!` line can
    hold); the plain commands do the same then, only slower.
    """
    client = (Path(__file__).parent / "fork_client.py").read_text(encoding="utf-8")
    # -I and -S: the client needs no site-packages, and starts in a third of the time without.
    shebang = f"#!{sys.executable} -IS"
    if not hasattr(os, "fork") or " " in sys.executable or len(shebang) > 120:
        return None
    folder = Path(tempfile.mkdtemp(prefix="nopt-lit-"))
    server = subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stdin=subprocess.PIPE,  # Closes when lit ends, however it ends.
        stdout=subprocess.PIPE,
        # A thread pool does not survive a fork, and lit keeps the cores busy anyway.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        text=True,
    )
    assert server.stdout is not None
    names = server.stdout.readline().split()
    if not names:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    for name in names:
        path = folder / name
        path.write_text(f"{shebang}\n{client}", encoding="utf-8")
        path.chmod(0o755)
    # Popen objects that are collected close their pipes, and the server would end too early.
    _servers.append(server)
    return str(folder)


_servers: list[subprocess.Popen[str]] = []


def preload() -> dict[str, Callable[[], object]]:
    """Import what commands use; return the main function of each command that is installed."""
    universe = importlib.import_module("nopt.tools.universe").NOPT_UNIVERSE
    for factories in (universe.all_dialects, universe.all_passes, universe.all_targets):
        for factory in factories.values():
            # What cannot be imported says so in the tests that use it.
            with suppress(Exception):
                factory()
    for module in ("arith", "affine", "func", "memref", "tensor"):
        importlib.import_module(f"xdsl.dialects.{module}")
    commands: dict[str, Callable[[], object]] = {}
    for entry in importlib.metadata.entry_points(group="console_scripts"):
        if entry.name in COMMANDS:
            with suppress(Exception):
                commands[entry.name] = entry.load()
                # What the script of one of our tools loads once signals and streams are in order.
                if entry.module == "nopt.tools.start":
                    importlib.import_module(f"nopt.tools.{entry.attr}")
    return commands


def serve(folder: str) -> None:
    """Accept commands until stdin closes, then remove `folder` and end all forks."""
    commands = preload()
    # Collected objects would be written to, and so copied, in every fork.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(os.path.join(folder, "socket"))
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel reaps the forks.
        print(*commands, flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    run_forked(commands, connection)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def run_forked(commands: dict[str, Callable[[], object]], connection: socket.socket) -> NoReturn:
    """In a fork: take over the client's request, run it, and answer with its exit status."""
    status = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        header, streams, _, _ = socket.recv_fds(connection, 8, 3)
        with connection.makefile("rb") as stream:
            request = stream.read(int.from_bytes(header, "little"))
        for target, received in enumerate(streams):
            os.dup2(received, target)
            os.close(received)
        # New objects: the old ones remember what kind of file they had, such as whether it seeks.
        sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
        folder, count, *fields = request.split(b"\0")
        os.chdir(folder)
        sys.argv = [os.fsdecode(field) for field in fields[: int(count)]]
        os.environ.clear()
        for field in fields[int(count) :]:
            key, _, value = field.partition(b"=")
            os.environb[key] = value
        status = exit_status(commands[sys.argv[0]])
    except BaseException:
        traceback.print_exc()
    finally:
        connection.send(bytes([status]))
        os._exit(status)


def exit_status(main: Callable[[], object]) -> int:
    """Run a console script as its launcher does; return the status that the process would have."""
    try:
        try:
            sys.exit(main())  # pyright: ignore[reportArgumentType]
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr, flush=True)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    return 1


def measure(runs: int = 20) -> None:
    """Print what the RUN line `nopt %s | filecheck %s` costs served and cold, in milliseconds."""
    served, cold = start(), os.path.dirname(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.mlir"
        path.write_text("// CHECK: builtin.module\nbuiltin.module {}\n", encoding="utf-8")
        for name, commands in (("cold", cold), ("served", served)):
            if commands is None:
                continue
            line = f"{commands}/nopt {path} | {commands}/filecheck {path}"
            begin = time.perf_counter()
            for _ in range(runs):
                subprocess.run(["/bin/sh", "-c", line], check=True)
            print(f"{name}: {(time.perf_counter() - begin) / runs * 1000:.0f} ms")


if __name__ == "__main__":
    serve(sys.argv[1]) if len(sys.argv) > 1 else measure()
