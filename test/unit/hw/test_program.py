"""The program file: round trip, same bytes, and every kind of damage refused in one line."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

from nopt.hw.config import Config
from nopt.hw.files import whole_files as files_module
from nopt.hw.program import archive as archive_module
from nopt.hw.program import program_file as program_module
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_members import VERSION, sums
from nopt.hw.program.program_parts import CoreStep, HostStep, ProgramError, Symbol, Value


@pytest.fixture
def program():
    return example()


def example():
    return Program(
        config=Config.load("rtl"),
        instructions=np.arange(6, dtype=np.uint64).reshape(3, 2),
        constants=[(16, b"weights"), (64, bytes(range(64)))],
        dram_bytes=256,
        symbols=[
            Symbol("x", 128, (4, 16), "int8", "input"),
            Symbol("w", 64, (64,), "uint8", "constant"),
        ],
        steps=[HostStep("f", ("a", "w"), ("x",)), CoreStep(0, 3), HostStep("g", ("x",), ("y",))],
        host="func @f",
        inputs=[Value("a", (1, 3), "float32")],
        outputs=[Value("y", (), "int32")],
    )


def equal(a, b):
    return (a.instructions == b.instructions).all() and all(
        getattr(a, name) == getattr(b, name)
        for name in Program.__dataclass_fields__
        if name != "instructions"
    )


def rewrite(path, change):
    """Change the members of an archive without touching its checksums."""
    members = archive_module.read_archive(path.read_bytes())
    members = {name: bytes(data) for name, data in members.items()}
    change(members)
    path.write_bytes(b"".join(archive_module.archive_parts(members)))


def with_sums(change):
    """A change whose result has checksums that fit."""

    def changed(members):
        members.pop("SHA256SUMS")
        change(members)
        members["SHA256SUMS"] = sums(members)

    return changed


def with_manifest(change):
    """A change of the manifest's JSON."""

    def changed(members):
        manifest = json.loads(members["manifest.json"])
        change(manifest)
        members["manifest.json"] = json.dumps(manifest).encode()

    return with_sums(changed)


def refusal(path):
    with pytest.raises(ProgramError) as error:
        Program.load(path)
    message = str(error.value)
    assert "\n" not in message and message.startswith(f"{path}: ")
    return message


def test_save_then_load_is_identity(program, tmp_path):
    program.save(tmp_path / "p.vta")
    assert equal(Program.load(tmp_path / "p.vta"), program)
    assert [path.name for path in tmp_path.iterdir()] == ["p.vta"]


def test_memory_places_constants(program):
    memory = program.memory()
    assert memory.dtype == np.uint8 and memory.shape == (256,)
    assert bytes(memory[16:23]) == b"weights" and memory[64:128].tolist() == list(range(64))
    assert not memory[128:].any()
    assert program.symbol("x").nbytes == 64


def test_same_program_gives_same_bytes(program, tmp_path):
    program.save(tmp_path / "a.vta")
    Program.load(tmp_path / "a.vta").save(tmp_path / "b.vta")
    assert (tmp_path / "a.vta").read_bytes() == (tmp_path / "b.vta").read_bytes()


def test_every_truncation_is_refused(program, tmp_path):
    path = tmp_path / "p.vta"
    whole = program.to_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        assert "expected an intact program archive" in refusal(path)


WHOLE = example().to_bytes()


@given(integers(0, 8 * len(WHOLE) - 1))
@settings(max_examples=300)
def test_every_flipped_bit_is_refused(bit):
    altered = bytearray(WHOLE)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProgramError) as error:
        program_module._read(bytes(altered))
    assert "\n" not in str(error.value)


def test_an_altered_member_is_named(program, tmp_path):
    path = tmp_path / "p.vta"
    program.save(path)
    rewrite(path, lambda m: m.update({"constants/0.bin": b"Weights"}))
    assert "constants/0.bin: found SHA-256" in refusal(path)
    program.save(path)
    rewrite(path, lambda m: m.update({"manifest.json": m["manifest.json"].replace(b"256", b"512")}))
    assert "manifest.json: found SHA-256" in refusal(path)


