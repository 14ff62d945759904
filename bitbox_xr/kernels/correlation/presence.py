"""Sums of each signal over the frames present in a window, and tables of the frames themselves."""

import numpy as np

from bitbox_xr.kernels.correlation.moments import FLAT, GUARDS
from bitbox_xr.kernels.correlation.running import lay_out
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["GUARDS_OF_GAPS", "changes", "lay_out_masked", "present_moments"]

# As GUARDS, for spreads that come from sums in the same precision as the products: in float32, errors of r reach 6.5e-6
# with a first share of 2e-2.
GUARDS_OF_GAPS = {4: (0.2, 1e-7), 8: GUARDS[8]}


def changes(x: np.ndarray) -> np.ndarray:
    """For each frame and signal, the last frame before a change of value, up to this frame; −1 before any change.

    Missing values are passed over: a signal is constant from frame t to f if the number of frame f is less than t.
    """
    result = np.empty(x.shape, np.int32)
    _changes(x, result)
    return result


@kernel
def _changes(x, change):
    n = x.shape[1]
    held, at, before = np.full(n, np.nan), np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for f in range(len(x)):
        for i in range(n):
            value = x[f, i]
            before[i] = at[i] if value > held[i] or value < held[i] else before[i]
            at[i] = f if value == value else at[i]
            held[i] = value if value == value else held[i]
            change[f, i] = before[i]


@kernel_part
def present_moments(side, first, width, starts, pad, stride, shares, centred, total, square, count, floor):
    """Centre the frames of windows in a row, and compute sums over the frames present in each.

    `side` has numbers and `changes`. The sums are those of values, of squares and of frames, `[pad + start, signal]`,
    each signal on its own. `floor` is the smallest spread to be trusted, from its share in the squares of the window
    and in the largest squares so far, or NaN if the signal is constant in the window.
    """
    x, change = side
    n = x.shape[1]
    sums, squares, peak, frames = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    _centre_present(x, first, starts + width - 1, centred)
    for k in range(width):
        for i in range(n):
            sums[i] += centred[k, i]
            squares[i] += centred[k, i] * centred[k, i]
        _count(x, first + k, 1.0, frames)
    for t in range(starts):
        to, last = np.uint64((pad + t) * stride), first + t + width - 1  # without a sign, see `lay_out`
        _floors(squares, peak, change[last], first + t, shares, width * FLAT * FLAT, to, floor)
        for i in range(np.uint64(n)):
            total[to + i] = sums[i]
        for i in range(np.uint64(n)):
            square[to + i] = squares[i]
        for i in range(np.uint64(n)):
            count[to + i] = frames[i]
        if t + 1 < starts:
            for i in range(n):
                old, new = centred[t, i], centred[t + width, i]
                sums[i] += new - old
                squares[i] += new * new - old * old
            _count(x, last + 1, 1.0, frames)
            _count(x, first + t, -1.0, frames)


@kernel_part
def _count(x, frame, sign, frames):
    """Add `sign` to the number of frames of each signal that is present."""
    for i in range(len(frames)):
        frames[i] += sign if x[frame, i] == x[frame, i] else 0.0


@kernel_part
def _floors(squares, peak, change, first, shares, least, to, floor):
    """Write the smallest spreads to be trusted, and update the largest squares so far, `peak`."""
    own, of_peak = shares
    n = np.uint64(len(squares))
    for i in range(n):
        peak[i] = squares[i] if squares[i] > peak[i] else peak[i]
    for i in range(n):
        trusted = of_peak * peak[i] if of_peak * peak[i] > own * squares[i] else own * squares[i]
        floor[to + i] = trusted if trusted > least else least
    for i in range(n):
        if change[i] < first:
            floor[to + i] = np.nan


@kernel_part
def _centre_present(x, first, frames, out):
    """Write frames minus the mean of the values present to `out` `(frame, signal)`; missing values become 0."""
    n = x.shape[1]
    mean, count = np.zeros(n), np.zeros(n)
    for k in range(first, first + frames):
        for i in range(n):
            mean[i] += x[k, i] if x[k, i] == x[k, i] else 0.0
        _count(x, k, 1.0, count)
    for i in range(n):
        mean[i] /= max(count[i], 1.0)
    for k in range(frames):
        for i in range(n):
            value = x[first + k, i] - mean[i]
            out[k, i] = value if value == value else 0.0


@kernel_part
def lay_out_masked(x, first, frames, centred, pad, stride, flat, square, present):
    """Write frames, their squares, and 1 where a value is present, to flat arrays from frame `pad`."""
    lay_out(centred, frames, 0, pad, stride, flat, 1.0)
    for k in range(frames):
        to = np.uint64((pad + k) * stride)
        for j in range(np.uint64(x.shape[1])):
            square[to + j] = centred[k, j] * centred[k, j]
        for j in range(np.uint64(x.shape[1])):
            present[to + j] = 1.0 if x[first + k, j] == x[first + k, j] else 0.0
