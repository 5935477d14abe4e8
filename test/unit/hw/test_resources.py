"""What a core takes, counted by hand, and what boards have."""

import pytest

from nopt.hw.config import Config, ConfigError
from nopt.hw.resources import Board, board_names, resources

DEFAULT = Config()


def test_the_default_core():
    taken = resources(DEFAULT)
    # Micro-ops, inputs, weights, accumulators, outputs of VTA's own defaults.
    assert taken.sram == (32 + 32 + 256 + 128 + 32) * 1024
    assert (taken.multipliers, taken.dsp) == (256, 128)
    # 8,192 by 32 bits: 8 of 1,024 by 36. 2,048 by 128: 8 of 2,048 by 18 (7.1 of them). 1,024 by
    # 2,048: 57 of 36. 2,048 by 512: 29 of 18. Outputs as inputs.
    assert taken.bram36 == 8 + 8 + 57 * 1 + 29 + 8
    assert taken.area == pytest.approx(256 * 419e-6 + 16e-3 + taken.sram * 8 * 0.5e-6)


@pytest.mark.parametrize("name", board_names())
def test_boards(name: str):
    """VTA's default core was built for both, at the frequency of their tables."""
    board = Board.load(name)
    assert board.refusal(resources(DEFAULT)) is None
    assert board.frequency(resources(DEFAULT)) == {"zynq7020": 100, "zu3eg": 333}[name]


def test_what_does_not_fit_says_by_how_much():
    wide = DEFAULT.varied({"LOG_WGT_BUFF_SIZE": 20, "LOG_BLOCK": 5, "LOG_ACC_BUFF_SIZE": 18})
    taken = resources(wide)
    small = Board("small", dsp=taken.dsp, bram36=taken.bram36 - 3, lut=taken.lut, mhz=((4096, 1),))
    assert small.refusal(taken) == f"bram36: takes {taken.bram36}, 3 more than small has"
    slow = Board("slow", taken.dsp, taken.bram36, taken.lut, ((1000, 1),))
    expected = "multipliers: 1,024, 24 more than are known to close timing on slow"
    assert slow.refusal(taken) == expected
    assert slow.frequency(taken) is None
    with pytest.raises(ConfigError, match="board none: expected one of zu3eg, zynq7020"):
        Board.load("none")
