"""What is no model, or none that can be imported, gets one clear message."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from onnx_models import imported, model

from nopt.tools.errors import UserError
from nopt.tools.importer import import_model
from nopt.tools.nopt_import import main

node = helper.make_node


def conv() -> ModelProto:
    weight = np.ones((2, 3, 3, 3), np.float32)
    return model(
        [node("Conv", ["x", "w"], ["y"], name="c")], {"x": [1, 3, 8, 8]}, ["y"], {"w": weight}
    )


def refused(proto: ModelProto, folder: Path, **options: object) -> str:
    with pytest.raises(UserError) as error:
        imported(proto, folder, **options)
    assert error.value.place == str(folder / "model.onnx")
    assert len(error.value.message) < 1000
    return error.value.message


# Files


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty, expected an ONNX model"),
        (b"\xff\xfe\x00\x01" * 100, "not an ONNX model, or one that is cut off"),
        (b"import numpy as np\n" * 10, "not an ONNX model"),
        (conv().SerializeToString()[:-40], "not an ONNX model, or one that is cut off"),
        (conv().SerializeToString()[:2], "not an ONNX model: it has no graph"),
        (conv().graph.SerializeToString(), "not an ONNX model"),
    ],
    ids=["empty", "bytes", "text", "cut", "begin", "graph"],
)
def test_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        import_model(path)
    assert error.value.place == str(path)


def test_every_cut(tmp_path: Path) -> None:
    """A file that ends early never gives a traceback, nor a module."""
    content = conv().SerializeToString()
    path = tmp_path / "cut.onnx"
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        with pytest.raises(UserError):
            import_model(path)


def test_random_damage(tmp_path: Path) -> None:
    """Whatever bytes change: a module, or one message."""
    content = np.frombuffer(conv().SerializeToString(), np.uint8)
    generator = np.random.default_rng(0)
    path = tmp_path / "damaged.onnx"
    for _ in range(300):
        damaged = content.copy()
        places = generator.integers(0, len(content), 3)
        damaged[places] = generator.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            import_model(path)
        except UserError as error:
            assert "\n" not in error.message or "not supported" in error.message


# Graphs


def _dims(*dims: int) -> ModelProto:
    proto = conv()
    proto.graph.initializer[0].dims[:] = dims
    return proto


def _input(*dims: int) -> ModelProto:
    proto = conv()
    for place, size in enumerate(dims):
        proto.graph.input[0].type.tensor_type.shape.dim[place].dim_value = size
    return proto


def _bytes() -> ModelProto:
    proto = conv()
    proto.graph.initializer[0].raw_data = b"\0" * 10
    return proto


def _cycle() -> ModelProto:
    return model(
        [node("Add", ["x", "b"], ["a"], name="n1"), node("Relu", ["a"], ["b"], name="n2")],
        {"x": [4]},
        ["b"],
    )


def _opset(version: int) -> ModelProto:
    proto = conv()
    proto.opset_import[0].version = version
    return proto


def _weights(value: float) -> ModelProto:
    weight = np.ones((2, 3, 3, 3), np.float32)
    weight[1, 2, 0, 0] = value
    proto = conv()
    proto.graph.initializer[0].CopyFrom(numpy_helper.from_array(weight, "w"))
    return proto


def _giant(op: str) -> ModelProto:
    """A few bytes that ask for terabytes."""
    huge = np.array([1 << 20, 1 << 20], np.int64)
    makers = {
        "ConstantOfShape": [node("ConstantOfShape", ["s"], ["c"], name="g")],
        "Expand": [node("Expand", ["one", "s"], ["c"], name="g")],
        "Tile": [node("Tile", ["row", "s"], ["c"], name="g")],
        "Range": [node("Range", ["zero", "much", "step"], ["c"], name="g")],
    }
    weights = {
        "s": huge,
        "one": np.ones((1, 1), np.float32),
        "row": np.ones((1, 1), np.float32),
        "zero": np.array(0, np.float32),
        "much": np.array(1e15, np.float32),
        "step": np.array(1, np.float32),
    }
    used = {name for n in makers[op] for name in n.input}
    return model(
        [*makers[op], node("Add", ["x", "c"], ["y"])],
        {"x": [1]},
        ["y"],
        {name: array for name, array in weights.items() if name in used},
    )


def _attribute() -> ModelProto:
    proto = conv()
    proto.graph.node[0].attribute.append(helper.make_attribute("pads", [1, 1]))
    return proto


def _typed(element: int) -> ModelProto:
    return model(
        [node("Identity", ["x"], ["y"])], {"x": [4]}, elements={"x": element, "y": element}
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _dims(-2, 3, 3, 3), r"'w' has shape \[-2, 3, 3, 3\], expected no negative"),
        (lambda: _dims(1 << 40, 3, 3, 3), r"'w' has \d+ bytes, expected at most"),
        (lambda: _dims(3, 3, 3, 3), r"'w' of shape \[3, 3, 3, 3\] has 216 bytes, expected 324"),
        (_bytes, r"'w' of shape \[2, 3, 3, 3\] has 10 bytes, expected 216"),
        (lambda: _input(1, 3, -8, 8), r"'x' has dimension 2 of size -8, expected at least 1"),
        (lambda: _input(1, 3, 1 << 40, 8), r"'x' of shape .* elements, expected at most"),
        (lambda: _input(1, 4, 8, 8), r"node 'c' \(Conv\): weight has 3 input channels, expected 4"),
        (_cycle, r"topologically sorted"),
        (_attribute, r"Conv.* node name: c.* pads"),
        (lambda: _opset(99), r"operator set 99, expected 1 to"),
        (lambda: _weights(np.nan), r"node 'c' \(Conv\): tensor 'w' has 1 elements that are NaN"),
        (lambda: _weights(np.inf), r"node 'c' \(Conv\): tensor 'w' has 1 infinite elements"),
        (lambda: _giant("ConstantOfShape"), r"node 'g' \(ConstantOfShape\): .* expected at most"),
        (lambda: _giant("Expand"), r"node 'g' \(Expand\): .* expected at most"),
        (lambda: _giant("Tile"), r"node 'g' \(Tile\): .* expected at most"),
        (lambda: _giant("Range"), r"node 'g' \(Range\): .* expected at most"),
        (
            lambda: _typed(TensorProto.BFLOAT16),
            r"'x' has data type bfloat16, expected float, float16",
        ),
        (lambda: _typed(TensorProto.STRING), r"'x' has data type string, expected"),
        (lambda: _typed(TensorProto.FLOAT8E4M3FN), r"'x' has data type float8e4m3fn, expected"),
        (lambda: _typed(TensorProto.COMPLEX64), r"'x' has data type complex64, expected"),
    ],
)
def test_graphs(make: Callable[[], ModelProto], message: str, tmp_path: Path) -> None:
    found = refused(make(), tmp_path)
    assert re.search(message, found), found


def test_all_unknown_operators(tmp_path: Path) -> None:
    """Every one of them is listed, also behind others."""
    nodes = [
        node("NonZero", ["x"], ["i"], name="where"),
        node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        node("Det", ["f"], ["d"]),
        node("Mystery", ["x"], ["m"], name="riddle", domain="org.unknown"),
        node("Add", ["d", "m"], ["y"]),
    ]
    proto = model(nodes, {"x": [2, 2]})
    proto.opset_import.append(helper.make_opsetid("org.unknown", 3))
    assert refused(proto, tmp_path) == (
        "3 operators are not supported:\n"
        "  node 'where' (NonZero): operator NonZero of ai.onnx 17\n"
        "  node of 'd' (Det): operator Det of ai.onnx 17\n"
        "  node 'riddle' (org.unknown.Mystery): operator Mystery of org.unknown 3"
    )


def test_shape_that_depends_on_data(tmp_path: Path) -> None:
    nodes = [node("Cast", ["s"], ["i"], to=TensorProto.INT64), node("Reshape", ["x", "i"], ["y"])]
    assert "the shape is 'i', which depends on the network's inputs" in refused(
        model(nodes, {"x": [4], "s": [2]}), tmp_path
    )


# Open dimensions


def _open() -> ModelProto:
    return model([node("Relu", ["x"], ["y"])], {"x": ["batch", 3, None]})


def test_open_dimensions(tmp_path: Path) -> None:
    assert refused(_open(), tmp_path) == (
        "input 'x' leaves dimension 0 open: [batch, 3, ?], expected a size: "
        "--dim batch=… or --input-shape x=batchx3x? with numbers"
    )
    assert "leaves dimension 2 open" in refused(_open(), tmp_path, dims={"batch": 2})
    assert "no input has a dimension named 'bach'; did you mean 'batch'?" in refused(
        _open(), tmp_path, dims={"bach": 2}, shapes={"x": [1, 3, 4]}
    )
    assert "'x' is 2x4x5, expected [batch, 3, ?]" in refused(
        _open(), tmp_path, shapes={"x": [2, 4, 5]}
    )
    assert "no input 'z', expected one of x" in refused(_open(), tmp_path, shapes={"z": [1]})
    found = imported(_open(), tmp_path, shapes={"x": [2, 3, 5]})
    assert "%x: tensor<2x3x5xf32>" in str(found.module)


def test_no_rank(tmp_path: Path) -> None:
    proto = model([node("Relu", ["x"], ["y"])], {"x": None})
    assert "input 'x' has no shape, expected one" in refused(proto, tmp_path)
    assert "tensor<7xf32>" in str(imported(proto, tmp_path, shapes={"x": [7]}).module)


# Weights in files of their own


def _external(folder: Path, location: str, write: bool) -> ModelProto:
    proto = conv()
    tensor = proto.graph.initializer[0]
    data = tensor.raw_data
    set_external_data(tensor, location, offset=0, length=len(data))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    if write:
        (folder / location).write_bytes(data)
    return proto


def test_external_weights(tmp_path: Path) -> None:
    found = imported(_external(tmp_path, "weights.bin", True), tmp_path)
    assert str(found.module) == str(imported(conv(), tmp_path).module)


def test_missing_weights(tmp_path: Path) -> None:
    found = refused(_external(tmp_path, "weights.bin", False), tmp_path)
    assert "tensor 'w' in file 'weights.bin'" in found


def test_short_weights(tmp_path: Path) -> None:
    proto = _external(tmp_path, "weights.bin", True)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 100)
    assert "tensor 'w' in file 'weights.bin': External data length (216)" in refused(
        proto, tmp_path
    )


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin"])
def test_weights_outside_the_folder(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 216)
    folder = tmp_path / "model"
    (folder / "a").mkdir(parents=True)
    assert f"tensor 'w' in file '{location}'" in refused(_external(folder, location, False), folder)


# The tool


def test_the_old_output_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "bad.onnx", tmp_path / "out.mlir"
    source.write_bytes(_weights(np.nan).SerializeToString())
    target.write_text("before")
    with pytest.raises(SystemExit) as stop:
        main([str(source), "-o", str(target)])
    assert stop.value.code == 1
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.onnx", "out.mlir"]
    error = capsys.readouterr().err
    assert error.startswith(f"{source}: error: node 'c' (Conv): tensor 'w' has 1 elements")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.onnx"], "none.onnx: No such file or directory"),
        (["m.onnx", "--dim", "batch"], "--dim: found 'batch', expected NAME=VALUE"),
        (["m.onnx", "--dim", "batch=0"], "--dim: 'batch' is '0', expected sizes of at least 1"),
        (["m.onnx", "--input-shape", "x=1x?"], "'x' is '?', expected sizes of at least 1"),
        (["m.onnx", "--shape", "1"], "unrecognized arguments: --shape 1"),
    ],
)
def test_arguments(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == (1 if arguments == ["none.onnx"] else 2)
    assert message in capsys.readouterr().err


def test_onnx_is_optional(tmp_path: Path) -> None:
    """Without the package: a message that says what to install."""
    (tmp_path / "onnx.py").write_text("raise ImportError('no onnx here')")
    run = subprocess.run(
        [sys.executable, "-m", "nopt.tools.nopt_import", "model.onnx"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr == "error: ONNX files need the onnx package: pip install 'nopt[onnx]'\n"
