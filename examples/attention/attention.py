"""One block of self-attention, as BERT has them, in quantized `graph` text.

    python examples/attention/attention.py --hidden 1024 --heads 16 > large.mlir

Projections to heads, products of queries and keys, a softmax in floats, the sum of values by it, a
last projection, and the residual. All weights are splats, so that the text stays small.
"""

from __future__ import annotations

import argparse

TEXT = """\
func.func @main(%x: tensor<{b}x{n}x{c}xi8>) -> tensor<{b}x{n}x{c}xi8> {{
{query}{key}{value}\
  %s = graph.matmul %q, %k transpose_b : (tensor<{heads}x{w}xi8>, tensor<{heads}x{w}xi8>) -> \
tensor<{heads}x{n}xi32>
  %scores = graph.requantize %s shift 11 : tensor<{heads}x{n}xi32> -> tensor<{heads}x{n}xi8>
  %f = graph.dequantize %scores scale 6.25e-02 : tensor<{heads}x{n}xi8> -> tensor<{heads}x{n}xf32>
  %p = graph.softmax %f axis 3 : tensor<{heads}x{n}xf32>
  %weights = graph.quantize %p scale 7.8125e-03 : tensor<{heads}x{n}xf32> -> \
tensor<{heads}x{n}xi8>
  %sum = graph.matmul %weights, %v : (tensor<{heads}x{n}xi8>, tensor<{heads}x{w}xi8>) -> \
tensor<{heads}x{w}xi32>
  %o = graph.requantize %sum shift 7 : tensor<{heads}x{w}xi32> -> tensor<{heads}x{w}xi8>
  %ot = graph.transpose %o permutation [0, 2, 1, 3] : tensor<{heads}x{w}xi8> -> \
tensor<{split}xi8>
  %merged = graph.reshape %ot : tensor<{split}xi8> -> tensor<{all}xi8>
{output}\
  %sk = graph.add %ob, %x : (tensor<{all}xi32>, tensor<{all}xi8>) -> tensor<{all}xi32>
  %y = graph.requantize %sk shift 1 : tensor<{all}xi32> -> tensor<{all}xi8>
  return %y : tensor<{all}xi8>
}}
"""

PROJECTION = """\
  %w{v} = graph.constant dense<{number}> : tensor<{c}x{c}xi8>
  %b{v} = graph.constant dense<{bias}> : tensor<{c}xi32>
  %{v}m = graph.matmul %{source}, %w{v} : (tensor<{all}xi8>, tensor<{c}x{c}xi8>) -> \
tensor<{all}xi32>
  %{v}a = graph.add %{v}m, %b{v} : (tensor<{all}xi32>, tensor<{c}xi32>) -> tensor<{all}xi32>
"""

TO_HEADS = """\
  %{v}q = graph.requantize %{v}a shift {shift} : tensor<{all}xi32> -> tensor<{all}xi8>
  %{v}s = graph.reshape %{v}q : tensor<{all}xi8> -> tensor<{split}xi8>
  %{v} = graph.transpose %{v}s permutation [0, 2, 1, 3] : tensor<{split}xi8> -> \
tensor<{heads}x{w}xi8>
"""

TO_RESIDUAL = (
    "  %ob = graph.requantize %oa shift {shift} : tensor<{all}xi32> -> tensor<{all}xi32>\n"
)


def attention(hidden: int = 768, heads: int = 12, length: int = 128, batch: int = 6) -> str:
    """The text of a block. Raises ValueError for a hidden size that is not divided by the heads."""
    if hidden % heads:
        raise ValueError(f"hidden size is {hidden}, expected a multiple of the {heads} heads")
    width = hidden // heads
    sizes: dict[str, int | str] = {"b": batch, "n": length, "c": hidden, "w": width}
    sizes["all"] = f"{batch}x{length}x{hidden}"
    sizes["split"] = f"{batch}x{length}x{heads}x{width}"
    sizes["heads"] = f"{batch}x{heads}x{length}"
    # A sum of random products is about 2^12 times the root of their number.
    sizes["shift"] = 7 + (hidden.bit_length() - 1) // 2

    def projection(name: str, source: str, number: int, end: str) -> str:
        text = PROJECTION + end
        return text.format(v=name, source=source, number=number, bias=number << 8, **sizes)

    return TEXT.format(
        query=projection("q", "x", 1, TO_HEADS),
        key=projection("k", "x", 2, TO_HEADS),
        value=projection("v", "x", 3, TO_HEADS),
        output=projection("o", "merged", 1, TO_RESIDUAL),
        **sizes,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a block of self-attention.")
    parser.add_argument("--hidden", type=int, default=768, help="channels (768)")
    parser.add_argument("--heads", type=int, default=12, help="heads (12)")
    parser.add_argument("--length", type=int, default=128, help="tokens of a sequence (128)")
    parser.add_argument("--batch", type=int, default=6, help="sequences (6)")
    options = parser.parse_args()
    try:
        print(attention(**vars(options)), end="")
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
