"""Sums of floats: the exact sum, rounded to float64 and then to the elements' type.

No order of terms is specified, as none matters: strides, threads, BLAS and blocking change no bit.
Sums are computed in float64, which holds products of two f32 exactly, and a bound on what that may
be off by. Where all that is within the bound rounds to one f32, this is the result; the few sums
that are left, about one in ten thousand, are added again without error. Of f64, all are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum, prod
from typing import Any

import numpy as np

from nopt.dialects.constants import Array
from nopt.dialects.interpreters.results import blocks

_AT_ONCE = 1 << 20
"""Terms that are added again at once."""
_WIDENED = 1 << 21
"""Elements of a matrix that are made float64 at once: what a cache holds."""


@dataclass(frozen=True)
class Sums:
    """Sums of as many terms each, in float64."""

    near: Array
    """The sums, added in any order."""
    reach: Array
    """No less than the sums of the terms' magnitudes; broadcasts to `near`."""
    count: int
    """How many terms a sum has."""
    terms: Callable[[Array], Array]
    """Terms of the sums at P places in the flat `near`: [P, N] float64, exact."""

    def rounded(self, dtype: np.dtype[Any], divisor: Array | int = 1) -> Array:
        """The sums in an element type, divided in float64 by a number above 0 before.

        A zero is +0; infinities and NaN among the terms give what they give in any order."""
        by = np.asarray(divisor, np.float64)
        is_one = bool((by == 1).all())

        def finished(sums: Array, by: Array = by) -> Array:
            found = (sums if is_one else sums / by).astype(dtype)
            # For the sign of zero.
            found += 0
            return found

        result: Array
        with np.errstate(all="ignore"):
            if dtype == np.float64:
                result, is_open = finished(self.near), np.ones(self.near.shape, np.bool_)
            else:
                # Each addition errs by half a step of its result at most; a few more for `reach`.
                slack = self.reach * ((self.count + 8) * 2.0**-53)
                finite = np.isfinite(self.near)
                if not finite.all():
                    slack = np.where(finite, slack, 0)
                result = finished(self.near - slack)
                is_open = (result != finished(self.near + slack)) & ~np.isnan(self.near)
            places = np.flatnonzero(is_open)
            if places.size:
                flat: Array = result.flatten()
                of = np.broadcast_to(by, self.near.shape).reshape(-1)
                step = max(1, _AT_ONCE // max(self.count, 1))
                for first in range(0, places.size, step):
                    chosen = places[first : first + step]
                    flat[chosen] = self._again(chosen, partial(finished, by=of[chosen]))
                result = flat.reshape(result.shape)
        return result

    def _again(self, places: Array, finished: Callable[[Array], Array]) -> Array:
        """The sums at some places, from what is off by less than 2^-100 of the terms' magnitudes
        for each term; where that does not tell the result, without error."""
        terms = self.terms(places)
        sums, rest = _folded(terms)
        slack = np.abs(terms).sum(axis=1) * ((self.count + 8) * 2.0**-100)
        result = finished(sums + (rest - slack))
        near = self.near.reshape(-1)[places]
        is_open = result != finished(sums + (rest + slack))
        for row in np.flatnonzero(is_open & np.isfinite(terms).all(axis=1)):
            near[row] = _added(terms[row])
        return np.where(is_open, finished(near), result) if is_open.any() else result


def _folded(terms: Array) -> tuple[Array, Array]:
    """The sums of rows, by halves onto halves, and what all these additions have lost."""
    lost = np.zeros(len(terms))
    while (half := terms.shape[1] // 2) > 0:
        a, b, odd = terms[:, :half], terms[:, half : 2 * half], terms[:, 2 * half :]
        sums = a + b
        # Knuth's exact addition.
        added = sums - a
        lost += ((a - (sums - added)) + (b - added)).sum(axis=1)
        terms = np.concatenate([sums, odd], axis=1)
    return terms.sum(axis=1), lost


def _added(terms: Array) -> float:
    try:
        return fsum(terms.tolist())
    except OverflowError:
        # On the way only, or at the end, too.
        return float(np.float64(fsum((terms * 2.0**-128).tolist())) * 2.0**128)


def total(
    x: Array, axes: Sequence[int], *, keep_dims: bool = False, divisor: Array | int = 1
) -> Array:
    """The sums of floats over some axes, in their type."""
    axes = tuple(axes)
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    count = prod(x.shape[axis] for axis in axes)
    rows = x.transpose(*kept, *axes).reshape(-1, count)
    with np.errstate(all="ignore"):
        near = rows.sum(axis=1, dtype=np.float64)
        reach = np.abs(rows).sum(axis=1, dtype=np.float64)
    sums = Sums(near, reach, count, lambda places: rows[places].astype(np.float64))
    shape = [1 if axis in axes else size for axis, size in enumerate(x.shape)]
    if not keep_dims:
        shape = [x.shape[axis] for axis in kept]
    return sums.rounded(x.dtype, divisor).reshape(shape)


def total_of_windows(
    windows: Array, weights: Array | None = None, divisor: Array | int = 1, axes: int = 1
) -> Array:
    """The sums of floats, times weights that broadcast to them if any, over the last axes: few, as
    those of a window, so that a few large additions are the fastest."""
    shape = windows.shape[:-axes]
    sums = np.empty(shape, windows.dtype)
    factors = None if weights is None else np.broadcast_to(weights, windows.shape)
    by = np.broadcast_to(divisor, shape)
    for part in blocks(shape):
        of = None if factors is None else factors[part]
        sums[part] = _few(windows[part], of, axes).rounded(windows.dtype, by[part])
    return sums


def _few(windows: Array, weights: Array | None, axes: int) -> Sums:
    """Sums of windows that a cache holds."""
    shape, kernel = windows.shape[:-axes], windows.shape[-axes:]
    near, reach = np.zeros(shape), np.zeros(shape)
    with np.errstate(all="ignore"):
        for place in np.ndindex(*kernel):
            term = windows[..., *place].astype(np.float64)
            if weights is not None:
                term *= weights[..., *place]
            near += term
            reach += np.abs(term)

    def terms(places: Array) -> Array:
        where = np.unravel_index(places, shape)
        chosen = windows[where].reshape(places.size, -1)
        if weights is None:
            return chosen.astype(np.float64)
        factors = np.broadcast_to(weights, windows.shape)[where].reshape(places.size, -1)
        return exact_products(chosen, factors)

    return Sums(near, reach, prod(kernel), terms)


def exact_products(a: Array, b: Array) -> Array:
    """Terms whose sum over the last axis is that of a * b: [P, N] of f32, [P, 2 N] of f64."""
    wide = a.astype(np.float64) * b.astype(np.float64)
    if a.dtype != np.float64:
        return wide
    (x, i), (y, j) = np.frexp(a), np.frexp(b)
    (high, low), (top, rest) = _halves(x), _halves(y)
    product = x * y
    error = ((high * top - product) + high * rest + low * top) + low * rest
    return np.concatenate([wide, np.ldexp(error, i + j)], axis=-1)


def _halves(x: Array) -> tuple[Array, Array]:
    """Two floats of half as many bits that add up to a float below 1."""
    scaled = x * (2.0**27 + 1)
    high = scaled - (scaled - x)
    return high, x - high


def product(a: Array, b: Array) -> Array:
    """The matrix product of floats, [..., M, K] and [..., K, N] with batches that broadcast."""
    for large, axis, size in ((a, -2, a.shape[-2]), (b, -1, b.shape[-1])):
        step = max(1, _WIDENED * size // large.size)
        if step < size:
            parts = np.split(large, range(step, size, step), axis)
            products = [product(part, b) if axis == -2 else product(a, part) for part in parts]
            return np.concatenate(products, axis)
    return _product(a, b)


def _product(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        left, right = a.astype(np.float64), b.astype(np.float64)
        near = np.matmul(left, right)
        # By Cauchy and Schwarz; cheaper than a product of magnitudes.
        rows = np.sqrt(np.einsum("...mk,...mk->...m", left, left))[..., None]
        columns = np.sqrt(np.einsum("...kn,...kn->...n", right, right))[..., None, :]
    batch = near.shape[:-2]
    first = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    second = np.broadcast_to(b, (*batch, *b.shape[-2:])).swapaxes(-2, -1)

    def terms(places: Array) -> Array:
        *outer, row, column = np.unravel_index(places, near.shape)
        return exact_products(first[*outer, row], second[*outer, column])

    return Sums(near, rows * columns, a.shape[-1], terms).rounded(a.dtype)
