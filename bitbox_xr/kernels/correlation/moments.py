"""Sums and spreads of each signal in a window, at each shift, from which correlations are computed.

Times are in frames. A *side* is one person. Its window moves over the shifts 0 … n−1 of its *reach*, the frames that
the window covers at any lag. The *spread* of a signal is its sum of squares about its mean. All sums are float64.
Signals are first scaled by powers of two, which is exact, so that squares neither overflow nor underflow.
"""

import numpy as np

from bitbox_xr.kernels.finite import MAX_MAGNITUDE
from bitbox_xr.kernels.jit import kernel

__all__ = ["FLAT", "GUARDS", "packed_reach", "prepare", "presence", "tables_by_candidate", "tables_by_shift"]

FLAT = 1e-9  # a signal with a deviation below this share of its largest magnitude counts as constant
# Bytes of a number: the smallest share of the window's spread in (the window's sum of squares about the mean of the
# reach, the spread of the reach). Below either share the packed numbers have lost too many digits, and the window is
# computed directly. Measured on noise, random walks and bursts: with a first share of 1e-2 errors of r are at most
# 1.2e-6, with 1e-3 3.5e-6, with 1e-5 2.6e-5.
GUARDS = {4: (2e-2, 1e-7), 8: (1e-9, 1e-7)}


