"""A quantized network does what the network of floats does, as far as its steps allow."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from float_networks import FloatNetwork, float_networks
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.transforms.dead_code_elimination import dce
from xdsl.utils.exceptions import VerifyException

from nopt.dialects import graph
from nopt.dialects.annotations import PLACEMENT, REPRESENTS
from nopt.dialects.constants import array_of, attribute_of
from nopt.passes.base.placement import ON_HOST
from nopt.passes.graph.quantization.comparison import compare, represented
from nopt.passes.graph.quantization.execution import GraphRun, network_of
from nopt.passes.graph.quantization.quantization_plan import make_plan
from nopt.passes.graph.quantization.quantize_function import Options, quantize
from nopt.passes.graph.quantization.samples import Sample
from nopt.passes.graph.quantization.scales.observe import Observed, observe, values_of
from nopt.passes.graph.quantization.tensor_names import tensor_names

LEAST = 14.0
"""dB that every tensor keeps, through a few layers of a few channels, but for its own rounding."""


def quantized(module: ModuleOp, samples, **options) -> ModuleOp:
    copy = module.clone()
    function = network_of(copy)
    look = partial(observe, GraphRun(function), [Sample(each) for each in samples])
    quantize(function, look, Options(**options))
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


@examples(200)
@given(float_networks(), options)
def test_tensors_stay_close(drawn: tuple[FloatNetwork, ModuleOp], chosen):
    network, module = drawn
    samples = network.samples(3)
    copy = quantized(module, samples, **chosen)
    rows = compare(module, copy, samples[0])
    assert rows
    allowed = allowances(module, copy, samples[0], rows)
    for row in rows:
        # What is nearly all zero has no signal to speak of.
        assert row.signal_to_noise > allowed[row.name] or row.magnitude < 1e-3, f"{row}\n{module}"


def allowances(module: ModuleOp, integers: ModuleOp, sample, rows) -> dict[str, float]:
    """The dB that each tensor must keep.

    A mean, like all that moves elements, has its operand's scale s, but may be far smaller, as
    elements cancel: then rounding to s says nothing about the quantizer. So where e are errors,
    n elements, and |.| is the root of a sum of squares, a tensor y may have
    |e(y)| <= |y| / 10^(LEAST / 20) + sqrt(n) s / 2 + what its operands' errors become, namely
    - of a mean of k elements, |e(x)| / sqrt(k): a mean's square is at most the mean of squares;
    - of a product with weights that reads one, |e(x)| times the largest singular value;
    - of what moves, compares, adds or is a softmax, at most the sum of |e(x)|;
    - of a convolution, the same times the root of how many windows read an element."""
    network = network_of(module)
    names = tensor_names(network)
    found = {row.name: row for row in rows}
    exact: dict = {}
    GraphRun(network).run(sample, lambda value, array: exact.update({value: array}))
    steps = {
        attribute.data["tensor"].data: np.max(scale_of(attribute))
        for op in integers.walk()
        if (attribute := op.attributes.get(REPRESENTS)) is not None
    }
    errors: dict = {}
    allowed: dict[str, float] = {}
    for value, array in exact.items():
        size, op = np.linalg.norm(array.astype(float)), value.owner
        given = sum(errors.get(x, 0.0) for x in getattr(op, "operands", ()))
        passed = gain(op) * given
        row = found.get(names[value])
        errors[value] = passed if row is None else size * 10 ** (-row.signal_to_noise / 20)
        step = steps.get(names[value], 0.0)
        most = size * 10 ** (-LEAST / 20) + np.sqrt(array.size) * step / 2 + passed
        allowed[names[value]] = 20 * np.log10(size / most) if size else -np.inf
        for index, result in enumerate(network.body.block.last_op.operands):
            if result is value:
                allowed[f"output {index}"] = allowed[names[value]]
    return allowed


def scale_of(attribute) -> np.ndarray:
    scale = attribute.data["scale"]
    return array_of(scale) if "axis" in attribute.data else np.array(scale.value.data)


def gain(op) -> float:
    """How large an op may make the errors of its operands."""
    match op:
        case graph.GlobalAvgPoolOp() | graph.AvgPoolOp():
            window = op.input.type.get_shape()[2:]
            kernel = window if isinstance(op, graph.GlobalAvgPoolOp) else op.kernel.get_values()
            return 1 / np.sqrt(np.prod(kernel))
        case graph.MatmulOp() if isinstance(op.rhs.owner, graph.ConstantOp):
            return float(np.linalg.norm(op.rhs.owner.array.astype(float), 2))
        case graph.Conv2dOp() | graph.ConvTranspose2dOp():
            weights = op.weight.owner.array.astype(float)
            strides = zip(weights.shape[2:], op.strides.get_values(), strict=True)
            reads = np.prod([-(-kernel // stride) for kernel, stride in strides])
            return float(np.linalg.norm(weights.reshape(len(weights), -1), 2) * np.sqrt(reads))
        case _:
            return 1.0


@examples(200)
@given(float_networks())
def test_every_integer_tensor_says_what_it_stands_for(drawn):
    network, module = drawn
    copy = quantized(module, network.samples(1))
    names = set(tensor_names(network_of(module)).values())
    for op in copy.walk():
        if isinstance(op, graph.GraphOp) and REPRESENTS in op.attributes:
            name, _ = represented(op, np.zeros(op.result.type.get_shape(), np.int8))
            assert name in names


@examples(200)
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


@examples(200)
@given(float_networks())
def test_same_input_same_text(drawn):
    network, module = drawn
    samples = network.samples(2)
    assert str(quantized(module, samples)) == str(quantized(module, samples))


def attention(network: FloatNetwork, heads: int, transposed: bool) -> ModuleOp:
    """Self-attention with heads of very different reach, a sum and layer norm."""
    x = network.input
    _, length, width = x.type.get_shape()
    each = width // heads
    parts = []
    for order in ((0, 2, 1, 3), (0, 2, 3, 1) if transposed else (0, 2, 1, 3), (0, 2, 1, 3)):
        y = network.dense(x, width)
        reach = np.repeat(np.exp(network.rng.normal(0, 0.5, heads)), each)
        y.owner.lhs.owner.rhs.owner.value = attribute_of(
            (y.owner.lhs.owner.rhs.owner.array * reach).astype(np.float32), "w"
        )
        y = network.add(graph.ReshapeOp(y, (1, length, heads, each)))
        parts.append(network.add(graph.TransposeOp(y, order)))
    query, key, value = parts
    scores = network.add(graph.MatmulOp(query, key, transpose_b=not transposed))
    shares = network.add(graph.SoftmaxOp(scores, 3))
    mixed = network.add(graph.MatmulOp(shares, value))
    mixed = network.add(graph.TransposeOp(mixed, (0, 2, 1, 3)))
    y = network.dense(network.add(graph.ReshapeOp(mixed, (1, length, width))), width)
    y = network.add(graph.AddOp(y, x))
    ones = [network.constant(np.ones(width)) for _ in range(2)]
    return network.finish(network.add(graph.LayerNormOp(y, *ones, axis=2, epsilon=1e-5)))


def normalized(module: ModuleOp, copy: ModuleOp, sample) -> float:
    """The signal-to-noise that a layer norm leaves: of each row it takes the noise by the distance
    of its numbers from each other."""
    (norm,) = (op for op in module.walk() if isinstance(op, graph.LayerNormOp))
    (same,) = (op for op in copy.walk() if isinstance(op, graph.LayerNormOp))
    seen: dict = {}
    for each in (module, copy):
        GraphRun(network_of(each)).run(sample, lambda value, array: seen.update({value: array}))
    noise = np.square(seen[same.input] - seen[norm.input]).mean(axis=-1)
    return float(-10 * np.log10((noise / seen[norm.input].var(axis=-1)).mean()))


@examples(200)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans(), options)
def test_attention_stays_close(seed: int, heads: int, transposed: bool, chosen):
    network = FloatNetwork(seed, 1, 6, 4 * heads)
    module = attention(network, heads, transposed)
    module.verify()
    samples = network.samples(8)
    copy = quantized(module, samples, **chosen)
    *rows, output = compare(module, copy, samples[0])
    names = {row.name for row in rows}
    # Softmax multiplies errors of scores by up to the scores themselves.
    assert all(row.signal_to_noise > LEAST - 4 for row in rows), rows
    # Layer norm divides what lies close together, and its noise, by how far it is apart.
    assert output.signal_to_noise > min(LEAST, normalized(module, copy, samples[0])) - 4
    # Nothing but projections and products is integer, and what leaves them is known.
    kinds = Counter(op.name for op in copy.walk() if isinstance(op, graph.GraphOp))
    assert kinds["graph.dequantize"] == 2
    assert kinds["graph.quantize"] == 2
    scores = next(op for op in module.walk() if isinstance(op, graph.SoftmaxOp)).input
    assert tensor_names(network_of(module))[scores] in names
    if heads > 1:
        (crossing,) = [
            op
            for op in copy.walk()
            if isinstance(op, graph.DequantizeOp)
            and len(op.scales.shape)
            and op.result.type.get_shape()[-1] == 6
        ]
        assert crossing.axis is not None and crossing.axis.value.data == 1


def test_scales_of_products_that_cannot_agree_take_a_multiplier():
    """The results share a scale, and so do operands of several: one power of two is too few."""
    network = FloatNetwork(0, 1, 6, 6)
    functions = (graph.Function.TANH, graph.Function.EXP, graph.Function.SIGMOID)
    a, b, c = (network.add(graph.UnaryOp(each, network.input)) for each in functions)
    pairs = ((a, b), (c, network.input), (a, c))
    products = [network.add(graph.MatmulOp(*pair)) for pair in pairs]
    module = network.finish(network.dense(network.add(graph.ConcatOp(products, 1)), 3))
    samples = network.samples(2)
    copy = quantized(module, samples)
    forms = [op.multiplier is None for op in copy.walk() if isinstance(op, graph.RequantizeOp)]
    assert forms == [True, True, False, True]
    assert all(row.signal_to_noise > 25 for row in compare(module, copy, samples[0]))


def test_a_sum_may_follow_a_product_of_two_tensors():
    network = FloatNetwork(1, 1, 6, 6)
    y = network.relu(network.dense(network.input, 6))
    total = network.add(graph.AddOp(network.add(graph.MatmulOp(y, network.input)), y))
    module = network.finish(network.dense(total, 6))
    samples = network.samples(4)
    rows = compare(module, quantized(module, samples), samples[0])
    assert all(row.signal_to_noise > 25 for row in rows)


def _plan(module: ModuleOp):
    return make_plan(network_of(module), per_channel=True)


def test_columns_have_factors_where_the_reader_reads_each_once():
    """Flattened, each column is read in every row, by other weights: it has no factor."""
    for flat in (False, True):
        network = FloatNetwork(2, 1, 6, 8)
        query, value = (network.dense(network.input, width) for width in (6, 8))
        mixed = network.add(graph.MatmulOp(query, value))
        if flat:
            mixed = network.add(graph.ReshapeOp(mixed, (1, 48)))
        freedoms = _plan(network.finish(network.dense(mixed, 4))).freedoms
        assert len(freedoms.columns) == (0 if flat else 1)


def test_a_tensor_times_itself_has_no_factors():
    """What divides one side would divide the other."""
    network = FloatNetwork(3, 1, 4, 5, 5)
    y = network.dense(network.input, 5)
    product = network.add(graph.MatmulOp(y, y, transpose_b=True))
    freedoms = _plan(network.finish(network.add(graph.SoftmaxOp(product, 3)))).freedoms
    assert not freedoms.heads and not freedoms.columns
    network = FloatNetwork(3, 1, 5, 5)
    y = network.dense(network.input, 5)
    product = network.add(graph.MatmulOp(y, y))
    freedoms = _plan(network.finish(network.dense(product, 4))).freedoms
    assert not freedoms.heads and not freedoms.columns


@pytest.mark.parametrize("power", [-149, -126, -99, 0, 99, 120])
def test_numbers_of_all_magnitudes(power: int):
    """Each scale is a float32 above 0, or a tensor that is not finite is named."""
    network = FloatNetwork(4, 1, 3, 6, 6)
    first, second = (network.conv(network.input, 3, bias=False) for _ in range(2))
    total = network.add(graph.AddOp(first, second))
    padded = network.add(graph.PadOp(total, (0, 0, 1, 1), (0, 0, 1, 1), 0.5))
    module = network.finish(network.conv(padded, 2, bias=False))
    samples = [(np.ldexp(x, power).astype(np.float32),) for (x,) in network.samples(2)]
    with np.errstate(all="raise", under="ignore"):
        copy = quantized(module, samples)
    for op in copy.walk():
        if (attribute := op.attributes.get(REPRESENTS)) is not None:
            assert (scale_of(attribute) > 0).all() and np.isfinite(scale_of(attribute)).all()


def test_a_tensor_that_overflows_is_named():
    network = FloatNetwork(5, 1, 6, 6)
    y = network.dense(network.input, 6)
    squares = network.add(graph.MulOp(y, y), "squares")
    module = network.finish(network.dense(squares, 4))
    samples = [(np.float32(1e30) * x,) for (x,) in network.samples(1)]
    with pytest.raises(VerifyException, match="tensor 'squares': found NaN or infinite numbers"):
        quantized(module, samples)


@given(float_networks(), st.data())
@examples(100)
def test_a_network_is_observed_once_for_all_that_may_stay_float(given_network, data):
    network, module = given_network
    samples = [Sample(each) for each in network.samples(3)]
    function = network_of(module)
    observed = Observed(function, samples, make_plan(function, per_channel=True), kept=2)
    ops = [*function.body.block.ops]
    for place in data.draw(st.sets(st.integers(0, len(ops) - 2), max_size=4)):
        ops[place].attributes[PLACEMENT] = ON_HOST
    texts: list[str] = []
    for once in (True, False):
        copy = network_of(module.clone())
        look = partial(observe, GraphRun(copy), samples)
        values = values_of(copy)
        quantize(copy, partial(observed.of, copy) if once else look, Options())
        texts.append(str(copy))
        for index, sample in enumerate(samples):
            known = observed.known(index, values, copy)
            found, expected = GraphRun(copy).run(sample, known=known), GraphRun(copy).run(sample)
            assert all(map(np.array_equal, found, expected))
    assert texts[0] == texts[1]
