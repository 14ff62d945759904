"""Extrema of responses: their positions, heights and widths.

On a constant stretch of signal, the response by FFT differs from 0 and from frame to frame by rounding errors.
Responses below `ROUNDING` of a row's largest absolute value therefore count as 0, and neighbouring frames that differ
by no more form a plateau.
"""

import numpy as np

from bitbox_xr.kernels.activations.bits import as_bits, as_float
from bitbox_xr.kernels.activations.flags import flags_for, marked
from bitbox_xr.kernels.activations.medians import select, spread
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["activations", "candidates", "outlying"]

ROUNDING = 1e-10  # share of the largest absolute value
FENCE = 1.5  # interquartile ranges beyond the quartiles
MAX_VALUES_WITHOUT_OUTLIERS = 5  # so few values have no outliers
WITHOUT_SIGN = np.int64(2**63 - 1)  # mask of the bits of a float64 except its sign


def activations(
    responses: np.ndarray, allowed: np.ndarray, measured: bool, largest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Row and frame, and height, width and peak, of every maximum of the smoothed `responses`, as rows of two arrays.

    Maxima are sorted by row and frame. `allowed` `(row, frame)` marks the frames where maxima are reported;
    `responses` `(row, frame)` may have more frames, which are ignored. Widths are NaN unless `measured` is True.
    The peak is the height of the parabola through the maximum and its neighbours.
    `largest` is the largest absolute value of each smoothed row, or NaN to compute it here.
    """
    rows, frames = allowed.shape
    most = rows * (frames // 2 + 1)
    places, sizes = np.empty((2, most), np.int32), np.empty((3, most))
    end = _find(responses, allowed, measured, largest, places, sizes)
    return places[:, :end].copy(), sizes[:, :end].copy()


@kernel
def _find(
    responses: np.ndarray,
    allowed: np.ndarray,
    measured: bool,
    largest: np.ndarray,
    places: np.ndarray,
    sizes: np.ndarray,
) -> int:
    """Write the results of `activations`, and return their number."""
    rows, frames = allowed.shape
    (row, frame), (height, width, peak) = (places[0], places[1]), (sizes[0], sizes[1], sizes[2])
    end = 0
    for r in range(rows):
        w = responses[r][:frames]
        start = end
        top = magnitude(w) if np.isnan(largest[r]) else largest[r]
        end += extrema(w, ROUNDING * top, False, allowed[r], frame[start:])
        for i in range(start, end):
            row[i], height[i], peak[i] = r, w[frame[i]], vertex(w, frame[i])
            width[i] = half_width(w, frame[i]) if measured else np.nan
    return end


def candidates(
    responses: np.ndarray, allowed: np.ndarray, present: np.ndarray, measured: bool
) -> tuple[np.ndarray, ...]:
    """The maxima of the positive and of the negative part: the two arrays of `activations`, sign and score.

    The arguments are those of `activations`. Height and peak are those of the absolute response. Without `measured`,
    their array has no columns. Score is `(w - median) / median absolute deviation` of the smoothed row `w`, over the
    frames `present`.
    """
    most = allowed.size
    places, sizes = np.empty((2, most), np.int32), np.empty((3, most if measured else 0))
    sign, score = np.empty(most, np.int8), np.empty(most, np.float32)
    end = _find_both(responses, allowed, present, places, sizes, sign, score)
    return places[:, :end].copy(), sizes[:, :end].copy(), sign[:end].copy(), score[:end].copy()


@kernel
def _find_both(
    responses: np.ndarray,
    allowed: np.ndarray,
    present: np.ndarray,
    places: np.ndarray,
    sizes: np.ndarray,
    sign: np.ndarray,
    score: np.ndarray,
) -> int:
    """Write the results of `candidates`, and return their number."""
    rows, frames = allowed.shape
    (row, frame), (height, width, peak) = (places[0], places[1]), (sizes[0], sizes[1], sizes[2])
    end = 0
    for r in range(rows):
        w = responses[r][:frames]
        largest = magnitude(w)
        median, deviation = spread(w, largest, ROUNDING * largest, present[r])
        start = end
        end += extrema(w, ROUNDING * largest, True, allowed[r], frame[start:])
        for i in range(start, end):
            value = w[frame[i]]
            row[i], sign[i], score[i] = r, 1 if value > 0 else -1, (value - median) / deviation
        for i in range(start, min(end, len(height))):  # none, unless they are measured
            value = w[frame[i]]
            height[i], peak[i] = abs(value), abs(vertex(w, frame[i]))
            width[i] = half_width(w, frame[i]) if value > 0 else np.nan
    return end


@kernel_part
def magnitude(w: np.ndarray) -> float:
    """The largest absolute value in `w`."""
    # Floats without their signs have the same order as their bits, and maxima of integers use vector instructions.
    largest = np.int64(0)
    for t in range(len(w)):
        largest = max(largest, as_bits(w[t]) & WITHOUT_SIGN)
    return as_float(largest)


@kernel_part
def extrema(w: np.ndarray, tolerance: float, both: bool, allowed: np.ndarray, frame: np.ndarray) -> int:
    """Write to `frame` the local maxima of the positive part of `w`. Returns their number.

    With `both`, the maxima of the negative part are included; they are the frames with negative `w`. `allowed` marks
    the frames that may be reported. A plateau counts once, at its middle. The first and the last frame never count.
    `frame` has more places than there are maxima.
    """
    up = directions(w, tolerance, both)
    changes = flags_for(len(w))
    for t in range(1, len(w)):
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
    """1 where `w` rises from the frame before, -1 where it falls, 0 on plateaus and in the first frame.

    Values below `tolerance` count as 0; with `both`, absolute values below it.
    """
    up = np.zeros(len(w), np.int8)
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
    high = select(parted, min(below + 1, len(parted) - 1))  # a single value has no next one
    low = parted[: below + 1].max()
    # from the nearer of the two, as NumPy does, so that values exactly at the fence are treated alike
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
