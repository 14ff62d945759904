"""Counts of how often events of one series are followed by events of another within a span of time.

Times are in frames, and may lie between frames. A series of events (`time`, `first`) has the times of all signals one
after the other, sorted within each signal; those of signal k are `time[first[k]:first[k + 1]]`.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel
from bitbox_xr.kernels.p_values import p_values

__all__ = ["VARIABLES", "Counts", "compared", "counted", "latencies"]

VARIABLES = ("answered", "chance", "answered_above_chance", "odds_ratio", "p", "p_fwe", "q", "n_given", "latency")
MIN_GIVEN = 5  # events that a share is computed from
MIN_LEFT_BY_CHANCE = 0.2  # share of events that chance leaves unanswered
HALF = 0.5  # added to each count of the odds ratio


class Counts(NamedTuple):
    """Events of y that could be answered, and those that were, for each pair of signals."""

    given: np.ndarray
    answered: np.ndarray


def counted(
    x: tuple[np.ndarray, np.ndarray],
    y: tuple[np.ndarray, np.ndarray],
    stop: np.ndarray,
    missing: np.ndarray,
    span: tuple[float, float],
    pairs: tuple[np.ndarray, np.ndarray],
) -> Counts:
    """Count the events of y followed by one of x later by more than `span[0]` and at most `span[1]` frames.

    `stop` has, for each event of y, the frame at which its part of the recording ends; `missing` `(signal, frame + 1)`
    the number of frames before each frame where no event of x can be found. An event is given if its whole span is
    before `stop`, at frames where events can be found. `pairs` are the numbers of the signals of x and of y.
    """
    out = np.zeros((2, len(pairs[0])))
    count(*x, *y, stop, missing, *span, *pairs, out, np.empty(0))
    return Counts(*out)


def latencies(
    x: tuple[np.ndarray, np.ndarray],
    y: tuple[np.ndarray, np.ndarray],
    stop: np.ndarray,
    missing: np.ndarray,
    span: tuple[float, float],
    pair: tuple[int, int],
) -> np.ndarray:
    """Frames from each event of y to the first answer of x, for one pair of signals.

    Infinite without an answer, NaN for events that are not given. The arguments are those of `counted`.
    """
    first = y[1]
    out = np.full(int(first[pair[1] + 1] - first[pair[1]]), np.nan)
    one = np.array([pair[0]]), np.array([pair[1]])
    count(*x, *y, stop, missing, *span, *one, np.zeros((2, 1)), out)
    return out


@kernel
def count(x_time, x_first, y_time, y_first, stop, missing, low, high, pair_x, pair_y, out, latency):
    """Add to `out` `(2, pair)` the given and the answered events, and write the latencies of one pair if asked."""
    frames = missing.shape[1] - 1
    for k in range(len(pair_x)):
        i, j = pair_x[k], pair_y[k]
        own = x_time[x_first[i] : x_first[i + 1]]
        for e in range(y_first[j], y_first[j + 1]):
            t = y_time[e]
            from_, to = int(np.ceil(t + low)), int(np.floor(t + high))
            if t + high >= stop[e] or to >= frames or from_ < 0:
                continue
            if missing[i, to + 1] > missing[i, min(from_, to)]:
                continue
            out[0, k] += 1
            at = np.searchsorted(own, t + low, side="right")
            found = at < len(own) and own[at] <= t + high
            out[1, k] += found
            if len(latency):
                latency[e - y_first[j]] = own[at] - t if found else np.inf


def compared(given: np.ndarray, answered: np.ndarray, ranked: np.ndarray, n: int, latency: np.ndarray) -> np.ndarray:
    """All variables `(variable, pair)` from counts `(pick, pair)`: pick 0 is y itself, picks 1 to n are for estimates.

    `ranked` are the picks for p-values, the first of which is 0. NaN with fewer than five given events.
    """
    enough = given[0] >= MIN_GIVEN
    share = np.divide(answered, given, out=np.full(given.shape, np.nan), where=given > 0)
    share[0, ~enough] = np.nan
    chance = _mean(share[1 : n + 1])
    chance[~enough] = np.nan
    above = np.where(1 - chance >= MIN_LEFT_BY_CHANCE, share[0] - chance, np.nan) / (1 - chance)
    yes, expected = share[0] * given[0], chance * given[0]
    odds, null = ((hits + HALF) / (given[0] - hits + HALF) for hits in (yes, expected))
    tests = p_values(share[ranked], np.maximum(given[ranked], 0.0), two_sided=False)
    latency = np.where(enough, latency, np.nan)
    return np.stack([share[0], chance, above, odds / null, tests.p, tests.p_fwe, tests.q, given[0], latency])


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean along the first axis without NaN; NaN if all are."""
    present = ~np.isnan(values)
    count_ = present.sum(axis=0)
    total = np.where(present, values, 0.0).sum(axis=0)
    mean: np.ndarray = np.divide(total, count_, out=np.full(total.shape, np.nan), where=count_ > 0)
    return mean
