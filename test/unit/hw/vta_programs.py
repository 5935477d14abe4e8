"""Programs of other compilers with their RTL runs, where the checkout's neighbour has them."""

import json
from pathlib import Path

import numpy as np
import pytest

from nopt.hw.config import Config

FOLDER = Path(__file__).parents[4] / "shared" / "vta"
DEFAULT = Config.load("default")

FILES = sorted(FOLDER.rglob("*.npz"))
WITH_OUTPUT = [path for path in FILES if "expected_out" in np.load(path).files]

needs_programs = pytest.mark.skipif(not FILES, reason=f"no programs in {FOLDER}")


def each(files):
    names = [str(path.relative_to(FOLDER).with_suffix("")) for path in files]
    return pytest.mark.parametrize("path", files, ids=names)


every_program = each(FILES)
every_output = each(WITH_OUTPUT)


def words_of(array):
    return np.ascontiguousarray(array).reshape(-1).view(np.uint64).reshape(-1, 2)


class Program:
    def __init__(self, path):
        self.data = np.load(path)
        self.meta = json.loads(bytes(self.data["meta"]))
        native = "insns" not in self.data.files
        self.words = words_of(self.data["seg_instructions" if native else "insns"])
        self.uops = self.data["seg_uop"].view(np.uint32) if native else self.data["uops"]
        self.uop_address = self.meta["segments"]["uop"] if native else self.meta["uop_base"]

    @property
    def cycles(self):
        """RTL cycles by memory latency."""
        return {int(key[3:]): value["cycles"] for key, value in self.meta["cycles"].items()}

    @property
    def expected(self):
        return self.data["expected_out"] if "expected_out" in self.data.files else None

    def image(self):
        """The DRAM image before the run, and the byte address of its output."""
        if "segments" in self.meta:
            parts = {
                address: self.data[f"seg_{name}"] for name, address in self.meta["segments"].items()
            }
            out = self.meta["out_base"]
        else:
            keys = [key for key in self.data.files if key.startswith("mem_")]
            parts = {int(key[4:]): self.data[key] for key in keys}
            out = self.meta["args"][-1]["phy_addr"]
        parts[self.uop_address] = self.uops.view(np.uint8)
        memory = np.zeros(max(a + len(data) for a, data in parts.items()) + (1 << 16), np.uint8)
        for address, data in parts.items():
            memory[address : address + len(data)] = data
        return memory, out
