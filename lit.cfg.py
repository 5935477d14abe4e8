"""How lit runs the golden tests: `lit test` from a checkout, or any folder or file below `test`."""

# lit defines `config` before it runs this file.
# ruff: noqa: F821
import importlib.util
import os
import sys

import lit.formats

here = os.path.dirname(os.path.abspath(__file__))

config.name = "nopt"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "bench", "build", "docs", "examples", "fuzz", "property", "unit"]
config.test_source_root = here
config.test_exec_root = os.path.join(here, "build", "lit")

# The commands of this environment, whether or not it is activated; served by forks if possible.
spec = importlib.util.spec_from_file_location("fork_server", f"{here}/test/fork_server.py")
fork_server = importlib.util.module_from_spec(spec)
# What lit forgets of this file is collected, and the server ends when its handle is.
sys.modules[spec.name] = fork_server
spec.loader.exec_module(fork_server)
folders = [fork_server.start(), os.path.dirname(sys.executable), os.environ["PATH"]]
config.environment["PATH"] = os.pathsep.join(folder for folder in folders if folder)
# Tables look the same on every machine.
config.environment["COLUMNS"] = "100"

run = "nopt %s --split-input-file"
config.substitutions += [
    # Custom and generic syntax both survive printing and parsing.
    (
        "ROUNDTRIP",
        f"{run} | nopt --split-input-file | filecheck %s && "
        f"{run} --print-op-generic | nopt --split-input-file | filecheck %s",
    ),
    # Invalid input, chunk by chunk: what the verifiers, or the parsers, say.
    ("VERIFY_DIAG", f"{run} --verify-diagnostics | filecheck %s"),
    ("PARSING_DIAG", f"{run} --parsing-diagnostics | filecheck %s"),
    ("%root", here),
]
