"""No pass without a property."""

from pathlib import Path

from levels import CLEAN, LAYOUT, TO_ISA, TO_KERNELS, TO_NESTS

from nopt.passes import get_all_passes

BY_LIST = {*TO_NESTS, *LAYOUT, *TO_KERNELS, TO_ISA, *CLEAN}
"""What test_end_to_end, test_affine_passes and test_graph_clean take from the pipelines."""


def test_every_pass_is_checked():
    """By name or class in some property, but for one that only writes an attribute, and one whose
    parts test_graph_quantize calls by themselves."""
    here = Path(__file__)
    text = "".join(path.read_text() for path in here.parent.glob("*.py") if path != here)
    missing = {
        name
        for name, load in get_all_passes().items()
        if name not in BY_LIST and name not in text and load().__name__ not in text
    }
    assert missing == {"attach-machine", "graph-quantize"}
