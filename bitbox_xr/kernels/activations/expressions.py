"""Which activations are one expression: those between which the signal does not fall.

An activation belongs to the expression of the next stronger one, before or after it, unless the signal falls by half of
its rise between the two. So a held expression counts once, although the response has a maximum where it begins and
another where it ends.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.activations.rises import FRAMES_PER_SCALE
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["MIN_FALL", "Groups", "grouped"]

MIN_FALL = 0.5  # of the rise, to another expression
SHARE_OF_GAP = 1 / 3  # of the time between two neighbouring activations, over which means are taken between them …
MAX_DURATIONS = 2  # … and at most over this multiple of the duration, so that a fall after a short rise is seen
SHARE_OF_DURATION = 1 / 4  # over which the mean is taken at an activation, and at least between two
MIN_FRAMES = 3  # of a mean


class Groups(NamedTuple):
    """Expressions, as indices of activations: the strongest one, which counts, and the first and the last one.

    Those at longer scales than the strongest one are neither first nor last: they respond to its surroundings too.
    """

    strongest: np.ndarray
    first: np.ndarray
    last: np.ndarray


def grouped(
    centred: np.ndarray, number: np.ndarray, row: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray
) -> Groups:
    """Group activations into expressions.

    The activations of one list `number` and one row of `centred` `(row, frame)` are contiguous and sorted by frame.
    Their wavelet `scale` is in frames. Of equal rises, the earlier one is the stronger.

    The signal falls from its mean over a quarter of the activation's duration to its lowest mean over a third of the
    time between two neighbouring activations, or over twice the duration if that is less, or over a quarter of it if
    that is more. So noise on a held expression is no fall.
    """
    # in float32, so that rounding errors do not decide between equals
    top = strongest(centred, number, row, frame, scale, rise.astype(np.float32))
    kept, group = np.unique(top, return_inverse=True)
    first, last = np.full(len(kept), len(top)), np.full(len(kept), -1)
    within = np.flatnonzero(scale <= scale[top])
    np.minimum.at(first, group[within], within)
    np.maximum.at(last, group[within], within)
    return Groups(kept, first, last)


@kernel
def strongest(
    centred: np.ndarray, number: np.ndarray, row: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray
) -> np.ndarray:
    """The index of the strongest activation of the expression of each activation. See `grouped`."""
    n = len(frame)
    top = np.arange(n)
    sums, summed = np.empty((len(centred), centred.shape[1] + 1)), np.zeros(len(centred), np.bool_)
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and number[stop] == number[start] and row[stop] == row[start]:
            stop += 1
        if stop - start > 1:
            own = sums[row[start]]
            if not summed[row[start]]:
                accumulate(centred[row[start]], own)
                summed[row[start]] = True
            join(own, frame[start:stop], scale[start:stop], rise[start:stop], start, top[start:stop])
        start = stop
    return top


@kernel_part
def accumulate(x: np.ndarray, sums: np.ndarray) -> None:
    """Write the sum of `x` before each frame, and that of all frames, to `sums`."""
    total = 0.0
    for t in range(len(x)):
        sums[t] = total
        total += x[t]
    sums[len(x)] = total


@kernel_part
def join(
    sums: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray, offset: int, top: np.ndarray
) -> None:
    """Write to `top` the index of the strongest activation of each expression of one signal, counted from `offset`.

    `sums` are the sums of the signal before each frame. If an activation belongs to the stronger ones on both sides,
    it is counted to that one before which the signal falls less; if it falls alike, to the one with the larger rise.
    """
    n = len(frame)
    for i in range(n):
        half = max(MIN_FRAMES // 2, round(SHARE_OF_DURATION * FRAMES_PER_SCALE * scale[i] / 2))
        longest = round(MAX_DURATIONS * FRAMES_PER_SCALE * scale[i])
        fallen = level(sums, frame[i], half) - MIN_FALL * rise[i]
        owner, highest = i, fallen
        for step in (-1, 1):
            j, between = i, np.inf
            while 0 <= j + step < n and between > fallen:
                first, last = min(frame[j], frame[j + step]), max(frame[j], frame[j + step])
                between = min(between, least(sums, first, last, half, longest, fallen))
                j += step
                if rise[j] > rise[i] or (rise[j] == rise[i] and j < i):
                    if between > highest or (owner != i and between == highest and rise[j] > rise[owner]):
                        owner, highest = j, between
                    break
        top[i] = offset + owner
    for i in range(n):
        while top[top[i] - offset] != top[i]:
            top[i] = top[top[i] - offset]


@kernel_part
def least(sums: np.ndarray, first: int, last: int, half: int, longest: int, enough: float) -> float:
    """The least mean between frames `first` and `last`, or one that is not above `enough`.

    Means are over a third of the frames, at most `longest` and at least `2 * half + 1`. In the last case, only their
    middles lie between the two frames, of which either may be near the other at another scale.
    """
    frames, beyond = min(longest, round(SHARE_OF_GAP * (last - first))), 0
    if frames < 2 * half + 1:
        frames, beyond = 2 * half + 1, half
    start, stop = max(first - beyond, 0), min(last + 1 + beyond, len(sums) - 1)
    frames = min(frames, stop - start)
    found = np.inf
    for t in range(start, stop + 1 - frames):
        found = min(found, sums[t + frames] - sums[t])
        if found <= enough * frames:
            break
    return found / frames


@kernel_part
def level(sums: np.ndarray, frame: int, half: int) -> float:
    """The mean of the signal from `half` frames before `frame` to as many after it."""
    start, stop = max(frame - half, 0), min(frame + half + 1, len(sums) - 1)
    return (sums[stop] - sums[start]) / (stop - start)
