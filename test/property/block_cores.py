"""Cores with blocks of 16, 4 and 8, square or not, with a batch or without: small tensors have
several blocks."""

from hypothesis import strategies as st

from nopt.hw.config import Config


def core(log_in: int, log_out: int, log_batch: int = 0, alu_multiply: bool = False) -> Config:
    """A core with blocks of 2^log_in by 2^log_out."""
    return Config(
        log_batch=log_batch,
        log_block_in=log_in,
        log_block_out=log_out,
        log_inp_buff_size=11 + log_batch + log_in,
        log_wgt_buff_size=10 + log_in + log_out,
        log_acc_buff_size=13 + log_batch + log_out,
        alu_multiply=alu_multiply,
    )


CORES = st.sampled_from(
    [
        Config.load("rtl"),
        core(2, 2),
        core(3, 3, alu_multiply=True),
        core(2, 2, log_batch=1),
        core(3, 3, log_batch=2),
        core(2, 3),
        core(3, 2),
        core(0, 0),
    ]
)