def test_missing_and_extra_members_are_named(program, tmp_path):
    path = tmp_path / "p.vta"
    for name in ("constants/1.bin", "instructions.bin", "manifest.json", "SHA256SUMS"):
        program.save(path)
        rewrite(path, lambda m, name=name: m.pop(name))
        assert f"{name}: found none, expected" in refusal(path)
    program.save(path)
    rewrite(path, lambda m: m.update(extra=b""))
    assert "extra: found SHA-256" in refusal(path)


def test_another_version_is_named(program, tmp_path, monkeypatch):
    path = tmp_path / "p.vta"
    monkeypatch.setattr(program_module, "VERSION", VERSION + 1)
    program.save(path)
    monkeypatch.undo()
    found = f"found nopt-program version {VERSION + 1}, expected nopt-program version {VERSION}"
    assert found in refusal(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("symbols"), "symbols: found none, expected it"),
        (lambda m: m.update(symbols={}), "symbols: found {}, expected a list"),
        (lambda m: m.update(more=1), "more: unknown, expected format, version, config, dram_bytes"),
        (lambda m: m["symbols"][1].pop("kind"), "symbols[1].kind: found none, expected it"),
        (lambda m: m["symbols"][0].update(address="128"), "symbols[0].address: found '128', "),
        (lambda m: m["symbols"][0].update(address=True), "symbols[0].address: found True, "),
        (lambda m: m["symbols"][0].update(shape=[4, 0.5]), "symbols[0].shape[1]: found 0.5, "),
        (lambda m: m["symbols"][0].update(name=[]), "symbols[0].name: found [], expected text"),
        (lambda m: m["inputs"][0].update(dtype={}), "inputs[0].dtype: found {}, expected text"),
        (
            lambda m: m.update(dram_bytes=10**30),
            "dram_bytes: found 10000000000000000000000",
        ),
        (
            lambda m: m.update(dram_bytes=1 << 33),
            "DRAM: found 0 to 8589934592, expected within",
        ),
        (
            lambda m: m.update(dram_bytes=-1),
            "DRAM: found 0 to -1, expected within 4294967",
        ),
        (lambda m: m["constants"].append(None), "constants[2]: found None, expected an integer"),
        (lambda m: m["steps"][1].update(first=None), "steps[1].first: found None, expected an int"),
        (lambda m: m["steps"][0].update(count=3), "steps[0].first: found none, expected it"),
        (lambda m: m["steps"].append(3), "steps[3]: found 3, expected an object"),
        (lambda m: m.update(config=0.5), "config: found 0.5, expected an object"),
        (
            lambda m: m["config"].update(LOG_BATCH=[]),
            "config: LOG_BATCH: found [], expected an",
        ),
        (lambda m: m["symbols"].append(m["symbols"][0]), "symbols: found a name twice"),
        (lambda m: m["symbols"][0].update(dtype="O"), "x: dtype: found O, expected a numpy type"),
        (lambda m: m["layers"][0].update(axis=9), "layer l: axis: found 9, expected -1 to 1"),
        (lambda m: m["layers"][0].update(shape=[9, 9]), "layer l: result: found shape [4, 16], "),
        (
            lambda m: m["layers"][0].update(scale=[1, 2]),
            "layer l: scale: found 2 along dimension",
        ),
    ],
)
def test_a_malformed_manifest_is_named(change, message, program, tmp_path):
    path = tmp_path / "p.vta"
    program.layers = [Layer("l", 0, 3, "x", (4, 16), scale=(0.5,))]
    program.save(path)
    rewrite(path, with_manifest(change))
    assert message in refusal(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(extra=b"x"), "extra: found it, expected no such member"),
        (lambda m: m.update({"host.txt": m.pop("host.txt")}), "found it in the place of host.txt"),
        (lambda m: m.pop("host.txt"), "host.txt: found none, expected it by manifest.json"),
        (lambda m: m.update({"instructions.bin": b"x" * 40}), "found 40 bytes, expected 16 for"),
        (lambda m: m.update({"host.txt": b"\xff"}), "host.txt: not text: byte 0 is no UTF-8"),
    ],
)
def test_members_are_those_of_the_manifest_in_order(change, message, program, tmp_path):
    """Whatever the checksums say."""
    path = tmp_path / "p.vta"
    program.save(path)
    rewrite(path, with_sums(change))
    assert message in refusal(path)


