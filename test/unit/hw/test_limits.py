"""Limits are what the encoding takes: one more is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hw_strategies import TINY, WIDE
from hw_streams import record

from nopt.hw.config import Config
from nopt.hw.isa.encoding import EncodingError, Opcode, encode
from nopt.hw.limits import ANY_CORE, field_range, immediate, most_padding, most_stride, most_turns

CORES = (TINY, WIDE, Config(), Config.load("rtl"), replace(Config(), uop_index_bits=13))


@pytest.mark.parametrize("config", CORES, ids=lambda config: config.name)
def test_the_encoding_takes_the_limits_and_no_more(config):
    low, high = immediate(config)
    of_loads = {"x_stride": most_stride(config)}
    of_loads |= dict.fromkeys(("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1"), most_padding(config))
    limits = [(Opcode.ALU, "imm", low, -1), (Opcode.ALU, "imm", high, 1)]
    limits += [(Opcode.LOAD, name, high, 1) for name, high in of_loads.items()]
    for opcode in (Opcode.GEMM, Opcode.ALU):
        limits += [(opcode, name, most_turns(config), 1) for name in ("iter_out", "iter_in")]
    for opcode, name, limit, more in limits:
        assert encode(record(opcode, **{name: limit}), config).dtype == np.uint64
        with pytest.raises(EncodingError, match=name):
            encode(record(opcode, **{name: limit + more}), config)


@pytest.mark.parametrize("config", CORES, ids=lambda config: config.name)
def test_what_verifiers_ask_for_is_the_same_on_every_core(config):
    assert immediate(config) == immediate(ANY_CORE)


def test_a_field_that_a_kind_lacks():
    with pytest.raises(KeyError):
        field_range(Opcode.LOAD, "imm", Config())
