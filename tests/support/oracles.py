"""A slow and simple windowed lagged correlation in float64: one pair, one window and one lag at a time."""

import numpy as np

TIE = 1e-6


def lags_one_sided(lag, causal=True):
    """(shift of x, shift of y) of every candidate, by net lag (shift of y minus shift of x)."""
    return {d: [(0, d)] for d in range(-lag, 1 if causal else lag + 1)}


def lags_two_sided(lag):
    reach = range(-lag, lag + 1)
    return {d: [(a, b) for a in reach for b in reach if b - a == d] for d in range(-2 * lag, 2 * lag + 1)}


def pearson(u, v, least):
    """r over the frames present in both; None if fewer than `least` frames, or if one signal is constant."""
    both = ~np.isnan(u) & ~np.isnan(v)
    u, v = u[both], v[both]
    if len(u) < least:
        return None
    if (u == u[0]).all() or (v == v[0]).all():
        return None
    u, v = (w / np.abs(w).max() for w in (u, v))  # otherwise squares could overflow
    if min(u.std(), v.std()) < 1e-9:
        return None
    u, v = u - u.mean(), v - v.mean()
    return float(np.clip((u @ v) / np.sqrt((u @ u) * (v @ v)), -1, 1))


def candidates(x, y, start, width, pairs, least):
    """[(r, net lag)] of all lags with a correlation."""
    found = []
    for d, shifts in pairs.items():
        for a, b in shifts:
            r = pearson(x[start + a : start + a + width], y[start + b : start + b + width], least)
            if r is not None:
                found.append((r, d))
    return found


def choose(found, polarity):
    """The best candidate; of equal ones the lag nearest to 0, then the negative lag."""
    if not found:
        return np.nan, np.nan
    strength = [abs(r) if polarity else r for r, _ in found]
    tied = [c for c, s in zip(found, strength, strict=True) if s >= max(strength) - TIE]
    return min(tied, key=lambda c: (abs(c[1]), c[1]))


def window_starts(frames, width, step, lag):
    return range(lag, frames - width - lag + 1, step)


def best_lags(x, y, width, step, lag, pairs, polarity, least):
    """For every window and pair: corr, lag (frames), and the list of all candidates."""
    starts = window_starts(min(len(x), len(y)), width, step, lag)
    shape = (len(starts), x.shape[1], y.shape[1])
    corr, best, every = np.full(shape, np.nan), np.full(shape, np.nan), np.empty(shape, object)
    for w, start in enumerate(starts):
        for i in range(shape[1]):
            for j in range(shape[2]):
                every[w, i, j] = candidates(x[:, i], y[:, j], start, width, pairs, least)
                corr[w, i, j], best[w, i, j] = choose(every[w, i, j], polarity)
    return corr, best, every


def assert_best(corr, lag, x, y, width, step, max_lag, pairs, polarity, least, tolerance=2e-6):
    """Check that `corr` and `lag` (frames) are a correct choice in every cell.

    The correlation must equal that of the oracle, and the lag must belong to a candidate within the tolerance of the
    best. If only one candidate is within the tolerances, the lag must be the lag of the oracle.
    """
    expected, best, every = best_lags(x, y, width, step, max_lag, pairs, polarity, least)
    np.testing.assert_array_equal(np.isnan(corr), np.isnan(expected))
    np.testing.assert_array_equal(np.isnan(lag), np.isnan(expected))
    slack = TIE + 2 * tolerance
    for cell in np.argwhere(~np.isnan(expected)):
        at = tuple(cell)
        found = every[at]
        strength = [abs(r) if polarity else r for r, _ in found]
        near = {d for (_, d), s in zip(found, strength, strict=True) if s >= max(strength) - slack}
        assert round(lag[at]) in near, (at, lag[at], best[at])
        if len(near) == 1:
            assert lag[at] == best[at]
        values = [
            r for (r, d), s in zip(found, strength, strict=True) if d == round(lag[at]) and s >= max(strength) - slack
        ]
        assert min(abs(corr[at] - r) for r in values) <= tolerance + (TIE if len(near) > 1 else 0), (
            at,
            corr[at],
            expected[at],
        )
