"""Which core for ResNet-18, ShuffleNet and MiniLM: of sixteen designs, those that none beats.

    python bench/choose_core.py OUT [ARGUMENT…]

The networks' texts are written to OUT, too. Further arguments are nopt-explore's, as `--jobs 2`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from schedule import quantized
from workloads import resnet18

import nopt
from nopt.tools.nopt_explore import main as explore

SWEEP = [
    "LOG_BLOCK_IN=4,5",
    "LOG_BLOCK_OUT=4,5",
    "LOG_WGT_BUFF_SIZE=17,18",
    "bytes_per_cycle=8,16",
]
NETWORKS = {
    "resnet18": resnet18,
    "shufflenet": lambda: quantized("shufflenet"),
    "minilm": lambda: quantized("minilm"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="A front of designs for three networks.")
    parser.add_argument("folder", metavar="OUT", type=Path)
    arguments, others = parser.parse_known_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    paths = [arguments.folder / f"{name}.mlir" for name in NETWORKS]
    for path, build in zip(paths, NETWORKS.values(), strict=True):
        if not path.exists():
            nopt.write(build(), path)
    explore([*map(str, paths), "--sweep", *SWEEP, *others, "-o", str(arguments.folder)])


if __name__ == "__main__":
    main()
