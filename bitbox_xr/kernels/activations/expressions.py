"""Which activations are one expression: those between which the signal does not fall.

An activation counts unless a stronger one can be reached from it without the signal falling by half of its rise. So a
held expression, which has a maximum where it begins and another where it ends, counts once.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["Groups", "grouped"]

MIN_FALL = 0.5  # of the rise, after which another activation is another expression
SHARE_OF_GAP = 0.25  # of the time between two neighbouring activations: the signal's mean over it tells whether it falls
FRAMES_PER_SCALE = 4  # the duration is 4 wavelet scales
SHARE_OF_DURATION = 0.125  # the signal's value at an activation is its mean over this share of the duration …
MIN_FRAMES = 3  # … and over at least these frames


class Groups(NamedTuple):
    """Expressions, as indices of activations: the one that counts, the first and the last."""

    strongest: np.ndarray
    first: np.ndarray
    last: np.ndarray


def grouped(
    centred: np.ndarray, number: np.ndarray, row: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray
) -> Groups:
    """Group activations into expressions.

    The activations of one list `number` and one row of `centred` `(row, frame)` are contiguous and sorted by frame.
    Their wavelet `scale` is in frames. Of equal rises, the earlier one is the stronger.
    """
    # in float32, so that rounding errors do not decide between equals
    top = strongest(centred, number, row, frame, scale, rise.astype(np.float32))
    kept, group = np.unique(top, return_inverse=True)
    first, last = np.full(len(kept), len(top)), np.full(len(kept), -1)
    np.minimum.at(first, group, np.arange(len(top)))
    np.maximum.at(last, group, np.arange(len(top)))
    return Groups(kept, first, last)


@kernel
def strongest(
    centred: np.ndarray, number: np.ndarray, row: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray
) -> np.ndarray:
    """The index of the strongest activation of the expression of each activation. See `grouped`."""
    n = len(frame)
    top = np.arange(n)
    sums, summed = np.zeros(centred.shape[1] + 1), -1
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and number[stop] == number[start] and row[stop] == row[start]:
            stop += 1
        if stop - start > 1:
            if row[start] != summed:
                summed = row[start]
                for t in range(centred.shape[1]):
                    sums[t + 1] = sums[t] + centred[summed, t]
            join(sums, frame[start:stop], scale[start:stop], rise[start:stop], start, top[start:stop])
        start = stop
    return top


@kernel
def join(
    sums: np.ndarray, frame: np.ndarray, scale: np.ndarray, rise: np.ndarray, offset: int, top: np.ndarray
) -> None:
    """Write to `top` the index, counted from -`offset`, of the strongest activation of each expression of one signal.

    `sums` are the sums of the signal before each frame.
    """
    n = len(frame)
    lowest = np.empty(n - 1)
    for i in range(n - 1):
        lowest[i] = least(sums, frame[i], frame[i + 1])
    for i in range(n):
        # the stronger one is never far: most activations have one beside them
        floor, best = level(sums, frame[i], scale[i]) - MIN_FALL * rise[i], -np.inf
        for step in (-1, 1):
            j, between = i, np.inf
            while 0 <= j + step < n:
                between = min(between, lowest[min(j, j + step)])
                j += step
                if rise[j] > rise[i] or (rise[j] == rise[i] and j < i):
                    if between > floor and between > best:
                        best, top[i] = between, offset + j
                    break
    for i in range(n):
        while top[top[i] - offset] != top[i]:
            top[i] = top[top[i] - offset]


@kernel
def least(sums: np.ndarray, first: int, last: int) -> float:
    """The least mean over a share of the frames from `first` to `last`."""
    frames = max(min(MIN_FRAMES, last - first + 1), round(SHARE_OF_GAP * (last - first)))
    found = np.inf
    for t in range(first, last + 2 - frames):
        found = min(found, sums[t + frames] - sums[t])
    return found / frames


@kernel
def level(sums: np.ndarray, frame: int, scale: float) -> float:
    """The mean of the signal around an activation."""
    half = max(MIN_FRAMES // 2, round(SHARE_OF_DURATION * FRAMES_PER_SCALE * scale / 2))
    start, stop = max(frame - half, 0), min(frame + half + 1, len(sums) - 1)
    return (sums[stop] - sums[start]) / (stop - start)
