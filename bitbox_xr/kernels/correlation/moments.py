"""What a window's correlations need of each person's signals: centred numbers, sums and spreads at each shift.

Times are in frames. A *side* is one person: its window moves over the shifts 0 … n−1 of its *reach*, the
frames that any of its lags touches. All sums are float64. Signals are first scaled by powers of two (which
loses nothing), so that squares neither overflow nor vanish.
"""

import numpy as np

from bitbox_xr.kernels.finite import LARGEST
from bitbox_xr.kernels.jit import kernel

__all__ = ["FLAT", "GUARDS", "packed_reach", "prepare", "presence", "tables_by_candidate", "tables_by_shift"]

FLAT = 1e-9  # a deviation below this share of the largest magnitude is no deviation
# Below these shares the packed numbers have lost too many digits, and the window is computed directly: of its
# deviation in its sum of squares about the reach's mean (for float32, float64), and in that of the reach. Measured
# on noise, walks and bursts: a first share of 1e-2 leaves errors of 1.2e-6 in r, 1e-3 of 3.5e-6, 1e-5 of 2.6e-5.
GUARDS = {4: (2e-2, 1e-7), 8: (1e-9, 1e-7)}


@kernel
def prepare(x, scaled, runs, lost):
    """Scale a block `(frame, signal)` to magnitudes of at most 1; count runs of equal values and lost frames.

    `runs[f, i]`: equal values of signal i up to frame f. `lost[f]`: frames before f with any value missing.
    Returns the number of signals with infinite values, or such that are too large to square.
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
        if peak[i] > LARGEST:
            infinite += 1
        elif peak[i] > 0:
            # not beyond 2**1022: the least numbers stay a little under 1
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
    """Which frames of a reach are present, and whether each signal keeps to that.

    `mask[k]`: any signal is present at frame k. `state[i]`: 0 the signal is present at just those frames,
    1 it is not (its pairs must be computed one by one), 2 it has fewer than `least` frames.
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
    """A reach about each signal's mean, `(reach, signal)`; zeros where missing.

    `unit` gets what scales a signal's reach to a sum of squares of 1.
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
    """Scale a reach and lay it out as tiles want it, `[block of size signals, frame, signal]`, flat."""
    reach, n = centred.shape
    for start in range(0, n, size):
        at = start * reach
        for k in range(reach):
            for i in range(start, min(start + size, n)):
                packed[at + i - start] = centred[k, i] * unit[i]
            at += size


@kernel
def packed_reach(x, first, reach, gaps, size, unit, packed):
    """Write a reach to `packed`, in the layout of tiles, and its scale to `unit`; return it centred."""
    centred = _centre(x, first, reach, gaps, unit)
    _pack(centred, unit, size, packed)
    return centred


@kernel
def _spreads(sums, squares, count, unit, guards, row, total, inverse, lacks):
    """Write one row of the tables; `lacks[i]`: no inverse spread (NaN) for want of digits. Returns how many.

    The flatness rule is applied with the largest magnitude there is, 1; who fails it is looked at directly.
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

    `total[block, a, lane]`, `inverse[block, a, lane]` (NaN: no correlation, or `weak[a, i]`: compute it
    directly); signals stand in blocks, so that what a tile reads lies together. Returns how many are weak.
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
    """The same for a reach with gaps: a row for each candidate of a group, over the frames that both sides have.

    `side`: the reach and its scale as `packed_reach` gives them, the frames present and the states of signals as
    `presence` gives them, then the tables; `masked`: frames present at the other side. `slides`: for each net lag the
    first shift of this side, of the other, and the number of candidates; `group`: net lags from the first number to
    before the second. Returns how many are weak, signals of state 1 not counted, which are weak at every candidate.
    """
    centred, unit, mask, state, total, inverse, weak = side
    mine, other, number = slides
    n = centred.shape[1]
    regular = (state == 0).any()  # else every pair is computed directly, without these sums
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
