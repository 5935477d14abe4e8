"""Cores with blocks of 16, 4 and 8: small tensors have several."""

from hypothesis import strategies as st

from nopt.hw.config import Config


def core(log_block: int, alu_multiply: bool) -> Config:
    """A core with blocks of 2^log_block."""
    return Config(
        log_block_in=log_block,
        log_block_out=log_block,
        log_inp_buff_size=11 + log_block,
        log_wgt_buff_size=10 + 2 * log_block,
        log_acc_buff_size=13 + log_block,
        alu_multiply=alu_multiply,
    )


CORES = st.sampled_from([Config.load("rtl"), core(2, False), core(3, True)])
