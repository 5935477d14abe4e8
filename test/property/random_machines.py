"""Any core of VTA's family that small layers keep busy: shapes, buffers, ALU, memory system."""

from __future__ import annotations

from hypothesis import strategies as st

from nopt.hw.config import Config


@st.composite
def machines(draw: st.DrawFn, most_lanes: int = 5) -> Config:
    """A core with at most 2^most_lanes lanes on a side, whose buffers hold few tiles, or all."""

    def log(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    batch, inputs = log(0, 3), log(0, most_lanes)
    # Many are square.
    outputs = draw(st.just(inputs) | st.integers(0, most_lanes))
    acc, inp = log(4, 11), log(4, 11)
    return Config(
        name="random",
        log_batch=batch,
        log_block_in=inputs,
        log_block_out=outputs,
        log_uop_buff_size=2 + log(2, 11),
        log_inp_buff_size=inp + batch + inputs,
        log_wgt_buff_size=log(4, 10) + inputs + outputs,
        log_acc_buff_size=2 + acc + batch + outputs,
        alu_multiply=draw(st.booleans()),
        alu_lanes=draw(st.sampled_from([0, *(1 << i for i in range(batch + outputs + 1))])),
        memory_latency=draw(st.sampled_from([0, 1, 32, 200])),
        bytes_per_cycle=1 << log(0, 6),
        burst_beats=1 << log(0, 6),
        queue_depth=draw(st.sampled_from([1, 3, 512])),
    )
