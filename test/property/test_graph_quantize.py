"""A quantized network does what the network of floats does, as far as its steps allow."""

import numpy as np
import pytest
from float_networks import FloatNetwork, float_networks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.transforms.dead_code_elimination import dce

from nopt.dialects import graph
from nopt.dialects.constants import scoped_resources
from nopt.passes.graph.quantization.comparison import REPRESENTS, compare, represented
from nopt.passes.graph.quantization.execution import GraphRun, network_of
from nopt.passes.graph.quantization.names import tensor_names
from nopt.passes.graph.quantization.quantize import Options, quantize

slow = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LEAST = 14.0
"""dB that every tensor keeps, through a few layers of a few channels."""


@pytest.fixture(autouse=True)
def _own_resources():
    with scoped_resources():
        yield


def quantized(module: ModuleOp, samples, **options) -> ModuleOp:
    copy = module.clone()
    quantize(network_of(copy), samples, Options(**options))
    dce(copy)
    copy.verify()
    return copy


options = st.fixed_dictionaries(
    {
        "method": st.sampled_from(("max", "percentile", "mse")),
        "correct_bias": st.booleans(),
        "tolerance": st.sampled_from((0.0, 0.5, 3.0)),
    }
)


@slow
@given(float_networks(), options)
def test_tensors_stay_close(drawn: tuple[FloatNetwork, ModuleOp], chosen):
    network, module = drawn
    samples = network.samples(3)
    rows = compare(module, quantized(module, samples, **chosen), samples[0])
    assert rows
    for row in rows:
        # What is nearly all zero has no signal to speak of.
        assert row.signal_to_noise > LEAST or row.magnitude < 1e-3, f"{row}\n{module}"


@slow
@given(float_networks())
def test_every_integer_tensor_says_what_it_stands_for(drawn):
    network, module = drawn
    copy = quantized(module, network.samples(1))
    names = set(tensor_names(network_of(module)).values())
    for op in copy.walk():
        if isinstance(op, graph.GraphOp) and REPRESENTS in op.attributes:
            name, _ = represented(op, np.zeros(op.result.type.get_shape(), np.int8))
            assert name in names


@slow
@given(float_networks())
def test_accumulators_never_wrap(drawn):
    """On any integers, not only those of the samples: i32 arithmetic equals unbounded."""
    network, module = drawn
    copy = quantized(module, network.samples(1))
    wide: dict = {}

    def watch(value, array):
        op = value.owner
        if isinstance(op, graph.AddOp) and op.result.type.element_type == i32:
            wide[value] = sum(wide.get(operand, values[operand]) for operand in op.operands)
            assert (wide[value] == array).all()
        values[value] = array.astype(np.int64)

    values = {
        op.result: op.array.astype(np.int64)
        for op in copy.walk()
        if isinstance(op, graph.ConstantOp)
    }
    extreme = [(np.where(x > 0, 1e9, -1e9).astype(np.float32),) for (x,) in network.samples(2)]
    for sample in extreme:
        GraphRun(network_of(copy)).run(sample, watch)


@slow
@given(float_networks())
def test_same_input_same_text(drawn):
    network, module = drawn
    samples = network.samples(2)
    assert str(quantized(module, samples)) == str(quantized(module, samples))
