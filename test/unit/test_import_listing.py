"""What a model has, before anything is imported."""

import csv
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import model

from nopt.tools.importer.model_listing import list_model
from nopt.tools.nopt_import import main


def test_operators_by_what_becomes_of_them(tmp_path: Path):
    node = helper.make_node
    body = helper.make_graph(
        [node("Relu", ["h"], ["g"]), node("Identity", ["go"], ["on"])],
        "body",
        [
            helper.make_tensor_value_info(name, kind, None)
            for name, kind in (
                ("i", TensorProto.INT64),
                ("go", TensorProto.BOOL),
                ("h", TensorProto.FLOAT),
            )
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, None),
            helper.make_tensor_value_info("g", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("Loop", ["n", "", "b"], ["c"], body=body),
        node("Mish", ["c"], ["d"]),
        node("Acosh", ["d"], ["y"]),
        node("Private", ["x"], ["z"], domain="own"),
    ]
    weights = {"w": np.zeros((4, 6), np.float32), "n": np.array(3)}
    proto = model(nodes, {"x": ["batch", -1, 4]}, ["y"], weights, opset=18)
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    tensors, operators = list_model(path)
    assert tensors[0] == {"tensor": "x", "kind": "input", "type": "float", "shape": "batchx?x4"}
    found = {row["operator"]: (row["nodes"], row["numbers"], row["imported"]) for row in operators}
    assert found == {
        "Relu": (2, 0, "yes"),
        "MatMul": (1, 24, "yes"),
        "Loop": (1, 1, "if decided beforehand"),
        "Identity": (1, 0, "yes"),
        "Mish": (1, 0, "as other operators"),
        "Acosh": (1, 0, "of constants only"),
        "own.Private": (1, 0, "no"),
    }
    assert {row["operator"]: row["runs"] for row in operators}["Acosh"] == "-"


def test_tables_for_spreadsheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    proto = model([helper.make_node("Relu", ["x"], ["y"])], {"x": [1, 4]}, ["y"], {}, opset=18)
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    main([str(path), "--list", "--csv", "tensors"])
    first, *rows = csv.DictReader(capsys.readouterr().out.splitlines())
    assert first == {"tensor": "x", "kind": "input", "type": "float", "shape": "1x4"}
    assert [row["tensor"] for row in rows] == ["y"]
    main([str(path), "--list", "--csv", "operators"])
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert (row["operator"], row["nodes"], row["imported"]) == ("Relu", "1", "yes")