def test_checksums_stand_once_and_in_order(program, tmp_path):
    path = tmp_path / "p.vta"
    for change in (lambda lines: lines[::-1], lambda lines: lines + lines[:1]):

        def other_sums(members, change=change):
            lines = members["SHA256SUMS"].splitlines(keepends=True)
            members["SHA256SUMS"] = b"".join(change(lines))

        program.save(path)
        rewrite(path, other_sums)
        assert "SHA256SUMS: found other lines" in refusal(path)


def test_a_member_twice_is_refused(program, tmp_path):
    path = tmp_path / "p.vta"
    parts = list(archive_module.archive_parts({"a": b"1", "b": b"2"}))
    path.write_bytes(b"".join([*parts[:2], *parts[:2], *parts[2:]]))
    assert "found two members 'a'" in refusal(path)


def test_bytes_behind_the_archive_are_refused(program, tmp_path):
    path = tmp_path / "p.vta"
    path.write_bytes(program.to_bytes() + b"\0")
    assert "found bytes between members differ" in refusal(path)


def test_nothing_is_unpacked(tmp_path):
    """What claims to be larger than its file is refused by the claim."""
    path = tmp_path / "p.vta"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 10_000_000)
    assert path.stat().st_size < 20_000
    assert "found 'manifest.json' is compressed" in refusal(path)


def test_not_a_file_and_not_an_archive(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "none.vta")
    (tmp_path / "text.vta").write_text("hello")
    assert "expected an intact program archive" in refusal(tmp_path / "text.vta")


def test_ranges_are_checked_before_anything_is_written(program, tmp_path):
    program.constants.append((250, b"too long"))
    with pytest.raises(ProgramError, match="constant: found 250 to 258, expected within 256 bytes"):
        program.save(tmp_path / "p.vta")
    assert not list(tmp_path.iterdir())
    program.constants.pop()
    program.steps.append(CoreStep(2, 2))
    with pytest.raises(ProgramError, match="core step: found 2 to 4, expected within 3 instr"):
        program.check()
    program.steps[-1] = HostStep("h", ("z",), ("w",))
    with pytest.raises(ProgramError, match="host step h: found 'z', expected an input, symbol or"):
        program.check()
    program.steps.pop()
    for value, message in [
        (Value("z", (2,), "int9"), "z: dtype: found int9, expected a numpy type"),
        (Value("z", (-2,), "int8"), r"z: shape: found \[-2\], expected sizes of at least 0"),
        (Value("z", (2,), "int8"), "outputs: found 'z', expected an input, symbol or result"),
    ]:
        program.outputs.append(value)
        with pytest.raises(ProgramError, match=message):
            program.check()
        program.outputs.pop()
    program.symbols.append(Symbol("z", 0, (1,), "int8", "scratch"))
    with pytest.raises(ProgramError, match="symbol z: kind: found scratch, expected input, "):
        program.check()


def test_a_failed_save_keeps_the_old_file(program, tmp_path, monkeypatch):
    path = tmp_path / "p.vta"
    program.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "disk full")

    monkeypatch.setattr(files_module.os, "replace", fail)
    program.host = "other"
    with pytest.raises(OSError, match=r"disk full.*p\.vta"):
        program.save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_symbol_as_an_array(program):
    memory = program.memory()
    program.view(memory, "x")[1] = -3
    assert (memory[144:160] == 0xFD).all() and not memory[160:192].any()
    with pytest.raises(KeyError):
        program.view(memory, "nothing")


def test_an_archive_has_at_most_4_gib(program, monkeypatch):
    monkeypatch.setattr(archive_module, "_MOST_BYTES", 1000)
    with pytest.raises(ProgramError, match="found it to end beyond byte 1000 of the archive"):
        program.to_bytes()


def test_memory_by_kind_counts_shared_places_once(program):
    program.symbols += [
        Symbol("a", 192, (32,), "int8", "buffer"),
        Symbol("b", 208, (40,), "int8", "buffer"),
        Symbol("c", 200, (4,), "int8", "buffer"),
    ]
    assert program.dram_by_kind() == {"input": 64, "constant": 64, "buffer": 56}


def test_no_dram_behind_all_that_has_a_name(program):
    program.dram_bytes = 1 << 32
    end = max(symbol.address + symbol.nbytes for symbol in program.symbols)
    expected = f"DRAM: found 4294967296 bytes, expected {end}, where the last symbol ends"
    with pytest.raises(ProgramError, match=expected):
        program.check()
