"""Extrema of responses: their positions, heights and widths, and the choice between them.

On a constant stretch of signal, the response by FFT differs from 0 and from frame to frame by rounding errors.
Responses below `ROUNDING` of a row's largest absolute value therefore count as 0, and neighbouring frames that differ
by no more form a plateau.
"""

import numpy as np

from bitbox_xr.kernels.activations.flags import marked
from bitbox_xr.kernels.activations.medians import select, spread
from bitbox_xr.kernels.activations.wavelets import smooth
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["activations", "candidates", "magnitudes", "outlying", "strongest"]

ROUNDING = 1e-10  # share of the largest absolute value
FENCE = 1.5  # interquartile ranges beyond the quartiles
MAX_VALUES_WITHOUT_OUTLIERS = 5  # so few values have no outliers
WITHOUT_SIGN = np.int64(2**63 - 1)  # mask of the bits of a float64 except its sign


@kernel
def activations(
    responses: np.ndarray, allowed: np.ndarray, measured: bool, largest: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Row, frame, height, width and peak of every maximum of the `responses`, which are smoothed first.

    Maxima are sorted by row and frame. `allowed` `(row, frame)` marks the frames where maxima are reported;
    `responses` `(row, frame)` may have more frames, which are ignored. Widths are NaN unless `measured` is True.
    The peak is the height of the parabola through the maximum and its neighbours.
    `largest` is the largest absolute value of each smoothed row, or NaN to compute it here.
    """
    rows, frames = allowed.shape
    most = rows * (frames // 2 + 1)
    row, frame, height, width = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most), np.empty(most)
    peak = np.empty(most)
    w = np.empty(frames)
    end = 0
    for r in range(rows):
        smooth(responses[r, :frames], w)
        start = end
        top = magnitude(w) if np.isnan(largest[r]) else largest[r]
        end += extrema(w, ROUNDING * top, False, allowed[r], frame[start:])
        for i in range(start, end):
            row[i], height[i], peak[i] = r, w[frame[i]], vertex(w, frame[i])
            width[i] = half_width(w, frame[i]) if measured else np.nan
    return row[:end].copy(), frame[:end].copy(), height[:end].copy(), width[:end].copy(), peak[:end].copy()


@kernel
def candidates(
    responses: np.ndarray, allowed: np.ndarray, present: np.ndarray, measured: bool
) -> tuple[np.ndarray, ...]:
    """Row, frame, height, width, peak, sign and score of the maxima of the positive and of the negative part.

    The arguments are those of `activations`. Height and peak are those of the absolute response. Score is
    `(w - median) / median absolute deviation` of the smoothed row `w`, over the frames `present`.
    """
    rows, frames = allowed.shape
    most = rows * frames
    row, frame, height, width = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most), np.empty(most)
    peak, sign, score = np.empty(most), np.empty(most, np.int8), np.empty(most, np.float32)
    w = np.empty(frames)
    end = 0
    for r in range(rows):
        smooth(responses[r, :frames], w)
        largest = magnitude(w)
        median, deviation = spread(w, largest, ROUNDING * largest, present[r])
        start = end
        end += extrema(w, ROUNDING * largest, True, allowed[r], frame[start:])
        for i in range(start, end):
            value = w[frame[i]]
            row[i], sign[i], height[i], peak[i] = r, 1 if value > 0 else -1, abs(value), abs(vertex(w, frame[i]))
            score[i] = (value - median) / deviation
            width[i] = half_width(w, frame[i]) if measured and value > 0 else np.nan
    return (
        row[:end].copy(),
        frame[:end].copy(),
        height[:end].copy(),
        width[:end].copy(),
        peak[:end].copy(),
        sign[:end].copy(),
        score[:end].copy(),
    )


@kernel
def magnitudes(responses: np.ndarray, start: int, stop: int, out: np.ndarray) -> None:
    """Write to `out` the largest absolute value of each smoothed row of `responses` from frame `start` to `stop`."""
    w = np.empty(responses.shape[1])
    for r in range(len(responses)):
        smooth(responses[r], w)
        out[r] = magnitude(w[start:stop])


@kernel_part
def magnitude(w: np.ndarray) -> float:
    """The largest absolute value in `w`."""
    # Floats without their signs have the same order as their bits, and maxima of integers use vector instructions.
    bits, most = w.view(np.int64), np.zeros(1, np.int64)
    largest = most[0]
    for t in range(len(bits)):
        largest = max(largest, bits[t] & WITHOUT_SIGN)
    most[0] = largest
    return most.view(np.float64)[0]


@kernel_part
def extrema(w: np.ndarray, tolerance: float, both: bool, allowed: np.ndarray, frame: np.ndarray) -> int:
    """Write to `frame` the local maxima of the positive part of `w`. Returns their number.

    With `both`, the maxima of the negative part are included; they are the frames with negative `w`. `allowed` marks
    the frames that may be reported. A plateau counts once, at its middle. The first and the last frame never count.
    `frame` has more places than there are maxima.
    """
    up = directions(w, tolerance, both)
    changes = np.zeros(len(up), np.int8)
    for t in range(1, len(up)):
        changes[t] = (up[t] != up[t - 1]) & ((up[t] < 0) | (both & (up[t] > 0)))
    n = 0
    for t in marked(changes):
        start = t - 1  # of the plateau before t; a single frame in most cases
        while start > 0 and up[start] == 0:
            start -= 1
        middle = (start + t - 1) // 2
        frame[n] = middle  # the next one replaces it if it is none
        outwards = (w[t - 1] * up[t] < 0) & (abs(w[t - 1]) >= tolerance)
        n += (up[start] == -up[t]) & outwards & allowed[middle]
    return n


@kernel_part
def directions(w: np.ndarray, tolerance: float, both: bool) -> np.ndarray:
    """1 where `w` rises from the frame before, -1 where it falls, 0 on plateaus. Zeros fill up a multiple of 8 frames.

    Values below `tolerance` count as 0; with `both`, absolute values below it.
    """
    up = np.zeros((len(w) + 7) // 8 * 8, np.int8)
    # two loops without branches, because these use vector instructions
    if both:
        for t in range(1, len(w)):
            before = w[t - 1] if abs(w[t - 1]) >= tolerance else 0.0
            now = w[t] if abs(w[t]) >= tolerance else 0.0
            up[t] = np.int8(now - before > tolerance) - np.int8(before - now > tolerance)
    else:
        for t in range(1, len(w)):
            before = w[t - 1] if w[t - 1] >= tolerance else 0.0
            now = w[t] if w[t] >= tolerance else 0.0
            up[t] = np.int8(now - before > tolerance) - np.int8(before - now > tolerance)
    return up


@kernel_part
def vertex(w: np.ndarray, peak: int) -> float:
    """Height of the parabola through `w` at the extremum `peak`, which is not an end, and at its neighbours."""
    before, value, after = w[peak - 1], w[peak], w[peak + 1]
    bend = 2 * value - before - after
    return value + (after - before) ** 2 / (8 * bend) if bend * value > 0 else value


@kernel_part
def half_width(w: np.ndarray, peak: int) -> float:
    """Full width at half maximum of the peak of `w` at frame `peak`, in frames. NaN if an end of `w` cuts it."""
    half = w[peak] / 2
    total = 0.0
    for step in (-1, 1):
        t = peak
        while 0 <= t < len(w) and w[t] > half:
            t += step
        if not 0 <= t < len(w):
            return np.nan
        total += abs(t - peak) - (half - w[t]) / (w[t - step] - w[t])
    return total


@kernel
def strongest(frame: np.ndarray, scale: np.ndarray, sign: np.ndarray, score: np.ndarray, apart: int) -> np.ndarray:
    """Mark the candidates of one signal that remain if candidates nearer than `apart` frames are one activation.

    Candidates are sorted by frame. First, a candidate is removed if another of the same sign, at the same or a
    neighbouring scale and nearer than `apart`, has a higher `sign · score`. Then the remaining candidates of both signs
    are accepted in order of their absolute score, each unless an accepted one is nearer than `apart`. Of equal
    candidates the first wins. `score` is float32, so that rounding errors do not decide between equals.
    """
    n = len(frame)
    beaten = np.zeros(n, np.bool_)
    for i in range(n):
        for j in range(i + 1, n):
            if frame[j] - frame[i] >= apart:
                break
            rivals = (sign[i] == sign[j]) & (abs(scale[i] - scale[j]) <= 1)
            beaten[i] |= rivals & (sign[i] * score[i] < sign[j] * score[j])
            beaten[j] |= rivals & (sign[i] * score[i] > sign[j] * score[j])
    left = np.flatnonzero(~beaten)
    kept = np.zeros(n, np.bool_)
    kept[left[taken(frame[left], np.abs(score[left]), apart)]] = True
    return kept


@kernel_part
def taken(frame: np.ndarray, strength: np.ndarray, apart: int) -> np.ndarray:
    """Mark the frames that are accepted in order of `strength`, each unless an accepted one is nearer than `apart`.

    Sorting is not needed. A frame is accepted if no undecided frame near it is stronger, and rejected if an accepted
    one is near. Passes alternate in direction, so that one pass decides a whole sequence of rising strength.
    """
    n = len(frame)
    state = np.zeros(n, np.int8)  # 0 undecided, 1 accepted, -1 rejected
    left, forward = n, True
    while left:
        for k in range(n):
            i = k if forward else n - 1 - k
            if state[i]:
                continue
            free = True
            for step in (-1, 1):
                j = i + step
                while 0 <= j < n and abs(frame[j] - frame[i]) < apart and state[i] == 0:
                    if state[j] == 1:
                        state[i] = -1
                    elif state[j] == 0 and (strength[j] > strength[i] or (strength[j] == strength[i] and j < i)):
                        free = False
                    j += step
            if free and state[i] == 0:
                state[i] = 1
            left -= state[i] != 0
        forward = not forward
    return state == 1


@kernel
def outlying(row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mark the values beyond 1.5 interquartile ranges from the quartiles of their row. `row` is sorted."""
    out = np.zeros(len(row), np.bool_)
    first = 0
    for i in range(1, len(row) + 1):
        if i < len(row) and row[i] == row[first]:
            continue
        if i - first > MAX_VALUES_WITHOUT_OUTLIERS:
            low, high = quantile(value[first:i], 0.25), quantile(value[first:i], 0.75)
            fence = FENCE * (high - low)
            for j in range(first, i):
                out[j] = value[j] < low - fence or value[j] > high + fence
        first = i
    return out


@kernel_part
def quantile(values: np.ndarray, share: float) -> float:
    """The quantile with linear interpolation, as `numpy.quantile` computes it by default."""
    at = share * (len(values) - 1)
    below = int(at)
    part = at - below
    parted = values.copy()
    high = select(parted, below + 1)
    low = parted[: below + 1].max()
    # from the nearer of the two, as NumPy does, so that values exactly at the fence are treated alike
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
