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
    """One side, scaled, with what is known about each frame; arrays are `(frame, signal)`."""

    numbers: np.ndarray
    change: np.ndarray  # the last frame before a change of value, up to this frame; −1 before the first change
    weak: np.ndarray  # 1 if the window that starts at this frame must be computed directly
    lost: np.ndarray  # number of earlier frames in which any signal is missing, `(frame + 1,)`


def prepared(name: str, block: np.ndarray) -> Side:
    """Scale one side. Raises ValueError if a value is infinite."""
    block = np.ascontiguousarray(block, dtype=np.float64)
    numbers = np.empty_like(block)
    change = np.empty(block.shape, np.int32)
    lost = np.empty(len(block) + 1, np.int64)
    if _prepare(block, numbers, change, lost):
        raise ValueError(infinite(name))
    return Side(numbers, change, np.zeros(block.shape, np.uint8), lost)


@kernel
def _prepare(x, scaled, change, lost):
    """Scale a block `(frame, signal)` to magnitudes of at most 1; find changes of value and lost frames.

    `change[f, i]` is the last frame p for which the next present value of signal i, at frame f or before, differs from
    the value at p, or −1. A signal is thus constant from frame t to f if `change[f, i] < t`. Returns the number of
    signals with values that are infinite or too large to square.
    """
    frames, n = x.shape
    peak = np.zeros(n)
    for f in range(frames):
        for i in range(n):
            size = abs(x[f, i])
            if size > peak[i]:
                peak[i] = size
    infinite = 0
    factor = np.ones(n)
    for i in range(n):
        if peak[i] > MAX_MAGNITUDE:
            infinite += 1
        elif peak[i] > 0:
            # at most 2**1022: the smallest numbers are scaled to less than 1/2
            factor[i] = 2.0 ** min(-np.floor(np.log2(peak[i])) - 1.0, 1022.0)
    held, at, before = np.zeros(n), np.full(n, -1), np.full(n, -1)  # the last present value, its frame, the last change
    lost[0] = 0
    for f in range(frames):
        missing = 0
        for i in range(n):
            value = x[f, i] * factor[i]
            scaled[f, i] = value
            present = value == value
            missing |= not present
            before[i] = at[i] if present and at[i] >= 0 and value != held[i] else before[i]
            held[i] = value if present else held[i]
            at[i] = f if present else at[i]
            change[f, i] = before[i]
        lost[f + 1] = lost[f] + missing
    return infinite


@kernel
def centre(x, first, frames, out):
    """Write frames minus the mean of each signal over them to `out` `(frame, signal)`; missing values become 0."""
    n = x.shape[1]
    mean, count = np.zeros(n), np.zeros(n)
    for k in range(frames):
        for i in range(n):
            value = x[first + k, i]
            missing = value != value
            mean[i] += 0.0 if missing else value
            count[i] += 0.0 if missing else 1.0
    for i in range(n):
        mean[i] /= max(count[i], 1.0)
    for k in range(frames):
        for i in range(n):
            value = x[first + k, i] - mean[i]
            out[k, i] = value if value == value else 0.0


@kernel
def moments(side, first, width, starts, guards, centred, sums, inverse):
    """Centre the frames of `starts` windows in a row, and compute the sum and inverse spread of each.

    Windows start at each frame from `first`. `sums` and `inverse` are `(start, signal)`, with further columns or none.
    An inverse spread of NaN means that the signal is constant in the window, or, if `weak` of the window's first frame
    is 1, that it must be computed directly. Returns the number of weak entries.
    """
    x, change, weak = side
    n = x.shape[1]
    centre(x, first, starts + width - 1, centred)
    total, square, peak = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(width):
        for i in range(n):
            total[i] += centred[k, i]
            square[i] += centred[k, i] * centred[k, i]
    least, found = width * FLAT * FLAT, 0  # of spreads that are surely not constant, as magnitudes are at most 1
    for t in range(starts):
        unsure = 0.0
        for i in range(n):
            spread = square[i] - total[i] * total[i] / width
            peak[i] = square[i] if square[i] > peak[i] else peak[i]
            sure = (spread > guards[0] * square[i]) & (spread > guards[1] * peak[i]) & (spread >= least)
            sums[t, i] = total[i]
            inverse[t, i] = 1.0 / np.sqrt(spread) if sure else np.nan
            unsure += 0.0 if sure else 1.0
        if unsure > 0:
            for i in range(n):
                if inverse[t, i] != inverse[t, i] and change[first + t + width - 1, i] >= first + t:
                    weak[first + t, i] = 1
                    found += 1
        if t + 1 < starts:
            for i in range(n):
                old, new = centred[t, i], centred[t + width, i]
                total[i] += new - old
                square[i] += new * new - old * old
    return found
