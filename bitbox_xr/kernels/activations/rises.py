"""Rises of a signal: the response to a rise of known height, and the start and the end of a rise.

A response is a sum of weighted frames, so its height depends on the scale and the frame rate. Divided by the response
to a Gaussian rise of height 1, whose width suits the scale, it is a height in the units of the signal.
"""

from functools import lru_cache

import numpy as np

from bitbox_xr.kernels.activations import gaps, wavelets
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["distinct", "edges", "pipeline", "summits", "unit_response"]

FRAMES_PER_SCALE = 4  # of a wavelet scale of 1 frame: the duration d is 4 wavelet scales
WIDTH_PER_DURATION = 0.42  # full width at half maximum of the rise to which a scale responds most strongly
SMOOTHING_PER_DURATION = 1 / 8  # full width at half maximum of the Gaussian that smooths the signal for edges
REACH_PER_DURATION = 2  # within which the least value is sought; within 1, a slow fall after a fast rise has not ended
NEAR_PER_DURATION = 1 / 4  # within which the summit is sought
SAME_PER_DURATION = 1 / 2  # within which a summit is that of a shorter scale
REACHES_PER_SMOOTHING = round(REACH_PER_DURATION / SMOOTHING_PER_DURATION)
SIGMAS_PER_WIDTH = 1 / np.sqrt(8 * np.log(2))
ROUNDING = 1e-9  # frames


@lru_cache(maxsize=256)
def pipeline(scale: float, precision: int) -> np.ndarray:
    """Weights of smoothing, wavelet and smoothing together: the response to an impulse."""
    weights = np.convolve(wavelets.smoothed(scale, precision).weights, wavelets.SMOOTHING)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=256)
def unit_response(scale: float, precision: int) -> float:
    """Peak of the response to a Gaussian rise of height 1, with full width at half maximum 0.42 of the duration.

    The peak is that of the parabola through the largest response and its neighbours, as for activations.
    """
    width = WIDTH_PER_DURATION * FRAMES_PER_SCALE * scale
    reach = int(np.ceil(3 * width))
    rise = np.exp(-4 * np.log(2) * (np.arange(-reach, reach + 1) / width) ** 2)
    response = np.convolve(rise, pipeline(scale, precision))
    before, value, after = response[np.argmax(response) + np.arange(-1, 2)]
    return float(value + (after - before) ** 2 / (8 * (2 * value - before - after)))


