"""Sums and spreads of each signal in a window, at each shift, from which correlations are computed.

Times are in frames. A *side* is one person. Its window moves over the shifts 0 … n−1 of its *reach*, the frames that
the window covers at any lag. The *spread* of a signal is its sum of squares about its mean. All sums are float64.
Signals are first scaled by powers of two, which is exact, so that squares neither overflow nor underflow.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.finite import MAX_MAGNITUDE, infinite
from bitbox_xr.kernels.jit import kernel

__all__ = ["FLAT", "GUARDS", "Side", "centre", "moments", "prepared"]

FLAT = 1e-9  # a signal with a deviation below this share of its largest magnitude counts as constant
# Bytes of a number: the smallest share of the window's spread in (the window's sum of squares about the centre, the
# largest such sum since the running sums began). Below either share the sums have lost too many digits, and the window
# is computed directly. Measured on noise, random walks and bursts, float32: with a first share of 1e-2 errors of r are
# at most 1.2e-6, with 1e-3 3.5e-6, with 1e-5 2.6e-5.
GUARDS = {4: (2e-2, 1e-7), 8: (1e-9, 1e-8)}


class Side(NamedTuple):
    """One side, scaled, with what is known about each frame."""

    numbers: np.ndarray  # (frame, signal)
    weak: np.ndarray  # 1 if the window that starts at this frame must be computed directly, (frame, signal)
    lost: np.ndarray  # number of earlier frames in which any signal is missing, (frame + 1,)


def prepared(name: str, block: np.ndarray) -> Side:
    """Scale one side. Raises ValueError if a value is infinite."""
    block = np.ascontiguousarray(block, dtype=np.float64)
    numbers, lost = np.empty_like(block), np.empty(len(block) + 1, np.int64)
    if _prepare(block, numbers, lost):
        raise ValueError(infinite(name))
    return Side(numbers, np.zeros(block.shape, np.uint8), lost)


@kernel
def _prepare(x, scaled, lost):
    """Scale a block `(frame, signal)` to magnitudes of at most 1, and count lost frames.

    Returns the number of signals with values that are infinite or too large to square.
    """
    frames, n = x.shape
    peak = np.zeros(n)
    for f in range(frames):
        for i in range(n):
            size = abs(x[f, i])
            peak[i] = size if size > peak[i] else peak[i]
    infinite = 0
    factor = np.ones(n)
    for i in range(n):
        if peak[i] > MAX_MAGNITUDE:
            infinite += 1
        elif peak[i] > 0:
            # at most 2**1022: the smallest numbers are scaled to less than 1/2
            factor[i] = 2.0 ** min(-np.floor(np.log2(peak[i])) - 1.0, 1022.0)
    lost[0] = 0
    for f in range(frames):
        missing = 0
        for i in range(n):
            value = x[f, i] * factor[i]
            scaled[f, i] = value
            missing += 0 if value == value else 1
        lost[f + 1] = lost[f] + (missing > 0)
    return infinite


@kernel
def centre(x, first, frames, out):
    """Write frames without gaps, minus the mean of each signal over them, to `out` `(frame, signal)`."""
    n = x.shape[1]
    mean = np.zeros(n)
    for k in range(first, first + frames):
        for i in range(n):
            mean[i] += x[k, i]
    for i in range(n):
        mean[i] /= frames
    for k in range(frames):
        for i in range(n):
            out[k, i] = x[first + k, i] - mean[i]


@kernel
def moments(side, first, width, starts, guards, centred, sums, inverse):
    """Centre the frames of `starts` windows in a row, and compute the sum and inverse spread of each.

    Windows start at each frame from `first`. `sums` and `inverse` are `(start, signal)`.
    An inverse spread of NaN means that the signal is constant in the window, or, if `weak` of the window's first frame
    is 1, that it must be computed directly. Returns the number of weak entries.
    """
    x, weak = side
    n = x.shape[1]
    centre(x, first, starts + width - 1, centred)
    total, square, peak = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(width):
        for i in range(n):
            total[i] += centred[k, i]
            square[i] += centred[k, i] * centred[k, i]
    of_square, of_peak, least = guards[0], guards[1], width * FLAT * FLAT  # magnitudes are at most 1
    found = 0
    for t in range(starts):
        unsure = 0
        for i in range(n):
            spread = square[i] - total[i] * total[i] / width
            peak[i] = square[i] if square[i] > peak[i] else peak[i]
            sure = (spread > of_square * square[i]) & (spread > of_peak * peak[i]) & (spread >= least)
            inverse[t, i] = 1.0 / np.sqrt(spread) if sure else np.nan
            unsure += 0 if sure else 1
        for i in range(n):
            sums[t, i] = total[i]
        if unsure > 0:
            found += _mark_weak(x, first + t, width, inverse[t], weak)
        if t + 1 < starts:
            for i in range(n):
                old, new = centred[t, i], centred[t + width, i]
                total[i] += new - old
                square[i] += new * new - old * old
    return found


@kernel
def _mark_weak(x, first, width, inverse, weak):
    """Mark signals without an inverse spread that are not constant as weak. Returns their number."""
    found = 0
    for i in range(x.shape[1]):
        if inverse[i] != inverse[i] and not _is_constant(x, first, i, width):
            weak[first, i] = 1
            found += 1
    return found


@kernel
def _is_constant(x, first, i, width):
    k = first + 1
    while k < first + width and x[k, i] == x[first, i]:
        k += 1
    return k >= first + width
