"""Files are written whole or not at all; links, permissions, devices and pipes are kept."""

import ast
import fcntl
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nopt.hw.files import whole_files as files
from nopt.hw.files.streams import NamedFile
from nopt.hw.files.whole_files import (
    all_or_none,
    append_lines,
    is_regular,
    names_stdout,
    output_stream,
)


def write(path, text):
    with output_stream(path) as stream:
        stream.write(text)


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    for fails in (path, tmp_path / "new"):
        with pytest.raises(ZeroDivisionError), output_stream(fails) as stream:
            stream.write("half")
            raise ZeroDivisionError
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o755])
def test_permissions_stay(mode, tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    path.chmod(mode)
    write(path, "after")
    append_lines(path, ["and more"])
    assert path.read_text() == "after\nand more\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_permissions_that_any_has(tmp_path):
    write(tmp_path / "out", "")
    (tmp_path / "other").touch()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("exists", [True, False])
def test_links_are_followed(exists, tmp_path):
    """Relative ones, one to the other, to a file of another folder that may not be there yet."""
    (tmp_path / "folder").mkdir()
    target, link, first = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "first"
    if exists:
        target.write_text("before")
    link.symlink_to("folder/target")
    first.symlink_to("link")
    write(first, "after\n")
    append_lines(first, ["more"])
    assert target.read_text() == "after\nmore\n" and first.is_symlink() and link.is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "first",
        "folder",
        "link",
        "target",
    ]


def test_links_in_a_circle_are_named(tmp_path):
    path = tmp_path / "a"
    path.symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for action in (write, append_lines):
        with pytest.raises(OSError, match="symbolic links") as error:
            action(path, "")
        assert error.value.filename == str(path)


def test_devices_stay_devices(tmp_path):
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    for path in (os.devnull, link):
        write(path, "x")
        append_lines(path, ["x"])
        assert not is_regular(path)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode) and link.is_symlink()


@pytest.mark.parametrize("name", ["/dev/full", "full"])
def test_a_full_device_is_named(name, tmp_path):
    path = tmp_path / name
    if not path.exists():
        path.symlink_to("/dev/full")
    for action in (write, append_lines):
        with pytest.raises(OSError, match="No space left") as error:
            action(path, "x" * 100_000)
        assert error.value.filename == str(path)