def edges(
    rows: np.ndarray,
    present: np.ndarray,
    row: np.ndarray,
    frame: np.ndarray,
    scale: np.ndarray,
    falls: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Frames at which the rises of activations start and end, as floats; NaN where they are unknown.

    The activations are at `frame` of `rows` `(row, frame)`, whose gaps are filled, and at the wavelet `scale` in
    frames, of duration d = 4 scales. The signal is smoothed by a Gaussian of full width at half maximum d / 8 (sigma at
    least 1 frame). The edge is where it crosses half way between its value at the activation and its least value within
    2 d on this side. It is unknown if a gap longer than d / 8 or the end of the recording comes before it, or if the
    least value is at the end of the recording, where the signal may still be falling.

    With `falls` above 0, a rise may be held: the 2 d begin where the signal has fallen by this height, and the edge is
    unknown if it does not. The value at the activation is the largest one within d / 8, since the response to a skewed
    rise has its maximum beside that of the signal.
    """
    from scipy.ndimage import gaussian_filter1d

    out = np.full((2, len(frame)), np.nan)
    for one in np.unique(scale[scale > 0]):
        duration = FRAMES_PER_SCALE * one
        own = np.flatnonzero(scale == one)
        needed, number = np.unique(row[own], return_inverse=True)
        smoothed = gaussian_filter1d(rows[needed], smoothing(duration), axis=1)
        reach = round(REACH_PER_DURATION * duration)
        known = gaps.close(present[needed], SMOOTHING_PER_DURATION * duration + ROUNDING) > 0
        for side, step in enumerate((-1, 1)):
            out[side, own] = crossings(smoothed, known, number, frame[own], falls[own], reach, step)
    return out[0], out[1]


def smoothing(duration: float) -> float:
    """Sigma in frames of the Gaussian that smooths the signal around activations of this duration in frames."""
    return max(1.0, SIGMAS_PER_WIDTH * SMOOTHING_PER_DURATION * duration)


def summits(rows: np.ndarray, row: np.ndarray, frame: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The frames of the largest value of the signal, smoothed as for `edges`, within d / 4 of each activation.

    The arguments are those of `edges`. The response to a rise has its maximum elsewhere if other rises are near.
    """
    from scipy.ndimage import gaussian_filter1d

    out = frame.copy()
    for one in np.unique(scale):
        duration = FRAMES_PER_SCALE * one
        own = np.flatnonzero(scale == one)
        needed, number = np.unique(row[own], return_inverse=True)
        smoothed = gaussian_filter1d(rows[needed], smoothing(duration), axis=1)
        near = max(1, round(NEAR_PER_DURATION * duration))
        around = np.clip(frame[own, None] + np.arange(-near, near + 1), 0, rows.shape[1] - 1)
        top = smoothed[number[:, None], around].argmax(axis=1)
        out[own] = around[np.arange(len(own)), top]
    return out


def distinct(row: np.ndarray, frame: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Indices of summits at several scales, each rise once.

    Summits within d / 2 of one at a shorter scale, which is more precise, are left out. Of equal summits at one scale,
    one is kept.
    """
    if not len(frame):
        return np.empty(0, dtype=np.intp)
    reach = SAME_PER_DURATION * FRAMES_PER_SCALE * scale
    place = row * (frame.max() + 1 + reach.max()) + frame  # on one line, no row within reach of another
    order = np.lexsort((place, scale))
    kept, found = np.empty(0, dtype=np.intp), np.array([-np.inf, np.inf])
    for one in np.unique(scale):
        own = order[scale[order] == one]
        own = own[np.diff(place[own], prepend=-1.0) > 0]
        after = np.searchsorted(found, place[own])
        nearest = np.minimum(place[own] - found[after - 1], found[after] - place[own])
        kept = np.concatenate([kept, own[nearest > SAME_PER_DURATION * FRAMES_PER_SCALE * one]])
        found = np.concatenate([[-np.inf], np.sort(place[kept]), [np.inf]])
    return kept


@kernel
def crossings(
    rows: np.ndarray,
    known: np.ndarray,
    row: np.ndarray,
    frame: np.ndarray,
    falls: np.ndarray,
    reach: int,
    step: int,
) -> np.ndarray:
    """Frames, from `frame` in direction `step`, at which rows are half way down to their least value within `reach`.

    `falls` and `reach` are as for `edges`.
    """
    out = np.full(len(frame), np.nan)
    last = rows.shape[1] - 1
    for i in range(len(frame)):
        x, open_, start = rows[row[i]], known[row[i]], frame[i]
        if falls[i] > 0:
            start = summit(x, open_, start, reach // REACHES_PER_SMOOTHING)
        fallen = start
        while 0 < fallen < last and x[fallen] > x[start] - falls[i]:
            fallen += step
        least, lowest = x[start], start
        stop = min(max(fallen + step * reach, 0), last)
        for t in range(start, stop + step, step):
            if open_[t] and x[t] < least:
                least, lowest = x[t], t
        half = (x[start] + least) / 2
        if lowest == start or lowest in (0, last) or least > x[start] - falls[i]:
            continue
        t = start
        while t != stop and open_[t] and x[t] > half:
            t += step
        if open_[t]:
            out[i] = t - step * (half - x[t]) / (x[t - step] - x[t])
    return out


@kernel_part
def summit(x: np.ndarray, known: np.ndarray, frame: int, near: int) -> int:
    """The frame of the largest known value of `x` within `near` frames of `frame`."""
    top = frame
    for t in range(max(frame - near, 0), min(frame + near + 1, len(x))):
        if known[t] and x[t] > x[top]:
            top = t
    return top
