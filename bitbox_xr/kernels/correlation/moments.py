"""Sums and spreads of each signal in a window, at each shift, from which correlations are computed.

Times are in frames. A *side* is one person. Its window moves over the shifts 0 … n−1 of its *reach*, the frames that
the window covers at any lag. The *spread* of a signal is its sum of squares about its mean. All sums are float64.
Signals are scaled by powers of two, which is exact, so that squares neither overflow nor underflow.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.finite import MAX_MAGNITUDE, infinite
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["FLAT", "GUARDS", "Side", "is_constant", "moments", "operands", "prepared"]

FEW = 4  # signals; with fewer, loops go through one signal after the other
ROW = 64  # values
MAX_EXPONENT = 30  # of the factors of numbers that may stay as they are
FLAT = 1e-9  # a signal with a deviation below this share of its largest magnitude counts as constant
# Bytes of a number: the smallest share of the window's spread in (the window's sum of squares about the centre, the
# largest such sum since the running sums began). Below either share the sums have lost too many digits, and the window
# is computed directly. Measured on noise, random walks and bursts, float32: with a first share of 1e-2 errors of r are
# at most 1.2e-6, with 1e-3 3.5e-6, with 1e-5 2.6e-5.
GUARDS = {4: (2e-2, 1e-7), 8: (1e-9, 1e-8)}


class Side(NamedTuple):
    """One side, with what is known about each frame."""

    numbers: np.ndarray  # (frame, signal)
    weak: np.ndarray  # 1 if the window that starts at this frame must be computed directly, (frame, signal)
    lost: np.ndarray  # number of earlier frames in which any signal is missing, (frame + 1,); [0] if none is
    factor: np.ndarray  # powers of two; numbers times these have magnitudes of at most 1, (signal,)

    def scaled(self) -> "Side":
        """The side with numbers of magnitudes of at most 1."""
        if (self.factor == 1.0).all():
            return self
        out, n = np.empty_like(self.numbers), len(self.factor)
        whole = len(out) // ROW * ROW  # rows of several frames: NumPy takes long for each row of a few numbers
        rows = (a[:whole].reshape(-1, ROW * n) for a in (self.numbers, out))
        np.multiply(next(rows), np.tile(self.factor, ROW), out=next(rows))
        np.multiply(self.numbers[whole:], self.factor, out=out[whole:])
        return self._replace(numbers=out, factor=np.ones_like(self.factor))


def prepared(name: str, block: np.ndarray) -> Side:
    """Survey one side. Raises ValueError if a value is infinite."""
    block = np.require(block, np.float64, ["C_CONTIGUOUS", "WRITEABLE"])  # kernels are compiled for these arrays only
    n = block.shape[1]
    peaks, factor = np.zeros(max(1, n * (ROW // n if n else 0), n)), np.ones(n)
    infinite_signals, missing = _survey(block.reshape(-1), peaks, factor)
    if infinite_signals:
        raise ValueError(infinite(name))
    lost = np.zeros(len(block) + 1 if missing else 1, np.int64)
    if missing:
        _count_lost(block, lost)
    side = Side(block, np.zeros(block.shape, np.uint8), lost, factor)
    # otherwise squares neither overflow nor underflow
    return side.scaled() if (abs(np.log2(factor)) > MAX_EXPONENT).any() else side


@kernel
def _survey(values, peaks, factor):
    """Write the factors that scale signals to magnitudes of at most 1.

    `values` are frame by frame; `peaks` has a place for each value of one or several frames, so that the loop is over
    many places even for few signals. Returns the number of signals with values that are infinite or too large to
    square, and the number of missing values.
    """
    n, row, missing, infinite = len(factor), len(peaks), 0, 0
    for start in range(0, len(values), row):
        at = np.uint64(start)
        for i in range(np.uint64(min(row, len(values) - start))):
            size = abs(values[at + i])
            peaks[i] = size if size > peaks[i] else peaks[i]
            missing += 0 if size == size else 1
    for i in range(n):
        peak = 0.0
        for k in range(i, row, n):
            peak = max(peak, peaks[k])
        if peak > MAX_MAGNITUDE:
            infinite += 1
        elif peak > 0:
            # at most 2**1022: the smallest numbers are scaled to less than 1/2
            factor[i] = 2.0 ** min(-np.floor(np.log2(peak)) - 1.0, 1022.0)
    return infinite, missing


@kernel
def _count_lost(x, lost):
    for f in range(x.shape[0]):
        missing = 0
        for i in range(x.shape[1]):
            missing += 0 if x[f, i] == x[f, i] else 1
        lost[f + 1] = lost[f] + (missing > 0)


def operands(side: Side) -> tuple[np.ndarray, np.ndarray, bool | None]:
    """Numbers, weak entries, and whether there are few signals, for `moments`.

    Not few is None: branches on None are left out when a function is compiled.
    """
    return side.numbers, side.weak, True if side.numbers.shape[1] < FEW else None


@kernel_part
def _centre(x, first, frames, few, out):
    """Write frames without gaps, minus the mean of each signal over them, to `out` `(frame, signal)`."""
    n = x.shape[1]
    if few is None:
        mean = np.zeros(n)
        for k in range(first, first + frames):
            for i in range(n):
                mean[i] += x[k, i]
        for i in range(n):
            mean[i] /= frames
        for k in range(frames):
            for i in range(n):
                out[k, i] = x[first + k, i] - mean[i]
    else:
        for i in range(n):
            total = 0.0
            for k in range(first, first + frames):
                total += x[k, i]
            total /= frames
            for k in range(frames):
                out[k, i] = x[first + k, i] - total


@kernel_part
def moments(side, first, width, windows, guards, centred, sums, inverse):
    """Centre the frames of some windows of a side (`operands`), and compute sums and inverse spreads at each shift.

    `windows`: their number, the frames from each to the next one, and the number of shifts, which are one frame apart.
    The first starts at frame `first`. `sums` and `inverse` are `(start, signal)`, with a row for each frame from it;
    rows of `inverse` between the shifts of two windows are undefined.
    An inverse spread of NaN means that the signal is constant in the window, or, if `weak` of the window's first frame
    is 1, that it must be computed directly. Returns the number of weak entries.
    """
    x, weak, few = side
    n, (number, step, shifts) = x.shape[1], windows
    starts, found = (number - 1) * step + shifts, 0
    _centre(x, first, starts + width - 1, few, centred)
    floor = np.empty((starts, n))
    _move_sums(few, centred, width, windows, guards, sums, inverse, floor)
    if shifts >= step:
        number, shifts = 1, starts
    flat = sums.reshape(-1), inverse.reshape(-1), floor.reshape(-1)
    for start in range(0, number * step, step):
        stop = start + shifts
        if _invert(*flat, start * n, shifts * n, width) > 0:
            for t in range(start, stop):
                found += _mark_weak(x, first, t, width, inverse, weak)
    return found


@kernel_part
def _move_sums(few, centred, width, windows, guards, sums, squares, floor):
    """Sums and sums of squares of the window at each start, and the smallest spreads to be trusted."""
    if few is not None:
        _move_few_sums(centred, width, windows, guards, sums, squares, floor)
        return
    n, (number, step, shifts) = centred.shape[1], windows
    of_square, of_peak, least = guards[0], guards[1], width * FLAT * FLAT  # magnitudes are at most 1
    total, square, peak = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(width):
        for i in range(n):
            total[i] += centred[k, i]
            square[i] += centred[k, i] * centred[k, i]
    starts = (number - 1) * step + shifts
    for t in range(starts):
        for i in range(n):
            peak[i] = square[i] if square[i] > peak[i] else peak[i]
            sums[t, i] = total[i]
        if t % step < shifts:
            for i in range(n):
                trusted = of_square * square[i] if of_square * square[i] > of_peak * peak[i] else of_peak * peak[i]
                floor[t, i] = trusted if trusted > least else least
                squares[t, i] = square[i]
        if t + 1 < starts:
            for i in range(n):
                old, new = centred[t, i], centred[t + width, i]
                total[i] += new - old
                square[i] += new * new - old * old


@kernel_part
def _move_few_sums(centred, width, windows, guards, sums, squares, floor):
    """`_move_sums`, one signal after the other."""
    starts = (windows[0] - 1) * windows[1] + windows[2]
    of_square, of_peak, least = guards[0], guards[1], width * FLAT * FLAT
    for i in range(centred.shape[1]):
        total, square, peak = 0.0, 0.0, 0.0
        for k in range(width):
            total += centred[k, i]
            square += centred[k, i] * centred[k, i]
        for t in range(starts):
            peak = max(peak, square)
            sums[t, i], squares[t, i] = total, square
            floor[t, i] = max(max(of_square * square, of_peak * peak), least)
            if t + 1 < starts:
                old, new = centred[t, i], centred[t + width, i]
                total += new - old
                square += new * new - old * old


@kernel_part
def _invert(total, square, floor, start, count, width):
    """Replace `count` sums of squares from `start` by inverse spreads, or NaN; return the number of these."""
    unsure, at = 0, np.uint64(start)
    for k in range(np.uint64(count)):
        spread = square[at + k] - total[at + k] * total[at + k] / width
        sure = spread > floor[at + k]
        square[at + k] = 1.0 / np.sqrt(spread) if sure else np.nan
        unsure += 0 if sure else 1
    return unsure


@kernel_part
def _mark_weak(x, first, t, width, inverse, weak):
    """Mark signals without an inverse spread at start t that are not constant as weak. Returns their number."""
    found = 0
    for i in range(x.shape[1]):
        if inverse[t, i] != inverse[t, i] and not is_constant(x, first + t, i, width):
            weak[first + t, i] = 1
            found += 1
    return found


@kernel_part
def is_constant(x, first, i, width):
    """Whether signal i has one value in the window at frame `first`."""
    k = first + 1
    while k < first + width and x[k, i] == x[first, i]:
        k += 1
    return k >= first + width
