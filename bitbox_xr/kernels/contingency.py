"""Counts of how often events of one series are followed by events of another within a span of time.

Times are in frames, and may lie between frames. A series of events (`time`, `first`) has the times of all signals one
after the other, sorted within each signal; those of signal k are `time[first[k]:first[k + 1]]`.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel, kernel_part
from bitbox_xr.kernels.p_values import TIE_TOLERANCE, p_values

__all__ = ["VARIABLES", "Counts", "compared", "counted", "excesses", "latencies"]

VARIABLES = ("answered", "chance", "answered_above_chance", "odds_ratio", "p", "p_fwe", "q", "n_given", "latency")
MIN_GIVEN = 5  # events that a share is computed from
MIN_LEFT_BY_CHANCE = 0.2  # share of events that chance leaves unanswered
HALF = 0.5  # added to each count of the odds ratio
BINS = 16  # of the span of answers, for p-values
NARROWEST, WIDEST = 3, 8  # bins of a band, from about a fifth of the span to half of it
EFFECT = 2.0  # standard deviations by which answers in one band are assumed to raise its rate


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


def excesses(
    x: tuple[np.ndarray, np.ndarray],
    ys: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    missing: np.ndarray,
    span: tuple[float, float],
    pairs: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """How far the answers to each pick of y exceed those to all picks, at similar latencies.

    `ys` has (time, first, stop) of every pick. The span is divided into bins of equal width. A band is any run of
    `NARROWEST` to `WIDEST` bins. Its rate is the number of events of x in the band, divided by that of given events of
    y. The rates of a band are standardised to z, by their mean and standard deviation over the picks; deviations of
    picks with fewer given events are multiplied by the square root of the ratio of their numbers. The result `(pick,
    pair)` is ln of the mean of exp(`EFFECT` z) over all bands: the likelihood ratio of rates that are raised in one
    band, all bands being equally likely (but for a constant). NaN without a given event.
    """
    times, firsts, stops = zip(*ys, strict=True)
    offsets = np.cumsum([0, *map(len, times)])[:-1]
    where = np.stack([first + offset for first, offset in zip(firsts, offsets, strict=True)])
    out = np.full((len(ys), len(pairs[0])), np.nan)
    scan(*x, np.concatenate(times), where, np.concatenate(stops), missing, *span, *pairs, out)
    return out


@kernel
def count(x_time, x_first, y_time, y_first, stop, missing, low, high, pair_x, pair_y, out, latency):
    """Add to `out` `(2, pair)` the given and the answered events, and write the latencies of one pair if asked."""
    for k in range(len(pair_x)):
        i, j = pair_x[k], pair_y[k]
        own = x_time[x_first[i] : x_first[i + 1]]
        events = slice(y_first[j], y_first[j + 1])
        given, answered = tally(own, y_time[events], stop[events], missing[i], low, high, np.empty(0), latency)
        out[0, k] += given
        out[1, k] += answered


@kernel_part
def tally(own, times, stop, missing, low, high, bins, latency):
    """The number of given and of answered events of one pair.

    Adds the events of x after each given event to the `bins` of the span, and writes the latencies, if these arrays
    have a length.
    """
    given, answered, frames = 0, 0, len(missing) - 1
    for e in range(len(times)):
        t = times[e]
        from_, to = int(np.ceil(t + low)), int(np.floor(t + high))
        if t + high >= stop[e] or to >= frames or from_ < 0:
            continue
        if missing[to + 1] > missing[min(from_, to)]:
            continue
        given += 1
        at = np.searchsorted(own, t + low, side="right")
        found = at < len(own) and own[at] <= t + high
        answered += found
        if len(latency):
            latency[e] = own[at] - t if found else np.inf
        while len(bins) and at < len(own) and own[at] <= t + high:
            bins[min(int((own[at] - t - low) / (high - low) * len(bins)), len(bins) - 1)] += 1.0
            at += 1
    return given, answered


@kernel
def scan(x_time, x_first, y_time, y_first, stop, missing, low, high, pair_x, pair_y, out):
    """Write `excesses` to `out`."""
    picks = len(y_first)
    given, rates = np.empty(picks), np.empty((picks, BINS + 1))
    for k in range(len(pair_x)):
        i, j = pair_x[k], pair_y[k]
        own = x_time[x_first[i] : x_first[i + 1]]
        for pick in range(picks):
            rates[pick] = 0.0
            events = slice(y_first[pick, j], y_first[pick, j + 1])
            some = tally(own, y_time[events], stop[events], missing[i], low, high, rates[pick, 1:], np.empty(0))
            given[pick] = some[0]
            rates[pick] /= max(given[pick], 1.0)
            for b in range(BINS):
                rates[pick, b + 1] += rates[pick, b]
        combine(rates, given, out[:, k])


@kernel_part
def combine(rates, given, out):
    """Write `excesses` of one pair from the `rates` of each pick, which are summed along the bins."""
    picks = len(out)
    weight = np.sqrt(given / max(given[0], 1.0))  # rates of fewer given events vary more
    known, bands, apart, ratio = max((given > 0).sum(), 1), 0, np.empty(picks), np.zeros(picks)
    for width in range(NARROWEST, WIDEST + 1):
        for first in range(BINS - width + 1):
            total, squares = 0.0, 0.0
            for k in range(picks):
                apart[k] = rates[k, first + width] - rates[k, first]
                total += apart[k]  # 0 without given events
            for k in range(picks):
                apart[k] = (apart[k] - total / known) * weight[k]
                squares += apart[k] ** 2  # the weight of picks without given events is 0
            deviation = np.sqrt(squares / known)
            scale = EFFECT / deviation if deviation > TIE_TOLERANCE else 0.0
            for k in range(picks):
                ratio[k] += np.exp(apart[k] * scale)
            bands += 1
    for k in range(picks):
        out[k] = np.log(ratio[k] / bands) if given[k] > 0 else np.nan


def compared(counts: list[Counts], excess: np.ndarray, latency: np.ndarray) -> np.ndarray:
    """All variables `(variable, pair)`. The first of `counts` and of `excess` `(pick, pair)` are those of y itself.

    The p-values rank the excess, the other variables compare the counts. NaN with fewer than five given events.
    """
    given, answered = (np.stack(each) for each in zip(*counts, strict=True))
    enough = given[0] >= MIN_GIVEN
    share = np.divide(answered, given, out=np.full(given.shape, np.nan), where=given > 0)
    share[0, ~enough] = np.nan
    chance = _mean(share[1:])
    chance[~enough] = np.nan
    above = np.where(1 - chance >= MIN_LEFT_BY_CHANCE, share[0] - chance, np.nan) / (1 - chance)
    yes, expected = share[0] * given[0], chance * given[0]
    odds, null = ((hits + HALF) / (given[0] - hits + HALF) for hits in (yes, expected))
    excess[0, ~enough] = np.nan
    tests = p_values(excess, np.ones_like(excess), two_sided=False)
    latency = np.where(enough, latency, np.nan)
    return np.stack([share[0], chance, above, odds / null, tests.p, tests.p_fwe, tests.q, given[0], latency])


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean along the first axis without NaN; NaN if all are."""
    present = ~np.isnan(values)
    count_ = present.sum(axis=0)
    total = np.where(present, values, 0.0).sum(axis=0)
    mean: np.ndarray = np.divide(total, count_, out=np.full(total.shape, np.nan), where=count_ > 0)
    return mean