@kernel
def prepare(x, scaled, runs, lost):
    """Scale a block `(frame, signal)` to magnitudes of at most 1; count runs of equal values and lost frames.

    `runs[f, i]` is the number of equal values of signal i that end at frame f. `lost[f]` is the number of frames
    before f with any value missing. Returns the number of signals with values that are infinite or too large to square.
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
    lost[0] = 0
    for f in range(frames):
        missing = 0
        for i in range(n):
            value = x[f, i] * factor[i]
            scaled[f, i] = value
            missing |= value != value
            same = f > 0 and value == scaled[f - 1, i]
            runs[f, i] = runs[f - 1, i] + 1 if same else 1
        lost[f + 1] = lost[f] + missing
    return infinite


@kernel
def presence(x, first, reach, least, mask, state):
    """Find which frames of a reach are present, and whether each signal is present at the same frames.

    `mask[k]` is 1 if any signal is present at frame k. `state[i]` is 0 if signal i is present at all these frames, 1 if
    it is not (its pairs must be computed one by one), and 2 if it has fewer than `least` frames.
    """
    n = x.shape[1]
    have = np.zeros(n, np.int64)
    total = 0
    for k in range(reach):
        any_present = 0
        for i in range(n):
            present = x[first + k, i] == x[first + k, i]
            have[i] += present
            any_present |= present
        mask[k] = any_present
        total += any_present
    for i in range(n):
        state[i] = 2 if have[i] < least else have[i] != total


@kernel
def _centre(x, first, reach, gaps, unit):
    """A reach minus each signal's mean, `(reach, signal)`, with zeros for missing values.

    Writes to `unit` the factor that scales each signal to a sum of squares of 1.
    """
    n = x.shape[1]
    centred = np.empty((reach, n))
    mean, count = np.zeros(n), np.full(n, float(reach))
    for k in range(reach):
        for i in range(n):
            value = x[first + k, i]
            missing = value != value
            mean[i] += 0.0 if missing else value
            if gaps:
                count[i] -= 1.0 if missing else 0.0
    mean /= np.maximum(count, 1.0)
    unit[:] = 0.0
    for k in range(reach):
        for i in range(n):
            value = x[first + k, i] - mean[i]
            value = value if value == value else 0.0
            centred[k, i] = value
            unit[i] += value * value
    for i in range(n):
        unit[i] = 1.0 / np.sqrt(unit[i]) if unit[i] > 0 else 0.0
    return centred


@kernel
def _pack(centred, unit, size, packed):
    """Scale a reach and write it in the layout of tiles, `[block of size signals, frame, signal]`, flattened."""
    reach, n = centred.shape
    for start in range(0, n, size):
        at = start * reach
        for k in range(reach):
            for i in range(start, min(start + size, n)):
                packed[at + i - start] = centred[k, i] * unit[i]
            at += size


@kernel
def packed_reach(x, first, reach, gaps, size, unit, packed):
    """Write a reach to `packed`, in the layout of tiles, and its scale to `unit`. Returns the centred reach."""
    centred = _centre(x, first, reach, gaps, unit)
    _pack(centred, unit, size, packed)
    return centred


@kernel
def _spreads(sums, squares, count, unit, guards, row, total, inverse, lacks):
    """Write one row of the tables. Returns the number of signals with too few digits left.

    Such signals have an inverse spread of NaN and `lacks[i]` 1. The rule for constant signals is applied with the
    largest possible magnitude, 1. Signals that fail it are tested again with their own magnitude.
    """
    size = total.shape[2]
    found = 0
    for block in range(total.shape[0]):
        start = block * size
        for i in range(start, min(start + size, len(sums))):
            scale = unit[i]
            sum_, square = sums[i] * scale, squares[i] * scale * scale
            spread = square - sum_ * sum_ / count
            sure = (spread > guards[0] * square) & (spread > guards[1])
            sure &= spread >= count * (FLAT * scale) * (FLAT * scale)
            total[block, row, i - start] = sum_
            inverse[block, row, i - start] = 1.0 / np.sqrt(spread) if sure else np.nan
            lacks[i] = 0 if sure else 1
            found += 0 if sure else 1
    return found


@kernel
def tables_by_shift(x, runs, first, width, shifts, size, guards, packed, total, inverse, weak):
    """Sums and inverse spreads of a reach without gaps, for the window at each shift.

    Writes `total[block, a, lane]` and `inverse[block, a, lane]`, where a is the shift. Signals are grouped in blocks,
    so that the numbers of a tile are contiguous. An inverse spread of NaN means that the signal has no correlation, or,
    if `weak[a, i]` is 1, that it must be computed directly. Returns the number of weak entries.
    """
    n = x.shape[1]
    unit = np.empty(n)
    centred = packed_reach(x, first, width + shifts - 1, False, size, unit, packed)
    sums, squares = np.zeros(n), np.zeros(n)
    for k in range(width):
        for i in range(n):
            sums[i] += centred[k, i]
            squares[i] += centred[k, i] * centred[k, i]
    found = 0
    for a in range(shifts):
        if _spreads(sums, squares, width, unit, guards, a, total, inverse, weak[a]):
            for i in range(n):
                weak[a, i] &= runs[first + a + width - 1, i] < width
                found += weak[a, i]
        if a + 1 < shifts:
            for i in range(n):
                old, new = centred[a, i], centred[a + width, i]
                sums[i] += new - old
                squares[i] += new * new - old * old
    return found


@kernel
def tables_by_candidate(side, masked, width, slides, group, least, guards):
    """Sums and inverse spreads of a reach with gaps, for each candidate of a group, over frames of both sides.

    `side` holds the reach and its scale from `packed_reach`, the frames and states from `presence`, and the tables.
    `masked` marks the frames that are present on the other side. `slides` has, for each net lag, the first shift of
    this side and of the other, and the number of candidates. `group` is the range of net lags, without its end. Returns
    the number of weak entries. Signals of state 1 are weak at every candidate and are not counted.
    """
    centred, unit, mask, state, total, inverse, weak = side
    mine, other, number = slides
    n = centred.shape[1]
    regular = (state == 0).any()  # else all pairs are computed directly, without these sums
    sums, squares, low, high = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    found, row = 0, 0
    for r in range(group[0], group[1]):
        for slid in range(number[r]):
            a, b = mine[r] + slid, other[r] + slid
            count = 0
            sums[:], squares[:], low[:], high[:] = 0.0, 0.0, np.inf, -np.inf
            for k in range(width):
                if mask[a + k] and masked[b + k]:
                    count += 1
                    for i in range(n if regular else 0):
                        value = centred[a + k, i]
                        sums[i] += value
                        squares[i] += value * value
                        low[i] = min(low[i], value)
                        high[i] = max(high[i], value)
            _spreads(sums, squares, max(count, 1), unit, guards, row, total, inverse, weak[row])
            for i in range(n):
                none = count < least or state[i] == 2 or (state[i] == 0 and low[i] == high[i])
                weak[row, i] |= state[i] == 1
                if none or weak[row, i]:
                    inverse[i // inverse.shape[2], row, i % inverse.shape[2]] = np.nan
                weak[row, i] &= not none
                found += weak[row, i] and state[i] == 0
            row += 1
    return found
