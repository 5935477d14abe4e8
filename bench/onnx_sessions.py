"""onnxruntime as an oracle for integers: on any processor its sums are exact."""

from __future__ import annotations

from pathlib import Path

from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel


def onnxruntime_session(
    model: str | Path | bytes, options: SessionOptions | None = None
) -> InferenceSession:
    """A session on the CPU for a file, or a model's bytes.

    Without VNNI, by default, two products of uint8 and int8 are added in 16 bits and saturate
    (onnxruntime, `session.x64quantprecision`). The option makes weights uint8; where that cannot
    be, as with int8 inputs, whose products do not saturate, it is left off."""
    source = model if isinstance(model, bytes) else str(model)
    providers = ["CPUExecutionProvider"]
    options = options or SessionOptions()
    try:
        options.add_session_config_entry("session.x64quantprecision", "1")
        return InferenceSession(source, options, providers=providers)
    except (NoKernel, Fail):
        options.add_session_config_entry("session.x64quantprecision", "0")
        return InferenceSession(source, options, providers=providers)
