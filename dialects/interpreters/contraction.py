"""Sums of products, of integers through BLAS wherever floats hold them exactly."""

from __future__ import annotations

from math import prod

import numpy as np

from nopt.dialects.constants import Array
from nopt.dialects.interpreters.float_sums import product

_EXACT_FLOAT32 = 1 << 24
_EXACT_FLOAT64 = 1 << 53


def contract(a: Array, b: Array, reduced: tuple[int, ...], extents: tuple[int, ...]) -> Array:
    """Sum of `a * b` over the `reduced` axes, as int64, with those axes kept at size 1.

    `a` and `b` have one axis per iterator, of the iterator's extent or of size 1 where they do not
    depend on it; `extents` are all the extents. The sum is exact modulo 2^64.
    """
    repeats = 1
    for axis in reduced:
        if a.shape[axis] == 1 and b.shape[axis] == 1:
            repeats *= extents[axis]
    a = _sum_own(a, b, reduced)
    b = _sum_own(b, a, reduced)
    axes = range(a.ndim)
    both = [i for i in axes if a.shape[i] > 1 and b.shape[i] > 1]
    inner = [i for i in both if i in reduced]
    batch = [i for i in both if i not in reduced]
    rows = [i for i in axes if a.shape[i] > 1 and b.shape[i] == 1]
    columns = [i for i in axes if b.shape[i] > 1 and a.shape[i] == 1]

    def size(of: Array, axes: list[int]) -> int:
        return prod(of.shape[i] for i in axes)

    def arranged(of: Array, order: list[int], shape: tuple[int, ...]) -> Array:
        rest = [i for i in axes if i not in order]
        return of.transpose(order + rest).reshape(shape)

    count = size(a, inner)
    left = arranged(a, batch + rows + inner, (size(a, batch), size(a, rows), count))
    right = arranged(b, batch + inner + columns, (size(b, batch), count, size(b, columns)))
    sums = matmul(left, right) * repeats
    order = batch + rows + columns
    full = sums.reshape([max(a.shape[i], b.shape[i]) for i in order])
    full = full.reshape(full.shape + (1,) * (len(axes) - len(order)))
    return full.transpose(np.argsort(order + [i for i in axes if i not in order]))


def _sum_own(a: Array, b: Array, reduced: tuple[int, ...]) -> Array:
    """Sum `a` over the reduced axes that only `a` has: fewer products."""
    own = tuple(i for i in reduced if a.shape[i] > 1 and b.shape[i] == 1)
    return a.sum(axis=own, keepdims=True, dtype=np.int64) if own else a


def matmul(a: Array, b: Array) -> Array:
    """Batched matrix product: of floats rounded once; of integers as int64, exact modulo 2^64.

    Integers go through the fastest BLAS that holds every partial sum exactly, if one does."""
    if np.issubdtype(a.dtype, np.floating):
        return product(a, b)
    bound = a.shape[-1] * _largest(a) * _largest(b)
    for limit, dtype in ((_EXACT_FLOAT32, np.float32), (_EXACT_FLOAT64, np.float64)):
        if bound <= limit:
            return np.matmul(a.astype(dtype), b.astype(dtype)).astype(np.int64)
    return np.matmul(a.astype(np.int64), b.astype(np.int64))


def _largest(a: Array) -> int:
    return max(abs(int(a.min())), abs(int(a.max()))) if a.size else 0