def test_a_pipe_is_written_through(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write(path, "text")
    assert os.read(reader, 100) == b"text"
    assert stat.S_ISFIFO(path.stat().st_mode)
    with output_stream(path) as stream:  # Its reader goes, which is no error.
        os.close(reader)
        stream.write("x" * 1_000_000)


def test_a_reader_that_has_gone_gets_no_more():
    reading, writing = os.pipe()
    os.close(reading)
    with NamedFile(writing, "w", "the pipe") as raw:
        assert raw.write(b"text") == 4 and raw.write(b"more") == 4


def test_a_stream_fails_once():
    """What it still holds is not tried again when it is closed, at the end of the process."""
    full = os.open("/dev/full", os.O_WRONLY)
    stream = io.BufferedWriter(NamedFile(full, "w", "the device"))
    stream.write(b"text")
    with pytest.raises(OSError, match="No space left on device: 'the device'"):
        stream.flush()
    stream.close()


def test_open_descriptors_are_written_where_they_stand(tmp_path):
    """`(echo a; nopt … -o /dev/stdout; echo b) > file`: the file is the shell's."""
    path = tmp_path / "out"
    with path.open("w") as stream:
        stream.write("before,")
        stream.flush()
        place = f"/dev/fd/{stream.fileno()}"
        assert not is_regular(place)
        write(place, "here,")
        stream.write("after")
    assert path.read_text() == "before,here,after"
    assert names_stdout("/dev/stdout") and names_stdout("-") and not names_stdout(path)


def test_all_or_none(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("before")
    with pytest.raises(OSError, match="No space left"), all_or_none():
        write(first, "after")
        write(second, "after")
        write("/dev/full", "after")
    assert first.read_text() == "before" and list(tmp_path.iterdir()) == [first]
    with all_or_none():
        write(first, "after")
        write(second, "after")
        assert first.read_text() == "before"
    assert first.read_text() == second.read_text() == "after"


def test_what_is_printed_is_delivered_first(tmp_path, monkeypatch):
    with open("/dev/full", "w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        print("a report")
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / "out", "text")
        patch.undo()
        # What is still in the stream's buffer must not fail when it is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert not list(tmp_path.iterdir())


def test_two_outputs_of_one_name_are_refused(tmp_path):
    path, link = tmp_path / "out", tmp_path / "link"
    link.symlink_to("out")
    with pytest.raises(ValueError, match="link: found it named for two outputs"), all_or_none():
        write(path, "one")
        write(link, "two")
    assert list(tmp_path.iterdir()) == [link]


def test_what_may_not_be_written_is_named(tmp_path):
    cases = {"no/out": FileNotFoundError, "file/out": NotADirectoryError, ".": IsADirectoryError}
    (tmp_path / "file").touch()
    for name, kind in cases.items():
        path = f"{tmp_path}/{name}"
        for action in (write, append_lines):
            with pytest.raises(kind) as error:
                action(path, "")
            assert error.value.filename == path
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_only_be_read_stays(tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        write(path, "after")
    assert path.read_text() == "before"


def test_a_long_name(tmp_path):
    write(tmp_path / ("x" * 255), "text")
    assert [path.name for path in tmp_path.iterdir()] == ["x" * 255]


def stray(folder):
    path = folder / f"{files._PREFIX}0123456789abcdef{files._SUFFIX}"
    path.write_text("half")
    return path


def test_what_a_killed_process_left_is_removed(tmp_path):
    other = tmp_path / ".nopt-cache"
    other.touch()
    left = stray(tmp_path)
    write(tmp_path / "out", "text")
    assert not left.exists() and other.exists()


def test_what_another_process_writes_is_left_alone(tmp_path):
    left = stray(tmp_path)
    with left.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write(tmp_path / "out", "text")
        assert left.read_text() == "half"
    with output_stream(tmp_path / "a") as first:
        first.write("a")
        write(tmp_path / "b", "b")
    assert (tmp_path / "a").read_text() == "a" and (tmp_path / "b").read_text() == "b"


def processes(code, count, *arguments):
    """Run a text of Python in several processes at once; their statuses."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    started = [subprocess.Popen([*command, str(i)]) for i in range(count)]
    return [process.wait() for process in started]


def test_ten_processes_append_and_nothing_is_lost(tmp_path):
    code = (
        "import sys; from nopt.hw.files.whole_files import append_lines\n"
        "for i in range(20): append_lines(sys.argv[1], [f'{sys.argv[2]} {i}', 'x' * 5000])"
    )
    path = tmp_path / "log"
    path.write_text("by hand, without an end")
    path.chmod(0o640)
    assert not any(processes(code, 10, path))
    lines = path.read_text().splitlines()
    assert lines[0] == "by hand, without an end" and lines[2::2] == ["x" * 5000] * 200
    assert sorted(lines[1::2]) == sorted(f"{p} {i}" for p in range(10) for i in range(20))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and list(tmp_path.iterdir()) == [path]


def test_processes_that_write_one_file_at_once(tmp_path):
    """It is that of one of them, and none takes what another is writing for a stray."""
    code = (
        "import sys; from nopt.hw.files.whole_files import output_stream\n"
        "for i in range(50):\n"
        "  with output_stream(sys.argv[1]) as stream: stream.write(sys.argv[2] * 100_000)"
    )
    path = tmp_path / "out"
    assert not any(processes(code, 4, path))
    assert path.read_text() in [str(i) * 100_000 for i in range(4)]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_append_leaves_no_new_file(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        append_lines(tmp_path / "log", ["x"])
    assert not list(tmp_path.iterdir())


ROOT = Path(__file__).parents[3]
WRITES = {"replace", "rename", "write_text", "write_bytes", "mkstemp", "NamedTemporaryFile"}


def test_only_one_module_writes_files():
    found: list[str] = []
    for folder in ("dialects", "hw", "passes", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func)
                name = called.rpartition(".")[2]
                modes = [a.value for a in node.args[1:] if isinstance(a, ast.Constant)]
                opens = name == "open" and any(str(mode)[:1] in "wax" for mode in modes)
                # Strings and dataclasses have a `replace`, too.
                if (name in WRITES and (name != "replace" or called == "os.replace")) or opens:
                    found.append(f"{path.relative_to(ROOT)}: {called}")
    # A member of an archive is no file.
    assert set(found) == {"hw/files/whole_files.py: os.replace", "hw/files/npy.py: archive.open"}
