"""Names of ONNX tensors as names of SSA values."""

import re


def identifier(name: str) -> str:
    """The name hint that stands for an ONNX tensor's name: what no identifier may hold is `_`.

    xDSL takes a number behind a last `_` for its own, so that one becomes a point: `conv1_2` is
    `conv1.2`. A name that begins with a digit gets a `t`: `42` is `t42`.
    """
    name = re.sub(r"[^A-Za-z0-9_$.-]", "_", name)
    name = re.sub(r"_(\d+)$", r".\1", name)
    return name if re.match(r"[A-Za-z_$.-]", name) else f"t{name}"
